/** Where the rollout stands: the stage before, the canary. */
import { stageOf } from "../plan";
import type { CriterionOf, Plan, Stage } from "../plan";
import { canariesIn, canaryOf, entered, sameName, stageState, weightNow } from "../world";
import type { CanaryRecord, ReleaseName, StageRecord, StageState, World } from "../world";
import { short } from "./answer";
import type { Answer, Context } from "./answer";

/** The stage before runs this release, or any where phases have their own, with as much traffic as is asked for. */
export function judgeStageDone(criterion: CriterionOf<"stage-done">, { plan, world }: Context): Answer {
  const { stage, traffic } = criterion;
  const any = criterion.release === "any";
  const release = any ? "a release" : `release ${short(world.release.commit)}`;
  const rest = {
    wanted: `${release} in ${stage}${traffic === undefined ? "" : ` with ${traffic}% of the traffic`}`,
    remedy: any ? `finish ${stage} first` : `roll this release out to ${stage} first`,
    command: `pulumi up -s ${stage} --policy-pack policies`,
  };
  const now = entered(world, stage);
  if ("why" in now) return { ...rest, verdict: "fail", found: now.why };
  const { release: current } = now.entry;
  if (!any && !sameName(current, world.release)) {
    return { ...rest, verdict: "fail", found: `release ${showName(current)} in ${stage}` };
  }
  const state = stageState(world, stage);
  const less = traffic === undefined ? undefined : lessTraffic(plan, stage, state, current, traffic);
  if (less !== undefined) {
    const remedy = `bring its canary to ${traffic}% by its steps`;
    return { ...rest, verdict: "fail", found: less, remedy, command: `npx holdpoint canary ${stage} ${traffic}` };
  }
  return { ...rest, verdict: "pass", found: `release ${short(current.commit)} in ${stage}` };
}

/** The first canary of a stage that has less traffic than asked for, in words. A stage without any has none. */
function lessTraffic(
  plan: Plan,
  stageName: string,
  state: StageState,
  release: ReleaseName,
  traffic: number,
): string | undefined {
  const stage = stageOf(plan, stageName);
  const canaries = stage === undefined ? [] : allCanaries(stage, state);
  if (canaries.length === 0) return `no canary of ${stageName}`;
  const less = canaries.find(
    ({ record }) => record === undefined || !(weightNow(record) >= traffic) || !sameName(record.release, release),
  );
  if (less === undefined) return undefined;
  const whose = less.operation === undefined ? stageName : `${less.operation} in ${stageName}`;
  const { record } = less;
  return record === undefined
    ? `no step of ${whose} was ever taken`
    : `${weightNow(record)}% of ${whose} on release ${showName(record.release)}`;
}

/**
 * Nobody gets a version that was not judged: the release behind the canary changes only at weight 0, and a baseline
 * becomes only what has taken all traffic before.
 */
export function judgeCanaryAtRest({ stage, world }: Context): Answer {
  const rest = {
    wanted: "weight 0 while the canary's release changes; as a new baseline only what is at weight 100",
    remedy: `bring the canary to 0 first, or finish it`,
    command: `npx holdpoint canary ${stage.name} 0`,
  };
  const state = stageState(world, stage.name);
  if (!state.ok) return { ...rest, verdict: "fail", found: `${stage.name}'s state could not be read: ${state.why}` };
  const found = restless(state.record, stage, state, world);
  if (found !== undefined) return { ...rest, verdict: "fail", found };
  return { ...rest, verdict: "pass", found: `weight ${Math.max(0, ...canariesIn(state).map(weightNow))}%` };
}

function restless(record: StageRecord | undefined, stage: Stage, state: StageState, world: World): string | undefined {
  const weight = Math.max(0, ...canariesIn(state).map(mostTraffic));
  const current = record?.current;
  const sameCanary = current !== undefined && sameName(current.release, world.release);
  if (!sameCanary && weight !== 0) {
    return `${weight}% of the traffic on the canary, whose release would change from ${current === undefined ? "an unknown one" : showName(current.release)} to ${showName(world.release)}`;
  }
  if (current === undefined || sameName(current.baseline, world.baseline)) return undefined;
  const unfinished = allCanaries(stage, state).find(({ record: canary }) => !hasAll(canary, world.baseline));
  if (unfinished === undefined) return undefined;
  const whose = unfinished.operation === undefined ? "on the canary" : `on the canary of ${unfinished.operation}`;
  return `${weightNow(unfinished.record)}% ${whose}, and ${showName(world.baseline)} as the new baseline in place of ${showName(current.baseline)}`;
}

/** Every canary that the plan has of a stage, the whole service's where it has none: one that never took a step has no record. */
export function allCanaries(
  stage: Stage,
  state: StageState,
): { readonly operation?: string; readonly record: CanaryRecord | undefined }[] {
  const operations = Object.keys(stage.canaries ?? {});
  return [
    ...(stage.canary === undefined && operations.length > 0 ? [] : [{ record: canaryOf(state, undefined) }]),
    ...operations.map((operation) => ({ operation, record: canaryOf(state, operation) })),
  ];
}

function hasAll(canary: CanaryRecord | undefined, release: ReleaseName): boolean {
  return canary !== undefined && weightNow(canary) === 100 && sameName(canary.release, release);
}

/** The greater of what was recorded and what is routed: nothing may be on the canary for it to rest. */
function mostTraffic(canary: CanaryRecord): number {
  return Math.max(canary.weight, canary.routed ?? 0);
}

function showName(release: ReleaseName): string {
  return short(release.commit);
}
