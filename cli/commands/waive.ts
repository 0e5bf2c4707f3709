import type { WaiveOptions } from "../waive";
import type { Register } from "./index";
import { AS, KEY } from "./signer";

const HELP = `
A waiver is for one criterion, one release, one stage and one version of the plan, and for hours. The plan says who may
sign, how many must, and for how long. What was waived is shown as waived, and what was promised for it keeps the next
release out until somebody has attested that it is done:

  holdpoint attest --stage production --condition <waiver> "<obligation>" --as sam@omnihub.dev

Example:
  holdpoint waive production security-scan --reason "CVE-2026-1 is in code that is not called" --for "4 hours" \\
    --obligation "the library is updated" --as priya@omnihub.dev --key priya.pem`;

/** `holdpoint waive <stage> <criterion>` */
export const registerWaive: Register = (program, context, ended) => {
  program
    .command("waive")
    .summary("sign that one criterion may be unmet, for hours and with a promise")
    .description("Signs that a release may pass one criterion that it does not meet.")
    .argument("<stage>", "the stage: production")
    .argument("<criterion>", "the criterion's id")
    .requiredOption("--reason <text>", "why")
    .requiredOption("--for <duration>", 'for how long: "4 hours"')
    .requiredOption("--obligation <text>", "what will be done before the next release")
    .addOption(AS)
    .addOption(KEY)
    .option("--yes", "sign without asking", false)
    .addHelpText("after", HELP)
    .action(async (stage: string, criterion: string, options: WaiveOptions) => {
      const { waive } = await import("../waive");
      ended(await waive(context, stage, criterion, options));
    });
};
