import { z } from "zod";
import { HoldpointError } from "../rollout/errors";
import { showDuration } from "../rollout/units";
import { askHttp } from "./http";

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
    const form = { query: promql, time: (at / 1000).toFixed(3) };
    const { text, date } = await askHttp(endpoint, { form, deadline: DEADLINE, largest: LARGEST });
    checkClock(date);
    const { data } = Answer.parse(JSON.parse(text));
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
function checkClock(date: string | undefined): void {
  const ahead = date === undefined ? Number.NaN : Date.parse(date) - Date.now();
  if (Math.abs(ahead) > CLOCKS) {
    throw new Error(
      `its clock is ${showDuration(ahead)} ${ahead > 0 ? "ahead of" : "behind"} ours: one of them is off`,
    );
  }
}

function reason(cause: unknown): string {
  if (cause instanceof z.ZodError) return "the answer is not an instant vector";
  return cause instanceof Error ? cause.message : String(cause);
}
