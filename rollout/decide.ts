/**
 * The gates. Each criterion that the plan names is judged and answers; GO only if every one of them passes. What is
 * not judged, not known or throws is a fail: there is no path on which silence means GO.
 */
import { candidatePlans, judgeApprovals } from "./criteria/approvals";
import type { ApprovalPlace } from "./criteria/approvals";
import { approveCommand } from "./criteria/commands";
import { toFinding } from "./criteria/answer";
import type { Answer, Context } from "./criteria/answer";
import { judgeEvidence } from "./criteria/evidence";
import { judgeDeclared } from "./criteria/declared";
import { judgeMetric, judgeNoAlerts } from "./criteria/live";
import { judgeTriggers } from "./criteria/triggers";
import { judgeNoFreeze, judgeStageLasted, judgeWatch, judgeWindow } from "./criteria/calendar";
import { judgeCanaryAtRest, judgeStageDone } from "./criteria/progress";
import { broken } from "./broken";
import { isUnmet } from "./decision";
import type { Decision, Finding, Outcome } from "./decision";
import type { ApprovalCriterion, Criterion, Plan, Stage } from "./plan";
import { allAsked, askedNow, isFinishing } from "./gate";
import type { Asked } from "./gate";
import { agreeAll } from "./openings";
import { isAsked, judgeObligations, judgeOwed, notAsked, NOTHING_OWED, owedAfter, owedBy, owedNote } from "./owed";
import { triggerId } from "./questions";
import { armedTriggers, asksEvidence } from "./triggers";
import { trustFindings } from "./trust";
import { canaryOf, stageOf } from "./plan";
import { judgeType, releaseTypeOf } from "./release-types";
import { canaryFor, judgeStep, STEP_CHECKS, stepCriteria } from "./steps";
import type { Transition } from "./steps";
import { waive } from "./waivers";
import { wayBackOf } from "./way-back";
import { canaryOf as canaryIn, stageState, weightNow } from "./world";
import type { World } from "./world";

/** Whether a stage may be changed as the world says. */
export function decideEnter(plan: Plan, stageName: string, world: World): Decision {
  const gate = `enter ${stageName}`;
  const stage = stageOf(plan, stageName);
  if (stage === undefined) return decision(gate, world, [unknownStage(plan, stageName)]);
  const wayBack = wayBackOf(plan, { gate: "enter", stage: stageName }, world);
  if (wayBack !== undefined) return { ...decision(gate, world, []), outcome: "GO", findings: [], wayBack };
  return bestDecision(gate, { plan, stage, world });
}

/** Whether the canary's weight may become `to` (0..100, whole percent). */
export function decideStep(plan: Plan, stageName: string, to: number, world: World): Decision {
  const stage = stageOf(plan, stageName);
  const gate = stepGate(stageName, to, world);
  if (!Number.isInteger(to) || to < 0 || to > 100) return decision(gate, world, [noWeight(plan, to)]);
  const wayBack = wayBackOf(plan, { gate: "step", stage: stageName, to }, world);
  if (wayBack !== undefined) return { ...decision(gate, world, []), outcome: "GO", findings: [], wayBack };
  if (stage === undefined) return decision(gate, world, [unknownStage(plan, stageName)]);
  const planned = canaryOf(stage, world.operation);
  if (planned === undefined) return decision(gate, world, [noCanary(plan, stage, world)]);
  return bestStep(gate, { plan, stage, canary: canaryFor(planned, releaseTypeOf(world)), to, world });
}

