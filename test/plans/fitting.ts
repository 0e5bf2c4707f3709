/** A number that lies well inside limits. */
import type { Quantity } from "../../rollout/units";

/** Limits as criteria have them, in base units. */
export interface Limits {
  readonly below?: Quantity | undefined;
  readonly atMost?: Quantity | undefined;
  readonly above?: Quantity | undefined;
  readonly atLeast?: Quantity | undefined;
}

/**
 * A value that meets all of several limits at once, and its unit.
 * @throws Error where no number does: then the plan contradicts itself, or asks for two things under one name
 */
export function fitting(all: readonly Limits[]): { value: number; unit: Exclude<Quantity["unit"], "x"> } {
  const given = (pick: (one: Limits) => Quantity | undefined): Quantity[] =>
    all.map(pick).filter((one) => one !== undefined);
  const low = [...given(({ above }) => above), ...given(({ atLeast }) => atLeast)];
  const high = [...given(({ below }) => below), ...given(({ atMost }) => atMost)];
  const unit = [...low, ...high][0]?.unit ?? "count";
  const from = Math.max(0, ...low.map(scaled));
  const to = Math.min(...high.map(scaled));
  const value = between(from, to, unit, low.length > 0);
  if (!all.every((one) => fits(one, value))) throw new Error(`no number fits ${JSON.stringify(all)}`);
  return { value, unit: unit === "x" ? "count" : unit };
}

/** Ratios to a baseline are taken of a baseline of 100. */
const scaled = ({ value, unit }: Quantity): number => (unit === "x" ? value * 100 : value);

function between(from: number, to: number, unit: Quantity["unit"], bounded: boolean): number {
  if (!Number.isFinite(to)) return unit === "ratio" ? (from + 1) / 2 : from + 1;
  const middle = bounded ? (from + to) / 2 : to / 2;
  return unit === "count" ? Math.floor(middle) : middle;
}

function fits({ below, atMost, above, atLeast }: Limits, value: number): boolean {
  return (
    (below === undefined || value < scaled(below)) &&
    (atMost === undefined || value <= scaled(atMost)) &&
    (above === undefined || value > scaled(above)) &&
    (atLeast === undefined || value >= scaled(atLeast))
  );
}
