import { describe, expect, test } from "vitest";
import { judgeMetric, judgeNoAlerts } from "../../rollout/criteria/live";
import { judgeTriggers } from "../../rollout/criteria/triggers";
import { decideEnter, decideStep } from "../../rollout/decide";
import { parsePlan, type CriterionOf, type Plan } from "../../rollout/plan";
import { gateQuestions, stepQuestions } from "../../rollout/questions";
import type { Reading, Readings } from "../../rollout/readings";
import type { World } from "../../rollout/world";
import * as f from "./world-factory";
import { planText } from "./small-plan";

const CANARY = `    canary:
      owner: sre
      steps: [{ weight: 50%, hold: 5 minutes }, { weight: 100%, hold: 5 minutes }]
      judge: { minRequests: 20, errorRate: { below: 2x, of: baseline, floor: 0.1% }, p95: { below: 1.5x, of: baseline }, health: { passing: 100% } }`;
const HEAD =
  "metrics: { crashes: { ratio: crashes_total, to: sessions_total }, memory: { gauge: mem, by: max, unit: bytes } }";

/** A plan of one live criterion, and of one trigger. */
const planOf = (criterion: string, trigger = ""): Plan =>
  parsePlan(
    planText(
      [`{ kind: metric, id: m, title: M, owner: sre, ${criterion} }`],
      `${HEAD}\n${trigger === "" ? "" : `triggers: [{ id: t, title: T, severity: critical, does: rollback, owner: sre, when: ${trigger} }]`}`,
      CANARY,
    ),
    "plans/small.yaml",
  );

const one = (value: number): Reading => [{ labels: {}, value }];
const bucket = (le: string, value: number) => ({ labels: { le }, value });

/** Answers of a good minute: enough requests, seen all the time, up to the last bucket of 10 s. */
const GOOD: Record<string, Reading> = {
  seen: one(1),
  "other-seen": one(1),
  age: one(3),
  count: one(1000),
  "other-count": one(9000),
  buckets: [bucket("0.5", 940), bucket("10", 1000), bucket("+Inf", 1000)],
  rare: one(1),
};

/** What the source answers to a plan's questions: by the last part of a key. A part without an answer has no series. */
function answers(plan: Plan, parts: Record<string, Reading>): Readings {
  const as = { to: 100, span: (time: number) => time };
  const all = [...gateQuestions(plan, "production", as.span), ...stepQuestions(plan, "production", as)];
  return Object.fromEntries(all.map(({ key }) => [key, parts[key.slice(key.lastIndexOf(".") + 1)] ?? []]));
}

const stageOf = (plan: Plan) => {
  const [stage] = plan.stages;
  if (stage === undefined) throw new Error("no stage");
  return stage;
};

function judged(criterion: string, parts: Record<string, Reading> | undefined): string {
  const plan = planOf(criterion);
  const written = stageOf(plan).enter.criteria[1] as CriterionOf<"metric">;
  const world = f.world(parts === undefined ? {} : { readings: answers(plan, { ...GOOD, ...parts }) });
  const { verdict, found } = judgeMetric(written, { plan, stage: stageOf(plan), world });
  return `${verdict}: ${found}`;
}

const P95 = "metric: p95, below: 500 ms, over: 24 hours";

