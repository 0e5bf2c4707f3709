/** Each criterion's answers, from whatever judges its kind. What is not judged or throws is a fail that says so. */
import type { ApprovalCriterion, Criterion } from "../plan";
import { judgeApprovals } from "./approvals";
import type { ApprovalPlace } from "./approvals";
import type { Answer, Context } from "./answer";
import { judgeNoFreeze, judgeStageLasted, judgeWindow } from "./calendar";
import { judgeDeclared } from "./declared";
import { judgeEvidence } from "./evidence";
import { judgeMetric, judgeNoAlerts } from "./live";
import { judgeCanaryAtRest, judgeStageDone } from "./progress";
import { judgeExplained, judgeNoRollbacks } from "./rollbacks";

/** Whether people answer it with their signatures. */
export function isApproval(criterion: Criterion): criterion is ApprovalCriterion {
  return criterion.kind === "update-plan-review" || criterion.kind === "sign-off";
}

/** Whether a criterion rests on what people or machines signed. */
export function isSigned(criterion: Criterion): boolean {
  return "attestedBy" in criterion || "explainedBy" in criterion || isApproval(criterion);
}

/** What a criterion that rests on no approval answers. */
export function answersOf(criterion: Criterion, context: Context): readonly Answer[] {
  return guarded(() => [judge(criterion, context)]);
}

/** Judged together: who serves one may be barred from another. */
export function approvalAnswers(
  criteria: readonly ApprovalCriterion[],
  context: Context,
  updatePlan: string | undefined,
  place?: ApprovalPlace,
): ReadonlyMap<string, readonly Answer[]> {
  const together = new Map<string, readonly Answer[]>();
  const failed = guarded(() => {
    for (const [id, answers] of judgeApprovals(criteria, context, updatePlan, place)) together.set(id, answers);
    return [];
  });
  return failed.length === 0 ? together : new Map(criteria.map(({ id }) => [id, failed]));
}

/** A check that throws is a fail that says so. */
export function guarded(evaluate: () => readonly Answer[]): readonly Answer[] {
  try {
    return evaluate();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [
      {
        verdict: "fail",
        found: `the check itself failed: ${why}`,
        wanted: "a check that ends",
        remedy: "report this as a defect of Holdpoint",
        times: "unknown",
      },
    ];
  }
}

function judge(criterion: Criterion, context: Context): Answer {
  if ("attestedBy" in criterion) return judgeEvidence(criterion, context.world, context.plan);
  switch (criterion.kind) {
    case "window":
      return judgeWindow(criterion, context);
    case "no-freeze":
      return judgeNoFreeze(context);
    case "stage-lasted":
      return judgeStageLasted(criterion, context);
    case "metric":
      return judgeMetric(criterion, context);
    case "no-alerts":
      return judgeNoAlerts(criterion, context);
    case "declared":
      return judgeDeclared(criterion, context);
    case "stage-done":
      return judgeStageDone(criterion, context);
    case "no-rollbacks":
      return judgeNoRollbacks(criterion, context);
    case "rollbacks-explained":
      return judgeExplained(criterion, context);
    case "canary-at-rest":
      return judgeCanaryAtRest(context);
    default:
      // A kind without a check is a plan that asks for more than this program can enforce.
      throw new Error(`nothing judges the kind "${criterion.kind}"`);
  }
}
