import { describe, expect, test } from "vitest";
import { dashboards, queriesOf } from "../../components/monitoring/dashboards";
import { prometheusRules } from "../../components/monitoring/rules";
import { measureOf, promDuration, unitOf, valueQuery } from "../../rollout/metrics";
import { parsePlan } from "../../rollout/plan";
import { queryMistake } from "../../rollout/promql";
import { criterionQuestions, gateQuestions, isLive, stepQuestions } from "../../rollout/questions";
import { promtool, skipWithoutPromtool } from "../components/promtool";
import { planText } from "./small-plan";

/** A metric of every form, a criterion and a trigger on each way to ask. */
const TEXT = `${planText(
  [
    "{ kind: metric, id: budget, title: T, owner: sre, metric: error-budget, above: 75%, over: 24 hours }",
    "{ kind: metric, id: health-ok, title: T, owner: sre, metric: health, atLeast: 100%, over: 1 hour }",
    "{ kind: metric, id: memory-ok, title: T, owner: sre, metric: memory, below: 50 MB, over: 1 hour, steady: 5% }",
    "{ kind: metric, id: throughput, title: T, owner: sre, metric: requests, atLeast: 1x, of: before, before: 7 days, over: 1 hour }",
    "{ kind: metric, id: tickets-few, title: T, owner: sre, metric: tickets, below: 10, over: 1 week }",
    "{ kind: metric, id: adoption-ok, title: T, owner: sre, metric: adoption, atLeast: 10%, atMost: 90%, over: 24 hours }",
    "{ kind: no-alerts, id: quiet, title: T, owner: sre, alerts: critical, over: 24 hours }",
    "{ kind: no-alerts, id: calm, title: T, owner: sre, alerts: warning, over: 24 hours }",
  ],
  `slo: { availability: 99.9%, p95: 500 ms, window: 30 days, errorBudgetLeft: 75% }
metrics:
  crashes: { ratio: app_crashes_total, to: app_sessions_total }
  fallback: { ratio: 'calls_total{result="fallback",op=~"a|b"}', to: calls_total }
  startup: { histogram: 'startup_ms{kind="cold"}', quantile: 99%, unit: ms }
  tickets: { counter: tickets_total, per: week }
  memory: { gauge: process_resident_memory_bytes, by: max, unit: bytes }
  age: { gauge: replication_lag_seconds, by: sum, unit: seconds }
  adoption: { share: signed_packages, of: packages }
dashboards:
  business:
    title: Business
    panels:
      - { title: Crashes, metric: crashes, below: 1%, trigger: crashing }
      - { title: Startup, metric: startup }
      - { title: Published, query: 'increase(publish_count{namespace="$namespace"}[1h])' }
triggers:
  - { id: crashing, title: T, severity: critical, when: { metric: crashes, above: 0.5% }, does: rollback, owner: sre }
  - { id: slower, title: T, severity: critical, when: { metric: p95, above: 1.5x, of: before, before: 7 days, for: 10 minutes }, does: rollback, owner: sre }
  - { id: worse, title: T, severity: critical, when: { metric: error-rate, above: 0.1%, of: baseline, as: difference, for: 5 minutes }, does: rollback, owner: sre }
  - { id: band, title: T, severity: warning, when: { metric: memory, above: 10 MB, below: 20 MB, for: 1 minute }, does: notify, owner: sre, stages: [production] }
  - { id: lag, title: T, severity: warning, when: { metric: age, above: 10 seconds, on: canary }, does: rollback, owner: sre }
  - { id: cold, title: T, severity: warning, when: { metric: startup, above: 2x, of: baseline, minRequests: 50 }, does: rollback, owner: sre }
`,
  `    canary:
      owner: sre
      steps: [{ weight: 100%, hold: 5 minutes }]
      judge: { minRequests: 20, errorRate: { below: 2x, of: baseline, floor: 0.1% }, p95: { below: 1.5x, of: baseline }, health: { passing: 100% } }
      criteria: [{ kind: metric, id: step-fallback, title: T, owner: sre, metric: fallback, below: 5%, over: 5 minutes }]`,
)}`;
const plan = parsePlan(TEXT, "plans/small.yaml");
const scope = { namespace: "omnihub-production" } as const;
const look = { window: 300_000, gauges: "window" } as const;
const value = (name: string) => {
  const measure = measureOf(name, { plan });
  if (measure === undefined) throw new Error(name);
  return { promql: valueQuery(measure, scope, look), unit: unitOf(measure) };
};

