/**
 * k6's end-of-test summary: the data that `handleSummary` gets, or `k6 run --summary-export`. Neither carries a time. A
 * threshold that was crossed is a number, too (`thresholds-crossed`): what may be crossed is the plan's to say.
 */
import { z } from "zod";
import type { Measure } from "./measures";
import { measureName, measurementOf } from "./measures";
import type { Format, ReportFile } from "./report";
import { isRecord, refuse, single } from "./report";
import { readAs } from "./schema";

const numbers = z.record(z.string(), z.number());
const summary = z.object({
  state: z.object({ testRunDurationMs: z.number().positive() }),
  metrics: z.record(
    z.string(),
    z.object({
      type: z.enum(["trend", "rate", "counter", "gauge"]),
      contains: z.enum(["time", "data", "default"]),
      values: numbers,
      thresholds: z.record(z.string(), z.object({ ok: z.boolean() })).optional(),
    }),
  ),
});

/** The data of `handleSummary` → "measurement". */
export const k6Summary: Format = {
  name: "k6 summary",
  kind: "measurement",
  recognises: ({ json }) => isRecord(json) && isRecord(json["metrics"]) && isRecord(json["state"]),
  read(files, stated) {
    const file = single(files, "k6 summary");
    const { state, metrics } = readAs(summary, file.json, file, "k6 summary");
    checkRan(file, metrics["iterations"]?.values["count"]);
    for (const [name, { type, values }] of Object.entries(metrics))
      checkCounts(file, name, type, values, values["rate"]);
    checkChecks(file, metrics["checks"]?.values);
    for (const [name, { type, values }] of Object.entries(metrics))
      if (type === "counter") checkRate(file, name, values, state.testRunDurationMs);
    const thresholds = Object.values(metrics).flatMap((metric) => Object.values(metric.thresholds ?? {}));
    const measures = Object.entries(metrics).flatMap(([name, { type, contains, values }]) =>
      Object.entries(values).map(([what, value]) => measure(name, what, value, unitOf(type, contains, what))),
    );
    const crossed = thresholds.filter(({ ok }) => !ok).length;
    return measurementOf(file, [...measures, duration(state.testRunDurationMs), thresholdsCrossed(crossed)], stated);
  },
};

const exported = z.object({
  root_group: z.object({}),
  metrics: z.record(
    z.string(),
    z.object({ thresholds: z.record(z.string(), z.boolean()).optional() }).catchall(z.number()),
  ),
});

/** `--summary-export` → "measurement". It says of no metric what it measures: that is known of k6's own. */
export const k6Export: Format = {
  name: "k6 --summary-export",
  kind: "measurement",
  recognises: ({ json }) => isRecord(json) && "root_group" in json && isRecord(json["metrics"]) && !("state" in json),
  read(files, stated) {
    const file = single(files, "k6 --summary-export");
    const { metrics } = readAs(exported, file.json, file, "k6 --summary-export");
    checkRan(file, metrics["iterations"]?.["count"] as number | undefined);
    checkChecks(file, metrics["checks"] as Readonly<Record<string, number>> | undefined);
    const measures = Object.entries(metrics).flatMap(([name, metric]) => {
      const values = Object.fromEntries(Object.entries(metric).filter(([key]) => key !== "thresholds"));
      const [type, contains] = kindOf(values);
      checkCounts(file, name, type, values as Record<string, number>, values["value"] as number | undefined);
      const known = contains === "unknown" ? builtIn(name) : contains;
      if (known === undefined) return [];
      return Object.entries(values as Record<string, number>).map(([what, value]) =>
        // A rate's share is called "value" here.
        measure(name, type === "rate" && what === "value" ? "rate" : what, value, unitOf(type, known, what)),
      );
    });
    // In this format true means that the threshold was crossed.
    const crossed = Object.values(metrics).flatMap(({ thresholds = {} }) => Object.values(thresholds).filter(Boolean));
    return measurementOf(file, [...measures, thresholdsCrossed(crossed.length)], stated);
  },
};

