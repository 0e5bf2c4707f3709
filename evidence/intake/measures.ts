/** What every format of numbers ends in: measures by a name that a plan can write, in base units. */
import type { MeasurementPredicate } from "../predicates/measurement";
import type { Intake, ReportFile, Stated } from "./report";
import { finish, refuse, required } from "./report";

/** One number, in the unit's base: milliseconds, bytes, a fraction, a count, per second. */
export type Measure = MeasurementPredicate["measures"][number];

/** Names in a plan have at most this many characters. */
const MAX_NAME = 63;

/**
 * A name as plans write names, of a tool's own words: "http_req_duration", "p(95)" → "http-req-duration-p95". What is too
 * long loses its middle, never its end, which says what was measured.
 */
export function measureName(of: string, what: string): string {
  const slug = (text: string): string =>
    text
      .toLowerCase()
      .replace(/\bp\((\d+(?:\.\d+)?)\)/g, (_all, percent: string) => `p${percent.replace(".", "-")}`)
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "");
  const end = what === "" ? "" : `-${slug(what)}`;
  const begin = slug(of).replace(/^(?=\d)/, "n");
  return `${begin.slice(0, MAX_NAME - end.length).replace(/-+$/, "")}${end}`;
}

/** The predicate. `finishedAt`: where the format carries a time. */
export function measurementOf(
  file: ReportFile,
  measures: readonly Measure[],
  stated: Stated,
  times: { readonly finishedAt?: number } = {},
): Intake {
  if (measures.length === 0) throw refuse("intake-empty", `${file.name}: not one number in it`);
  const odd = measures.find(({ value }) => !Number.isFinite(value));
  if (odd !== undefined) throw refuse("intake-missing-field", `${file.name}: ${odd.name} is no number`);
  const wrong = measures.find(({ value, unit }) => (unit === "ratio" && value > 1) || (value < 0 && unit !== "count"));
  if (wrong !== undefined) {
    throw refuse("intake-inconsistent", `${file.name}: ${wrong.name} is ${wrong.value} ${wrong.unit}, which can't be`);
  }
  const names = new Set<string>();
  const twice = measures.find(({ name }) => names.size === names.add(name).size);
  if (twice !== undefined)
    throw refuse(
      "intake-inconsistent",
      `${file.name}: two measures of the name ${twice.name}, which can't be told apart`,
    );
  const odder = outOfOrder(measures);
  if (odder !== undefined) {
    throw refuse(
      "intake-inconsistent",
      `${file.name}: ${odder.name} is ${odder.value} ${odder.unit}, which does not fit the other numbers of its kind`,
    );
  }
  const predicate: MeasurementPredicate = {
    ...finish(file, times.finishedAt, stated),
    stage: stated.stage,
    suite: required(stated.suite, "which suite of the plan was measured", "--suite <name>"),
    ...(stated.environment === undefined ? {} : { environment: stated.environment }),
    measures: [...measures],
  };
  return { predicate, summary: `${predicate.suite}: ${measures.length} measures (${sample(measures)})` };
}

/** What of one metric lies where. vitest's "p995" is the 99.5th percentile, autocannon's "p97-5" the 97.5th. */
const PART = /^(.+)-(?:(min)|(max)|(med|median)|(avg|average|mean)|p(\d+(?:-\d+)?))$/;

interface Part {
  readonly measure: Measure;
  /** From the least, 0, to the greatest, 100. */
  readonly percent: number;
  /** It lies somewhere between the two. */
  readonly mean: boolean;
}

/** A time that is below one that it must not be below: a greatest, or a percentile. Locust rounds, by up to a twentieth. */
function outOfOrder(measures: readonly Measure[]): Measure | undefined {
  const metrics = new Map<string, Part[]>();
  for (const measure of measures) {
    const [, of, min, max, median, mean, percent = ""] = PART.exec(measure.name) ?? [];
    if (of === undefined || measure.unit !== "ms") continue;
    const at = Number(percent.replace("-", ".").replace(/^(9\d)(\d+)$/, "$1.$2"));
    const where =
      mean !== undefined || median !== undefined ? 50 : min !== undefined ? 0 : max !== undefined ? 100 : at;
    const part = { measure, percent: where, mean: mean !== undefined };
    metrics.set(of, [...(metrics.get(of)?.slice(0, MOST_PARTS) ?? []), part]);
  }
  for (const parts of metrics.values()) {
    const odd = parts.find((one) => parts.some((other) => isBelow(one, other)));
    if (odd !== undefined) return odd.measure;
  }
  return undefined;
}

/** No tool tells more percentiles of one metric. */
const MOST_PARTS = 50;

function isBelow(one: Part, other: Part): boolean {
  if (!(one.percent > other.percent)) return false;
  if ((one.mean && other.percent !== 0) || (other.mean && one.percent !== 100)) return false;
  return other.measure.value > one.measure.value * 1.06 + 1;
}

function sample(measures: readonly Measure[]): string {
  const names = measures.slice(0, 3).map(({ name, value, unit }) => `${name} ${Number(value.toPrecision(4))} ${unit}`);
  return measures.length > 3 ? `${names.join(", ")}, …` : names.join(", ");
}
