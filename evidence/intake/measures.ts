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
  const twice = measures.find(({ name }, index) => measures.findIndex((one) => one.name === name) !== index);
  if (twice !== undefined)
    throw refuse(
      "intake-inconsistent",
      `${file.name}: two measures of the name ${twice.name}, which can't be told apart`,
    );
  const predicate: MeasurementPredicate = {
    ...finish(file, times.finishedAt, stated),
    stage: stated.stage,
    suite: required(stated.suite, "which suite of the plan was measured", "--suite <name>"),
    ...(stated.environment === undefined ? {} : { environment: stated.environment }),
    measures: [...measures],
  };
  return { predicate, summary: `${predicate.suite}: ${measures.length} measures (${sample(measures)})` };
}

function sample(measures: readonly Measure[]): string {
  const names = measures.slice(0, 3).map(({ name, value, unit }) => `${name} ${Number(value.toPrecision(4))} ${unit}`);
  return measures.length > 3 ? `${names.join(", ")}, …` : names.join(", ");
}
