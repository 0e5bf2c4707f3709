/** What the program makes of Omni's alerts and dashboards, in the document's numbers. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { prometheusRules } from "../../components/monitoring/rules";
import { parsePlan } from "../../rollout/plan";

const plan = parsePlan(readFileSync("plans/omni.yaml", "utf8"), "plans/omni.yaml");

describe("the program alerts as the document says", () => {
  const rules = prometheusRules({
    namespace: "omni-production",
    stage: "production",
    plan,
    judge: undefined,
    databaseUp: "up",
  }).flatMap((group) => group.rules);

  test.each([
    ["critical-crash-rate", "critical", "> 0.01", undefined],
    ["critical-error-rate", "critical", "> 0.05", undefined],
    ["critical-response-time", "critical", "> 10000", "5m"],
    ["warning-error-rate", "warning", "> 0.02", "15m"],
    ["warning-memory-usage", "warning", "> 100000000", "30m"],
    ["warning-disk-usage", "warning", "> 0.8", "1h"],
  ])("%s: %s, %s for %s", (name, severity, limit, lasting) => {
    const alert = rules.find((rule) => rule.alert === name);
    expect(alert?.expr.slice(-limit.length - 1)).toBe(` ${limit}`);
    expect(alert?.for).toBe(lasting);
    expect(alert?.labels?.["severity"]).toBe(severity);
  });
});

test.each([
  ["beta-errors", ["crash-rate", "error-rate"]],
  ["beta-performance", ["p95", "startup-time", "search-time", "memory-usage", "disk-usage"]],
  ["beta-usage", ["command-frequency", "feature-adoption"]],
])("the dashboard %s shows %s", (name, metrics) => {
  expect(plan.dashboards[name]?.panels.map(({ metric }) => metric)).toEqual(metrics);
});