test.each([
  [
    "crashes",
    "ratio",
    '(sum(rate(app_crashes_total{namespace="omnihub-production"}[5m])) or sum(rate(app_sessions_total{namespace="omnihub-production"}[5m])) * 0) / (sum(rate(app_sessions_total{namespace="omnihub-production"}[5m])) > 0)',
  ],
  [
    "startup",
    "ms",
    'histogram_quantile(0.99, sum by (le) (rate(startup_ms_bucket{kind="cold",namespace="omnihub-production"}[5m])))',
  ],
  [
    "p95",
    "ms",
    'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{namespace="omnihub-production"}[5m]))) * 1000',
  ],
  ["tickets", "count", 'sum(rate(tickets_total{namespace="omnihub-production"}[5m])) * 604800'],
  ["requests", "per-second", 'sum(rate(http_requests_total{namespace="omnihub-production"}[5m]))'],
  ["memory", "bytes", 'max(max_over_time(process_resident_memory_bytes{namespace="omnihub-production"}[5m]))'],
  ["age", "ms", 'sum(avg_over_time(replication_lag_seconds{namespace="omnihub-production"}[5m])) * 1000'],
  [
    "adoption",
    "ratio",
    'sum(avg_over_time(signed_packages{namespace="omnihub-production"}[5m])) / (sum(avg_over_time(packages{namespace="omnihub-production"}[5m])) > 0)',
  ],
])("%s comes out in %s, with the namespace in every selector", (name, unit, promql) => {
  expect(value(name)).toEqual({ promql, unit });
});

test("the track stands beside the namespace, and an operation on requests only", () => {
  const measure = measureOf("error-rate", { plan });
  const canary = { ...scope, track: "canary", operation: "search" } as const;
  if (measure === undefined) throw new Error("error-rate");
  expect(valueQuery(measure, canary, look)).toContain(
    '{code=~"5..",namespace="omnihub-production",track="canary",operation="search"}[5m]',
  );
  expect(valueQuery({ gauge: "probe_success", by: "avg", unit: "ratio" }, canary, look)).not.toContain("operation");
});

test("a name that nothing defines has no measure, nor has the budget without an objective", () => {
  expect(measureOf("constructor", { plan })).toBeUndefined();
  const { slo: _, ...bare } = plan;
  expect(measureOf("error-budget", { plan: bare })).toBeUndefined();
  expect(measureOf("database", { plan })).toBeUndefined();
});

const questions = [
  ...gateQuestions(plan, "production", (time) => time),
  ...stepQuestions(plan, "production", { to: 100, span: (time) => time }),
];

describe("the questions of a gate", () => {
  test("have keys of their own, and each asks about this stage", () => {
    const keys = questions.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { promql, key } of questions) expect(promql, key).toContain('namespace="omnihub-production"');
  });

  test("are of the canary in a step, of the service in a gate", () => {
    const asked = (key: string) => questions.find((question) => question.key === key)?.promql;
    expect(asked("production.step-fallback.value")).toContain('track="canary"');
    expect(asked("production.health-ok.value")).not.toContain("track");
    expect(asked("production.trigger.lag.value")).toContain('track="canary"');
    expect(asked("production.trigger.crashing.value")).not.toContain("track");
  });

  test("follow a compressed clock, but not below what a rate needs", () => {
    const fast = stepQuestions(plan, "production", { to: 100, span: (time) => time / 60 });
    expect(fast.find(({ key }) => key === "production.step-fallback.value")?.promql).toContain("[5s]");
    const faster = stepQuestions(plan, "production", { to: 100, span: (time) => time / 6000 });
    expect(faster.find(({ key }) => key === "production.step-fallback.value")?.promql).toContain("[5s]");
  });

  test.skipIf(skipWithoutPromtool)("are taken by Prometheus, each of them", () => {
    const criteria = plan.stages[0]?.enter.criteria.filter(isLive) ?? [];
    const asking = {
      plan,
      stage: "production",
      span: (time: number) => time,
      operation: "search",
      on: "canary",
    } as const;
    const all = [...questions, ...criteria.flatMap((criterion) => criterionQuestions(criterion, asking))];
    const rules = all.map(({ promql }, index) => ({ record: `query:${index}`, expr: promql }));
    expect(rules.length).toBeGreaterThan(60);
    expect(promtool(["check", "rules", "r.json"], { "r.json": { groups: [{ name: "q", rules }] } })).toContain(
      "SUCCESS",
    );
    for (const { promql } of all) expect(queryMistake(promql), promql).toBeUndefined();
  });
});

