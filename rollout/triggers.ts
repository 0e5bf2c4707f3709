/**
 * What forces a rollback or calls somebody. Triggers on metrics are alerts as well (components/monitoring); those that
 * force a rollback also keep every step of the canary shut, and send it back.
 */
import type { Trigger } from "./plan";
import type { Quantity } from "./units";

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

/** One side of a condition. */
export interface Limit {
  readonly sign: "<" | "<=" | ">" | ">=";
  readonly limit: Quantity;
}

const SIGNS = { below: "<", atMost: "<=", above: ">", atLeast: ">=" } as const;

/** Every limit that a condition has: one, or two that make a range. */
export function limitsOf(condition: Readonly<Partial<Record<keyof typeof SIGNS, Quantity | undefined>>>): Limit[] {
  return (Object.keys(SIGNS) as (keyof typeof SIGNS)[]).flatMap((side) => {
    const limit = condition[side];
    return limit === undefined ? [] : [{ sign: SIGNS[side], limit }];
  });
}