/** Judges a step's checks, its criteria and its approval, under each update plan that somebody spoke about. */
function bestStep(gate: string, transition: Transition): Decision {
  const { plan, stage, canary, world } = transition;
  // A step's criteria are about the canary where they do not say otherwise.
  const context = { plan, stage, world, on: "canary" } as const;
  const criteria = stepCriteria(transition);
  const approvals = canary.approval === undefined ? [] : [canary.approval];
  const checked = [...judgeStep(transition), ...judgeTriggers(context)];
  const judged = criteria.flatMap((criterion) =>
    answersOf(criterion, context).map((answer) => toFinding(criterion, context, answer)),
  );
  const ids = [
    ...STEP_CHECKS.map((check) => `canary.${check}`),
    ...armedTriggers(plan, stage.name).map(triggerId),
    ...criteria.map(({ id }) => id),
    ...approvals.map(({ id }) => id),
  ];
  const plans = approvals.length === 0 ? [undefined] : candidatePlans(world);
  return (
    nearestToGo(
      plans.map((updatePlan) => {
        const people = approvalAnswers(approvals, context, updatePlan, stepApprovals(transition));
        const signed = approvals.flatMap((criterion) =>
          (people.get(criterion.id) ?? []).map((answer) => toFinding(criterion, context, answer)),
        );
        const believed = trustGuards(asksEvidence(plan, stage.name, canary), world);
        const findings = [...believed, ...judgeType(context), ...checked, ...judged, ...signed];
        const made = decision(gate, world, [...findings, ...rollCall(ids, findings, plan)]);
        return withApprovals(made, usedApprovals(approvals, findings, world), updatePlan);
      }),
    ) ?? decision(gate, world, rollCall(ids, [], plan))
  );
}

/** A step's approval is of its own stack's update plan, and given since the step before it began. */
function stepApprovals({ stage, world }: Transition): ApprovalPlace {
  const since = canaryIn(stageState(world, stage.name), world.operation)?.since;
  return { used: [], ...(since === undefined ? {} : { since }), command: approveCommand(world.stack) };
}

/** What a decision consumes, and under which update plan. */
function withApprovals(made: Decision, approvals: readonly string[], updatePlan: string | undefined): Decision {
  return { ...made, approvals, ...(updatePlan === undefined || approvals.length === 0 ? {} : { updatePlan }) };
}

function nearestToGo(decisions: readonly Decision[]): Decision | undefined {
  const [best] = decisions.toSorted(
    (a, b) => unmet(a).length - unmet(b).length || compareText(a.updatePlan, b.updatePlan),
  );
  return best;
}

function stepGate(stageName: string, to: number, world: World): string {
  const state = stageState(world, stageName);
  const from = state.ok ? weightNow(canaryIn(state, world.operation)) : Number.NaN;
  const whose = world.operation === undefined ? "" : ` of ${world.operation}`;
  return `${stageName} canary${whose} ${Number.isFinite(from) ? `${from}%` : "unknown"} → ${to}%`;
}

/** Judges under each update plan that somebody spoke about, and takes the one that is nearest to GO. */
function bestDecision(gate: string, context: Context): Decision {
  const { plan, stage, world } = context;
  const whole = askedNow(plan, stage, world);
  const all = whole.map(({ criterion }) => criterion);
  // What a finish left undone is asked for at the next finish, and no entry before it has lost it.
  const whenever = allAsked(plan, stage).map(({ criterion }) => criterion);
  const known = owedBy(context);
  const owed = "failure" in known ? NOTHING_OWED : known;
  const asked = whole.filter(({ criterion }) => isAsked(criterion, owed, world));
  const criteria = asked.map(({ criterion }) => criterion);
  const promised = judgeObligations(owed, whenever, context);
  const guards = [
    ...trustGuards(all.some(isSigned), world),
    ...judgeType(context),
    ...judgeOwed(known, whenever, context),
    ...promised.map(({ finding }) => finding),
  ];
  const left = notAsked(all, context, owed);
  const ids = [...criteria.map(({ id }) => id), ...(isFinishing(stage, world) ? [WATCH] : [])];
  const fixed = agreeAll(new Map([...fixedAnswers(asked, context), ...watchAnswer(context)]), world.now);
  const decisions = candidatePlans(world).map((updatePlan) => {
    const people = approvalAnswers(criteria.filter(isApproval), context, updatePlan);
    const judged = criteria.map((criterion) => {
      const answers = (isApproval(criterion) ? people : fixed).get(criterion.id) ?? [];
      const note = owedNote(criterion, owed, world);
      return {
        criterion,
        findings: answers.map((answer) => {
          const finding = toFinding(criterion, context, { ...answer, wanted: `${answer.wanted}${note}` });
          return waive(criterion, finding, context);
        }),
      };
    });
    const findings = [...guards, ...judged.flatMap((one) => one.findings)];
    findings.push(...watchFindings(context, fixed.get(WATCH) ?? []));
    const made = decision(gate, world, [...findings, ...rollCall(ids, findings, plan)]);
    const approvals = usedApprovals(criteria, findings, world);
    const rest = {
      ...(left.length === 0 ? {} : { notAsked: left }),
      ...(made.outcome === "GO" ? { owed: owedAfter(owed, all, context, judged, promised) } : {}),
    };
    return withApprovals({ ...made, ...rest }, approvals, updatePlan);
  });
  return nearestToGo(decisions) ?? decision(gate, world, rollCall(ids, [], plan));
}

