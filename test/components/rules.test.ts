import { describe, expect, test } from "vitest";
import { burnFactor, BURN_RATES, prometheusRules, type Rule, type RulesInput } from "../../components/monitoring/rules";
import { promDuration } from "../../rollout/metrics";
import { stageOf } from "../../rollout/plan";
import { promtool, skipWithoutPromtool } from "./promtool";
import { omnihub } from "./support";

const plan = omnihub();

function input(change: Partial<RulesInput> = {}): RulesInput {
  return {
    namespace: "omnihub-production",
    stage: "production",
    plan,
    judge: stageOf(plan, "production")?.canary?.judge,
    databaseUp: 'pg_up{job="omnihub"}',
    ...change,
  };
}

function rules(change: Partial<RulesInput> = {}): readonly Rule[] {
  return prometheusRules(input(change)).flatMap((group) => group.rules);
}

function alert(name: string): Rule {
  const found = rules().find((rule) => rule.alert === name);
  if (found === undefined) throw new Error(`no alert ${name}`);
  return found;
}

describe("every trigger of the plan", () => {
  test.each(plan.triggers)("$id is an alert with its severity, owner and what it does", (trigger) => {
    expect(alert(trigger.id).labels).toEqual({
      severity: trigger.severity,
      action: trigger.does,
      owner: trigger.owner,
      service: "omnihub",
      stage: "production",
      namespace: "omnihub-production",
    });
  });

  test.each(["high-error-rate", "service-down", "database-down"])("%s links to its runbook", (name) => {
    expect(alert(name).annotations?.["runbook_url"]).toBe(`https://omnihub.dev/runbooks/${name}`);
    expect(alert(name).labels?.["severity"]).toBe("critical");
  });

  test("that forces a rollback says the command, and does not wait", () => {
    expect(alert("canary-error-rate").annotations?.["command"]).toBe("npx holdpoint rollback production");
    expect(alert("canary-error-rate").for).toBeUndefined();
    expect(alert("high-error-rate").annotations?.["command"]).toBeUndefined();
    expect(alert("high-error-rate").for).toBe("5m");
  });
});

describe("the objective's alerts", () => {
  const runbookOf = (triggers: RulesInput["plan"]["triggers"], name: string) =>
    rules({ plan: { ...plan, triggers } }).find((rule) => rule.alert === name)?.annotations?.["runbook_url"];
  const renamed = (metric: string, runbook: string) =>
    plan.triggers.map((trigger) =>
      "criterion" in trigger.when || trigger.when.metric !== metric ? trigger : { ...trigger, runbook },
    );

  test("link to the runbook of the plan's own alert on the same number", () => {
    expect(runbookOf(renamed("error-rate", "service-down"), "error-budget-burns-fast")).toBe(
      "https://omnihub.dev/runbooks/service-down",
    );
    expect(runbookOf(renamed("p95", "service-down"), "latency-objective")).toBe(
      "https://omnihub.dev/runbooks/service-down",
    );
  });
  test("link to none where nothing in the stage is about that number", () => {
    const elsewhere = plan.triggers.map((trigger) => ({ ...trigger, stages: ["staging"] }));
    expect(runbookOf(elsewhere, "error-budget-burns-fast")).toBeUndefined();
  });
});

test("for 30 days the burn rates are those of the Site Reliability Workbook", () => {
  const month = 30 * 86_400_000;
  expect(BURN_RATES.map((rate) => Number(burnFactor(rate.budget, rate.hours, month).toPrecision(6)))).toEqual([
    14.4, 6, 3, 1,
  ]);
});

test("a limit is written without the noise of binary fractions", () => {
  expect(alert("error-budget-burns-fast").expr).toBe(
    '(service:http_requests:error_ratio_rate1h{namespace="omnihub-production"} > 0.0144 and service:http_requests:error_ratio_rate5m{namespace="omnihub-production"} > 0.0144)' +
      ' or (service:http_requests:error_ratio_rate6h{namespace="omnihub-production"} > 0.006 and service:http_requests:error_ratio_rate30m{namespace="omnihub-production"} > 0.006)',
  );
});

test.each([
  [300_000, "5m"],
  [90_000, "90s"],
  [86_400_000, "1d"],
  [2_592_000_000, "30d"],
  [1500, "1500ms"],
])("%i ms is %s to Prometheus", (milliseconds, expected) => {
  expect(promDuration(milliseconds)).toBe(expected);
});

