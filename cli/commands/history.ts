import type { HistoryOptions } from "../decisions";
import type { Register } from "./index";

const HELP = `
Newest first: when, what was decided, for which release, on what and by whom. Decisions that no key signed say so: what
is not signed can be written by anybody who can write to the store. --check looks at everything that was ever added, and
ends with exit code 1 where something was taken away or altered.

Examples:
  holdpoint history production --newest 5
  holdpoint history --check`;

/** `holdpoint history [stage]` */
export const registerHistory: Register = (program, context, ended) => {
  program
    .command("history")
    .summary("who let what through, when and why")
    .description("Shows the decisions that were kept, GO and NO-GO alike.")
    .argument("[stage]", "only this stage and its canaries")
    .option("--newest <count>", "so many, by default 50")
    .option("--check", "whether the store still holds all that was added")
    .option("--store <place>", "another store than the configured one: a folder, or s3://bucket/prefix")
    .addHelpText("after", HELP)
    .action(async (stage: string | undefined, options: HistoryOptions) => {
      const { showHistory } = await import("../decisions");
      ended(await showHistory(context, stage, options));
    });
};
