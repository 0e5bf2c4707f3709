import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { plannedInventory } from "../../components/inventory";
import { prometheusRules } from "../../components/monitoring/rules";
import { parsePlan } from "../../rollout/plan";
import { stageSettings } from "../components/support";
import { testDocument } from "./document-tests";
import { decide, goodWorld } from "./good-world";
import { OMNI } from "./omni.cases";

testDocument({ name: "omni", cases: OMNI });

const plan = parsePlan(readFileSync("plans/omni.yaml", "utf8"), "plans/omni.yaml");

describe("the program of Omni", () => {
  test.each(["beta", "production"])("declares all that %s asks for", (stage) => {
    const own = plannedInventory({ ...stageSettings("production"), stage }, plan);
    const world = goodWorld(plan, { stage });
    if (world.declared === undefined) throw new Error("nothing is declared");
    const { findings } = decide(plan, { stage }, { ...world, declared: { ...world.declared, own } });
    expect(findings.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
  });

  test.each([
    ["critical-crash-rate", "> 0.01", undefined],
    ["critical-error-rate", "> 0.05", undefined],
    ["critical-response-time", "> 10000", "5m"],
    ["warning-error-rate", "> 0.02", "15m"],
    ["warning-memory-usage", "> 100000000", "30m"],
    ["warning-disk-usage", "> 0.8", "1h"],
  ])("alerts as the document says: %s %s for %s", (name, limit, lasting) => {
    const rules = prometheusRules({
      namespace: "omni-production",
      stage: "production",
      plan,
      judge: undefined,
      databaseUp: "up",
    }).flatMap((group) => group.rules);
    const alert = rules.find((rule) => rule.alert === name);
    expect(alert?.expr.endsWith(` ${limit}`), alert?.expr).toBe(true);
    expect(alert?.for).toBe(lasting);
  });
});