describe("a live number", () => {
  test.each([
    [P95, { value: one(410) }, "pass: 410 ms"],
    [P95, { value: one(500) }, "fail: 500 ms"],
    ["metric: error-rate, atMost: 1%, over: 1 hour", { value: one(0.01) }, "pass: 1%"],
    ["metric: error-rate, atMost: 1%, over: 1 hour", { value: one(0.011) }, "fail: 1.1%"],
    ["metric: health, atLeast: 100%, over: 1 hour", { value: one(0.9999) }, "fail: 99.99%"],
    ["metric: memory, above: 10 MB, below: 50 MB, over: 1 hour", { value: one(2e7) }, "pass: 20 MB"],
    ["metric: memory, above: 10 MB, below: 50 MB, over: 1 hour", { value: one(1e7) }, "fail: 10 MB"],
  ])("%s", (criterion, parts, expected) => expect(judged(criterion, parts)).toBe(expected));

  test.each([
    [
      "is compared with the baseline",
      "metric: p95, below: 1.1x, of: baseline, over: 5 minutes",
      109,
      100,
      "pass: 109 ms, the baseline's 100 ms",
    ],
    [
      "and fails at the limit",
      "metric: p95, below: 1.1x, of: baseline, over: 5 minutes",
      110,
      100,
      "fail: 110 ms, the baseline's 100 ms",
    ],
    [
      "with the floor of the judge",
      "metric: error-rate, below: 2x, of: baseline, over: 5 minutes",
      0.0019,
      0,
      "pass: 0.19%, the baseline's 0%",
    ],
    [
      "by the difference",
      "metric: error-rate, below: 0.1%, of: baseline, as: difference, over: 5 minutes",
      0.0115,
      0.01,
      "fail: 1.15%, the baseline's 1%",
    ],
    [
      "with its own before, no drop",
      "metric: requests, atLeast: 1x, of: before, before: 7 days, over: 1 hour",
      99,
      100,
      "fail: 99/s, its own 7 days before 100/s",
    ],
  ])("%s", (_what, criterion, value, other, expected) => {
    expect(judged(criterion, { value: one(value), other: one(other) })).toBe(expected);
  });

  test("cannot be a ratio of nothing without a floor", () => {
    const criterion = "metric: crashes, below: 2x, of: baseline, over: 5 minutes";
    expect(judged(criterion, { value: one(0), other: one(0) })).toMatch(
      /^inconclusive: 0%, the baseline's 0%: nothing can be a ratio/,
    );
    expect(judged(`${criterion}, floor: 0.1%`, { value: one(0), other: one(0) })).toMatch(/^pass/);
  });

  test.each<[string, Record<string, Reading> | undefined, string]>([
    ["nobody asked", undefined, "the metrics were not asked"],
    [
      "the source does not answer",
      { value: { failure: "no answer within 5 s" } },
      "the metrics could not be read: no answer within 5 s",
    ],
    ["there is no series", { value: [] }, "no data"],
    ["there are several", { value: [...(one(1) as []), ...(one(2) as [])] }, "2 series where one number was wanted"],
    ["it is NaN", { value: one(Number.NaN) }, "no number (NaN)"],
    ["it is infinite", { value: one(Number.POSITIVE_INFINITY) }, "no number (Infinity)"],
    ["the series are younger than the time", { value: one(1), seen: one(0.5) }, "samples of p95 for 50% of 1 day"],
    ["nobody knows how old they are", { value: one(1), seen: [] }, "no data: no samples of p95"],
    [
      "the newest sample is old",
      { value: one(1), age: one(1000) },
      "the newest samples of p95, 16 minutes 40 seconds old",
    ],
    ["there is no newest sample", { value: one(1), age: [] }, "no data: no samples of p95 of the last 5 minutes"],
    ["a sample is from the future", { value: one(1), age: one(-30) }, "samples of p95 from the future: a clock is off"],
    ["there was no request", { value: one(1), count: one(0) }, "0 requests, it takes 1"],
    ["the number of requests is unknown", { value: one(1), count: [] }, "no data of how many requests there were"],
    ["the histogram ends below it", { value: one(10_000), buckets: [bucket("0.2", 1), bucket("+Inf", 9)] }, ""],
  ])("is never a pass where %s", (_what, parts, found) => {
    const said = judged(P95, parts);
    expect(said).not.toMatch(/^pass/);
    if (found !== "") expect(said).toBe(`inconclusive: ${found}`);
  });

  test("is no pass at the end of the histogram, where nothing slower can be told", () => {
    const short = { value: one(200), buckets: [bucket("0.2", 1), bucket("+Inf", 9)] };
    expect(judged(P95, short)).toBe(
      "inconclusive: 200 ms, which is its last bucket, 200 ms: the histogram can't tell more",
    );
    expect(judged(P95, { value: one(100), buckets: [] })).toMatch(/^inconclusive: 100 ms, which is no bucket at all/);
  });

  test("is no pass where the series of failures was never seen: it may be misspelt", () => {
    const criterion = "metric: crashes, below: 0.1%, over: 1 hour";
    expect(judged(criterion, { value: one(0) })).toBe("pass: 0%");
    expect(judged(criterion, { value: one(0), rare: [] })).toBe("inconclusive: no data of crashes_total");
  });

  test("is compared only with as much as it has itself", () => {
    const criterion = "metric: p95, below: 1.1x, of: baseline, over: 5 minutes";
    const values = { value: one(100), other: one(100) };
    expect(judged(criterion, { ...values, other: [] })).toBe("inconclusive: no data of the baseline's");
    expect(judged(criterion, { ...values, "other-seen": one(0.2) })).toMatch(
      /^inconclusive: .* to compare with for 20% of/,
    );
    expect(judged(criterion, { ...values, "other-count": one(3) })).toMatch(
      /^inconclusive: 3 requests to compare with, it takes 20/,
    );
    expect(judged(criterion, { ...values, count: one(19) })).toBe("inconclusive: 19 requests, it takes 20");
  });

  const steady = "metric: memory, steady: 5%, over: 24 hours";
  test.each([
    [{ rise: one(4), mean: one(100) }, "pass: grew by 4% of its mean"],
    [{ rise: one(5), mean: one(100) }, "pass: grew by 5% of its mean"],
    [{ rise: one(6), mean: one(100) }, "fail: grew by 6% of its mean"],
    [{ rise: one(-6), mean: one(100) }, "fail: fell by 6% of its mean"],
    [{ rise: [], mean: one(100) }, "inconclusive: no data"],
    [{ rise: one(0), mean: one(0) }, "inconclusive: a mean of 0, of which nothing is a part"],
  ])("is steady, or not: %j", (parts, expected) => expect(judged(steady, { value: one(1), ...parts })).toBe(expected));
});

