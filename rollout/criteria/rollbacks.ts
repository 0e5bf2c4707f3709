/** Whether a release came as far as it is without a way back, and whether what was brought back is understood. */
import { stageOf } from "../plan";
import type { CriterionOf, Plan } from "../plan";
import { entered, sameName, stageState, weightNow } from "../world";
import type { CanaryRecord, ReleaseName, StageRecord, StageState, World } from "../world";
import { counted, listed, short } from "./answer";
import type { Answer, Context } from "./answer";
import { allCanaries } from "./progress";
import { select } from "./select";

/**
 * The stage runs this release, each of its canaries has as much traffic on it as was ever let there, and neither the stage
 * nor a canary had to go back. It must be written down: a record that does not tell it is no record of none.
 */
export function judgeNoRollbacks(criterion: CriterionOf<"no-rollbacks">, { plan, world }: Context): Answer {
  const { stage } = criterion;
  const any = criterion.release === "any";
  const rest = {
    wanted: `${any ? "a release" : `release ${short(world.release.commit)}`} in ${stage} that was never brought back`,
    remedy: "mend it, and roll out a release that needs no way back",
  };
  const now = entered(world, stage);
  if ("why" in now) return { ...rest, verdict: "fail", found: now.why };
  const { release } = now.entry;
  if (!any && !sameName(release, world.release)) {
    return { ...rest, verdict: "fail", found: `release ${short(release.commit)} in ${stage}` };
  }
  const state = stageState(world, stage);
  const found = returnOf(stage, state, release) ?? fallOf(plan, stage, state, release);
  if (found !== undefined) return { ...rest, verdict: "fail", found };
  return { ...rest, verdict: "pass", found: `release ${short(release.commit)} in ${stage}, never brought back` };
}

/** How the stage itself went back from the release, or why nobody knows. */
function returnOf(stage: string, state: StageState, release: ReleaseName): string | undefined {
  const broughtBack = state.ok ? state.record?.broughtBack : undefined;
  if (broughtBack === undefined) return `a record of ${stage} that does not say what was brought back`;
  if ("failure" in broughtBack) return broughtBack.failure;
  if (!broughtBack.some((one) => sameName(one, release))) return undefined;
  return `${stage} was brought back from release ${short(release.commit)}`;
}

