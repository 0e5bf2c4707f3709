import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import pc from "picocolors";
import { HoldpointError } from "../../rollout/errors";
import { environment, type Tools } from "../lifecycle";
import { projectFolder } from "../project";

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
  /** How it must end for the story to go on: an exit code, 0 unless told otherwise, or any but 0. */
  readonly expect?: Expected;
  /** The lines worth reading here; by default none. The whole output is in the log. */
  readonly show?: (text: string) => readonly string[];
  /** What is written in place of the arguments, where they are long. */
  readonly as?: string;
  /** Shows the output as it comes. */
  readonly live?: boolean;
}

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
  private readonly logs: string;
  private readonly began = Date.now();
  private chapters = 0;
  private commands = 0;

  constructor(dir: string, tools: Tools, ask: boolean) {
    this.dir = dir;
    this.tools = tools;
    this.ask = ask;
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
    if (this.ask) await waitForKey();
  }

  say(...lines: readonly string[]): void {
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
    const log = join(this.logs, `${String((this.commands += 1)).padStart(2, "0")}-${argv[0]}.log`);
    const told = await this.spawn(argv, how);
    writeFileSync(log, `$ ${argv.map(quoted).join(" ")}\n${told.text}`);
    if (expect === "a refusal" ? told.code !== 0 && told.code !== null : told.code === expect) return told;
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
    let text = "";
    const take = (chunk: Buffer) => {
      text += chunk.toString();
      if (live) process.stdout.write(chunk.toString().replace(/^(?=.)/gm, "     "));
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, text }));
    });
  }

  private program(command: string): [string, string[]] {
    if (command === "pulumi") return [this.tools.pulumi, []];
    if (command === "holdpoint") return [process.execPath, [join(projectFolder(this.dir), "bin", "holdpoint.cjs")]];
    return command === "node" ? [process.execPath, []] : [command, []];
  }
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

async function waitForKey(): Promise<void> {
  if (!process.stdin.isTTY) return;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  await lines.question("   press Enter to go on ");
  lines.close();
}
