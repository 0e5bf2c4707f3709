import { describe, expect, test } from "vitest";
import { isWithin, showLimits } from "../../rollout/limits";
import { HoldpointError } from "../../rollout/errors";
import { parsePlan } from "../../rollout/plan";
import { quantity } from "../../rollout/units";
import { PLAN_FILE, PLAN_TEXT } from "./world-factory";

/** What is wrong with a plan that has this criterion in addition, or nothing. */
function mistakes(criterion: string): string[] {
  const line = `      - { id: extra, title: Extra, owner: sre, attestedBy: [sre], maxAge: 1 day, ${criterion} }\n`;
  const text = PLAN_TEXT.replace(/(\n {4}enter:\n {6}criteria:\n)/, `$1  ${line}`);
  expect(text).not.toBe(PLAN_TEXT);
  try {
    parsePlan(text, PLAN_FILE);
    return [];
  } catch (error) {
    if (!(error instanceof HoldpointError)) throw error;
    return error.message.split("\n").map((one) => one.trim());
  }
}

describe("limits in a plan", () => {
  const measure = (limits: string) => mistakes(`kind: measurement, suite: bench, measure: p95${limits}`);

  test("are right as one, or as a range", () => {
    expect(measure(", below: 500 ms")).toEqual([]);
    expect(measure(", above: 1, atMost: 3")).toEqual([]);
    expect(measure(', atMost: "1.1x", of: baseline')).toEqual([]);
  });
  test("that compare with the baseline must be able to tell it from the release", () => {
    expect(measure(", atMost: 1.1x, of: baseline, subject: commit")).toEqual([]);
    expect(measure(", atMost: 1.1x, of: baseline, subject: any")).toEqual([
      expect.stringMatching(/found "any", expected release, commit or image: the baseline's must be told from it$/),
    ]);
  });
  test("of a survey and of coverage are percentages", () => {
    expect(mistakes("kind: survey, survey: beta, answers: 10, above: 85%")).toEqual([]);
    expect(mistakes("kind: survey, survey: beta, answers: 10, above: 85")[0]).toContain('a percentage such as "90%"');
    expect(mistakes("kind: survey, survey: beta, answers: 10")[0]).toContain("expected a limit");
    expect(mistakes("kind: coverage, suite: unit, lines: { above: 90% }")).toEqual([]);
    expect(mistakes("kind: coverage, suite: unit")[0]).toContain('at least one of "lines" and "modules"');
    expect(mistakes("kind: coverage, suite: unit, lines: {}")[0]).toContain("expected a limit");
    expect(mistakes("kind: coverage, suite: unit, modules: { paths: [src], lines: { above: 90 } }")[0]).toContain(
      'a percentage such as "90%"',
    );
  });
  test("of a drill leave room", () => {
    expect(mistakes("kind: drill, drill: load, lasting: 1 hour, within: 2 hours")).toEqual([]);
    expect(mistakes("kind: drill, drill: load, lasting: 1 hour, within: 1 hour")[0]).toContain(
      'more than "lasting", 1 hour',
    );
  });
  test("documents must be the plan's", () => {
    expect(mistakes("kind: documents, names: [guide]")[0]).toContain("a defined document");
  });
});

describe("a number", () => {
  const q = (text: string) => quantity.parse(text);
  test("is within each limit that is set, and never within none", () => {
    expect(isWithin(q("5"), { above: q("5") })).toBe(false);
    expect(isWithin(q("5"), { atLeast: q("5") })).toBe(true);
    expect(isWithin(q("5"), { below: q("5") })).toBe(false);
    expect(isWithin(q("5"), { atMost: q("5") })).toBe(true);
    expect(isWithin(q("5"), { atLeast: q("1"), atMost: q("4") })).toBe(false);
    expect(isWithin(q("5"), {})).toBe(false);
  });
  test("that is not finite or of another unit is within nothing", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(isWithin({ value, unit: "count" }, { above: q("0") })).toBe(false);
      expect(isWithin({ value, unit: "count" }, { atMost: q("10") })).toBe(false);
    }
    expect(isWithin(q("5 ms"), { atMost: q("10") })).toBe(false);
  });
  test("has its limits said in words", () => {
    expect(showLimits({ below: q("500 ms"), atLeast: q("100 ms") })).toBe("at least 100 ms and below 500 ms");
  });
});
