import type { HistoryOptions } from "../decisions";
import type { Register } from "./index";

const HELP = `
Takes plan, trust file, clock, records and readings as they were kept, reads and verifies the evidence anew, and decides
by this program. Exit code 0 the same, 1 it differs, and says in what.

Example:
  holdpoint replay 3f2a91bc0d11 --store /mnt/copy/evidence`;

/** `holdpoint replay <decision>` */
export const registerReplay: Register = (program, context, ended) => {
  program
    .command("replay")
    .summary("decide again what was decided")
    .description("Makes a kept decision again from the same inputs, and tells whether it is the same.")
    .argument("<decision>", "its id, as history shows it")
    .option("--store <place>", "another store than the configured one: a folder, or s3://bucket/prefix")
    .addHelpText("after", HELP)
    .action(async (decision: string, options: HistoryOptions) => {
      const { replayDecision } = await import("../decisions");
      ended(await replayDecision(context, decision, options));
    });
};
