import { describe, expect, test } from "vitest";
import { decideEnter } from "../../rollout/decide";
import type { Finding } from "../../rollout/decision";
import type { CanaryRecord, StageState, World } from "../../rollout/world";
import { criterion, smallPlan } from "./calendar-plan";
import * as f from "./world-factory";

const CANARY = `    canary:
      owner: sre
      steps: [{ weight: 50%, hold: 1 hour }, { weight: 100%, hold: 1 hour }]
      judge:
        minRequests: 1
        errorRate: { below: 2x, of: baseline, floor: 1% }
        p95: { below: 2x, of: baseline }
        health: { passing: 100% }`;
const OPERATIONS = [
  "    canaries:",
  "      search:",
  "        path: /search",
  ...CANARY.split("\n").slice(1).map(in2),
].join("\n");

function in2(line: string): string {
  return `  ${line}`;
}

const OTHER = { image: f.BASELINE.image, commit: f.BASELINE.commit };
const entry = (release = OTHER) => ({ release, baseline: OTHER, request: f.hex("8"), since: f.NOW - 8 * 86_400_000 });
const canary = (weight: number, more: Partial<CanaryRecord> = {}): CanaryRecord => ({
  weight,
  since: f.NOW - 3_600_000,
  release: OTHER,
  routed: weight,
  ...more,
});
const staging = (state: Partial<Extract<StageState, { ok: true }>>): Partial<World> => ({
  stages: {
    ...f.world().stages,
    staging: { ok: true, images: f.IMAGES, record: { current: entry(), usedApprovals: [] }, ...state },
  },
});

function found(asked: string, more: Partial<World>, shape = CANARY, kind = "stage-done"): Finding {
  const plan = smallPlan({ staging: shape, criteria: criterion(kind, "phase-before", `stage: staging, ${asked}`) });
  const { findings } = decideEnter(plan, "production", f.world(more));
  const [one] = findings.filter(({ criterion: id }) => id === "phase-before");
  if (one === undefined) throw new Error("not judged");
  return one;
}

describe("a phase before, with a release of its own", () => {
  test("passes with any release there", () => {
    expect(found("release: any", staging({}))).toMatchObject({ verdict: "pass", wanted: "a release in staging" });
  });
  test("does not pass where nothing was ever rolled out", () => {
    const nothing = { stages: { ...f.world().stages, staging: { ok: true as const } } };
    expect(found("release: any", nothing)).toMatchObject({
      verdict: "fail",
      found: "nothing was ever rolled out to staging",
    });
  });
  test("does not pass where its state can't be read", () => {
    const unread = { stages: { ...f.world().stages, staging: { ok: false as const, why: "no backend" } } };
    expect(found("release: any", unread).verdict).toBe("fail");
  });
  test("must be of this release where the plan does not say otherwise", () => {
    expect(found("traffic: 100%", staging({ canary: canary(100) }))).toMatchObject({ verdict: "fail" });
  });
  test("has lasted with any release", () => {
    const lasted = (least: string) => found(`release: any, atLeast: ${least}`, staging({}), CANARY, "stage-lasted");
    expect(lasted("8 days")).toMatchObject({ verdict: "pass", wanted: "a release in staging for at least 8 days" });
    expect(lasted("9 days").verdict).toBe("fail");
    expect(found("atLeast: 8 days", staging({}), CANARY, "stage-lasted").verdict).toBe("fail");
  });
});

describe("the traffic of a phase before", () => {
  const asked = "release: any, traffic: 100%";
  test("passes at 100%", () => {
    expect(found(asked, staging({ canary: canary(100) }))).toMatchObject({
      verdict: "pass",
      wanted: "a release in staging with 100% of the traffic",
    });
  });
  test.each([
    ["at half", { canary: canary(50) }, /^50% of staging on release /],
    ["routed less than was recorded", { canary: canary(100, { routed: 0 }) }, /^0% of staging/],
    ["at a weight that is none", { canary: canary(Number.NaN) }, /^NaN% of staging/],
    ["without a step", {}, /^no step of staging was ever taken$/],
    ["at 100% of another release", { canary: canary(100, { release: f.RELEASE }) }, /^100% of staging on release /],
  ])("does not pass %s", (_, state, words) => {
    const { verdict, found: what } = found(asked, staging(state));
    expect(verdict).toBe("fail");
    expect(what).toMatch(words);
  });
  test("does not pass of a stage without a canary", () => {
    expect(found(asked, staging({}), "")).toMatchObject({ verdict: "fail" });
  });
  test("is that of each operation", () => {
    const at = (weight: number) => found(asked, staging({ operations: { search: canary(weight) } }), OPERATIONS);
    expect(at(100).verdict).toBe("pass");
    expect(at(50)).toMatchObject({ verdict: "fail", command: "npx holdpoint canary staging 100" });
    expect(found(asked, staging({ operations: {} }), OPERATIONS).found).toBe(
      "no step of search in staging was ever taken",
    );
  });
});
