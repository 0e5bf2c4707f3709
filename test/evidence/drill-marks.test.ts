import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { attestRun } from "../../evidence/attest";
import { MarkReader, reached, type SeenMark } from "../../evidence/drill-marks";
import { formatOf } from "../../evidence/intake";
import { reportFile } from "../../evidence/intake/report";
import { PREDICATES } from "../../evidence/predicates";
import { machineClock } from "../../rollout/clock";
import type { EvidenceFacts } from "../../rollout/evidence";
import { COMMIT, read, refusal, world } from "./world";

describe("marks in a drill's output", () => {
  const seen = (...chunks: readonly string[]): readonly SeenMark[] => {
    const marks: SeenMark[] = [];
    const reader = new MarkReader(marks);
    chunks.forEach((chunk, at) => reader.take(Buffer.from(chunk), at));
    return reached(marks);
  };

  it("are lines of their own, reached when their end was seen", () => {
    expect(seen("begin\nholdpoint mark: detected\n", "more\nholdpoint mark: verified\r\n")).toEqual([
      { name: "detected", at: 0 },
      { name: "verified", at: 1 },
    ]);
    expect(seen("holdpoint ma", "rk: detec", "ted", "\n")).toEqual([{ name: "detected", at: 3 }]);
  });
  it("count the last time that they were printed", () => {
    expect(seen("holdpoint mark: executed\n", "holdpoint mark: executed\n")).toEqual([{ name: "executed", at: 1 }]);
  });
  it.each([
    ["that does not end", "holdpoint mark: detected"],
    ["within a line", "see: holdpoint mark: detected\n"],
    ["with more than a name", "holdpoint mark: detected at 12:00\n"],
    ["with a name that no plan can have", "holdpoint mark: Detected\n"],
    ["without a name", "holdpoint mark: \n"],
    ["at the end of a very long line", `${"x".repeat(10_000)}\n`],
  ])("are none of a line %s", (_what, text) => expect(seen(text)).toEqual([]));
  it("come from a limited piece of each line, and are a limited number", () => {
    expect(seen("x".repeat(1000), "holdpoint mark: detected\n")).toEqual([]);
    const many = Array.from({ length: 500 }, (_, at) => `holdpoint mark: m${at}\n`).join("");
    expect(seen(many)).toHaveLength(100);
  });

  it("are attested with the drill, each within its time", async () => {
    const w = world();
    const script =
      "console.log('holdpoint mark: detected'); setTimeout(() => console.error('holdpoint mark: executed'), 20)";
    const command = [process.execPath, "-e", script];
    const base = { stage: "staging", subject: { commit: COMMIT }, key: w.keys.sre, store: w.store };
    await attestRun({ ...base, command, drill: "rollback", cwd: tmpdir() });
    const [drill] = (await read(w, { now: Date.now() })).evidence;
    const { marks, took } = drill?.facts as EvidenceFacts["drill"];
    expect(marks?.map(({ name }) => name)).toEqual(["detected", "executed"]);
    const [first = Number.NaN, second = Number.NaN] = (marks ?? []).map(({ after }) => after);
    expect(0 <= first && first < second && second <= took).toBe(true);
  });
});

describe("the record of a drill that people did", () => {
  const RECORD = {
    drill: "quick-rollback",
    startedOn: "2026-11-21T10:00:00+01:00",
    finishedOn: "2026-11-21T09:20:00Z",
    outcome: "passed",
    integrity: "verified",
    marks: { detected: "2026-11-21T09:01:30Z", decided: "2026-11-21T09:04:00Z" },
  };
  const intake = (record: unknown, ...more: readonly unknown[]) => {
    const files = [record, ...more].map((one) => reportFile("drill.json", Buffer.from(JSON.stringify(one))));
    const { predicate, summary } = formatOf(files).read(files, { stage: "staging" });
    return { summary, facts: PREDICATES.drill.read(predicate, machineClock).facts, predicate };
  };

  it("says when each part was reached", () => {
    const { facts, summary, predicate } = intake(RECORD);
    expect(summary).toBe("quick-rollback in staging passed");
    expect(predicate).toMatchObject({ statedBy: "attester", stage: "staging" });
    expect(facts).toEqual({
      drill: "quick-rollback",
      outcome: "passed",
      took: 20 * 60_000,
      integrity: "verified",
      marks: [
        { name: "detected", after: 90_000 },
        { name: "decided", after: 240_000 },
      ],
    });
  });
  it("may be without marks, which a level of the rollback then refuses", () => {
    const { marks: _, ...bare } = RECORD;
    expect(intake(bare).facts).not.toHaveProperty("marks");
  });
  it.each([
    ["a key that nobody knows", { ...RECORD, mark: {} }, /^intake-missing-field: drill\.json/],
    ["a time without a zone", { ...RECORD, startedOn: "2026-11-21T10:00:00" }, /"startedOn" is no time with a zone/],
    ["a mark at no time", { ...RECORD, marks: { detected: "soon" } }, /"marks\.detected" is no time with a zone/],
    ["no outcome that there is", { ...RECORD, outcome: "mostly" }, /passed or failed/],
  ])("is refused with %s", async (_what, record, message) => {
    expect(await refusal(() => Promise.resolve().then(() => intake(record)))).toMatch(message);
  });
  it("is one record", async () => {
    expect(await refusal(() => Promise.resolve().then(() => intake(RECORD, RECORD)))).toBe(
      "usage: a drill has one record",
    );
  });
});