describe("rules and dashboards of a plan with metrics of its own", () => {
  const input = { namespace: "omnihub-production", stage: "production", plan };
  const groups = (more: object = {}) =>
    prometheusRules({ ...input, judge: plan.stages[0]?.canary?.judge, databaseUp: 'pg_up{job="x"}', ...more });
  const alertOf = (name: string) =>
    groups()
      .flatMap(({ rules }) => rules)
      .find(({ alert }) => alert === name);

  test.skipIf(skipWithoutPromtool)("are taken by Prometheus", () => {
    expect(promtool(["check", "rules", "r.json"], { "r.json": { groups: groups() } })).toContain("SUCCESS");
    const panels = Object.values(dashboards(input)).flatMap(queriesOf);
    const rules = panels.map((query, index) => ({
      record: `query:${index}`,
      expr: query.replaceAll("$__rate_interval", "1m"),
    }));
    expect(promtool(["check", "rules", "r.json"], { "r.json": { groups: [{ name: "q", rules }] } })).toContain(
      "SUCCESS",
    );
  });

  test("an alert has the condition as the plan writes it, and waits as long", () => {
    expect(alertOf("slower")?.for).toBe("10m");
    expect(alertOf("slower")?.expr).toContain(" > 1.5 * (histogram_quantile");
    expect(alertOf("slower")?.expr).toContain("[5m] offset 7d");
    expect(alertOf("worse")?.expr).toMatch(/ - clamp_min\(.*, 0\.001\) > 0\.001 and .* >= 20$/);
    expect(alertOf("band")?.expr).toMatch(/^\(.* > 10000000\) and \(.* < 20000000\)$/);
    expect(alertOf("cold")?.expr).toMatch(/ >= 50$/);
  });

  test("an alert is there only where its trigger is armed", () => {
    const elsewhere = prometheusRules({ ...input, stage: "staging", judge: undefined, databaseUp: 'pg_up{job="x"}' });
    const names = elsewhere.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
    expect(names).toContain("crashing");
    expect(names).not.toContain("band");
  });

  test("without an objective there are no burn rates, and no panels of a budget", () => {
    const { slo: _, ...bare } = plan;
    expect(groups({ plan: bare }).map(({ name }) => name)).toEqual(["holdpoint-recorded", "holdpoint-triggers"]);
    expect(JSON.stringify(groups({ plan: bare }))).not.toContain("budget");
    expect(dashboards({ ...input, plan: bare }).slo.panels.map((panel) => panel["title"])).toEqual([
      "Requests by code",
    ]);
  });

  test("the plan's dashboards stand beside the three, in their units and with their limits", () => {
    const { business } = dashboards(input);
    expect(business?.title).toBe("omnihub production: Business");
    expect(business?.panels.map((panel) => panel["title"])).toEqual(["Crashes", "Startup", "Published"]);
    const [crashes] = business?.panels ?? [];
    expect(crashes).toMatchObject({
      description: "The alert crashing watches it.",
      fieldConfig: { defaults: { unit: "percentunit", thresholds: { steps: [{}, { color: "red", value: 0.01 }] } } },
    });
    expect(business === undefined ? [] : queriesOf(business)[2]).toBe(
      'increase(publish_count{namespace="omnihub-production"}[1h])',
    );
  });
});

test.each([
  [300_000, "5m"],
  [5_000.4, "5s"],
  [0.2, "1ms"],
])("%d ms is %s", (time, text) => expect(promDuration(time)).toBe(text));

describe("a query", () => {
  test.each([
    "rate(x_total[$__rate_interval])",
    'sum by (a, b) (rate(x{a="b",c!~"d|e"}[5m])) / on (a) group_left (z) max(y) by (a)',
    "histogram_quantile(0.95, sum(rate(x_bucket[5m])) by (le))",
    "max_over_time((a - b)[1h:5m] offset 1d) > bool -3",
    'increase(p_total{namespace="$namespace"}[1h])',
    "topk(5, x) unless absent(y) # why",
    "time() - max(timestamp(x)) @ 5",
  ])("%s is taken", (query) => expect(queryMistake(query)).toBeUndefined());

  test.each([
    ["rate(x_total)", 'rate needs a range, "[5m]"'],
    ["rate(x_total[5m]", 'its end where "," was expected'],
    ["sum(x))", '")" is not expected here'],
    ["rat(x[5m])", 'there is no function "rat"'],
    ["histogram_quantile(0.95, x_bucket)", "histogram_quantile needs rates of buckets"],
    ["histogram_quantile(0.95, sum(rate(x_bucket[5m])))", 'histogram_quantile needs the label "le" kept: by (le)'],
    ["abs(x[5m])", "abs takes no range"],
    ["x[5]", '"5" is no time such as 5m'],
    ["x +", "it ends too early"],
    ["x y", '"y" is not expected here'],
    ["x{a=b}", 'a is matched with "b", which is no text'],
    ['x{a="b}', '"\\"b}" can\'t be read'],
    ["x[5m] + 1", 'a range can\'t stand beside "+"'],
    ["", "it ends too early"],
    ["(".repeat(200), "it is nested too deeply"],
  ])("%s is refused", (query, mistake) => expect(queryMistake(query)).toBe(mistake));
});
