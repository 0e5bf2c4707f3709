import { z } from "zod";
import { HoldpointError } from "../rollout/errors";
import { showDuration } from "../rollout/units";

/** How long one query may take, in milliseconds. */
const DEADLINE = 5_000;
/** The largest answer that is read, bytes. */
const LARGEST = 4_000_000;
/** How far the source's clock may be from ours, milliseconds. Its Date header is whole seconds. */
const CLOCKS = 60_000;

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
 * @throws HoldpointError `metrics-unreachable` where there is no answer, a slow one, one that is no vector or is of another
 *   time, or where the source's clock differs from ours
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
    checkClock(response.headers.get("date"));
    const { data } = Answer.parse(JSON.parse(await textOf(response)));
    if (data.result.some(({ value }) => !(Math.abs(value[0] - at / 1000) <= 1))) {
      throw new Error("the answer is for another time than was asked about");
    }
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

/** A source whose clock differs answers about another time than was meant: samples from the future, or only old ones. */
function checkClock(date: string | null): void {
  const ahead = date === null ? Number.NaN : Date.parse(date) - Date.now();
  if (Math.abs(ahead) > CLOCKS) {
    throw new Error(
      `its clock is ${showDuration(ahead)} ${ahead > 0 ? "ahead of" : "behind"} ours: one of them is off`,
    );
  }
}

/** An answer's text, up to a size that no question of ours needs. */
async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > LARGEST) throw new Error(`an answer of more than ${LARGEST / 1_000_000} MB`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function reason(cause: unknown): string {
  if (cause instanceof z.ZodError) return "the answer is not an instant vector";
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === "TimeoutError") return `no answer within ${DEADLINE / 1000} s`;
  return cause.cause instanceof Error ? cause.cause.message || cause.message : cause.message;
}