/** The watch after the canary's last step, which a new baseline must have ended. */
const WATCH = "finish.watch";

/** The answers of all that does not depend on an update plan. */
function fixedAnswers(asked: readonly Asked[], context: Context): [string, readonly Answer[]][] {
  return asked
    .filter(({ criterion }) => !isApproval(criterion))
    .map(({ criterion, stage: written }) => [criterion.id, answersOf(criterion, { ...context, written })]);
}

function watchAnswer({ stage, world }: Context): [string, readonly Answer[]][] {
  if (stage.finish === undefined || !isFinishing(stage, world)) return [];
  const { after } = stage.finish;
  return [[WATCH, guarded(() => [judgeWatch(stage, after, world)])]];
}

function watchFindings({ plan, stage }: Context, answers: readonly Answer[]): Finding[] {
  return answers.map(({ verdict, found, wanted, remedy, opensAt }) => ({
    criterion: WATCH,
    title: "All traffic was on the new version and watched",
    verdict,
    found,
    wanted,
    owner: stage.canary?.owner ?? "whoever keeps the plan",
    remedy: verdict === "pass" ? "" : remedy,
    line: plan.source.at(["stages", plan.stages.indexOf(stage), "finish", "after"]),
    ...(opensAt === undefined ? {} : { opensAt }),
    used: [],
  }));
}

