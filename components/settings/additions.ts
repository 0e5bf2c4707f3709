/**
 * Sections that a stage may have or leave out: where its telemetry goes, how it logs, who is called, what else runs beside
 * the service. A section that is not there declares nothing.
 */
import { z } from "zod";
import { cidr, cpu, hostname, image, integer, label, memory, number, oneOf, some, url, words } from "./values";

/** One of the names in `secrets.names`. */
const secret = z
  .string({ error: "one of secrets.names" })
  .regex(/^[A-Z][A-Z0-9_]{0,62}$/, { error: "one of secrets.names" });

/** What one pod asks for; the memory is its limit, too. */
const pod = z.strictObject({ cpu, memory });

/** Where the pods of a component may connect to, besides DNS and the service. */
const egress = z.strictObject({ cidr, except: z.array(cidr).default([]), port: integer(1, 65535) });

const https = url.refine((address) => address.startsWith("https://"), { error: 'an address with "https://"' });

/** Every signal that a service can send. */
export const SIGNALS = ["traces", "metrics", "logs"] as const;

export const telemetrySchema = z.strictObject({
  /** The OpenTelemetry Collector; for Datadog one of the "contrib" distribution. */
  image,
  replicas: integer(1, 20, "pods"),
  pod,
  signals: some(oneOf(...SIGNALS), "signals"),
  backend: z.discriminatedUnion("kind", [
    /** Anything that speaks OTLP over HTTP; `header` carries the key. */
    z.strictObject({
      kind: z.literal("otlp"),
      endpoint: https,
      header: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, { error: "the name of a header" }),
      key: secret,
    }),
    z.strictObject({ kind: z.literal("datadog"), site: hostname, key: secret }),
  ]),
  egress,
});
export type TelemetrySettings = z.infer<typeof telemetrySchema>;

export const loggingSchema = z.strictObject({
  level: oneOf("debug", "info", "warn", "error"),
  /** What the files of one pod may take before it is evicted; the service turns them over well before. */
  files: memory,
});
export type LoggingSettings = z.infer<typeof loggingSchema>;

export const errorTrackingSchema = z.strictObject({
  /** Holds Sentry's DSN, or that of a service that speaks its protocol. */
  dsn: secret,
  /** Of errors and of traces, which share is sent. */
  sampleRate: number(0.01, 1),
  tracesSampleRate: number(0, 1),
});
export type ErrorTrackingSettings = z.infer<typeof errorTrackingSchema>;

export const onCallSchema = z.strictObject({
  kind: oneOf("pagerduty", "opsgenie"),
  /** Holds PagerDuty's routing key (Events API v2), or Opsgenie's API key. */
  key: secret,
  /** Labels by which Alertmanager finds its routes. */
  labels: z.record(z.string({ error: "a label's name" }), words, { error: "a map of labels" }),
});
export type OnCallSettings = z.infer<typeof onCallSchema>;

export const rdfStoreSchema = z.strictObject({
  /** Oxigraph's server. */
  image,
  pod,
  /** Size of its volume. */
  storage: memory,
  /** Without it, the cluster's own. */
  storageClass: label.optional(),
});
export type RdfStoreSettings = z.infer<typeof rdfStoreSchema>;

export const signingSchema = z.strictObject({
  /** Service account of the namespace that may sign, and nobody else. */
  account: label,
  /** Days in which a deleted key can be brought back. */
  keyDeletionDays: integer(7, 30, "days"),
});
export type SigningSettings = z.infer<typeof signingSchema>;

export const vaultSchema = z.strictObject({
  server: https,
  /** Mount of the key/value engine, version 2. */
  path: words,
  /** Mount of the Kubernetes login, and the role that it gives. */
  mount: words,
  role: label,
  /** Variable of the service → key and property in Vault. */
  values: z.record(secret, z.strictObject({ key: words, property: words })),
  refresh: z.string().regex(/^[1-9]\d*(s|m|h)$/, { error: 'a duration such as "15m"' }),
});
export type VaultSettings = z.infer<typeof vaultSchema>;
