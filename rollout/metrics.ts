/**
 * Metrics of the plan as PromQL: pure text. A form can only be asked in a way that makes sense: a ratio is a rate over a
 * rate, a quantile is of rates by `le`, and the stage's namespace and the track are added to every selector.
 *
 * Numbers come out in the units of rollout/units.ts: milliseconds, bytes, ratios 0..1, counts, per second.
 */
import type { Plan } from "./plan";
import type { Unit } from "./units";

/** One metric as the plan writes it. */
export type Metric = Plan["metrics"][string];

/** The share of the error budget of the plan's objective that is left; 1 to below 0. */
interface Budget {
  /** The part of all requests that may fail. */
  readonly budget: number;
  /** Over which it is counted, milliseconds. */
  readonly window: number;
}

/** 1 while something outside of the stage's namespace answers. */
interface Up {
  /** A selector as it stands. */
  readonly up: string;
}

/** How a number is measured. */
export type Measure = Without<Metric, "covers"> | Budget | Up;
type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;

const REQUESTS = "http_requests_total";
/** A request has failed when the service says that it is its own fault. */
const FAILED = `${REQUESTS}{code=~"5.."}`;

/** What every plan has without naming it. `error-budget` is there where the plan has an objective. */
export const BUILT_IN = {
  "error-rate": { ratio: FAILED, to: REQUESTS },
  p95: { histogram: "http_request_duration_seconds", quantile: 0.95, unit: "seconds" },
  requests: { counter: REQUESTS, per: "second" },
  health: { gauge: "probe_success", by: "avg", unit: "ratio" },
} as const satisfies Readonly<Record<string, Measure>>;

/** The name of the metric that is 1 while the database answers: only alerts know where to ask for it. */
export const DATABASE = "database";

/** A record that is 1 whenever the stage's rules were evaluated: without it, that no alert fired says nothing. */
export const RULES_EVALUATED = "holdpoint:rules:evaluated";

/** Where else a metric's name leads. */
export interface MeasureSource {
  readonly plan: Pick<Plan, "slo" | "metrics">;
  /** Selector that is 1 while the database answers; alerts have it from the stage's settings. */
  readonly databaseUp?: string;
}

/** How the metric of a name is measured; undefined where there is none of that name. */
export function measureOf(name: string, { plan, databaseUp }: MeasureSource): Measure | undefined {
  if (Object.hasOwn(plan.metrics, name)) return plan.metrics[name];
  if (Object.hasOwn(BUILT_IN, name)) return BUILT_IN[name as keyof typeof BUILT_IN];
  if (name === DATABASE && databaseUp !== undefined) return { up: databaseUp };
  const { slo } = plan;
  if (name === "error-budget" && slo !== undefined) return { budget: 1 - slo.availability, window: slo.window };
  return undefined;
}

/** The unit that a metric comes out in; a limit must be of the same. */
export function unitOf(measure: Measure): Unit {
  if ("histogram" in measure) return "ms";
  if ("counter" in measure) return measure.per === "second" ? "per-second" : "count";
  if ("gauge" in measure) return measure.unit === "seconds" ? "ms" : measure.unit;
  return "ratio";
}

/** Whose series. */
export interface Scope {
  /** Label of every series of the stage: "omnihub-production". */
  readonly namespace: string;
  readonly track?: "canary" | "baseline" | undefined;
  /** Only one operation's requests; what else is measured is the whole service's. */
  readonly operation?: string | undefined;
}

/** Over which time. All in milliseconds of the metrics source's own clock. */
export interface Look {
  /** Rates and increases are of this time. */
  readonly window: number;
  /** A gauge's value over the window, or as it is at one instant. */
  readonly gauges: "window" | "instant";
  /** So long ago. */
  readonly offset?: number;
}

const PER = { second: 1, minute: 60, hour: 3_600, day: 86_400, week: 604_800 } as const;

/**
 * A metric's number over a time.
 * @param by labels to keep, "namespace, track"; by default none: one number
 */
