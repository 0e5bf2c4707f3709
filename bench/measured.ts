/** What a benchmark measured, and how it is told. */

/** One promise and what was measured of it. */
export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
}

/** Whether a limit is kept; what is no number misses it. */
export const kept = ({ value, limit }: Measured): boolean => value <= limit;

/** One line for a person. */
export function line(one: Measured): string {
  const { name, value, limit, unit } = one;
  const verdict = kept(one) ? "ok    " : "MISSED";
  return `${verdict}  ${name.padEnd(78)} ${value.toFixed(2).padStart(8)} ${unit.padEnd(2)} at most ${limit} ${unit}`;
}
