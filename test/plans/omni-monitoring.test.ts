/** What the program really makes of Omni's plan: the good world only says that everything is declared. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { plannedInventory } from "../../components/inventory";
import { prometheusRules } from "../../components/monitoring/rules";
import { parsePlan } from "../../rollout/plan";
import { stageSettings } from "../components/support";
import { decide, goodWorld } from "./good-world";

const plan = parsePlan(readFileSync("plans/omni.yaml", "utf8"), "plans/omni.yaml");

test.each(["beta", "production"])("the program declares all that %s asks for", (stage) => {
  const own = plannedInventory({ ...stageSettings("production"), stage }, plan);
  const world = goodWorld(plan, { stage });
  if (world.declared === undefined) throw new Error("nothing is declared");
  const { findings } = decide(plan, { stage }, { ...world, declared: { ...world.declared, own } });
  expect(findings.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
});

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
