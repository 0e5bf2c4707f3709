/** A canary's gate: a step's checks, the armed triggers, its criteria and its approval. */
import { candidatePlans } from "./criteria/approvals";
import type { ApprovalPlace } from "./criteria/approvals";
import { toFinding } from "./criteria/answer";
import { answersOf, approvalAnswers } from "./criteria/answers";
import { approveCommand } from "./criteria/commands";
import { judgeTriggers } from "./criteria/triggers";
import { decision, nearestToGo, rollCall, trustGuards, usedApprovals, withApprovals } from "./conclude";
import type { Decision } from "./decision";
import { triggerId } from "./questions";
import { judgePromised, promisedAfter, type Promised } from "./owed";
import { reachedAfter } from "./reached";
import { judgeType } from "./release-types";
import { checksOf, judgeStep, stepCriteria } from "./steps";
import type { Transition } from "./steps";
import { armedTriggers, asksEvidence } from "./triggers";
import { canaryOf, stageState, weightNow } from "./world";
import { waive } from "./waivers";
import type { World } from "./world";

/** Judges a step's checks, its criteria and its approval, under each update plan that somebody spoke about. */
export function decideTransition(gate: string, transition: Transition): Decision {
  const { plan, stage, canary, world } = transition;
  // A step's criteria are about the canary where they do not say otherwise.
  const context = { plan, stage, world, on: "canary" } as const;
  const criteria = stepCriteria(transition);
  const approvals = canary.approval === undefined ? [] : [canary.approval];
  const believed = trustGuards(asksEvidence(plan, stage.name, canary), world);
  const guards = [...believed, ...judgeType(context), ...judgePromised(context)];
  const checked = [...judgeStep(transition), ...judgeTriggers(context)];
  const judged = criteria.map((criterion) => ({
    criterion,
    findings: answersOf(criterion, context).map((answer) =>
      waive(criterion, toFinding(criterion, context, answer), context),
    ),
  }));
  const ids = [
    ...checksOf(canary).map((check) => `canary.${check}`),
    ...armedTriggers(plan, stage.name).map(triggerId),
    ...criteria.map(({ id }) => id),
    ...approvals.map(({ id }) => id),
  ];
  const reached = reachedAfter(world, stage.name, transition.to);
  const kept = { ...stepPromises(promisedAfter(context, judged)), ...(reached === undefined ? {} : { reached }) };
  const plans = approvals.length === 0 ? [undefined] : candidatePlans(world);
  return (
    nearestToGo(
      plans.map((updatePlan) => {
        const people = approvalAnswers(approvals, context, updatePlan, stepApprovals(transition));
        const signed = approvals.flatMap((criterion) =>
          (people.get(criterion.id) ?? []).map((answer) => toFinding(criterion, context, answer)),
        );
        const findings = [...guards, ...checked, ...judged.flatMap((one) => one.findings), ...signed];
        const made = decision(gate, world, [...findings, ...rollCall(ids, findings, plan)]);
        return withApprovals({ ...made, ...kept }, usedApprovals(approvals, findings, world), updatePlan);
      }),
    ) ?? decision(gate, world, rollCall(ids, [], plan))
  );
}

/** Nothing where nothing was promised: what stands in the record then stays as it is. */
function stepPromises(promised: Promised): Pick<Decision, "promised"> {
  return "failure" in promised || promised.length > 0 ? { promised } : {};
}

/** A step's approval is of its own stack's update plan, and given since the step before it began. */
function stepApprovals({ stage, world }: Transition): ApprovalPlace {
  const since = canaryOf(stageState(world, stage.name), world.operation)?.since;
  return { used: [], ...(since === undefined ? {} : { since }), command: approveCommand(world.stack) };
}

/** "production canary 5% → 25%" */
export function stepGate(stageName: string, to: number, world: World): string {
  const state = stageState(world, stageName);
  const from = state.ok ? weightNow(canaryOf(state, world.operation)) : Number.NaN;
  const whose = world.operation === undefined ? "" : ` of ${world.operation}`;
  return `${stageName} canary${whose} ${Number.isFinite(from) ? `${from}%` : "unknown"} → ${to}%`;
}
