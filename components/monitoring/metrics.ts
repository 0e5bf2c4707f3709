/** The metrics of the service, as PromQL, in one place for alerts and dashboards. */

import { RULES_EVALUATED } from "../../rollout/metrics";

/** Windows over which failures are recorded, shortest first; the burn rates are made of them. */
export const WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;
export type Window = (typeof WINDOWS)[number];

/** What Prometheus records, so that alerts, dashboards and people read the same numbers. */
export const RECORD = {
  /** Failed requests / all requests of one track over five minutes. */
  trackErrors: "track:http_requests:error_ratio_rate5m",
  /** 95th percentile of one track over five minutes, in seconds. */
  trackP95: "track:http_request_duration_seconds:p95_rate5m",
  /** Requests of one track in five minutes. */
  trackRequests: "track:http_requests:increase5m",
  /** 95th percentile of the service over five minutes, in seconds. */
  serviceP95: "service:http_request_duration_seconds:p95_rate5m",
  /** 1 whenever the rules were evaluated: without it, that no alert fired says nothing. */
  rulesEvaluated: RULES_EVALUATED,
  /** Part of the error budget that is left, 1 to below 0. */
  budgetLeft: "service:error_budget:left_ratio",
} as const;

/** Name of the recorded error ratio of the service over a window. */
export function serviceErrors(window: Window): string {
  return `service:http_requests:error_ratio_rate${window}`;
}

/** A request has failed when the service says that it is its own fault. */
const FAILED = 'code=~"5.."';

/** A selector: `{namespace="omnihub-production",track="canary"}`. */
export function selector(namespace: string, track?: string): string {
  return `{namespace="${namespace}"${track === undefined ? "" : `,track="${track}"`}}`;
}

/**
 * Failed requests / all requests. Where nothing failed there is no series of failures: then it is 0, but only where there
 * were requests at all. No requests give no number, never a 0 that looks like health.
 */
export function errorRatio(namespace: string, window: string, by: string): string {
  const all = `sum by (${by}) (rate(http_requests_total{namespace="${namespace}"}[${window}]))`;
  const failed = `sum by (${by}) (rate(http_requests_total{namespace="${namespace}",${FAILED}}[${window}]))`;
  return `(${failed} or ${all} * 0) / (${all} > 0)`;
}

/** 95th percentile in seconds. */
export function p95(namespace: string, by: string): string {
  const buckets = `rate(http_request_duration_seconds_bucket{namespace="${namespace}"}[5m])`;
  return `histogram_quantile(0.95, sum by (${by}, le) (${buckets}))`;
}
