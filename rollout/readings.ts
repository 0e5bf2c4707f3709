/** What a metrics source answered, by the key of the question. Data that a gate's world carries. */

/** A question to the metrics source. */
export interface Question {
  /** Unique in the world: "error-rate-low.value", "trigger.canary-errors.count". */
  readonly key: string;
  readonly promql: string;
}

/** One series of an answer. */
export interface ReadSample {
  readonly labels: Readonly<Record<string, string>>;
  /** May be NaN or infinite. */
  readonly value: number;
}

/** Series, none of them too, or why there is no answer. */
export type Reading = readonly ReadSample[] | { readonly failure: string };

/** By question. A key that is not here was not asked. */
export type Readings = Readonly<Record<string, Reading>>;

/** A number, or why there is none. */
export type Found = { readonly value: number } | { readonly none: string };

/** The one number of an answer. Anything else (no series, several, NaN, infinite, not asked) is none, and said. */
export function numberOf(readings: Readings | undefined, key: string): Found {
  const samples = samplesOf(readings, key);
  if ("none" in samples) return samples;
  const [only, ...more] = samples.list;
  if (only === undefined) return { none: "no data" };
  if (more.length > 0) return { none: `${samples.list.length} series where one number was wanted` };
  return Number.isFinite(only.value) ? { value: only.value } : { none: `no number (${only.value})` };
}

/** The series of an answer, or why there is none. */
export function samplesOf(
  readings: Readings | undefined,
  key: string,
): { readonly list: readonly ReadSample[] } | { readonly none: string } {
  if (readings === undefined || !Object.hasOwn(readings, key)) return { none: "the metrics were not asked" };
  const reading = readings[key];
  if (reading === undefined) return { none: "the metrics were not asked" };
  return "failure" in reading ? { none: `the metrics could not be read: ${reading.failure}` } : { list: reading };
}
