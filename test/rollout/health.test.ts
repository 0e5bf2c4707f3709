import { describe, expect, test } from "vitest";
import { healthQuestions, judgeHealth } from "../../rollout/health";
import { stageOf } from "../../rollout/plan";
import type { Readings } from "../../rollout/readings";
import { smallPlan } from "./calendar-plan";
import * as f from "./world-factory";

const TRIGGERS = `metrics:
  queue: { gauge: queue_length, by: max, unit: count }
triggers:
  - { id: errors-high, title: Errors, severity: critical, owner: sre, does: page, when: { metric: error-rate, above: 1%, for: 5 minutes } }
  - { id: twice, title: Twice, severity: critical, owner: sre, does: rollback, when: { metric: p95, above: 2x, of: baseline } }
  - { id: canary-down, title: Down, severity: critical, owner: sre, does: rollback, when: { metric: health, on: canary, below: 100% } }
  - { id: queue-long, title: Queue, severity: warning, owner: sre, does: notify, when: { metric: queue, above: 100 } }
  - { id: elsewhere, title: Elsewhere, severity: warning, owner: sre, does: notify, stages: [staging], when: { metric: p95, above: 1 second } }`;
const PLAN = smallPlan({ head: TRIGGERS });
const STAGE = stageOf(PLAN, "production") as NonNullable<ReturnType<typeof stageOf>>;
const QUESTIONS = healthQuestions(PLAN, STAGE, (time) => time);

/** Every question answered: nothing fails, 1000 requests, a queue of 3. */
const VALUES: Readonly<Record<string, number>> = {
  "trigger.health.value": 1,
  "trigger.canary-down.value": 1,
  "trigger.errors-high.value": 0.001,
  "trigger.queue-long.value": 3,
};
const answers = (more: Readonly<Record<string, number | undefined>> = {}): Readings =>
  Object.fromEntries(
    QUESTIONS.map(({ key }) => {
      const name = key.replace("production.", "");
      const value = name in more ? more[name] : (VALUES[name] ?? 1000);
      return [key, value === undefined ? [] : [{ labels: {}, value }]];
    }),
  );
const judged = (readings: Readings = answers()) => judgeHealth(PLAN, STAGE, f.canaryWorld(0, { readings }));

describe("the health of what runs after a way back", () => {
  test("is asked of the baseline, as it is now, by the plan's triggers and the health probes", () => {
    const asked = Object.fromEntries(
      QUESTIONS.map(({ key, promql }) => [key.replace("production.trigger.", ""), promql]),
    );
    expect(Object.keys(asked).filter((key) => key.endsWith(".value"))).toEqual([
      "health.value",
      "errors-high.value",
      "canary-down.value",
      "queue-long.value",
    ]);
    for (const key of ["health.value", "errors-high.value", "canary-down.value"]) {
      expect(asked[key]).toContain('track="baseline"');
    }
    // A metric of the plan's own that nobody asks by track need not have the label.
    expect(asked["queue-long.value"]).not.toContain("track");
  });

  test("is well where nothing would fire", () => {
    const { verdict, checks } = judged();
    expect(verdict).toBe("healthy");
    expect(checks.map(({ check, verdict: of }) => `${check} ${of}`)).toEqual([
      "health pass",
      "errors-high pass",
      "canary-down pass",
      "queue-long pass",
    ]);
  });

  test.each([
    ["the probes fail", { "trigger.health.value": 0.5 }, "health", "50%"],
    ["requests fail", { "trigger.errors-high.value": 0.02 }, "errors-high", "2%"],
    ["a number of the plan's own is over its limit", { "trigger.queue-long.value": 101 }, "queue-long", "101"],
  ])("is not where %s", (_what, more, check, found) => {
    const { verdict, checks } = judged(answers(more));
    expect(verdict).toBe("unhealthy");
    expect(checks.filter((one) => one.verdict === "fail")).toMatchObject([{ check, found }]);
  });

  test.each([
    ["one number is missing", answers({ "trigger.health.value": undefined })],
    ["one is none", answers({ "trigger.queue-long.value": Number.NaN })],
    ["nothing was answered", {}],
    ["the source failed", Object.fromEntries(QUESTIONS.map(({ key }) => [key, { failure: "no answer" }]))],
  ])("is unknown where %s", (_what, readings) => expect(judged(readings).verdict).toBe("unknown"));

  test("is not well where one check fails and another is unknown", () =>
    expect(judged(answers({ "trigger.health.value": undefined, "trigger.queue-long.value": 101 })).verdict).toBe(
      "unhealthy",
    ));

  test("is asked of the probes where a plan has no triggers", () => {
    const bare = smallPlan();
    const stage = stageOf(bare, "production") as typeof STAGE;
    expect(healthQuestions(bare, stage, (time) => time).map(({ key }) => key)).toEqual([
      "production.trigger.health.value",
    ]);
  });
});