describe.skipIf(skipWithoutPromtool)("Prometheus", () => {
  test("takes all rules", () => {
    const output = promtool(["check", "rules", "rules.json"], { "rules.json": { groups: prometheusRules(input()) } });
    expect(output).toContain(`SUCCESS: ${rules().length} rules found`);
  });

  /** Expects of an alert, some minutes after its series began, that it fires or that it does not. */
  function expectFiring(
    name: string,
    fires: boolean,
    minutes: number,
    series: Record<string, string>,
    every = 1,
  ): void {
    const groups = prometheusRules(input());
    const test = {
      rule_files: ["rules.json"],
      // Otherwise in an order of chance, and what is recorded less often than every 5 minutes is gone for who comes first.
      group_eval_order: groups.map((group) => group.name),
      evaluation_interval: `${every}m`,
      tests: [
        {
          interval: `${every}m`,
          input_series: Object.entries(series).map(([metric, values]) => ({ series: metric, values })),
          promql_expr_test: [
            {
              expr: `min(ALERTS{alertname="${name}",alertstate="firing"})`,
              eval_time: `${minutes}m`,
              exp_samples: fires ? [{ labels: "{}", value: 1 }] : [],
            },
          ],
        },
      ],
    };
    promtool(["test", "rules", "test.json"], { "rules.json": { groups }, "test.json": test });
  }

  const NS = 'namespace="omnihub-production"';
  const requests = (track: string, code: string) => `http_requests_total{${NS},track="${track}",code="${code}"}`;
  const bucket = (track: string, le: string) =>
    `http_request_duration_seconds_bucket{${NS},track="${track}",le="${le}"}`;
  const probe = (track: string) => `probe_success{${NS},track="${track}"}`;
  const healthy = { [probe("baseline")]: "1x30", [probe("canary")]: "1x30", 'pg_up{job="omnihub"}': "1x30" };

  test.each([
    ["above the limit for its time", "0+98x30", "0+2x30", 15, true],
    ["below the limit", "0+1000x30", "0+9x30", 15, false],
    ["above the limit, but not yet for its time", "0+98x30", "0+2x30", 3, false],
  ])("high-error-rate, %s", (_what, good, bad, minutes, expected) => {
    const series = { [requests("baseline", "200")]: good, [requests("baseline", "503")]: bad };
    expectFiring("high-error-rate", expected, minutes, series);
  });

  test.each([
    ["twice the baseline's and more", "0+100x30", "0+1x30", "0+97x30", "0+3x30", true],
    ["less than twice the baseline's", "0+100x30", "0+2x30", "0+97x30", "0+3x30", false],
    ["over the floor, with a baseline without errors", "0+1000x30", undefined, "0+990x30", "0+10x30", true],
    ["under the floor, with a baseline without errors", "0+10000x30", undefined, "0+10000x30", "0+10x30", false],
    ["high, in too few requests", "0+100x30", "0+1x30", "0+0x30", "0+1x30", false],
  ])("canary-error-rate, %s", (_what, goodBase, badBase, goodCanary, badCanary, expected) => {
    const series = {
      [requests("baseline", "200")]: goodBase,
      ...(badBase === undefined ? {} : { [requests("baseline", "500")]: badBase }),
      [requests("canary", "200")]: goodCanary,
      [requests("canary", "500")]: badCanary,
    };
    expectFiring("canary-error-rate", expected, 20, series);
  });

  test.each([
    ["slower by half and more", "0+10x30", true],
    ["as fast", "0+98x30", false],
  ])("canary-latency, %s", (_what, fast, expected) => {
    const track = (name: string, quick: string) => ({
      [bucket(name, "0.1")]: quick,
      [bucket(name, "1")]: "0+100x30",
      [bucket(name, "+Inf")]: "0+100x30",
      [requests(name, "200")]: "0+100x30",
    });
    expectFiring("canary-latency", expected, 20, { ...track("baseline", "0+98x30"), ...track("canary", fast) });
  });

  test.each([
    ["canary-health", "a failing probe", true, { ...healthy, [probe("canary")]: "0x30" }],
    ["canary-health", "no probe", true, { [probe("baseline")]: "1x30" }],
    ["canary-health", "health", false, healthy],
    ["service-down", "a failing probe", true, { ...healthy, [probe("baseline")]: "0x30" }],
    ["service-down", "no probe", true, { 'pg_up{job="omnihub"}': "1x30" }],
    ["service-down", "health", false, healthy],
    ["database-down", "a failing database", true, { ...healthy, 'pg_up{job="omnihub"}': "0x30" }],
    ["database-down", "no exporter", true, { [probe("baseline")]: "1x30" }],
    ["database-down", "health", false, healthy],
  ])("%s with %s fires: %s", (name, _what, expected, series) => {
    expectFiring(name, expected, 10, series);
  });

  // Minutes between samples are chosen for speed: as many as the shortest window of the alert allows.
  test.each([
    ["error-budget-burns-fast", "20 times too fast", true, "0+980x400", "0+20x400", 72, 2],
    ["error-budget-burns-fast", "as fast as allowed", false, "0+999x400", "0+1x400", 72, 2],
    ["error-budget-burns-slowly", "4 times too fast, for days", true, "0+996x200", "0+4x200", 1680, 30],
    ["error-budget-burns-slowly", "as fast as allowed", false, "0+999x200", "0+1x200", 1680, 30],
  ])("%s, %s, fires: %s", (name, _what, expected, good, bad, minutes, every) => {
    expectFiring(
      name,
      expected,
      minutes,
      { [requests("baseline", "200")]: good, [requests("baseline", "500")]: bad },
      every,
    );
  });
});
