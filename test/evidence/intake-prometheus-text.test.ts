import { describe, expect, it } from "vitest";
import type { Measure } from "../../evidence/intake/measures";
import { fixture, intake, STATED_TIME, text } from "./intake-support";
import type { Taken } from "./intake-support";
import { refusal } from "./world";

const TRACKER = "prometheus-text/tracker.prom";
const STATED = { suite: "issue-tracker", finishedAt: STATED_TIME };
const all = ({ facts }: Taken): Record<string, string> =>
  Object.fromEntries(
    (facts as { measures: Measure[] }).measures.map(({ name, value, unit }) => [name, `${value} ${unit}`]),
  );
const file = (lines: readonly string[]) => text(`${lines.join("\n")}\n`, "own.prom");
const read = (...lines: string[]) => intake([file(lines)], STATED);

describe("numbers in Prometheus' text format", () => {
  it("are read from what its client library writes", () => {
    const taken = intake([fixture(TRACKER)], STATED);
    expect(taken).toMatchObject({ kind: "measurement", facts: { suite: "issue-tracker" }, statedBy: true });
    expect(all(taken)).toMatchObject({
      "open-issues-critical": "0 count",
      "open-issues-high": "3 count",
      "response-critical": "2700000 ms",
      "documentation-completeness": "0.96 ratio",
      complaints: "4 count",
    });
  });

  it("have their labels' values in the name, whatever stands in them, and a unit that the name tells", () => {
    const taken = read(
      "# TYPE heap_bytes gauge",
      String.raw`heap_bytes{of="C:\\new\"est\"",at="10,5"} 1e3`,
      "# TYPE up_percent gauge",
      "up_percent 99.5",
      "# TYPE constructor gauge",
      "constructor 1",
    );
    expect(all(taken)).toEqual({ "heap-c-new-est-10-5": "1000 bytes", up: "0.995 ratio", constructor: "1 count" });
  });

  it("were measured when the oldest of them was: in milliseconds, in OpenMetrics in seconds", () => {
    const at = Date.parse("2026-01-02T10:00:00Z");
    const lines = ["# TYPE a gauge", `a 1 ${at + 5_000}`, "# TYPE b gauge", `b 2 ${at}`];
    const measured = (...more: string[]) => intake([file(more)], { suite: "issue-tracker" });
    expect(measured(...lines)).toMatchObject({ finishedAt: new Date(at).toISOString() });
    const seconds = lines.map((line) => line.replace(/ (\d{10})000$/, " $1"));
    expect(measured(...seconds, "# EOF")).toMatchObject({ finishedAt: new Date(at).toISOString() });
  });

  it.each([
    ["a number that is none", ["# TYPE a gauge", "a NaN"], /^intake-missing-field: .*a is no number/],
    ["an infinite one", ["# TYPE a gauge", "a +Inf"], /^intake-missing-field: .*a is no number/],
    ["a hexadecimal one", ["# TYPE a gauge", "a 0x10"], /^intake-missing-field: .*a is no number/],
    ["a metric without a type", ["# TYPE a gauge", "a 1", "b 0"], /^intake-missing-field: .*b has no # TYPE/],
    ["a histogram", ["# TYPE a histogram", "a_sum 1"], /^intake-missing-field: .*gauges and counters are read/],
    ["a name twice", ["# TYPE a gauge", "a 0", "a 7"], /^intake-inconsistent: .*two measures of the name a/],
    [
      "a name twice by its labels",
      ["# TYPE a gauge", 'a{b="x-y"} 0', 'a{b="x",c="y"} 7'],
      /^intake-inconsistent: .*a-x-y/,
    ],
    [
      "a metric with two types",
      ["# TYPE a gauge", "# TYPE a counter", "a 1"],
      /^intake-inconsistent: .*two types of a/,
    ],
    ["a share above all", ["# TYPE a_ratio gauge", "a_ratio 1.5"], /^intake-inconsistent/],
    ["labels that are none", ["# TYPE a gauge", 'a{b="x} 1'], /^intake-unknown-format: .*is no sample/],
    ["a label twice", ["# TYPE a gauge", 'a{b="x",b="y"} 1'], /^intake-unknown-format: .*is no sample/],
    ["no number at all", ["# TYPE a gauge"], /^intake-empty/],
    [
      "an endless line",
      ["# TYPE a gauge", `a{b="${"}".repeat(5_000)}"} 1`],
      /^intake-unknown-format: .*more than is read/,
    ],
  ])("are refused with %s", async (_, lines, message) => {
    expect(await refusal(() => read(...lines))).toMatch(message);
  });

  it("are refused where the file was cut off in its last number", async () => {
    const whole = fixture(TRACKER).text;
    expect(await refusal(() => intake([text(whole.slice(0, -3), "own.prom")], STATED))).toMatch(/^intake-truncated/);
  });

  it("that are no measurement of the plan's suite say so", async () => {
    expect(await refusal(() => intake([fixture(TRACKER)], { finishedAt: STATED_TIME }))).toMatch(
      /^intake-missing-field: no report says which suite of the plan was measured/,
    );
  });
});
