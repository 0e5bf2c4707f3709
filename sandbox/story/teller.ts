import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pc from "picocolors";
import { HoldpointError } from "../../rollout/errors";
import { pauseClock, resume } from "../clock";
import { environment, type Tools } from "../lifecycle";
import { projectFolder } from "../project";
import type { Interruption } from "./interruption";
import { waitForKey } from "./key";

/** What a command of the story did. */
export interface Told {
  readonly code: number | null;
  /** Everything that it printed, without colours. */
  readonly text: string;
}

/** The engine's exit code for a refusal differs between its versions. */
type Expected = number | "a refusal";

/** How a command is told. */
export interface Telling {
  /** How it must end for the story to go on: an exit code, 0 unless told otherwise, or a gate's refusal. */
  readonly expect?: Expected;
  /** The lines worth reading here; by default none. The whole output is in the log. */
  readonly show?: (text: string) => readonly string[];
  /** What is written in place of the arguments, where they are long. */
  readonly as?: string;
  /** Shows the output as it comes. */
  readonly live?: boolean;
}

/** What waits for it waits until the process ends, which an interruption sees to. */
const NEVER = new Promise<never>(() => undefined);

interface Spawning {
  readonly live?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Tells the story: runs real commands in the sandbox, one after the other, and shows of each what a person would look
 * at. Everything that they print is kept in a log beside it.
 */
export class Teller {
  private readonly dir: string;
  private readonly tools: Tools;
  private readonly ask: boolean;
  private readonly interruption: Interruption;
  private readonly logs: string;
  private readonly began = Date.now();
  private chapters = 0;
  private commands = 0;

  constructor(dir: string, tools: Tools, how: { readonly ask: boolean; readonly interruption: Interruption }) {
    this.dir = dir;
    this.tools = tools;
    this.ask = how.ask;
    this.interruption = how.interruption;
    this.logs = join(dir, "logs", "story");
    mkdirSync(this.logs, { recursive: true });
  }

  /** Seconds since the story began. */
  get seconds(): number {
    return Math.round((Date.now() - this.began) / 1000);
  }

  /** Begins a chapter; with `--ask` it waits for a key before it. */
  async chapter(title: string, ...lines: string[]): Promise<void> {
    this.chapters += 1;
    this.say("", pc.bold(`${this.chapters}. ${title}`) + pc.dim(`  (${this.seconds} s)`));
    this.say(...lines.map((line) => pc.dim(`   ${line}`)));
    if (this.ask) await this.wait();
  }

  /** Waits for a key. The sandbox's time runs at the usual pace meanwhile: what was attested must not grow old of it. */
  private async wait(): Promise<void> {
    pauseClock(this.dir);
    const came = await waitForKey("   press a key to go on ");
    // In this mode of a terminal Ctrl-C and Ctrl-D are keys, too.
    if (came === "end") {
      void this.interruption.begin(130);
      return NEVER;
    }
    resume(this.dir);
  }

  say(...lines: readonly string[]): void {
    if (this.interruption.is) return;
    for (const line of lines) process.stdout.write(`${line}\n`);
  }

  /**
   * Runs a command of the sandbox: `pulumi`, `holdpoint` or `node`.
   * @throws HoldpointError `engine-failed` if it ends otherwise than the story needs
   */
  async run(argv: readonly [string, ...string[]], telling: Telling = {}): Promise<Told> {
    const { expect = 0, show, as, live = false } = telling;
    this.say(`   ${pc.cyan("$")} ${as ?? argv.map(quoted).join(" ")}`);
    const began = Date.now();
    const told = await this.logged(argv, expect, { live });
    this.say(...(show?.(told.text) ?? []).map((line) => `     ${coloured(line)}`));
    this.say(pc.dim(`     ${((Date.now() - began) / 1000).toFixed(1)} s, exit code ${told.code}`));
    return told;
  }

  /** Runs a command without a word, for those that are told together; it must end with exit code 0. */
  quietly(argv: readonly [string, ...string[]], env: NodeJS.ProcessEnv = {}): Promise<Told> {
    return this.logged(argv, 0, { env });
  }

  /** Tells of a command that ran quietly. */
  told(command: string, said: string): void {
    this.say(`   ${pc.cyan("$")} ${shorter(command, this.dir)}`, `     ${said}`);
  }

  private async logged(argv: readonly [string, ...string[]], expect: Expected, how: Spawning): Promise<Told> {
    if (this.interruption.is) return NEVER;
    const log = join(this.logs, `${String((this.commands += 1)).padStart(2, "0")}-${argv[0]}.log`);
    const told = await this.spawn(argv, how);
    if (this.interruption.is) return NEVER;
    writeFileSync(log, `$ ${argv.map(quoted).join(" ")}\n${told.text}`);
    if (isAs(told, expect)) return told;
    const end = told.text.trimEnd().split("\n").slice(-40).join("\n");
    const found = `"${argv.join(" ")}" ended with ${told.code}, the story needs ${expect}`;
    throw new HoldpointError("engine-failed", `${found}:\n${end}`, { remedy: `read ${log}` });
  }

  private spawn(
    [command, ...args]: readonly [string, ...string[]],
    { live = false, env = {} }: Spawning,
  ): Promise<Told> {
    const [file, first] = this.program(command);
    const sandbox = environment(this.dir, this.tools);
    const options = { cwd: projectFolder(this.dir), env: { ...sandbox, NO_COLOR: "1", ...env } };
    const child = spawn(file, [...first, ...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
    this.interruption.children.add(child);
    let text = "";
    const take = (chunk: string) => {
      text += chunk;
      if (live && !this.interruption.is) process.stdout.write(chunk.replace(/^(?=.)/gm, "     "));
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", take);
    return new Promise<Told>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, text }));
    }).finally(() => this.interruption.children.delete(child));
  }

  private program(command: string): [string, string[]] {
    if (command === "pulumi") return [this.tools.pulumi, []];
    if (command === "holdpoint") return [process.execPath, [join(projectFolder(this.dir), "bin", "holdpoint.cjs")]];
    return command === "node" ? [process.execPath, []] : [command, []];
  }
}

/** A gate's refusal says so; an engine that fails for another reason ends with the same exit code. */
function isAs({ code, text }: Told, expected: Expected): boolean {
  if (expected !== "a refusal") return code === expected;
  return code !== 0 && code !== null && /\bNO-GO\b/.test(text);
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument}'`;
}

/** Paths of the sandbox as a reader sees them. */
function shorter(command: string, dir: string): string {
  return command.replaceAll(`${dir}/`, ".sandbox/");
}

function coloured(line: string): string {
  if (/\bNO-GO\b/.test(line)) return pc.red(line);
  if (/\bPENDING\b/.test(line)) return pc.yellow(line);
  return /^\s*GO\b/.test(line) ? pc.green(line) : line;
}