function compareText(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isApproval(criterion: Criterion): criterion is ApprovalCriterion {
  return criterion.kind === "update-plan-review" || criterion.kind === "sign-off";
}

/** Whether a criterion rests on what people or machines signed. */
function isSigned(criterion: Criterion): boolean {
  return "attestedBy" in criterion || isApproval(criterion);
}

/**
 * Also where this gate asks for nothing signed: what it lets through is recorded as let through under this trust file. A
 * store that could not be read leaves nothing to believe, and each criterion says so itself.
 */
function trustGuards(asked: boolean, { trust, evidenceFailure }: World): Finding[] {
  if (trust === undefined && (!asked || evidenceFailure !== undefined)) return [];
  return trustFindings(trust);
}

/** Judged together: who serves one may be barred from another. */
function approvalAnswers(
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

function answersOf(criterion: Criterion, context: Context): readonly Answer[] {
  return guarded(() => [judge(criterion, context)]);
}

/** A check that throws is a fail that says so. */
function guarded(evaluate: () => readonly Answer[]): readonly Answer[] {
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
  if ("attestedBy" in criterion) return judgeEvidence(criterion, context.world);
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
    case "canary-at-rest":
      return judgeCanaryAtRest(context);
    default:
      // A kind without a check is a plan that asks for more than this program can enforce.
      throw new Error(`nothing judges the kind "${criterion.kind}"`);
  }
}

/** A failing finding for each criterion of the plan that nothing answered. */
function rollCall(ids: readonly string[], findings: readonly Finding[], plan: Plan): Finding[] {
  const answered = new Set(findings.map((finding) => finding.criterion));
  return ids
    .filter((id) => !answered.has(id))
    .map((id) =>
      broken(
        id,
        plan.source.file,
        "no answer: the criterion was not judged",
        "an answer for every criterion of the plan",
      ),
    );
}

function unknownStage(plan: Plan, stageName: string): Finding {
  const known = plan.stages.map((stage) => stage.name).join(", ");
  return broken(
    "stage",
    plan.source.at(["stages"]),
    `the stage "${stageName}", which the plan does not have`,
    `one of ${known}`,
  );
}

function noWeight(plan: Plan, to: number): Finding {
  return broken("weight", plan.source.at(["stages"]), `a weight of ${to}`, "a whole number from 0 to 100");
}

function noCanary(plan: Plan, stage: Stage, { operation }: World): Finding {
  const line = plan.source.at(["stages", plan.stages.indexOf(stage)]);
  const whose = operation === undefined ? stage.name : `the operation "${operation}" of ${stage.name}`;
  return broken("canary", line, `${whose} has no canary in the plan`, "a canary with steps");
}

/** The findings that keep a gate shut. */
export function unmet(decided: Decision): readonly Finding[] {
  return decided.findings.filter(isUnmet);
}

function decision(gate: string, world: World, findings: readonly Finding[]): Decision {
  const all = [...clockFindings(world), ...goneFindings(world), ...findings];
  return {
    gate,
    outcome: outcome(all),
    findings: all,
    decidedAt: world.now,
    ...opening(all),
    ...(world.clockNote === undefined ? {} : { clock: world.clockNote }),
    ...(world.trust?.note === undefined ? {} : { trust: world.trust.note }),
    approvals: [],
  };
}

/** When all that only time mends is mended at once, where that is known. */
function opening(findings: readonly Finding[]): Pick<Decision, "opensAt"> {
  const times = findings.filter(isUnmet).flatMap(({ opensAt }) => opensAt ?? []);
  return times.length === 0 ? {} : { opensAt: Math.max(...times) };
}

/** A clock that can't be trusted is a NO-GO of its own: every age and window rests on it. */
function clockFindings(world: World): Finding[] {
  const found = world.clockFailure ?? (Number.isFinite(world.now) ? undefined : "a clock without a time");
  if (found === undefined) return [];
  return [
    {
      ...broken("clock", "the machine", found, "a clock that can be trusted"),
      title: "The clock",
      remedy: "set the machine's clock",
    },
  ];
}

/** Evidence that was taken away is no criterion's: nobody can know any more which one it would have shut. */
function goneFindings({ evidenceGone = [] }: World): Finding[] {
  if (evidenceGone.length === 0) return [];
  const more = evidenceGone.length > 5 ? ` and ${evidenceGone.length - 5} more` : "";
  return [
    {
      ...broken(
        "evidence-kept",
        "the evidence store",
        `${evidenceGone.slice(0, 5).join("; ")}${more}`,
        "all evidence that was added is still there",
      ),
      title: "Nothing was taken out of the evidence store",
      owner: "whoever keeps the evidence store",
      remedy: "put back what was taken away, from a copy of the store",
      command: "npx holdpoint history --check",
    },
  ];
}

function outcome(findings: readonly Finding[]): Outcome {
  // No finding at all is no criterion met.
  if (findings.length === 0) return "NO-GO";
  const open = findings.filter(isUnmet);
  if (open.length === 0) return "GO";
  return open.every((finding) => finding.verdict === "pending") ? "PENDING" : "NO-GO";
}

/** Approvals that a GO consumes, out of the evidence that its findings rest on. */
function usedApprovals(criteria: readonly Criterion[], findings: readonly Finding[], world: World): string[] {
  const ids = new Set(world.approvals.map((approval) => approval.id));
  const asked = new Set(criteria.filter(isApproval).map((criterion) => criterion.id));
  const used = findings.filter((finding) => asked.has(finding.criterion)).flatMap((finding) => finding.used);
  return [...new Set(used.filter((id) => ids.has(id)))].toSorted();
}
