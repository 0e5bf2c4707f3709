import { z } from "zod";
import { HoldpointError } from "../rollout/errors";

/** How long one query may take, in milliseconds. */
const DEADLINE = 5_000;

/** The part of Prometheus' answer to an instant query that is read. https://prometheus.io/docs/prometheus/latest/querying/api/ */
const Answer = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("vector"),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

/** One series of an instant query. A value may be NaN or infinite: that is for the caller to refuse. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Asks Prometheus one instant query.
 * @param at the instant of the question, machine time in milliseconds
 * @throws HoldpointError `metrics-unreachable` where there is no answer, a slow one, or one that is no vector
 */
export async function queryPrometheus(url: string, promql: string, at: number): Promise<readonly Sample[]> {
  const endpoint = `${url.replace(/\/+$/, "")}/api/v1/query`;
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      body: new URLSearchParams({ query: promql, time: (at / 1000).toFixed(3) }),
      signal: AbortSignal.timeout(DEADLINE),
      redirect: "error",
    });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    const { data } = Answer.parse(await response.json());
    return data.result.map(({ metric, value }) => ({
      labels: metric,
      value: Number(value[1].replace("Inf", "Infinity")),
    }));
  } catch (cause) {
    throw new HoldpointError("metrics-unreachable", `${endpoint}: ${reason(cause)}`, {
      remedy: `curl ${url}/-/ready`,
      cause,
    });
  }
}

function reason(cause: unknown): string {
  if (cause instanceof z.ZodError) return "the answer is not an instant vector";
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === "TimeoutError") return `no answer within ${DEADLINE / 1000} s`;
  return cause.cause instanceof Error ? cause.cause.message || cause.message : cause.message;
}
