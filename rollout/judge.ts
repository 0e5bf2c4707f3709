/**
 * What was measured during a step, against what the plan allows. Compares counts of both versions over the same
 * minutes. No number, one that is not finite, or too few requests are never a pass.
 */
import { counted } from "./criteria/answer";
import type { Answer } from "./criteria/answer";
import { atLeast, CHANCE } from "./chance";
import type { Judge } from "./plan";
import { showPercent } from "./units";
import type { CanaryReading, TrackReading, World } from "./world";

/** The checks that rest on metrics. */
export type MetricCheck = "error-rate" | "p95" | "health";
type Answers = Record<MetricCheck, Answer>;

/**
 * Judges the step before. At the first step there is none: no traffic reached the canary yet.
 */
export function judgeReading(judge: Judge, { metrics }: Pick<World, "metrics">, first: boolean): Answers {
  const wanted: Record<MetricCheck, string> = {
    "error-rate": `under ${judge.errorRate.below}x of the baseline's, which counts as at least ${showPercent(judge.errorRate.floor)}, over ${counted(judge.minRequests, "request")} or more on each side`,
    p95: `under ${judge.p95.below}x of the baseline's, over ${counted(judge.minRequests, "request")} or more on each side`,
    health: `${showPercent(judge.health.passing)} of ${counted(judge.minProbes, "probe")} or more answered well`,
  };
  const every = (answer: Omit<Answer, "wanted">): Answers => ({
    "error-rate": { ...answer, wanted: wanted["error-rate"] },
    p95: { ...answer, wanted: wanted.p95 },
    health: { ...answer, wanted: wanted.health },
  });
  if (first) return every({ verdict: "pass", found: "the first step: nothing was on the canary yet", remedy: "" });
  if (metrics === undefined) return every(noData("no metrics were read"));
  if ("failure" in metrics) return every(noData(`the metrics could not be read: ${metrics.failure}`));
  return {
    "error-rate": { ...judgeErrors(judge, metrics), wanted: wanted["error-rate"] },
    p95: { ...judgeLatency(judge, metrics), wanted: wanted.p95 },
    health: { ...judgeHealth(judge, metrics), wanted: wanted.health },
  };
}

type Judged = Omit<Answer, "wanted">;

const WAIT = "let it run until there is enough to judge, or go back to 0";
const MEND = "go back to 0 and mend the release";

function noData(found: string): Judged {
  return { verdict: "inconclusive", found, remedy: "make the metrics readable again, or go back to 0" };
}

/** Why a comparison can't be made yet, or undefined. */
function tooFew(judge: Judge, { canary, baseline }: CanaryReading): Judged | undefined {
  for (const [track, reading] of [
    ["canary", canary],
    ["baseline", baseline],
  ] as const) {
    const { requests } = reading;
    if (!isCount(requests)) return noData(`no count of the ${track}'s requests`);
    if (requests < judge.minRequests) {
      return { verdict: "inconclusive", found: `${Math.floor(requests)} requests on the ${track}`, remedy: WAIT };
    }
  }
  return undefined;
}

function judgeErrors(judge: Judge, reading: CanaryReading): Judged {
  const few = tooFew(judge, reading);
  if (few !== undefined) return few;
  const [canary, baseline] = [errorRate(reading.canary), errorRate(reading.baseline)];
  if (canary === undefined) return noData("no count of the canary's errors");
  if (baseline === undefined) return noData("no count of the baseline's errors");
  const found = `${showPercent(canary)} of ${Math.floor(reading.canary.requests ?? 0)} requests, the baseline ${showPercent(baseline)} of ${Math.floor(reading.baseline.requests ?? 0)}`;
  const limit = judge.errorRate.below * Math.max(baseline, judge.errorRate.floor);
  if (canary < limit) return { verdict: "pass", found, remedy: "" };
  const { requests = 0, errors = 0 } = reading.canary;
  return overLimit(found, atLeast(Math.round(Math.min(errors, requests)), Math.round(requests), Math.min(1, limit)));
}

/** Over a limit: a fail where chance hardly explains it, else not enough to judge. */
function overLimit(found: string, chance: number): Judged {
  if (chance < CHANCE) return { verdict: "fail", found, remedy: MEND };
  return { verdict: "inconclusive", found: `${found}: over the limit, but it can be chance`, remedy: WAIT };
}

/** Errors per request; undefined where the counts make no sense. */
function errorRate({ requests, errors }: TrackReading): number | undefined {
  if (!isCount(requests) || !isCount(errors) || requests === 0) return undefined;
  // Prometheus extrapolates the two counts apart from each other: a little more errors than requests is all of them.
  return Math.min(1, errors / requests);
}

function judgeLatency(judge: Judge, reading: CanaryReading): Judged {
  const few = tooFew(judge, reading);
  if (few !== undefined) return few;
  const [canary, baseline] = [reading.canary.p95, reading.baseline.p95];
  if (!isCount(canary)) return noData("no p95 of the canary");
  if (!isCount(baseline) || baseline === 0) return noData("no p95 of the baseline");
  const found = `${showSeconds(canary)}, the baseline ${showSeconds(baseline)}`;
  const limit = judge.p95.below * baseline;
  if (canary < limit) return { verdict: "pass", found, remedy: "" };
  return overLimit(found, chanceOfSlow(reading.canary, limit, 0.05));
}

/**
 * The probability that so many requests are slower than the limit where a share of them may be: for a p95 one in twenty.
 * Without the counts nothing speaks for chance.
 */
export function chanceOfSlow(
  { requests = 0, latency = [] }: Pick<TrackReading, "requests" | "latency">,
  limit: number,
  share: number,
): number {
  const fast = atMost(latency, limit);
  if (fast === undefined) return 0;
  const all = Math.round(requests);
  return atLeast(Math.min(all, Math.max(0, all - Math.round(fast))), all, share);
}

/** How many took at most so long, between two buckets in proportion as Prometheus does it. */
function atMost(latency: NonNullable<TrackReading["latency"]>, limit: number): number | undefined {
  const above = latency.findIndex(({ le }) => le >= limit);
  const upper = latency[above];
  if (upper === undefined || latency.some(({ count }) => !isCount(count))) return undefined;
  const lower = latency[above - 1] ?? { le: 0, count: 0 };
  if (!Number.isFinite(upper.le)) return lower.count;
  return lower.count + ((limit - lower.le) / (upper.le - lower.le)) * (upper.count - lower.count);
}

function judgeHealth(judge: Judge, { canary }: CanaryReading): Judged {
  const { probes } = canary;
  if (probes === undefined || !isCount(probes.samples) || !isCount(probes.failures))
    return noData("no health probes of the canary");
  if (probes.samples < judge.minProbes) {
    return { verdict: "inconclusive", found: `${counted(probes.samples, "health probe")} of the canary`, remedy: WAIT };
  }
  const passing = 1 - probes.failures / probes.samples;
  const found = `${probes.samples - probes.failures} of ${counted(probes.samples, "health probe")} answered well`;
  return passing >= judge.health.passing
    ? { verdict: "pass", found, remedy: "" }
    : { verdict: "fail", found, remedy: MEND };
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}

function showSeconds(seconds: number): string {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${Number(seconds.toFixed(2))} s`;
}
