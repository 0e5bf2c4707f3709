import type { ExitCode } from "../../rollout/errors";
import type { Outcome as Decided } from "../../rollout/decision";
import type { Decision } from "../../rollout/decision";
import type { Context } from "../context";
import type { Register } from "./index";

const HELP = `
Decided by the same code as the policy pack, as of now. Exit code 0 GO, 1 NO-GO, 3 PENDING.

Examples:
  holdpoint status production
  holdpoint status production --why-not   the shortest way to GO: who has to do what, and when it can open`;

const EXIT: Readonly<Record<Decided, ExitCode>> = { GO: 0, "NO-GO": 1, PENDING: 3 };

/** `holdpoint status <stage>` */
export const registerStatus: Register = (program, context, ended) => {
  program
    .command("status")
    .summary("what a stage's gate says now")
    .description("Shows what a stage's gate says now: every criterion, what was found and what is wanted.")
    .argument("<stage>", "the stage: production")
    .option("--why-not", "only what is missing, by who has to do it")
    .addHelpText("after", HELP)
    .action(async (stage: string, { whyNot: onlyMissing }: { whyNot?: boolean }) => {
      const [{ decideNow }, { renderDecision }] = await Promise.all([
        import("../gate"),
        import("../../rollout/explain"),
      ]);
      const now = await decideNow(context, stage);
      if (onlyMissing === true) {
        const [{ planOfStage }, { whyNot, renderWhyNot }] = await Promise.all([
          import("../plan-file"),
          import("../../rollout/why-not"),
        ]);
        const result = whyNot(now.decision, planOfStage(context, stage).plan);
        context.terminal.say(renderWhyNot(result));
        ended({ exitCode: EXIT[now.decision.outcome], result });
        return;
      }
      context.terminal.say(renderDecision(now.decision));
      if (now.canary !== undefined) context.terminal.say(`canary: ${now.canary.weight} %`);
      const levels = await levelsNow(context, stage, now.decision);
      if (levels.text !== "") context.terminal.say(levels.text);
      ended({ exitCode: EXIT[now.decision.outcome], result: { ...now, wayBack: levels.wayBack } });
    });
};

/** The levels of the way back, and what the gate says of the drills that prove them; none for a canary's stack. */
async function levelsNow(context: Context, stack: string, decision: Decision) {
  const [{ planOfStage }, { allAsked }, { provedLevels, renderLevels }, { stackKind }] = await Promise.all([
    import("../plan-file"),
    import("../../rollout/gate"),
    import("../../rollout/levels"),
    import("../../components/settings"),
  ]);
  if (stackKind(stack).kind === "canary") return { wayBack: [], text: "" };
  const { plan, stage } = planOfStage(context, stack);
  const asked = allAsked(plan, stage).map(({ criterion }) => criterion);
  const wayBack = provedLevels(plan, asked, decision);
  return { wayBack, text: renderLevels(wayBack) };
}
