/**
 * What forces a rollback or calls somebody. Triggers on metrics are alerts as well (components/monitoring); those that
 * force a rollback also keep every step of the canary shut, and send it back.
 */
import { stepsAsk } from "./gate";
import { BUILT_IN } from "./metrics";
import type { Measure, Scope } from "./metrics";
import type { Canary, Judge, Plan, Trigger } from "./plan";

/** A trigger's condition on a metric. */
export type MetricCondition = Exclude<Trigger["when"], { readonly criterion: unknown }>;

/** Rates of triggers are of the last five minutes, in milliseconds: what Prometheus' own alerts commonly take. */
export const TRIGGER_WINDOW = 300_000;

/** Without a judge in the plan, a baseline without errors still counts as failing this often. */
export const DEFAULT_FLOOR = 0.001;

/** Whether a trigger is armed in a stage. */
export function isArmed({ stages }: Pick<Trigger, "stages">, stage: string): boolean {
  return stages === undefined || stages.includes(stage);
}

/** The triggers that a step of the stage's canary answers for: each that rolls back and is armed there. */
export function armedTriggers(plan: Pick<Plan, "triggers">, stage: string): readonly Trigger[] {
  return plan.triggers.filter((trigger) => trigger.does === "rollback" && isArmed(trigger, stage));
}

/**
 * Whether a step of a canary can ask for evidence, approvals or waivers: by its own criteria, or by what would force it
 * back.
 */
export function asksEvidence(
  plan: Pick<Plan, "triggers" | "waivers">,
  stage: string,
  canary: Canary | undefined,
): boolean {
  const criteria = canary === undefined ? [] : stepsAsk(canary);
  return (
    canary?.approval !== undefined ||
    (plan.waivers !== undefined && criteria.length > 0) ||
    criteria.some((criterion) => "attestedBy" in criterion) ||
    armedTriggers(plan, stage).some(({ when }) => "criterion" in when)
  );
}

/**
 * What a number is compared with counts as at least this: as the condition says, else as the canary's judge says of error
 * rates. Undefined where nothing says it.
 */
export function floorOf(
  { floor }: Pick<MetricCondition, "floor">,
  measure: Measure,
  judge: Pick<Judge, "errorRate"> | undefined,
): number | undefined {
  if (floor !== undefined) return floor.value;
  return measure === BUILT_IN["error-rate"] ? (judge?.errorRate.floor ?? DEFAULT_FLOOR) : undefined;
}

/** How many requests a number must rest on: as the condition says, else as the canary's judge says of the canary. */
export function leastRequests(
  { minRequests }: Pick<MetricCondition, "minRequests">,
  track: Scope["track"],
  judge: Pick<Judge, "minRequests"> | undefined,
): number {
  return minRequests ?? (track === "canary" ? (judge?.minRequests ?? 1) : 1);
}