type Type = "trend" | "rate" | "counter" | "gauge";
type Contains = "time" | "data" | "default";

function kindOf(values: Readonly<Record<string, unknown>>): [Type, Contains | "unknown"] {
  if ("passes" in values) return ["rate", "default"];
  if ("avg" in values) return ["trend", "unknown"];
  return "count" in values ? ["counter", "unknown"] : ["gauge", "default"];
}

/** Trends of k6's own are times, its data counters are bytes; whether a team's own metric is a time, nothing says. */
function builtIn(name: string): Contains | undefined {
  const base = name.replace(/\{.*$/, "");
  if (/^(?:http_req|grpc_req|ws|browser_http_req)_|^(?:iteration|group)_duration$/.test(base)) return "time";
  if (/^data_(?:sent|received)$/.test(base)) return "data";
  return ["iterations", "dropped_iterations", "http_reqs"].includes(base) ? "default" : undefined;
}

function unitOf(type: Type, contains: Contains, what: string): Measure["unit"] {
  if (type === "rate") return what === "passes" || what === "fails" ? "count" : "ratio";
  if (type === "counter" && what === "rate") return "per-second";
  return contains === "time" ? "ms" : contains === "data" ? "bytes" : "count";
}

function measure(name: string, what: string, value: number, unit: Measure["unit"]): Measure {
  return { name: measureName(name, what), value, unit };
}

function duration(value: number): Measure {
  return { name: "duration", value, unit: "ms" };
}

function thresholdsCrossed(value: number): Measure {
  return { name: "thresholds-crossed", value, unit: "count" };
}

/** Counters only grow, and a rate is what of all were so. */
function checkCounts(
  file: ReportFile,
  name: string,
  type: Type,
  values: Readonly<Record<string, number>>,
  rate: number | undefined,
): void {
  const { passes = 0, fails = 0 } = values;
  const negative = type === "counter" && Object.values(values).some((value) => value < 0);
  const share = passes + fails === 0 ? 0 : passes / (passes + fails);
  const odd =
    type === "rate" && (passes < 0 || fails < 0 || ("passes" in values && !(Math.abs((rate ?? 0) - share) < 1e-6)));
  if (!negative && !odd) return;
  throw refuse("intake-inconsistent", `${file.name}: the counts of ${name} do not fit each other: it was edited`);
}

/** A counter's rate is its count by the time that the test ran. */
function checkRate(file: ReportFile, name: string, values: Readonly<Record<string, number>>, duration: number): void {
  const { count, rate } = values;
  if (count === undefined || rate === undefined) return;
  const counted = (rate * duration) / 1000;
  if (Math.abs(counted - count) <= 0.05 * count + 1) return;
  throw refuse(
    "intake-inconsistent",
    `${file.name}: ${name} counted ${count}, and its rate makes ${Math.round(counted)} of it: it was edited`,
  );
}

/** Checks are told twice: one by one in their groups, and together as a metric. */
function checkChecks(file: ReportFile, metric: Readonly<Record<string, number>> | undefined): void {
  const told = isRecord(file.json) ? failedChecks(file.json["root_group"]) : 0;
  if (told <= (metric?.["fails"] ?? 0)) return;
  throw refuse(
    "intake-inconsistent",
    `${file.name}: ${told} checks failed one by one, and ${metric?.["fails"] ?? 0} together`,
  );
}

/** Groups and checks are lists in one format and maps in the other. */
function failedChecks(group: unknown): number {
  if (!isRecord(group)) return 0;
  const all = (member: string): unknown[] => Object.values(group[member] ?? {});
  const own = all("checks").reduce<number>((sum, one) => sum + (isRecord(one) ? Number(one["fails"] ?? 0) : 0), 0);
  return all("groups").reduce<number>((sum, one) => sum + failedChecks(one), own);
}

function checkRan(file: ReportFile, iterations: number | undefined): void {
  if (iterations === undefined || iterations <= 0)
    throw refuse("intake-empty", `${file.name}: k6 ended without one whole iteration`);
}
