import { Command } from "commander";
import { COMMANDS } from "./commands";
import type { Context, Outcome } from "./context";

const HELP = `
Exit codes: 0 GO or done, 1 NO-GO or failed, 2 wrong input or usage, 3 pending approval.

Examples:
  holdpoint lint plans/omnihub.yaml         every mistake of a plan, with its line
  holdpoint explain production              what the gate of production will ask for
  holdpoint canary production               all steps of the canary, each judged on live numbers
  holdpoint rollback production             all traffic to the baseline, then the release before`;

/**
 * The command line as commander knows it.
 * @param print writes the help
 * @param ended is told how a command ended
 */
export function buildProgram(
  context: Context,
  print: (text: string) => void,
  ended: (outcome: Outcome) => void,
): Command {
  const program = new Command("holdpoint")
    .description("What pulumi has no verb for: evidence, approvals, the canary's steps, the way back")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => print(text.trimEnd()), writeErr: () => undefined })
    .showSuggestionAfterError(true)
    .addHelpText("after", HELP);
  for (const register of COMMANDS) register(program, context, ended);
  return strict(program);
}

/** Every command alike: --json, errors thrown and not printed, nothing taken that was not asked for. */
function strict(program: Command): Command {
  for (const command of program.commands) {
    command.copyInheritedSettings(program).allowExcessArguments(false);
    if (command.commands.length === 0) command.option("--json", "print one JSON document on standard output");
    strict(command);
  }
  return program;
}
