/**
 * Live numbers against what the plan allows. No data, NaN, several series, too few samples, series that are younger than
 * the time that is asked about, samples from the future, a source that does not answer: never a pass.
 */
import { isWithin, LIMITS, showLimits } from "../limits";
import { measureOf, nameOf, unitOf } from "../metrics";
import type { Measure } from "../metrics";
import { keyOf, trackOf } from "../questions";
import type { Asking } from "../questions";
import { numberOf, samplesOf } from "../readings";
import type { Readings } from "../readings";
import { canaryOf } from "../plan";
import type { CriterionOf } from "../plan";
import { floorOf, leastRequests } from "../triggers";
import type { MetricCondition } from "../triggers";
import { showDuration, showPercent, showQuantity } from "../units";
import type { Quantity } from "../units";
import { counted, listed } from "./answer";
import type { Answer, Context } from "./answer";

/** Part of the instants at which the series must have been there. */
const SEEN = 0.95;
/** How old the newest sample may be, milliseconds; what Prometheus itself looks back. */
const FRESH = 300_000;

/** How a condition is asked, but for the clock: the numbers say by themselves how much of the time they saw. */
export type Judging = Omit<Asking, "span">;
type Judged = Pick<Answer, "verdict" | "found" | "remedy">;

/** How a context asks: the judge sees the same questions as whoever asked them. */
export type LiveContext = Context & { readonly on?: "canary" };

/** Passes if the number is within its limits over the whole time, and steady where that is asked for. */
export function judgeMetric(written: CriterionOf<"metric">, context: LiveContext): Answer {
  const asking = askingOf(context);
  const criterion = { ...written, id: keyOf(written.id, asking) };
  const measure = measureOf(criterion.metric, asking);
  const wanted = `${subject(criterion, asking)} ${wishes(criterion)}, over ${showDuration(criterion.over)}`;
  if (measure === undefined) {
    return {
      wanted,
      verdict: "fail",
      found: `no metric "${criterion.metric}" in the plan`,
      remedy: "name one of the plan's metrics",
    };
  }
  const judged = numberAnswer(criterion, measure, asking, context.world.readings);
  return { wanted, ...judged };
}

/** Passes if no alert of the severity fired, and the rules were evaluated all the time. */
export function judgeNoAlerts(criterion: CriterionOf<"no-alerts">, context: LiveContext): Answer {
  const { over, alerts } = criterion;
  const id = keyOf(criterion.id, askingOf(context));
  const wanted = `no ${alerts === "critical" ? "critical" : "critical or warning"} alert in ${showDuration(over)}`;
  const { readings } = context.world;
  const firing = samplesOf(readings, `${id}.firing`);
  if ("none" in firing) return { wanted, ...noNumber(firing.none) };
  const fired = firing.list.filter(({ value }) => !(value === 0)).map(({ labels }) => labels["alertname"] ?? "unnamed");
  if (fired.length > 0) {
    const found = `${listed(fired.toSorted())} fired`;
    return { wanted, verdict: "fail", found, remedy: "find out why, and wait until the time has passed without one" };
  }
  const gap = gapIn(id, over, readings, "evaluations of the rules");
  if (gap !== undefined) return { wanted, ...gap };
  return { wanted, verdict: "pass", found: "none fired", remedy: "" };
}

/** How the questions of a context were asked. */
export function askingOf({ plan, stage, written, world, on }: LiveContext): Judging {
  const meant = written ?? stage;
  return { plan, stage: meant.name, judge: canaryOf(meant, world.operation)?.judge, on };
}

function numberAnswer(
  criterion: CriterionOf<"metric">,
  measure: Measure,
  asking: Judging,
  readings: Readings | undefined,
): Judged {
  const { id, over } = criterion;
  const value = numberOf(readings, `${id}.value`);
  if ("none" in value) return noNumber(value.none);
  const gap = gapIn(id, over, readings, `samples of ${criterion.metric}`);
  if (gap !== undefined) return gap;
  const few = tooFew(criterion, asking, readings) ?? neverSeen(id, measure, readings);
  if (few !== undefined) return few;
  const drift = criterion.steady === undefined ? undefined : judgeSteady(criterion, criterion.steady, readings);
  if (drift !== undefined && drift.verdict !== "pass") return drift;
  if (!LIMITS.some((side) => criterion[side] !== undefined)) return drift ?? noNumber("nothing that was wanted of it");
  const judged = judgeLimits(criterion, measure, value.value, asking, readings);
  return drift === undefined ? judged : { ...judged, found: `${judged.found}; ${drift.found}` };
}

