import { InvalidArgumentError, Option } from "commander";
import type { ApproveOptions } from "../approve";
import type { Register } from "./index";
import { AS, KEY } from "./signer";

const HELP = `
The approval is about exactly this change: its update plan, the program, configuration and secrets, and the state that
it was made against. For anything else, and for a second time, it is worth nothing.

Examples:
  pulumi preview -s production --policy-pack policies --save-plan plan.json
  holdpoint approve production --update-plan plan.json --as priya@omnihub.dev --key ~/.ssh/id_ed25519
  holdpoint approve production --update-plan plan.json --decision conditional --item "dashboards checked" --as priya@omnihub.dev`;

/** `holdpoint approve <stack>` */
export const registerApprove: Register = (program, context, ended) => {
  program
    .command("approve")
    .summary("sign a decision about one exact change")
    .description("Shows the change in an update plan and signs a decision about it.")
    .argument("<stack>", "the stage's stack, or one of its canaries: production, production-canary")
    .requiredOption("--update-plan <file>", "what pulumi preview --save-plan wrote")
    .addOption(
      new Option("--decision <decision>", "the decision")
        .choices(["approved", "conditional", "rejected"])
        .default("approved"),
    )
    .option("--item <text>", "conditional: what must be done first; may be given again", collect, [])
    .option("--reason <text>", "rejected: why")
    .addOption(AS)
    .addOption(KEY)
    .option("--yes", "sign without asking", false)
    .addHelpText("after", HELP)
    .action(async (stage: string, options: ApproveOptions) => {
      const { approve } = await import("../approve");
      ended(await approve(context, stage, options));
    });
};

function collect(text: string, before: readonly string[]): string[] {
  if (text.trim() === "") throw new InvalidArgumentError("an item without a text");
  return [...before, text];
}
