/** Load tests beside k6's: autocannon (`--json`) and Locust (`--json`). Both say when they ended. */
import { z } from "zod";
import type { Measure } from "./measures";
import { measureName, measurementOf } from "./measures";
import type { Format, ReportFile } from "./report";
import { isRecord, refuse, single } from "./report";
import { instant } from "./scans";
import { readAs } from "./schema";

const count = z.number().int().nonnegative();
const cannonSchema = z.object({
  finish: z.string(),
  duration: z.number().positive(),
  errors: count,
  timeouts: count,
  mismatches: count,
  non2xx: count,
  latency: z.record(z.string(), z.number()),
  requests: z.object({ average: z.number(), total: count }),
  throughput: z.object({ total: count }),
});
/** Of the latency: what it calls p97_5 is "p97-5". */
const CANNON = /^(?:average|min|max|p(?:50|75|90|97_5|99|99_9))$/;

/** autocannon → "measurement". What was answered with anything but 2xx, or not at all, has failed. */
export const autocannon: Format = {
  name: "autocannon JSON",
  kind: "measurement",
  recognises: ({ json }) => isRecord(json) && isRecord(json["latency"]) && isRecord(json["throughput"]),
  read(files, stated) {
    const file = single(files, "autocannon JSON");
    const read = readAs(cannonSchema, file.json, file, "autocannon JSON");
    const { requests, latency, errors, timeouts, mismatches, non2xx } = read;
    // It counts a timeout among the errors.
    const failed = errors + mismatches + non2xx;
    const sent = requests.total + errors;
    checkRan(file, requests.total, "autocannon");
    // Its average is that of whole seconds; it can't be far above what was counted.
    if (requests.average > (1.5 * requests.total) / read.duration + 1) {
      throw refuse(
        "intake-inconsistent",
        `${file.name} states ${requests.average} requests a second, and counts ${requests.total} in ${read.duration} s: it was edited`,
      );
    }
    const measures: Measure[] = [
      ...Object.entries(latency)
        .filter(([name]) => CANNON.test(name))
        .map(([name, value]): Measure => ({ name: measureName("latency", name), value, unit: "ms" })),
      { name: "requests-rate", value: requests.average, unit: "per-second" },
      { name: "requests-count", value: requests.total, unit: "count" },
      { name: "failed-rate", value: failed / sent, unit: "ratio" },
      { name: "timeouts-count", value: timeouts, unit: "count" },
      { name: "received", value: read.throughput.total, unit: "bytes" },
      { name: "duration", value: read.duration * 1000, unit: "ms" },
    ];
    return measurementOf(file, measures, stated, { finishedAt: instant(file, "finish", read.finish) });
  },
};

const locustSchema = z.array(
  z.object({
    name: z.string().min(1),
    method: z.string().nullish(),
    start_time: z.number().positive(),
    last_request_timestamp: z.number().positive().nullable(),
    num_requests: count,
    num_none_requests: count,
    num_failures: count,
    total_response_time: z.number().nonnegative(),
    max_response_time: z.number().nonnegative(),
    response_times: z.record(z.string().regex(/^\d+(?:\.\d+)?$/, "milliseconds"), count),
  }),
);
type Tasks = z.output<typeof locustSchema>;
const PERCENTILES = [50, 75, 90, 95, 99] as const;

/** Locust → "measurement": of each request by its method and name, and of `all` together. */
export const locust: Format = {
  name: "Locust JSON",
  kind: "measurement",
  recognises: ({ json }) =>
    Array.isArray(json) && json.length > 0 && json.every((one) => isRecord(one) && "num_none_requests" in one),
  read(files, stated) {
    const file = single(files, "Locust JSON");
    const tasks = readAs(locustSchema, file.json, file, "Locust JSON");
    for (const one of tasks) checkTask(file, one);
    const ran = tasks.filter(({ num_requests: requests }) => requests > 0);
    checkRan(file, ran.length, "Locust");
    const [start, end] = [
      Math.min(...ran.map(({ start_time: at }) => at)),
      Math.max(...ran.map(({ last_request_timestamp: at }) => at ?? Number.NaN)),
    ];
    if (!(end > start))
      throw refuse("intake-missing-field", `${file.name}: Locust JSON that says no time of its requests`);
    const measures = [
      ...measuresOf("all", ran, end - start),
      ...ran.flatMap((one) => measuresOf(`${one.method ?? ""} ${one.name}`, [one], end - start)),
      { name: "duration", value: (end - start) * 1000, unit: "ms" as const },
    ];
    return measurementOf(file, measures, stated, { finishedAt: Math.floor(end * 1000) });
  },
};

function checkTask(file: ReportFile, task: Tasks[number]): void {
  const timed = Object.values(task.response_times).reduce((sum, many) => sum + many, 0);
  if (timed + task.num_none_requests === task.num_requests && task.num_failures <= task.num_requests) return;
  throw refuse(
    "intake-inconsistent",
    `${file.name}: ${task.name} states ${task.num_requests} requests, ${task.num_failures} failed, and lists the times of ${timed}`,
  );
}

/** @param seconds of the whole run */
function measuresOf(of: string, tasks: Tasks, seconds: number): Measure[] {
  const sum = (what: (task: Tasks[number]) => number): number => tasks.reduce((all, task) => all + what(task), 0);
  const requests = sum((task) => task.num_requests);
  const times = tasks
    .flatMap((task) => Object.entries(task.response_times).map(([time, many]) => [Number(time), many] as const))
    .toSorted(([a], [b]) => a - b);
  const timed = sum((task) => task.num_requests - task.num_none_requests);
  const at = (what: string, value: number, unit: Measure["unit"]): Measure => ({
    name: measureName(of, what),
    value,
    unit,
  });
  return [
    at("requests-count", requests, "count"),
    at("requests-rate", requests / seconds, "per-second"),
    at("failed-rate", sum((task) => task.num_failures) / requests, "ratio"),
    ...(timed === 0
      ? []
      : [
          ...PERCENTILES.map((percent) => at(`p${percent}`, nearestRank(times, (timed * percent) / 100), "ms")),
          at("average", sum((task) => task.total_response_time) / timed, "ms"),
          at("max", Math.max(...tasks.map((task) => task.max_response_time)), "ms"),
        ]),
  ];
}

/** The least time that so many requests did not exceed; Locust rounds times before it counts them. */
function nearestRank(times: readonly (readonly [number, number])[], wanted: number): number {
  let seen = 0;
  for (const [time, many] of times) {
    seen += many;
    if (seen >= wanted) return time;
  }
  return times.at(-1)?.[0] ?? Number.NaN;
}

function checkRan(file: ReportFile, requests: number, tool: string): void {
  if (requests <= 0) throw refuse("intake-empty", `${file.name}: ${tool} ended without one answer`);
}