export function valueQuery(measure: Measure, scope: Scope, look: Look, by = ""): string {
  const sum = by === "" ? "sum" : `sum by (${by}) `;
  const rate = (series: string) => `${sum}(rate(${ranged(series, scope, look)}))`;
  if ("ratio" in measure) {
    const all = rate(measure.to);
    // Where nothing failed there is no series of failures: then it is 0, but only where there was something to fail.
    return `(${rate(measure.ratio)} or ${all} * 0) / (${all} > 0)`;
  }
  if ("histogram" in measure) {
    const groups = by === "" ? "le" : `${by}, le`;
    const buckets = `sum by (${groups}) (rate(${ranged(bucketsOf(measure.histogram), scope, look)}))`;
    return times(`histogram_quantile(${decimal(measure.quantile)}, ${buckets})`, measure.unit === "seconds" ? 1000 : 1);
  }
  if ("counter" in measure) return times(rate(measure.counter), PER[measure.per]);
  if ("share" in measure) {
    return `${sum}(${gauge(measure.share, "avg", scope, look)}) / (${sum}(${gauge(measure.of, "avg", scope, look)}) > 0)`;
  }
  if ("gauge" in measure) {
    const outer = by === "" ? measure.by : `${measure.by} by (${by}) `;
    const inner = gauge(measure.gauge, measure.by === "sum" ? "avg" : measure.by, scope, look);
    return times(`${outer}(${inner})`, measure.unit === "seconds" ? 1000 : 1);
  }
  if ("budget" in measure) {
    const errors = valueQuery(BUILT_IN["error-rate"], scope, { ...look, window: measure.window });
    return `1 - (${errors}) / ${decimal(measure.budget)}`;
  }
  return `min(${measure.up})`;
}

/** The series that must be there for a number to mean something: its rarest part may be missing, its whole may not. */
export function wholeOf(measure: Measure): string {
  if ("ratio" in measure) return measure.to;
  if ("histogram" in measure) return bucketsOf(measure.histogram);
  if ("counter" in measure) return measure.counter;
  if ("share" in measure) return measure.of;
  if ("gauge" in measure) return measure.gauge;
  return REQUESTS;
}

/** How many requests, or observations, a ratio or a histogram rests on; undefined for what is not counted. */
export function countQuery(measure: Measure, scope: Scope, look: Look): string | undefined {
  if ("ratio" in measure) return `sum(increase(${ranged(measure.to, scope, look)}))`;
  if (!("histogram" in measure)) return undefined;
  return `sum(increase(${ranged(withLabel(bucketsOf(measure.histogram), 'le="+Inf"'), scope, look)}))`;
}

/** A histogram's buckets by `le`, as counts in the window; undefined for any other metric. */
export function bucketsQuery(measure: Measure, scope: Scope, look: Look): string | undefined {
  if (!("histogram" in measure)) return undefined;
  return `sum by (le) (increase(${ranged(bucketsOf(measure.histogram), scope, look)}))`;
}

/** A selector in the stage's namespace and of a track: `up{job="x",namespace="omnihub-production",track="canary"}`. */
export function selector(series: string, { namespace, track, operation }: Scope): string {
  const labels = [
    `namespace="${namespace}"`,
    ...(track === undefined ? [] : [`track="${track}"`]),
    ...(operation === undefined || !series.startsWith("http_request") ? [] : [`operation="${operation}"`]),
  ];
  return withLabel(series, labels.join(","));
}

/** A metric's name without its matchers. */
export function nameOf(series: string): string {
  return series.split("{", 1)[0] ?? series;
}

function withLabel(series: string, label: string): string {
  return series.endsWith("}") ? `${series.slice(0, -1)},${label}}` : `${series}{${label}}`;
}

function bucketsOf(histogram: string): string {
  const name = nameOf(histogram);
  return `${name}_bucket${histogram.slice(name.length)}`;
}

function ranged(series: string, scope: Scope, { window, offset }: Look): string {
  return `${selector(series, scope)}[${promDuration(window)}]${back(offset)}`;
}

function gauge(series: string, how: "avg" | "max" | "min", scope: Scope, look: Look): string {
  if (look.gauges === "window") return `${how}_over_time(${ranged(series, scope, look)})`;
  return `${selector(series, scope)}${back(look.offset)}`;
}

function back(offset: number | undefined): string {
  return offset === undefined ? "" : ` offset ${promDuration(offset)}`;
}

function times(query: string, factor: number): string {
  return factor === 1 ? query : `${query} * ${factor}`;
}

/** A number without the noise of binary fractions: 0.0144, not 0.014400000000000012. */
export function decimal(value: number): string {
  return String(Number(value.toPrecision(10)));
}

const PROM_UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** Milliseconds in Prometheus' largest unit that fits: 300000 → "5m". */
export function promDuration(milliseconds: number): string {
  const whole = Math.max(1, Math.round(milliseconds));
  const fit = PROM_UNITS.find(([, size]) => whole >= size && whole % size === 0);
  return fit === undefined ? `${whole}ms` : `${whole / fit[1]}${fit[0]}`;
}
