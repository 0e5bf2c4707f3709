/** Whether a number is within the limits that a plan sets, and how they are said. */
import { showQuantity } from "./units";
import type { Quantity } from "./units";

/** As parsed from the plan (rollout/plan/limits.ts); a limit that is absent limits nothing. */
export interface Limits {
  readonly below?: Quantity | undefined;
  readonly atMost?: Quantity | undefined;
  readonly above?: Quantity | undefined;
  readonly atLeast?: Quantity | undefined;
}

interface Sign {
  readonly word: string;
  holds(value: number, limit: number): boolean;
}

const SIGNS: Readonly<Record<keyof Limits, Sign>> = {
  above: { word: "above", holds: (value, limit) => value > limit },
  atLeast: { word: "at least", holds: (value, limit) => value >= limit },
  below: { word: "below", holds: (value, limit) => value < limit },
  atMost: { word: "at most", holds: (value, limit) => value <= limit },
};

/** "above", "at least", "below", "at most", in this order. */
export const LIMITS = Object.keys(SIGNS) as readonly (keyof Limits)[];

/** Each limit that is set. */
function set(limits: Limits): { readonly sign: Sign; readonly limit: Quantity }[] {
  return LIMITS.flatMap((key) => {
    const limit = limits[key];
    return limit === undefined ? [] : [{ sign: SIGNS[key], limit }];
  });
}

/**
 * Whether a number is within all limits. Never without any limit, for a number that is not finite, or for one in another
 * unit: 300 ms are not under 500 MB.
 */
export function isWithin({ value, unit }: Quantity, limits: Limits): boolean {
  const all = set(limits);
  return (
    all.length > 0 &&
    Number.isFinite(value) &&
    all.every(({ sign, limit }) => unit === limit.unit && sign.holds(value, limit.value))
  );
}

/** "above 90%", "at least 100 ms and below 500 ms". */
export function showLimits(limits: Limits): string {
  return set(limits)
    .map(({ sign, limit }) => `${sign.word} ${showQuantity(limit)}`)
    .join(" and ");
}

/** Unit of the first limit whose unit is another than this, or undefined. */
export function otherUnit(unit: Quantity["unit"], limits: Limits): Quantity["unit"] | undefined {
  return set(limits).find(({ limit }) => limit.unit !== unit)?.limit.unit;
}
