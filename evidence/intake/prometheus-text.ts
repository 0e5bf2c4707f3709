/**
 * Prometheus' text format, as its client libraries and node exporter's textfile collector have it: the numbers of whatever has
 * no format of its own, a tracker's, a help desk's. https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import type { Measure } from "./measures";
import { measureName, measurementOf } from "./measures";
import type { Format, ReportFile } from "./report";
import { refuse, single } from "./report";

/** More than anybody exports of one thing, numbers and characters of a line. */
const MAX_SAMPLES = 10_000;
const MAX_LINE = 4_000;

const NAME = String.raw`[a-zA-Z_:][a-zA-Z0-9_:]*`;
const TYPE = new RegExp(String.raw`^# TYPE (${NAME}) (\w+)$`);
const SAMPLE = new RegExp(String.raw`^(${NAME})(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+(-?\d+(?:\.\d+)?))?$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)",?/y;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Base units stand at the end of a metric's name; "_total" says that it is counted up. */
const UNITS: ReadonlyMap<string, { readonly factor: number; readonly unit: Measure["unit"] }> = new Map([
  ["seconds", { factor: 1000, unit: "ms" }],
  ["bytes", { factor: 1, unit: "bytes" }],
  ["ratio", { factor: 1, unit: "ratio" }],
  ["percent", { factor: 0.01, unit: "ratio" }],
]);

/**
 * Gauges and counters → "measurement". A measure's name is the metric's without its unit, then the values of its labels in
 * their order: `open_issues{severity="critical"}` is "open-issues-critical". A number of a file without times was measured
 * when the attester says so.
 */
export const prometheusText: Format = {
  name: "Prometheus text",
  kind: "measurement",
  recognises: ({ text }) => TYPE.test(text.split("\n", 10).find((line) => line.startsWith("# TYPE ")) ?? ""),
  read(files, stated) {
    const file = single(files, "Prometheus text");
    // The format asks for it; without it the last number may have lost its last digits.
    if (!file.text.endsWith("\n")) throw refuse("intake-truncated", `${file.name}: its last line has no end`);
    const lines = file.text.split("\n").map((line) => line.trim());
    const samples = lines.filter((line) => line !== "" && !line.startsWith("#"));
    if (samples.length > MAX_SAMPLES || lines.some((line) => line.length > MAX_LINE)) {
      const most = `${MAX_SAMPLES} numbers, and lines of ${MAX_LINE} characters`;
      throw refuse("intake-unknown-format", `${file.name}: more than is read of Prometheus' text format: ${most}`);
    }
    const types = typesOf(file, lines);
    const read = samples.map((line) => sampleOf(file, line, types));
    // OpenMetrics, which ends so, counts in seconds.
    const second = lines.includes("# EOF") ? 1000 : 1;
    const times = read.map(({ time }) => time * second);
    const oldest = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
    const finishedAt = times.every(Number.isFinite) && read.length > 0 ? { finishedAt: oldest } : {};
    return measurementOf(
      file,
      read.map(({ measure }) => measure),
      stated,
      finishedAt,
    );
  },
};

function typesOf(file: ReportFile, lines: readonly string[]): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  for (const line of lines) {
    const [, name, type = ""] = TYPE.exec(line) ?? [];
    if (name === undefined) continue;
    if (types.has(name)) throw refuse("intake-inconsistent", `${file.name}: two types of ${name}`);
    types.set(name, type);
  }
  return types;
}

function sampleOf(
  file: ReportFile,
  line: string,
  types: ReadonlyMap<string, string>,
): { readonly measure: Measure; readonly time: number } {
  const [, name = "", labels = "", text = "", time] = SAMPLE.exec(line) ?? [];
  const values = name === "" ? undefined : labelValues(labels);
  if (values === undefined) {
    throw refuse(
      "intake-unknown-format",
      `${file.name}: "${line.slice(0, 80)}" is no sample of Prometheus' text format`,
    );
  }
  // OpenMetrics types a counter without its "_total".
  const type = types.get(name) ?? types.get(name.replace(/_total$/, ""));
  if (type !== "gauge" && type !== "counter") {
    const found = type === undefined ? "no # TYPE" : `type ${type}`;
    throw refuse("intake-missing-field", `${file.name}: ${name} has ${found}; gauges and counters are read`);
  }
  const bare = name.replace(/_total$/, "");
  const suffix = /_([a-z]+)$/.exec(bare)?.[1] ?? "";
  const base = UNITS.get(suffix);
  const of = base === undefined ? bare : bare.slice(0, -suffix.length - 1);
  const value = NUMBER.test(text) ? Number(text) * (base?.factor ?? 1) : Number.NaN;
  return {
    measure: { name: measureName(of, values.join("-")), value, unit: base?.unit ?? "count" },
    time: time === undefined ? Number.NaN : Number(time),
  };
}

/** Values of labels by their order; undefined where they are no labels. */
function labelValues(text: string): string[] | undefined {
  const values: string[] = [];
  const names = new Set<string>();
  let at = 0;
  while (at < text.length) {
    LABEL.lastIndex = at;
    const [whole, name = "", value = ""] = LABEL.exec(text) ?? [];
    if (whole === undefined || names.has(name)) return undefined;
    names.add(name);
    values.push(value.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped)));
    at += whole.length;
  }
  return values;
}
