/** Live numbers by name, the conditions on them, and what forces a rollback or calls somebody. */
import { z } from "zod";
import { duration, percent, ratio } from "../units";
import { EVIDENCE_CRITERIA } from "./evidence-criteria";
import { limits } from "./limits";
import { atLeastOne, covers, head, name, names, text } from "./words";

/** A Prometheus metric's name, with label matchers where it needs some: `http_requests_total{code=~"5.."}`. */
const series = z
  .string("a metric of Prometheus")
  .regex(
    /^[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{[^{}]{1,300}\})?$/,
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

/** Metrics by name. `error-rate`, `p95`, `health` and `requests` are there without being named. */
export const metrics = z.record(name, metric);

/** A condition on a metric: exactly one side, or a range. */
const condition = {
  /** Name from the plan's `metrics`, or error-rate, p95, health or requests. */
  metric: name,
  ...limits,
  /** What a ratio such as "2x" is taken of: the baseline's over the same time, or the same metric so long before. */
  of: z.enum(["baseline", "before"]).optional(),
  before: duration.optional(),
};

/** A live number holds, over the time that is asked about. */
const metricCriterion = z.strictObject({
  kind: z.literal("metric"),
  ...head,
  ...condition,
  /** The time that is looked back on. */
  over: duration,
  /** Steady: over this time it must not have grown (or fallen) by more than this fraction. */
  steady: percent.optional(),
});

/** No alert of a severity fired in the time before. */
const noAlerts = z.strictObject({
  kind: z.literal("no-alerts"),
  ...head,
  severity: z.enum(["critical", "major"]).default("major"),
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
  /** What is watched, on the canary's track against the baseline's, or on the service as a whole. */
  when: z.union(
    [
      z.strictObject({
        metric: z.literal("error-rate"),
        above: z.union([ratio, percent], 'a ratio such as "2x" or a percentage such as "1%"'),
        of: z.enum(["baseline", "requests"]),
        for: duration.optional(),
      }),
      z.strictObject({
        metric: z.literal("p95"),
        above: z.union([ratio, duration], 'a ratio such as "1.5x" or a duration such as "500 ms"'),
        of: z.enum(["baseline", "requests"]),
        for: duration.optional(),
      }),
      z.strictObject({
        metric: z.literal("health"),
        failing: z.literal(true),
        of: z.enum(["canary", "service", "database"]),
        for: duration.optional(),
      }),
      z.strictObject({ ...condition, for: duration.optional(), minRequests: atLeastOne.optional() }),
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
