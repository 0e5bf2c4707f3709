import type { ExitCode } from "../../rollout/errors";
import type { Outcome as Decided } from "../../rollout/decision";
import type { Register } from "./index";

const HELP = `
Decided by the same code as the policy pack, as of now. Exit code 0 GO, 1 NO-GO, 3 PENDING.

Example:
  holdpoint status production`;

const EXIT: Readonly<Record<Decided, ExitCode>> = { GO: 0, "NO-GO": 1, PENDING: 3 };

/** `holdpoint status <stage>` */
export const registerStatus: Register = (program, context, ended) => {
  program
    .command("status")
    .summary("what a stage's gate says now")
    .description("Shows what a stage's gate says now: every criterion, what was found and what is wanted.")
    .argument("<stage>", "the stage: production")
    .addHelpText("after", HELP)
    .action(async (stage: string) => {
      const [{ decideNow }, { renderDecision }] = await Promise.all([
        import("../gate"),
        import("../../rollout/explain"),
      ]);
      const now = await decideNow(context, stage);
      context.terminal.say(renderDecision(now.decision));
      if (now.canary !== undefined) context.terminal.say(`canary: ${now.canary.weight} %`);
      ended({ exitCode: EXIT[now.decision.outcome], result: now });
    });
};
