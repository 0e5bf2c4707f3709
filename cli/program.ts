import { createRequire } from "node:module";
import { join } from "node:path";
import { Command } from "commander";
import { COMMANDS } from "./commands";
import type { Context, Outcome } from "./context";
import type { SandboxHost } from "../sandbox/command";
import type { ExitCode } from "../rollout/errors";

const HELP = `
Exit codes: 0 GO or done, 1 NO-GO or failed, 2 wrong input or usage, 3 pending approval.

Examples:
  holdpoint lint plans/omnihub.yaml         every mistake of a plan, with its line
  holdpoint explain production              what the gate of production asks for
  holdpoint status production               what it says now
  holdpoint canary production               all steps of the canary, each judged on live numbers
  holdpoint rollback production             all traffic to the baseline, then the release before`;

/**
 * The command line as commander knows it.
 * @param first the first command named: the sandbox's commands are loaded only for themselves
 * @param print writes the help
 * @param ended is told how a command ended
 */
export async function buildProgram(
  context: Context,
  first: string | undefined,
  print: (text: string) => void,
  ended: (outcome: Outcome) => void,
): Promise<Command> {
  const program = new Command("holdpoint")
    .description("What pulumi has no verb for: evidence, approvals, the canary's steps, the way back")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: (text) => print(text.trimEnd()), writeErr: () => undefined })
    .showSuggestionAfterError(true)
    .addHelpText("after", HELP);
  for (const register of COMMANDS) register(program, context, ended);
  if (first === "sandbox") {
    const { registerSandbox } = await import("../sandbox/command");
    registerSandbox(program, sandboxHost(context, ended));
  } else program.command("sandbox").description(SANDBOX);
  return withJson(program);
}

const SANDBOX = "a whole rollout on this machine: real engine, stand-in clouds";

function sandboxHost({ root, terminal }: Context, ended: (outcome: Outcome) => void): SandboxHost {
  return {
    tools: async () => {
      const setup = createRequire(join(root, "package.json"))("./toolchain/setup.cjs") as Setup;
      return setup.toolsOf(await setup.ensureSetup());
    },
    say: (text) => terminal.say(text),
    // `exec` ends with whatever its command ended with.
    ended: ({ exitCode, result }) => ended({ exitCode: exitCode as ExitCode, result }),
  };
}

type Tools = Awaited<ReturnType<SandboxHost["tools"]>>;

/** What toolchain/setup.cjs exports. */
interface Setup {
  readonly ensureSetup: () => Promise<unknown>;
  readonly toolsOf: (toolchain: unknown) => Tools;
}

/** Every command that does something has --json. */
function withJson(program: Command): Command {
  for (const command of program.commands) {
    command.allowExcessArguments(false);
    const group = command.commands.length > 0 && command.registeredArguments.length === 0;
    if (!group) command.option("--json", "print one JSON document on standard output");
    withJson(command);
  }
  return program;
}