function judgeLimits(
  criterion: CriterionOf<"metric">,
  measure: Measure,
  value: number,
  asking: Judging,
  readings: Readings | undefined,
): Judged {
  const compared = compare(criterion, measure, { value, unit: unitOf(measure) }, asking, readings);
  if ("none" in compared) return noNumber(compared.none);
  const { quantity, found } = compared;
  if (!isWithin(quantity, criterion)) {
    return { verdict: "fail", found, remedy: "mend what makes the number so, or go back" };
  }
  // A histogram knows nothing beyond its last bucket: what passes there may be anything.
  const last = lastBucket(criterion.id, measure, readings);
  if ("histogram" in measure && (last === undefined || value >= last)) {
    const limit =
      last === undefined ? "no bucket at all" : `its last bucket, ${showQuantity({ value: last, unit: "ms" })}`;
    return noNumber(`${found}, which is ${limit}: the histogram can't tell more`, "give the histogram larger buckets");
  }
  return { verdict: "pass", found, remedy: "" };
}

/** The number that the limits are of: itself, its ratio to another, or the difference from it. */
export function compare(
  condition: Pick<CriterionOf<"metric">, "id" | "of" | "as" | "floor" | "before">,
  measure: Measure,
  own: Quantity,
  asking: Pick<Asking, "judge">,
  readings: Readings | undefined,
): { readonly quantity: Quantity; readonly found: string } | { readonly none: string } {
  const { of } = condition;
  if (of === undefined) return { quantity: own, found: showQuantity(own) };
  const name = of === "baseline" ? "the baseline's" : `its own ${showDuration(condition.before ?? Number.NaN)} before`;
  const other = numberOf(readings, `${condition.id}.other`);
  if ("none" in other) return { none: `${other.none} of ${name}` };
  const floor = floorOf(condition, measure, asking.judge);
  const base = floor === undefined ? other.value : Math.max(other.value, floor);
  const both = `${showQuantity(own)}, ${name} ${showQuantity({ value: other.value, unit: own.unit })}`;
  if (condition.as === "difference") return { quantity: { value: own.value - base, unit: own.unit }, found: both };
  if (!(base > 0))
    return { none: `${both}: nothing can be a ratio of that; the condition's "floor" says what it counts as` };
  return { quantity: { value: own.value / base, unit: "x" }, found: both };
}

function judgeSteady(criterion: CriterionOf<"metric">, most: number, readings: Readings | undefined): Judged {
  const rise = numberOf(readings, `${criterion.id}.rise`);
  const mean = numberOf(readings, `${criterion.id}.mean`);
  if ("none" in rise) return noNumber(rise.none);
  if ("none" in mean) return noNumber(mean.none);
  if (!(mean.value > 0)) return noNumber(`a mean of ${mean.value}, of which nothing is a part`);
  const part = rise.value / mean.value;
  const found = `${part < 0 ? "fell" : "grew"} by ${showPercent(Math.abs(part))} of its mean`;
  if (Math.abs(part) <= most) return { verdict: "pass", found, remedy: "" };
  return { verdict: "fail", found, remedy: "find out what makes it grow or fall" };
}

