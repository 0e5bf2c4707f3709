import { describe, expect, test } from "vitest";
import { decideStep } from "../../rollout/decide";
import type { Finding } from "../../rollout/decision";
import { criterion, planText, smallPlan } from "./calendar-plan";
import { parsePlan } from "../../rollout/plan";
import * as f from "./world-factory";

const WINDOW = '    window: { timeZone: UTC, days: [sunday], from: "02:00", for: 4 hours }';
const plan = (criteria: string, head = "") =>
  smallPlan({
    head: `releaseTypes: { normal: { title: Normal, owes: normal }, urgent: { title: Urgent, owes: normal } }\n${head}`,
    production: WINDOW,
    criteria,
  });
const ONLY_NORMAL = plan(criterion("window", "in-window", "types: [normal]"));

/** The first step of a type's canary, at a time. */
function windowOf(of: ReturnType<typeof plan>, type: string, now: number): Finding | undefined {
  const { stages } = f.canaryWorld(0);
  const world = f.canaryWorld(0, { now, release: { ...f.RELEASE, type }, stages });
  return decideStep(of, "production", 50, world).findings.find(({ criterion: id }) => id === "canary.window");
}

describe("the window of a type's steps", () => {
  const outside = f.NOW + 5 * f.HOUR;
  test("is the stage's, where the gate asks it of the type", () => {
    expect(windowOf(ONLY_NORMAL, "normal", f.NOW)?.verdict).toBe("pass");
    expect(windowOf(ONLY_NORMAL, "normal", outside)?.verdict).toBe("fail");
  });
  test("is none, where the gate asks none of the type: what comes in at any time climbs at any time", () => {
    expect(windowOf(ONLY_NORMAL, "urgent", outside)).toMatchObject({
      verdict: "pass",
      found: "no window is asked for",
    });
  });
  test("is the stage's, where the gate asks it of everybody", () => {
    const everybody = plan(criterion("window", "in-window"));
    for (const type of ["normal", "urgent"]) expect(windowOf(everybody, type, outside)?.verdict).toBe("fail");
  });
  test("is one of the plan's, where the gate asks that of the type", () => {
    const late = 'windows: { late: { timeZone: UTC, days: [sunday], from: "06:00", for: 8 hours } }';
    const both = `${criterion("window", "in-window", "types: [normal]")}\n${criterion("window", "in-late", "window: late, types: [urgent]")}`;
    expect(windowOf(plan(both, late), "urgent", outside)?.verdict).toBe("pass");
    expect(windowOf(plan(both, late), "urgent", f.NOW)?.verdict).toBe("fail");
    expect(windowOf(plan(both, late), "normal", outside)?.verdict).toBe("fail");
  });
});

describe("a stage's window by the name of one of the plan's", () => {
  test("is told how that is asked for, and not that nobody asks for it", () => {
    const named = planText({
      head: 'windows: { train: { timeZone: UTC, days: [sunday], from: "02:00", for: 4 hours } }',
      production: "    window: train",
      criteria: criterion("window", "in-window", "window: train"),
    });
    const said = (() => {
      try {
        return parsePlan(named, "plans/small.yaml") && "";
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(said).toMatch(
      /window: found "train", expected the window itself; one of the plan's "windows" is asked for by a criterion, \{ kind: window, …, window: train \}/,
    );
    expect(said).not.toContain("does not ask for");
  });
});