describe("no alerts", () => {
  const plan = parsePlan(
    planText(["{ kind: no-alerts, id: quiet, title: Q, owner: sre, alerts: critical, over: 24 hours }"]),
    "plans/small.yaml",
  );
  const said = (parts: Record<string, Reading> | undefined) => {
    const world = f.world(parts === undefined ? {} : { readings: answers(plan, { ...GOOD, ...parts }) });
    const { verdict, found } = judgeNoAlerts(stageOf(plan).enter.criteria[1] as CriterionOf<"no-alerts">, {
      plan,
      stage: stageOf(plan),
      world,
    });
    return `${verdict}: ${found}`;
  };
  test.each<[Record<string, Reading> | undefined, string]>([
    [{ firing: [] }, "pass: none fired"],
    [{ firing: [{ labels: { alertname: "service-down" }, value: 3 }] }, "fail: service-down fired"],
    [{ firing: [{ labels: {}, value: Number.NaN }] }, "fail: unnamed fired"],
    [{ firing: { failure: "refused" } }, "inconclusive: the metrics could not be read: refused"],
    [{ firing: [], seen: [] }, "inconclusive: no data: no evaluations of the rules"],
    [{ firing: [], seen: one(0.4) }, "inconclusive: evaluations of the rules for 40% of 1 day"],
    [{ firing: [], age: [] }, "inconclusive: no data: no evaluations of the rules of the last 5 minutes"],
    [undefined, "inconclusive: the metrics were not asked"],
  ])("%j", (parts, expected) => expect(said(parts)).toBe(expected));
});

