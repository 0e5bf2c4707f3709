import type { CanaryReading, TrackReading } from "../rollout/world";
import type { Sample } from "./prometheus";

/** The two versions that run side by side. */
export const TRACKS = ["baseline", "canary"] as const;
export type Track = (typeof TRACKS)[number];

/** Asks a metrics source one question; the signature of an instant query bound to a source and an instant. */
export type Ask = (promql: string) => Promise<readonly Sample[]>;

/**
 * Reads both versions over the same span.
 * @param namespace of the service's pods; its label on every series
 * @param seconds the span on the machine's clock, at least 1
 * @param operation its label on the series of requests, where only one operation is read; probes are the whole service's
 */
export async function readCanary(
  ask: Ask,
  namespace: string,
  seconds: number,
  operation?: string,
): Promise<CanaryReading> {
  const span = `[${Math.max(1, Math.floor(seconds))}s]`;
  const whose = `namespace="${namespace}"`;
  const only = operation === undefined ? "" : `,operation="${operation}"`;
  const of = (metric: string, more = "") => `${metric}{${whose}${only}${more}}${span}`;
  const probe = `probe_success{${whose}}${span}`;
  const [requests, errors, p95, buckets, probes, healthy] = await Promise.all([
    ask(`sum by (track) (increase(${of("http_requests_total")}))`),
    ask(`sum by (track) (increase(${of("http_requests_total", ',code=~"5.."')})) or 0 * ${allRequests(of)}`),
    ask(`histogram_quantile(0.95, sum by (track, le) (rate(${of("http_request_duration_seconds_bucket")})))`),
    ask(`sum by (track, le) (increase(${of("http_request_duration_seconds_bucket")}))`),
    ask(`sum by (track) (count_over_time(${probe}))`),
    ask(`sum by (track) (sum_over_time(${probe}))`),
  ]);
  const reading = (track: Track) => trackReading(track, { requests, errors, p95, buckets, probes, healthy });
  return { baseline: reading("baseline"), canary: reading("canary") };
}

/** A version that never failed has no series of failures: zero is only said where its requests are known. */
function allRequests(of: (metric: string) => string): string {
  return `sum by (track) (increase(${of("http_requests_total")}))`;
}

type Answers = Readonly<Record<"requests" | "errors" | "p95" | "buckets" | "probes" | "healthy", readonly Sample[]>>;

function trackReading(track: Track, answers: Answers): TrackReading {
  const requests = one(answers.requests, track);
  const errors = one(answers.errors, track);
  const p95 = one(answers.p95, track);
  const samples = one(answers.probes, track);
  const healthy = one(answers.healthy, track);
  return {
    ...(requests === undefined ? {} : { requests }),
    ...(errors === undefined ? {} : { errors }),
    ...(p95 === undefined ? {} : { p95 }),
    ...latencyOf(answers.buckets, track),
    ...(samples === undefined || healthy === undefined ? {} : { probes: { samples, failures: samples - healthy } }),
  };
}

/** The track's histogram, by rising bounds; none where its bounds can't be read. */
function latencyOf(samples: readonly Sample[], track: Track): Pick<TrackReading, "latency"> {
  const buckets = samples
    .filter(({ labels }) => labels["track"] === track)
    .map(({ labels, value }) => ({ le: Number(labels["le"]?.replace("Inf", "Infinity")), count: value }))
    .sort((a, b) => a.le - b.le);
  return buckets.length === 0 || buckets.some(({ le }) => Number.isNaN(le)) ? {} : { latency: buckets };
}

/** The track's one value; none where it has no series or several, which no aggregation by track can give. */
function one(samples: readonly Sample[], track: Track): number | undefined {
  const values = samples.filter(({ labels }) => labels["track"] === track);
  return values.length === 1 ? values[0]?.value : undefined;
}
