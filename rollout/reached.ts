/**
 * How far releases got on a canary, and how often they had to go back on the way: it stands in the step's record beside
 * the weight. It is told when a release climbs, not when it falls: a way back that was taken without the policy pack, or
 * by hand on the route, is seen by the next step up, and who never climbs again has reached nothing.
 */
import { canaryOf, sameName, stageState, weightNow } from "./world";
import type { CanaryRecord, ReleaseName, World } from "./world";

/** How far one release got. */
export interface Reached {
  readonly release: ReleaseName;
  /** The highest weight that it was let to, 1..100. */
  readonly weight: number;
  /** How often it climbed again after it had less traffic than that; absent where nobody knows. */
  readonly waysBack?: number;
}

/** What a canary's record tells of it; a text where it can't be read. */
export type AllReached = readonly Reached[] | { readonly failure: string };

/** How many releases a record remembers, the newest: one that is older than that begins anew. */
export const REMEMBERED = 20;

/**
 * What stands in a canary's record once the release was let to a weight. What is not known stays so: a record of before
 * there was this says nothing of the release that it names. What was made the baseline since has arrived, and is forgotten.
 */
export function reachedAfter(world: World, stage: string, to: number): AllReached | undefined {
  const state = stageState(world, stage);
  const before = canaryOf(state, world.operation);
  const { image, commit } = world.release;
  const release = { image, commit };
  const known = knownOf(before, release);
  if (known === undefined || "failure" in known) return known;
  const baseline = state.ok ? state.record?.current?.baseline : undefined;
  const others = known.filter((one) => !sameName(one.release, release));
  const kept = others.filter((one) => baseline === undefined || !sameName(one.release, baseline));
  return [...kept, climbed(known, before, release, to)].slice(-REMEMBERED);
}

function knownOf(before: CanaryRecord | undefined, release: ReleaseName): AllReached | undefined {
  if (before === undefined) return [];
  return before.reached ?? (sameName(before.release, release) ? undefined : []);
}

function climbed(
  known: readonly Reached[],
  before: CanaryRecord | undefined,
  release: ReleaseName,
  to: number,
): Reached {
  const own = known.find((one) => sameName(one.release, release));
  if (own === undefined) return { release, weight: to, waysBack: 0 };
  const { waysBack, weight } = own;
  // A release that comes back to a canary that had another one meanwhile was at 0 in between.
  const fell = before === undefined || !sameName(before.release, release) || !(weightNow(before) >= weight);
  return {
    release,
    weight: Math.max(weight, to),
    ...(waysBack === undefined ? {} : { waysBack: waysBack + (fell ? 1 : 0) }),
  };
}

/**
 * The releases that a stage was brought back from, the newest last.
 * @param left what ran until the way back
 */
export function broughtBackAfter(
  before: readonly ReleaseName[],
  left: ReleaseName | undefined,
  baseline: ReleaseName,
): readonly ReleaseName[] {
  if (left === undefined) return before.filter((one) => !sameName(one, baseline));
  return [...before.filter((one) => !sameName(one, left)), left].slice(-REMEMBERED);
}
