/** A stage's gate: what it asks of this run, what it owes, its approvals, and the watch that a finish must have ended. */
import { candidatePlans } from "./criteria/approvals";
import { toFinding } from "./criteria/answer";
import type { Answer, Context } from "./criteria/answer";
import { answersOf, approvalAnswers, guarded, isApproval, isSigned } from "./criteria/answers";
import { judgeWatch } from "./criteria/calendar";
import { evidenceTriggers, judgeTriggers } from "./criteria/triggers";
import { decision, nearestToGo, rollCall, trustGuards, usedApprovals, withApprovals } from "./conclude";
import type { Decision, Finding } from "./decision";
import { allAsked, askedAtEntry, askedNow, isFinishing } from "./gate";
import type { Asked } from "./gate";
import { agreeAll } from "./openings";
import { isAsked, judgeObligations, judgeOwed, notAsked, NOTHING_OWED, owedAfter, owedBy, owedNote } from "./owed";
import { triggerId } from "./questions";
import { judgeType } from "./release-types";
import { waive } from "./waivers";

/** The watch after the canary's last step, which a new baseline must have ended. */
const WATCH = "finish.watch";

const AT_ENTRY = "asked when this release entered; this run only makes it the baseline";

/** Judges under each update plan that somebody spoke about, and takes the one that is nearest to GO. */
export function decideStage(gate: string, context: Context): Decision {
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
  // What would send the canary back keeps it from being the baseline, too.
  const triggers = isFinishing(stage, world) ? evidenceTriggers(plan, stage) : [];
  const guards = [
    ...trustGuards(all.some(isSigned) || triggers.length > 0, world),
    ...judgeType(context),
    ...judgeOwed(known, whenever, context),
    ...promised.map(({ finding }) => finding),
  ];
  const before = askedAtEntry(plan, stage, world).map(({ id, title }) => ({ criterion: id, title, why: AT_ENTRY }));
  const left = [...notAsked(all, context, owed), ...before];
  const ids = [
    ...criteria.map(({ id }) => id),
    ...triggers.map(triggerId),
    ...(isFinishing(stage, world) ? [WATCH] : []),
  ];
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
    findings.push(...judgeTriggers(context, triggers), ...watchFindings(context, fixed.get(WATCH) ?? []));
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