/** Why the time was not seen as a whole, or undefined. */
function gapIn(id: string, over: number, readings: Readings | undefined, what: string): Judged | undefined {
  const age = numberOf(readings, `${id}.age`);
  if ("none" in age) return noNumber(`${age.none}: no ${what} of the last ${showDuration(FRESH)}`);
  if (age.value < 0) return noNumber(`${what} from the future: a clock is off`, "set the machines' clocks");
  if (age.value * 1000 > FRESH) return noNumber(`the newest ${what}, ${showDuration(age.value * 1000)} old`);
  for (const [key, name] of [
    [`${id}.seen`, what],
    [`${id}.other-seen`, `${what} to compare with`],
  ] as const) {
    if (key.endsWith("other-seen") && !(readings !== undefined && Object.hasOwn(readings, key))) continue;
    const seen = numberOf(readings, key);
    if ("none" in seen) return noNumber(`${seen.none}: no ${name}`);
    if (seen.value >= SEEN) continue;
    const found = `${name} for ${showPercent(Math.max(0, seen.value))} of ${showDuration(over)}`;
    return noNumber(found, "wait until the whole time was measured");
  }
  return undefined;
}

/** Too few requests to say anything, or undefined. */
function tooFew(
  condition: Pick<MetricCondition, "minRequests" | "on" | "of"> & { readonly id: string },
  asking: Judging,
  readings: Readings | undefined,
): Judged | undefined {
  const least = leastRequests(condition, trackOf(condition, asking), asking.judge);
  for (const key of [`${condition.id}.count`, `${condition.id}.other-count`]) {
    if (readings === undefined || !Object.hasOwn(readings, key)) continue;
    const count = numberOf(readings, key);
    if ("none" in count) return noNumber(`${count.none} of how many requests there were`);
    if (!(count.value >= least)) {
      const whose = key.endsWith("other-count") ? " to compare with" : "";
      const found = `${counted(Math.max(0, Math.floor(count.value)), "request")}${whose}, it takes ${least}`;
      return { verdict: "inconclusive", found, remedy: "let it run until there is enough to judge" };
    }
  }
  return undefined;
}

/** A series of failures that nobody has ever seen is more likely misspelt than a sign of health. */
function neverSeen(id: string, measure: Measure, readings: Readings | undefined): Judged | undefined {
  if (!("ratio" in measure) || readings === undefined || !Object.hasOwn(readings, `${id}.rare`)) return undefined;
  const rare = numberOf(readings, `${id}.rare`);
  if (!("none" in rare)) return undefined;
  const name = nameOf(measure.ratio);
  return noNumber(`${rare.none} of ${name}`, `count ${name} from 0 on: without the series nobody knows that it is 0`);
}

/** Upper bound of a histogram's last finite bucket, milliseconds. */
export function lastBucket(id: string, measure: Measure, readings: Readings | undefined): number | undefined {
  if (!("histogram" in measure)) return undefined;
  const buckets = samplesOf(readings, `${id}.buckets`);
  if ("none" in buckets) return undefined;
  const bounds = buckets.list.map(({ labels }) => Number(labels["le"])).filter(Number.isFinite);
  return bounds.length === 0 ? undefined : Math.max(...bounds) * (measure.unit === "seconds" ? 1000 : 1);
}

function noNumber(found: string, remedy = "make the metrics readable again"): Judged {
  return { verdict: "inconclusive", found, remedy };
}

/** "error-rate of the canary" */
export function subject(condition: Pick<MetricCondition, "metric" | "on" | "of">, asking: Pick<Asking, "on">): string {
  const track = trackOf(condition, asking);
  return track === undefined ? condition.metric : `${condition.metric} of the ${track}`;
}

function wishes(criterion: CriterionOf<"metric">): string {
  const parts = [
    ...(LIMITS.some((side) => criterion[side] !== undefined) ? [limitWords(criterion)] : []),
    ...(criterion.steady === undefined ? [] : [`steady within ${showPercent(criterion.steady)}`]),
  ];
  return parts.length === 0 ? "with a limit" : parts.join(" and ");
}

/** "below 2x of the baseline's", "at most 0.1% more than its own 7 days before". */
export function limitWords(condition: Pick<MetricCondition, (typeof LIMITS)[number] | "of" | "before" | "as">): string {
  const limits = showLimits(condition);
  if (condition.of === undefined) return limits;
  const name =
    condition.of === "baseline" ? "the baseline's" : `its own ${showDuration(condition.before ?? Number.NaN)} before`;
  return condition.as === "difference" ? `${limits} more than ${name}` : `${limits} of ${name}`;
}