/** How a canary went back on the release's way up, or why nobody knows. */
function fallOf(plan: Plan, stageName: string, state: StageState, release: ReleaseName): string | undefined {
  const stage = stageOf(plan, stageName);
  if (stage === undefined) return `no stage ${stageName} in the plan`;
  if (stage.canary === undefined && stage.canaries === undefined) return undefined;
  for (const { operation, record } of allCanaries(stage, state)) {
    const whose = operation === undefined ? stageName : `${operation} in ${stageName}`;
    const found = record === undefined ? `no step of ${whose} was ever taken` : fallen(record, whose, release);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fallen(record: CanaryRecord, whose: string, release: ReleaseName): string | undefined {
  const weight = weightNow(record);
  if (!sameName(record.release, release)) {
    return `${weight}% of ${whose} on release ${short(record.release.commit)}`;
  }
  const { reached } = record;
  if (reached !== undefined && "failure" in reached) return reached.failure;
  const own = reached?.find((one) => sameName(one.release, release));
  if (own?.waysBack === undefined) {
    return `a canary of ${whose} that does not say how often release ${short(release.commit)} was brought back`;
  }
  if (!(own.waysBack === 0)) {
    return `the canary of ${whose} was brought back from release ${short(release.commit)}: ${counted(own.waysBack, "time")}`;
  }
  return weight >= own.weight ? undefined : `the canary of ${whose} at ${weight}%, brought back from ${own.weight}%`;
}

/**
 * Of every release that the stage or a canary of it was brought back from, somebody has signed why. Which those are stands
 * in the states; where a record does not say it, the releases that it names may be some.
 */
export function judgeExplained(criterion: CriterionOf<"rollbacks-explained">, { plan, world }: Context): Answer {
  const { stage, check, explainedBy } = criterion;
  const rest = {
    wanted: `"${check}" signed by ${explainedBy.join(" or ")} of whatever ${stage} was brought back from`,
    remedy: "find out why it had to go back, and sign that this is done",
  };
  const back = broughtBackFrom(plan, stage, stageState(world, stage));
  if ("why" in back) return { ...rest, verdict: "fail", found: back.why };
  const explained = back.left.map((one) => ({ ...one, ...explanation(criterion, one.release, world) }));
  const used = explained.flatMap(({ id }) => id ?? []);
  const open = explained.find(({ why }) => why !== undefined);
  if (open === undefined) {
    const names = listed(back.left.map(({ release }) => short(release.commit)));
    const found = names === "" ? `${stage} was never brought back` : `the way back from ${names} is explained`;
    return { ...rest, verdict: "pass", found, used };
  }
  const { release, known, why } = open;
  const command = `npx holdpoint attest --stage ${stage} --commit ${release.commit} --check ${check}`;
  const went = known ? `${stage} was` : `a record that does not say whether ${stage} was`;
  const found = `${went} brought back from release ${short(release.commit)}: ${why}`;
  return { ...rest, verdict: "fail", found, command, used };
}

/** The newest word on one release decides. */
function explanation(
  { stage, check, explainedBy }: CriterionOf<"rollbacks-explained">,
  release: ReleaseName,
  world: World,
): { readonly id?: string; readonly why?: string } {
  const about = (facts: { readonly check: string }): boolean => facts.check === check;
  const named = { version: "", author: "", ...release };
  const { items, others, failure } = select(
    { kind: "check", noun: `signed "${check}"`, about },
    { subject: "release", stage, attestedBy: explainedBy },
    { ...world, release: named },
  );
  if (failure !== undefined) return { why: failure };
  const [newest] = items;
  if (newest === undefined) return { why: others === "" ? `no signed "${check}"` : others };
  if (newest.facts.outcome === "done") return { id: newest.id };
  const note = newest.facts.note === undefined ? "" : `: ${newest.facts.note}`;
  return { id: newest.id, why: `"${check}" is signed as not done${note}` };
}

/** A release that was left by a way back, or may have been. */
interface Left {
  readonly release: ReleaseName;
  readonly known: boolean;
}
type BroughtBack = { readonly left: readonly Left[] } | { readonly why: string };

/** What a stage and its canaries were brought back from, each once, or why that can't be read. */
function broughtBackFrom(plan: Plan, stageName: string, state: StageState): BroughtBack {
  if (!state.ok) return { why: `${stageName}'s state could not be read: ${state.why}` };
  const stage = stageOf(plan, stageName);
  if (stage === undefined) return { why: `no stage ${stageName} in the plan` };
  const { record } = state;
  const all = [leftByStage(record), ...allCanaries(stage, state).map((canary) => leftByCanary(canary.record))];
  const unread = all.find((one) => "why" in one);
  if (unread !== undefined) return unread;
  // What was made the baseline has arrived: its canary is emptied for the next release.
  const baseline = record?.current?.baseline;
  const open = all
    .flatMap((one) => ("left" in one ? one.left : []))
    .filter(({ release, known }) => !known || baseline === undefined || !sameName(release, baseline));
  return { left: open.filter((one, at) => open.findIndex(({ release }) => sameName(one.release, release)) === at) };
}

function leftByStage(record: StageRecord | undefined): BroughtBack {
  // A stage without a record was never entered.
  if (record === undefined) return { left: [] };
  const { broughtBack, current, previous } = record;
  const named = [current, previous].flatMap((entry) => entry?.release ?? []);
  if (broughtBack === undefined) return { left: named.map((release) => ({ release, known: false })) };
  if ("failure" in broughtBack) return { why: broughtBack.failure };
  return { left: broughtBack.map((release) => ({ release, known: true })) };
}

/** Releases that a canary let fall. */
function leftByCanary(canary: CanaryRecord | undefined): BroughtBack {
  if (canary === undefined) return { left: [] };
  const { reached, release } = canary;
  if (reached === undefined) return { left: [{ release, known: false }] };
  if ("failure" in reached) return { why: reached.failure };
  const isUp = (weight: number): boolean => weightNow(canary) >= weight;
  const fell = reached.filter((one) => one.waysBack !== 0 || !sameName(one.release, release) || !isUp(one.weight));
  return { left: fell.map((one) => ({ release: one.release, known: one.waysBack !== undefined })) };
}
