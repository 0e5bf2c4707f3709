/** The questions in PromQL, answered by promtool as Prometheus would. */
import { describe, test } from "vitest";
import { parsePlan } from "../../rollout/plan";
import { gateQuestions } from "../../rollout/questions";
import { promtool, skipWithoutPromtool } from "../components/promtool";
import { planText } from "../rollout/small-plan";

describe.skipIf(skipWithoutPromtool)("to a real engine of PromQL", () => {
  const plan = parsePlan(
    planText(
      [
        "{ kind: metric, id: errors, title: T, owner: sre, metric: error-rate, below: 1%, over: 1 hour }",
        "{ kind: metric, id: slow, title: T, owner: sre, metric: p95, below: 500 ms, over: 1 hour }",
        "{ kind: metric, id: memory, title: T, owner: sre, metric: mem, steady: 5%, over: 1 hour }",
        "{ kind: metric, id: drop, title: T, owner: sre, metric: requests, atLeast: 1x, of: before, before: 2 hours, over: 1 hour }",
        "{ kind: no-alerts, id: quiet, title: T, owner: sre, alerts: critical, over: 1 hour }",
      ],
      "metrics: { mem: { gauge: memory_bytes, by: avg, unit: bytes } }",
    ),
    "plans/small.yaml",
  );
  const questions = new Map(
    gateQuestions(plan, "production", (time) => time).map(({ key, promql }) => [
      key.replace("production.", ""),
      promql,
    ]),
  );

  /** Expects the one number of a question, or no series, after some minutes of these series. */
  function expectNumber(
    key: string,
    expected: number | undefined,
    minutes: number,
    series: Record<string, string>,
  ): void {
    const expr = questions.get(key);
    if (expr === undefined) throw new Error(`nothing asks ${key}`);
    const test = {
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          promql_expr_test: [
            {
              // Rounded, so that a number can be expected exactly.
              expr: `round(${expr}, 0.001)`,
              eval_time: `${minutes}m`,
              exp_samples: expected === undefined ? [] : [{ labels: "{}", value: expected }],
            },
          ],
        },
      ],
    };
    promtool(["test", "rules", "t.json"], { "t.json": test });
  }

  const requests = (code: string) =>
    `http_requests_total{namespace="omnihub-production",code="${code}",track="baseline"}`;
  const bucket = (le: string) => `http_request_duration_seconds_bucket{namespace="omnihub-production",le="${le}"}`;
  const MEM = 'memory_bytes{namespace="omnihub-production"}';
  const RULES = 'holdpoint:rules:evaluated{namespace="omnihub-production"}';
  const ALERT = 'ALERTS{namespace="omnihub-production",alertname="x",severity="critical",alertstate="firing"}';

  test.each<[string, string, number | undefined, number, Record<string, string>]>([
    ["a share", "errors.value", 0.02, 90, { [requests("200")]: "0+98x200", [requests("500")]: "0+2x200" }],
    ["a share where nothing failed", "errors.value", 0, 90, { [requests("200")]: "0+98x200" }],
    ["no share of no requests", "errors.value", undefined, 90, { [requests("200")]: "5x200" }],
    [
      "no share of another namespace",
      "errors.value",
      undefined,
      90,
      { 'http_requests_total{namespace="other"}': "0+9x200" },
    ],
    ["how many there were", "errors.count", 6000, 90, { [requests("200")]: "0+98x200", [requests("500")]: "0+2x200" }],
    [
      "a quantile in milliseconds",
      "slow.value",
      475,
      90,
      { [bucket("0.5")]: "0+100x200", [bucket("+Inf")]: "0+100x200" },
    ],
    ["series that were there all the time", "errors.seen", 1.017, 90, { [requests("200")]: "0+98x200" }],
    ["series that began half way", "errors.seen", 0.517, 60, { [requests("200")]: "_x30 0+98x200" }],
    ["series that are new", "errors.seen", undefined, 60, {}],
    ["the age of the newest sample", "errors.age", 120, 92, { [requests("200")]: "0+98x90" }],
    ["no newest sample of dead series", "errors.age", undefined, 120, { [requests("200")]: "0+98x90" }],
    ["a steady line", "memory.rise", 0, 90, { [MEM]: "100x200" }],
    ["a line that grows by 1 a minute", "memory.rise", 60, 90, { [MEM]: "100+1x200" }],
    ["its own two hours before", "drop.other", 1, 200, { [requests("200")]: "0+60x100 6000+120x100" }],
    ["and now", "drop.value", 2, 200, { [requests("200")]: "0+60x100 6000+120x100" }],
    ["nothing before, for what is too young", "drop.other", undefined, 100, { [requests("200")]: "0+60x100" }],
    ["how much of the time before was seen", "drop.other-seen", 0.35, 140, { [requests("200")]: "0+60x200" }],
    ["rules that were evaluated", "quiet.seen", 1.017, 90, { [RULES]: "1x200" }],
    ["no alert", "quiet.firing", undefined, 90, { [RULES]: "1x200" }],
  ])("%s", (_what, key, expected, minutes, series) => expectNumber(key, expected, minutes, series));

  test("an alert that fired an hour ago at most, by its name", () => {
    const expr = questions.get("quiet.firing") ?? "";
    const eval_ = (minutes: number, exp_samples: object[]) => ({ expr, eval_time: `${minutes}m`, exp_samples });
    const tests = [
      {
        interval: "1m",
        input_series: [{ series: ALERT, values: "_x10 1x4 _x200" }],
        promql_expr_test: [eval_(60, [{ labels: '{alertname="x"}', value: 5 }]), eval_(120, [])],
      },
    ];
    promtool(["test", "rules", "t.json"], { "t.json": { evaluation_interval: "1m", tests } });
  });
});
