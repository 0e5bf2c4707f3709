/**
 * The way back is always open: less weight, kill switch or safe mode on, exactly what ran before. No criterion is
 * asked, whatever the evidence, the window or the metrics say. It is said so in the decision.
 */
import type { Asked } from "./decision";
import { canaryOf as canaryIn, stageOf, type Plan, type Stage } from "./plan";
import { isPlannedRoute } from "./route";
import { canaryOf, sameName, stageState, weightNow } from "./world";
import type { World } from "./world";

const TO_ZERO = "to 0%: all traffic to the baseline, always allowed";

/**
 * Why a change of the canary is a way back, in words, or undefined. To 0 always is one. A lower weight is one only for
 * the release that has it: the lesser of the recorded and the routed weight counts, so that what a killed `up` or the
 * kill switch took away is not given back unjudged.
 */
export function canaryWayBack(stage: Stage, to: number, world: World): string | undefined {
  if (to === 0) return TO_ZERO;
  if (world.controls?.killSwitch === true)
    return "the kill switch is on: nothing is routed to the canary, always allowed";
  const state = stageState(world, stage.name);
  const canary = canaryOf(state, world.operation);
  if (canary === undefined) return undefined;
  const weight = weightNow(canary);
  if (!sameName(canary.release, world.release) || !(to <= weight)) return undefined;
  // Half of everybody is more than all of the beta: another route is another step.
  if (!isPlannedRoute(stage, world)) return undefined;
  if (to < weight) return `from ${weight}% to ${to}%: less traffic on the canary, always allowed`;
  if (world.controls?.safeMode === true) return `safe mode on at ${weight}%, always allowed`;
  // The switch may be missing on any way back, but taking it away is none.
  if (lacksFallback(stage, world)) return undefined;
  return `stays at ${weight}%: no more traffic on the canary`;
}

function lacksFallback(stage: Stage, { operation, controls }: World): boolean {
  const planned = canaryIn(stage, operation)?.fallback;
  return planned !== undefined && controls?.fallback !== planned.to;
}

/**
 * Why a change of a stage is a way back, in words, or undefined: it asks for exactly what runs there now or ran before,
 * release, program and configuration alike, as the digest of the request tells. The previous release with a changed
 * configuration is something that never ran: a new change, with a gate.
 */
export function stageWayBack(stage: Stage, world: World): string | undefined {
  const state = stageState(world, stage.name);
  if (!state.ok || world.request === undefined) return undefined;
  const { current, previous } = state.record ?? {};
  if (current?.request === world.request && sameName(current.release, world.release)) {
    return "exactly what runs there now";
  }
  if (previous?.request === world.request && sameName(previous.release, world.release)) {
    return "back to exactly what ran there before, always allowed";
  }
  return undefined;
}

/** Why what is asked is a way back, in words, or undefined. To 0 is one even where the plan has no such stage any more. */
export function wayBackOf(plan: Plan, asked: Asked, world: World): string | undefined {
  const stage = stageOf(plan, asked.stage);
  if (asked.gate === "enter") return stage === undefined ? undefined : stageWayBack(stage, world);
  if (stage !== undefined) return canaryWayBack(stage, asked.to, world);
  return asked.to === 0 ? TO_ZERO : undefined;
}
