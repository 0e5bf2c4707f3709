import { rollBack, type Rollback } from "../rollback";
import type { Register } from "./index";

const HELP = `
First all traffic goes to the baseline, then the stage gets back the release that ran before. No window, approval or
missing evidence stands in the way of either. A lock that a dead process left is taken over; one that a living process
holds only with --take-over, which interrupts that process and waits for its end.
Then the metrics source is asked, for three seconds at most, how what runs now is: healthy, unhealthy or unknown. That is
told and changes nothing: the exit code is of the way back.

Example:
  holdpoint rollback production`;

/** `holdpoint rollback <stage>` */
export const registerRollback: Register = (program, context, ended) => {
  program
    .command("rollback")
    .summary("all traffic to the baseline, then the previous release")
    .description("Rolls a stage back: all traffic to the baseline first, then the release that ran before.")
    .argument("<stage>", "the stage: production")
    .option("--take-over", "interrupt whoever holds a stack's lock, and wait for its end", false)
    .addHelpText("after", HELP)
    .action(async (stage: string, options: { takeOver: boolean }) => {
      context.terminal.say(`rolling ${stage} back`);
      const done = await rollBack(context, stage, options);
      context.terminal.say(summary(done));
      // Late, and only now: what it loads and asks must not be in the way of what has just been done.
      const { healthLines, healthOf } = await import("../health");
      const health = await healthOf(context, stage);
      for (const line of healthLines(stage, health)) context.terminal.say(line);
      ended({ exitCode: 0, result: { ...done, health } });
    });
};

function summary({ stage, took, weightZeroAfter, release, nothing }: Rollback): string {
  const zero = `all traffic is on the baseline (after ${seconds(weightZeroAfter)})`;
  const rest =
    release === undefined
      ? `nothing to return to: ${nothing ?? "no release"}`
      : `${stage} is back at ${release.commit.slice(0, 12)}`;
  return `done in ${seconds(took)}: ${zero}; ${rest}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
