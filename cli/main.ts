import { CommanderError, type Command } from "commander";
import { HoldpointError, systemRefusal, type ExitCode } from "../rollout/errors";
import type { Context, Outcome, Terminal } from "./context";
import { buildProgram } from "./program";
import { processTerminal } from "./terminal";

/** What a run may have from outside, for tests. */
export interface Surroundings {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  /** Writes the JSON document, or the help. */
  readonly print: (text: string) => void;
}

/**
 * Runs one command.
 * @param args the arguments after the command's own name
 * @returns the exit code; it never throws
 */
export async function main(args: readonly string[], given: Partial<Surroundings> = {}): Promise<ExitCode> {
  const around = surroundings(args, given);
  const context: Context = { root: around.root, env: around.env, terminal: around.terminal };
  let outcome: Outcome | undefined;
  let program: Command | undefined;
  try {
    program = await buildProgram(
      context,
      args[args[0] === "help" ? 1 : 0],
      around.print,
      (ended) => void (outcome = ended),
    );
    await program.parseAsync([...args], { from: "user" });
    // A command that only prints its help has no outcome of its own.
    const { exitCode, result } = outcome ?? { exitCode: 0, result: {} };
    if (around.terminal.json) around.print(document(args, exitCode, { result }));
    return exitCode;
  } catch (error) {
    return failed(error, args, around, program);
  }
}

/** The command that was meant, as far as its words are known: "holdpoint attest run". */
function commandMeant(program: Command | undefined, args: readonly string[]): string {
  const words = ["holdpoint"];
  for (let at = program, i = 0; at !== undefined; i += 1) {
    at = at.commands.find((command) => command.name() === args[i]);
    if (at !== undefined) words.push(at.name());
  }
  return words.join(" ");
}

function surroundings(args: readonly string[], given: Partial<Surroundings>): Surroundings {
  return {
    root: given.root ?? (globalThis as { __holdpointRoot?: string }).__holdpointRoot ?? process.cwd(),
    env: given.env ?? process.env,
    terminal: given.terminal ?? processTerminal(wantsJson(args)),
    print: given.print ?? ((text) => void process.stdout.write(`${text}\n`)),
  };
}

/** Known before the arguments are parsed, because a mistake in them is answered in JSON too. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes("--json");
}

function failed(
  error: unknown,
  args: readonly string[],
  { terminal, print, env }: Surroundings,
  program: Command | undefined,
): ExitCode {
  if (error instanceof CommanderError && error.exitCode === 0) return 0; // help or version, already printed
  const told =
    error instanceof CommanderError
      ? usageError(error, `${commandMeant(program, args)} --help`)
      : (systemRefusal(error) ?? error);
  if (told instanceof HoldpointError) {
    const { code, message, remedy, exitCode } = told;
    const docs = `docs/errors.md#${code}`;
    if (terminal.json)
      print(document(args, exitCode, { error: { code, message, ...(remedy === undefined ? {} : { remedy }), docs } }));
    else terminal.say(told.render());
    return exitCode;
  }
  const message = told instanceof Error ? told.message : String(told);
  if (terminal.json) print(document(args, 1, { error: { code: "defect", message } }));
  else terminal.say(`${message}\n  this is a defect of Holdpoint; HOLDPOINT_DEBUG=1 shows where`);
  if (env["HOLDPOINT_DEBUG"] === "1" && told instanceof Error) terminal.say(told.stack ?? "");
  return 1;
}

/** Commander's words as a refusal of ours: one line, and the nearest word as the remedy. */
function usageError(error: CommanderError, help: string): HoldpointError {
  if (error.code === "commander.help") return new HoldpointError("usage", "no command given", { remedy: help });
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const near = /Did you mean (?:one of )?(.+)\?/.exec(rest.join(" "))?.[1];
  return new HoldpointError("usage", first.replaceAll("'", '"').replace(/\.$/, ""), {
    remedy: near === undefined ? help : `did you mean ${near}? See ${help}`,
  });
}

function document(args: readonly string[], exitCode: ExitCode, body: { result: object } | { error: object }): string {
  const command = args.find((arg) => !arg.startsWith("-"));
  return JSON.stringify({ ...(command === undefined ? {} : { command }), exitCode, ...body }, null, 2);
}
