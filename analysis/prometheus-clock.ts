import { z } from "zod";
import { askHttp } from "./http";

/** How long the answer may take, in milliseconds: it is one witness of several, and nobody waits for it. */
const DEADLINE = 1_500;
/** The largest answer that is read, bytes: it is one number. */
const LARGEST = 10_000;

/** Prometheus' answer to `time()`. https://prometheus.io/docs/prometheus/latest/querying/api/ */
const Answer = z.object({
  status: z.literal("success"),
  data: z.object({ resultType: z.literal("scalar"), result: z.tuple([z.number(), z.string()]) }),
});

/**
 * What Prometheus' own clock says, machine time in milliseconds; undefined where it does not answer. It takes the present
 * where a query names no time.
 */
export async function prometheusTime(url: string): Promise<number | undefined> {
  try {
    const endpoint = `${url.replace(/\/+$/, "")}/api/v1/query?query=time()`;
    const { text } = await askHttp(endpoint, { deadline: DEADLINE, largest: LARGEST });
    const { data } = Answer.parse(JSON.parse(text));
    const seconds = Number(data.result[1]);
    return Number.isFinite(seconds) ? seconds * 1000 : undefined;
  } catch {
    return undefined;
  }
}
