/** Benchmarks: vitest (`--outputJson`), pytest-benchmark (`--benchmark-json`), criterion (its two files of one benchmark). */
import { z } from "zod";
import { parseInstant } from "../time";
import type { Measure } from "./measures";
import { measureName, measurementOf } from "./measures";
import type { Format, ReportFile } from "./report";
import { isRecord, refuse, single } from "./report";
import { readAs } from "./schema";

const VITEST = ["min", "max", "mean", "median", "p75", "p99", "p995", "p999"] as const;
const vitestSchema = z.object({
  files: z.array(
    z.object({
      groups: z.array(
        z.object({
          fullName: z.string(),
          benchmarks: z.array(
            z
              .object({ name: z.string().min(1), hz: z.number(), sampleCount: z.number().int() })
              .catchall(z.unknown())
              .and(z.object(Object.fromEntries(VITEST.map((key) => [key, z.number()])))),
          ),
        }),
      ),
    }),
  ),
});

/** vitest bench → "measurement". It carries no time. */
export const vitestBench: Format = {
  name: "vitest bench JSON",
  kind: "measurement",
  recognises: ({ json }) =>
    isRecord(json) && Array.isArray(json["files"]) && json["files"].every((one) => isRecord(one) && "groups" in one),
  read(files, stated) {
    const file = single(files, "vitest bench JSON");
    const groups = readAs(vitestSchema, file.json, file, "vitest bench JSON").files.flatMap((one) => one.groups);
    const benchmarks = groups.flatMap(({ fullName, benchmarks: all }) => {
      // A benchmark that threw has no samples; its numbers are zeros.
      const failed = all.find(({ sampleCount }) => sampleCount <= 0);
      if (failed !== undefined) throw refuse("intake-run-failed", `${file.name}: "${failed.name}" has no sample`);
      return all.map((one) => ({ one, group: fullName }));
    });
    const measures = benchmarks.flatMap(({ one }) => [
      ...VITEST.map((key): Measure => ({ name: measureName(one.name, key), value: Number(one[key]), unit: "ms" })),
      { name: measureName(one.name, "per-second"), value: one.hz, unit: "per-second" as const },
    ]);
    return measurementOf(file, measures, stated);
  },
};

const PYTEST = ["min", "max", "mean", "median", "stddev"] as const;
const pytestSchema = z.object({
  datetime: z.string(),
  benchmarks: z.array(
    z.object({
      name: z.string().min(1),
      stats: z.object({
        min: z.number(),
        max: z.number(),
        mean: z.number(),
        median: z.number(),
        stddev: z.number(),
        ops: z.number(),
      }),
    }),
  ),
});

/** pytest-benchmark → "measurement"; it counts in seconds. */
export const pytestBenchmark: Format = {
  name: "pytest-benchmark JSON",
  kind: "measurement",
  recognises: ({ json }) => isRecord(json) && "machine_info" in json && "benchmarks" in json,
  read(files, stated) {
    const file = single(files, "pytest-benchmark JSON");
    const { datetime, benchmarks } = readAs(pytestSchema, file.json, file, "pytest-benchmark JSON");
    const measures = benchmarks.flatMap(({ name, stats }) => [
      ...PYTEST.map((key): Measure => ({ name: measureName(name, key), value: stats[key] * 1000, unit: "ms" })),
      { name: measureName(name, "per-second"), value: stats.ops, unit: "per-second" as const },
    ]);
    const finishedAt = parseInstant(datetime);
    if (finishedAt === undefined)
      throw refuse("intake-missing-field", `${file.name}: "datetime" is no time with a zone`);
    return measurementOf(file, measures, stated, { finishedAt });
  },
};

const estimate = z.object({ point_estimate: z.number() });
const estimates = z.object({ mean: estimate, median: estimate, std_dev: estimate });
const benchmark = z.object({ full_id: z.string().min(1) });
const isEstimates = ({ json }: ReportFile): boolean => isRecord(json) && "median_abs_dev" in json && "mean" in json;
const isBenchmark = ({ json }: ReportFile): boolean => isRecord(json) && "full_id" in json && "directory_name" in json;

/** criterion's `new/estimates.json` beside `new/benchmark.json`, which alone says of what → "measurement"; nanoseconds. */
export const criterion: Format = {
  name: "criterion JSON",
  kind: "measurement",
  recognises: (file) => isEstimates(file) || isBenchmark(file),
  read(files, stated) {
    const [numbers, about] = [files.find(isEstimates), files.find(isBenchmark)];
    if (numbers === undefined || about === undefined || files.length !== 2) {
      throw refuse("usage", "criterion: wanted estimates.json and benchmark.json of one benchmark's folder `new`");
    }
    const { mean, median, std_dev: deviation } = readAs(estimates, numbers.json, numbers, "criterion's estimates");
    const { full_id: name } = readAs(benchmark, about.json, about, "criterion's benchmark");
    const inMs = (what: string, { point_estimate: ns }: z.output<typeof estimate>): Measure => ({
      name: measureName(name, what),
      value: ns / 1e6,
      unit: "ms",
    });
    return measurementOf(numbers, [inMs("mean", mean), inMs("median", median), inMs("stddev", deviation)], stated);
  },
};