describe("a trigger that rolls back", () => {
  const fired = (
    trigger: string,
    parts: Record<string, Reading> | undefined,
    weight = 50,
    more: Partial<World> = {},
  ) => {
    const plan = planOf(P95, trigger);
    const readings = parts === undefined ? {} : { readings: answers(plan, { ...GOOD, ...parts }) };
    const { readings: _, ...bare } = f.canaryWorld(weight);
    const world = { ...bare, ...readings, ...more };
    const [finding] = judgeTriggers({ plan, stage: stageOf(plan), world });
    return `${finding?.verdict}: ${finding?.found}`;
  };
  const BASE = "{ metric: error-rate, above: 2x, of: baseline }";
  const LONG = "{ metric: error-rate, above: 1%, for: 5 minutes }";

  test.each<[string, string, Record<string, Reading> | undefined, string]>([
    ["far over the baseline", BASE, { value: one(0.05), other: one(0.01) }, "fail: 5%, the baseline's 1%"],
    ["at the limit", BASE, { value: one(0.02), other: one(0.01) }, "pass: 2%, the baseline's 1%"],
    [
      "over it by what chance explains",
      BASE,
      { value: one(0.021), other: one(0.01) },
      "pass: 2.1%, the baseline's 1%: over the limit, but it can be chance",
    ],
    [
      "in too few requests",
      BASE,
      { value: one(1), other: one(0.01), count: one(19) },
      "pass: 19 requests, it counts from 20 on",
    ],
    ["without data", BASE, { value: [] }, "inconclusive: no data"],
    ["without the baseline's data", BASE, { value: one(1) }, "inconclusive: no data of the baseline's"],
    ["that nobody asked about", BASE, undefined, "inconclusive: the metrics were not asked"],
    [
      "over its own limit, exactly as written",
      "{ metric: error-rate, above: 2%, on: canary }",
      { value: one(0.0201) },
      "fail: 2.01%",
    ],
    ["for its whole time", LONG, { least: one(0.011), most: one(0.2) }, "fail: 1.1% to 20% in 5 minutes"],
    ["with a break", LONG, { least: one(0.01), most: one(0.2) }, "pass: 1% to 20% in 5 minutes"],
    [
      "for a time of which a part is missing",
      LONG,
      { least: one(0.011), most: one(0.2), seen: one(0.5) },
      "inconclusive: 1.1% to 20% in 5 minutes, of which 50% was measured",
    ],
    ["for a time without data", LONG, {}, "inconclusive: no data"],
    [
      "under a lower limit all the time",
      "{ metric: health, below: 100%, for: 1 minute }",
      { least: one(0), most: one(0.5) },
      "fail: 0% to 50% in 1 minute",
    ],
    [
      "under it, with a break",
      "{ metric: health, below: 100%, for: 1 minute }",
      { least: one(0), most: one(1) },
      "pass: 0% to 100% in 1 minute",
    ],
    [
      "half again as bad for ten minutes",
      "{ metric: p95, above: 1.5x, of: before, before: 1 day, for: 10 minutes }",
      { least: one(1.51), most: one(2) },
      "fail: 1.51x to 2x of its own before in 10 minutes",
    ],
  ])("%s", (_what, trigger, parts, expected) => expect(fired(trigger, parts)).toBe(expected));

  test("asks nothing of the canary before the first step, nor of a baseline that serves nobody", () => {
    expect(fired(BASE, undefined, 0)).toBe("pass: the first step: nothing was on the canary yet");
    expect(fired(BASE, undefined, 100)).toBe("pass: all traffic is on the canary: no baseline");
    expect(fired(LONG, undefined, 0)).toBe("inconclusive: the metrics were not asked");
  });

  const SCAN =
    "{ criterion: { kind: vulnerabilities, id: s, title: No vulnerability, owner: sre, atMost: { critical: 0 }, maxAge: 1 day, attestedBy: [ci] } }";
  const bad = f.scan({ counts: { ...f.COUNTS, critical: 1 }, critical: ["CVE-1"] });
  test.each<[string, Partial<World>, RegExp]>([
    ["fires on evidence that fails its criterion", { evidence: [bad] }, /^fail: 1 critical/],
    ["does not fire where it passes", { evidence: [f.scan()] }, /^pass: /],
    ["does not fire where there is none", { evidence: [] }, /^pass: nothing of the last 1 day says so$/],
    [
      "does not fire on what is too old",
      { evidence: [{ ...bad, finishedAt: f.NOW - 2 * f.DAY }] },
      /^pass: nothing of the last 1 day/,
    ],
    [
      "says that the store can't be read",
      { evidenceFailure: "gone" },
      /^inconclusive: the evidence could not be read: gone$/,
    ],
    [
      "does not believe the future",
      { evidence: [{ ...bad, finishedAt: f.NOW + 1 }] },
      /^inconclusive: .* after now: a clock is off$/,
    ],
  ])("on evidence %s", (_what, more, expected) => expect(fired(SCAN, {}, 50, more)).toMatch(expected));

  test("keeps the step shut, and one that is not armed does not", () => {
    const plan = planOf(P95, LONG);
    const bad = answers(plan, { ...GOOD, least: one(0.02), most: one(0.02) });
    const world = f.canaryWorld(50, { readings: bad });
    const finding = decideStep(plan, "production", 100, world).findings.find(
      ({ criterion }) => criterion === "trigger.t",
    );
    expect(finding).toMatchObject({ verdict: "fail", owner: "sre", command: "npx holdpoint rollback production" });
    const elsewhere = { ...plan, triggers: plan.triggers.map((trigger) => ({ ...trigger, stages: ["staging"] })) };
    const ids = decideStep(elsewhere, "production", 100, world).findings.map(({ criterion }) => criterion);
    expect(ids).not.toContain("trigger.t");
    const paging = { ...plan, triggers: plan.triggers.map((trigger) => ({ ...trigger, does: "page" as const })) };
    expect(decideStep(paging, "production", 100, world).findings.map(({ criterion }) => criterion)).not.toContain(
      "trigger.t",
    );
  });
});

test("a gate judges its live criteria, and never passes one that was not asked", () => {
  const plan = planOf(P95);
  const found = (readings?: Readings) => {
    const world = f.world(readings === undefined ? {} : { readings });
    return decideEnter(plan, "production", world).findings.find(({ criterion }) => criterion === "m")?.verdict;
  };
  expect(found(answers(plan, { ...GOOD, value: one(410) }))).toBe("pass");
  expect(found(answers(plan, { ...GOOD, value: one(510) }))).toBe("fail");
  expect(found({})).toBe("inconclusive");
  expect(found()).toBe("inconclusive");
});
