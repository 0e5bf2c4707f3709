/** Section `monitoring`: where rules and dashboards go. What they say comes from the plan. */
import { z } from "zod";
import { oneOf, promDuration, words } from "./values";

const labels = z.record(z.string({ error: "a label's name" }), words, { error: "a map of labels" });

export const monitoringSchema = z.strictObject({
  /** Labels by which the Prometheus operator finds rules, monitors and probes. */
  labels,
  /** Labels by which Grafana's sidecar finds dashboards. */
  dashboardLabels: labels,
  /** Grafana's folder for the dashboards. */
  dashboardFolder: words,
  scrapeInterval: promDuration,
  /** The blackbox exporter that asks each track's /health, and its module. */
  prober: z.strictObject({
    address: z
      .string({ error: '"host:port" of the blackbox exporter' })
      .regex(/^[a-z0-9.-]+:\d{2,5}$/, { error: '"host:port" of the blackbox exporter' }),
    scheme: oneOf("http", "https"),
    module: words,
  }),
  /** The metric that is 1 while the database answers, with its labels: `pg_up{job="omnihub-production"}`. */
  databaseUp: z
    .string({ error: "a metric with its labels, 'pg_up{job=\"…\"}'" })
    .regex(/^[a-zA-Z_:][\w:]*\{[^{}]+\}$/, { error: "a metric with its labels, 'pg_up{job=\"…\"}'" }),
});

export type MonitoringSettings = z.infer<typeof monitoringSchema>;
