/** Live numbers by name, the conditions on them, and what forces a rollback or calls somebody. */
import { z } from "zod";
import { duration, percent, quantity } from "../units";
import { EVIDENCE_CRITERIA } from "./evidence-criteria";
import { limits } from "./limits";
import { atLeastOne, covers, head, name, names, text } from "./words";

/** One matcher of a label: `code=~"5.."`. No braces in it, so that what is added comes inside them too. */
const MATCHER = '[a-zA-Z_][a-zA-Z0-9_]*(?:=~|!~|!=|=)"[^"{}\\\\]{0,200}"';
/** A Prometheus metric's name, with label matchers where it needs some: `http_requests_total{code=~"5.."}`. */
const series = z
  .string("a metric of Prometheus")
  .regex(
    new RegExp(`^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}(?:\\{${MATCHER}(?:,${MATCHER}){0,9}\\})?$`),
    'a metric of Prometheus with its matchers, such as requests_total{code=~"5.."}',
  );
const unit = z.enum(["ms", "seconds", "bytes", "ratio", "count"]);

/**
 * How a number is measured. Each form can only be asked in a way that makes sense: a ratio is a rate over a rate, a
 * quantile a histogram's rates by le. `namespace` and `track` are added.
 */
export const metric = z.union(
  [
    /** The share of one counter in another: errors in requests. */
    z.strictObject({ ratio: series, to: series, covers }),
    /** A quantile of a histogram, by its name without _bucket. */
    z.strictObject({
      histogram: series,
      quantile: percent,
      unit: z.enum(["ms", "seconds"]).default("seconds"),
      covers,
    }),
    /** A counter's increase. */
    z.strictObject({ counter: series, per: z.enum(["second", "minute", "hour", "day", "week"]), covers }),
    /** A value that goes up and down. */
    z.strictObject({ gauge: series, by: z.enum(["avg", "max", "min", "sum"]), unit, covers }),
    /** The share of one gauge in another. */
    z.strictObject({ share: series, of: series, covers }),
  ],
  "one of ratio and to; histogram and quantile; counter and per; gauge, by and unit; share and of",
);

/** Metrics by name. Those of `BUILT_IN` (rollout/metrics.ts) are there without being named. */
export const metrics = z.record(name, metric);

/** A condition on a metric: one limit, or two that make a range. */
const condition = {
  /** Name from the plan's `metrics`, or error-rate, p95, health, requests or error-budget. */
  metric: name,
  /**
   * Whose numbers: the whole service's, or one track's. By default the service's; the canary's where they are compared
   * with the baseline's.
   */
  on: z.enum(["service", "canary", "baseline"]).optional(),
  ...limits,
  /** What it is compared with: the baseline's over the same time, or its own so long `before`. */
  of: z.enum(["baseline", "before"]).optional(),
  before: duration.optional(),
  /** The limit is of the difference ("0.1%" more), not of the ratio ("2x"). */
  as: z.literal("difference").optional(),
  /** What it is compared with counts as at least this, so that a 0 can be compared with. */
  floor: quantity.optional(),
  /** With fewer requests (of a ratio, those it is a share of; of a histogram, its observations) it says nothing. */
  minRequests: atLeastOne.optional(),
};

/** A live number holds, over the time that is asked about. */
const metricCriterion = z.strictObject({
  kind: z.literal("metric"),
  ...head,
  ...condition,
  /** The time that is looked back on. */
  over: duration,
  /** Steady: over this time it must not have grown or fallen by more than this fraction, by the line of least squares. */
  steady: percent.optional(),
});

/** No alert of a severity, or worse, fired in the time before. */
const noAlerts = z.strictObject({
  kind: z.literal("no-alerts"),
  ...head,
  alerts: z.enum(["critical", "warning"]),
  over: duration,
});

/** Kinds of criteria that ask the metrics source. */
export const METRIC_CRITERIA = [metricCriterion, noAlerts] as const;

/** A condition that forces a rollback or calls somebody; alerts are made from those on metrics. */
export const trigger = z.strictObject({
  id: name,
  title: text,
  severity: z.enum(["critical", "warning"]),
  /** What is watched. It fires while every limit is met: "above: 1%", for a time without a break where there is one. */
  when: z.union(
    [
      z.strictObject({ ...condition, for: duration.optional() }),
      /** Fires when this criterion fails; nothing that is only missing or too old fires it. */
      z.strictObject({ criterion: z.discriminatedUnion("kind", [...EVIDENCE_CRITERIA]) }),
    ],
    "a condition on a metric, or a criterion",
  ),
  does: z.enum(["rollback", "page", "notify"]),
  /** Level of the rollback, from `rollback.levels`. */
  level: name.optional(),
  /** Stages that it is armed in; by default all. */
  stages: names.readonly().optional(),
  /** Name from the plan's `runbooks`: what the called person opens. */
  runbook: name.optional(),
  owner: name,
  covers,
});
