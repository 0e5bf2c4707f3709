/** Section `monitoring`: where rules and dashboards go, and the numbers of the service level that the plan has none for. */
import { z } from "zod";
import { integer, label, number, promDuration, url, words } from "./values";

export const monitoringSchema = z.strictObject({
  /** Where the Prometheus operator looks for rules, and Grafana's sidecar for dashboards. */
  labels: z.record(z.string(), words),
  /** Label (and its value) by which Grafana's sidecar finds a dashboard. */
  dashboardLabel: z.strictObject({ name: words, value: words }),
  scrapeInterval: promDuration,
  /** host:port of the blackbox exporter that asks each track's /health. */
  prober: words,
  /** Prometheus' metric that is 1 while the database answers, and its labels: `pg_up{job="omnihub-production"}`. */
  databaseUp: z.string().regex(/^[a-zA-Z_:][\w:]*\{[^{}]*\}$/, { error: 'a metric with its labels, \'pg_up{job="…"}\'' }),
  /** Address of the runbooks' folder: each alert links to `<address>/<runbook>`. */
  runbooks: url,
  slo: z.strictObject({
    /** Percent of requests that must not fail. */
    availability: number(90, 99.999, "percent"),
    /** Days that the error budget spans; the burn rates follow from it. */
    days: integer(7, 90, "days"),
    /** Milliseconds that 95 % of requests must stay under. */
    latencyP95: integer(1, 60_000, "milliseconds"),
  }),
  /** Percent of failed requests, for five minutes, that page at once. */
  highErrorRate: number(0.01, 100, "percent"),
});

export type MonitoringSettings = z.infer<typeof monitoringSchema>;
