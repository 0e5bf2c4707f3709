/** What SarvanOM's program makes of its plan: all that the gate asks to be declared, and alerts at the document's numbers. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { plannedInventory } from "../../components/inventory";
import { prometheusRules } from "../../components/monitoring/rules";
import { parsePlan, stageOf } from "../../rollout/plan";
import { fullSettings } from "../components/support";
import { decide, goodWorld } from "./good-world";

const plan = parsePlan(readFileSync("plans/sarvanom.yaml", "utf8"), "plans/sarvanom.yaml");

describe("the program of SarvanOM", () => {
  test("declares all that production asks for", () => {
    const own = plannedInventory({ ...fullSettings("production"), stage: "production" }, plan);
    const world = goodWorld(plan, { stage: "production" });
    if (world.declared === undefined) throw new Error("nothing is declared");
    const declared = { ...world.declared, own };
    const { findings } = decide(plan, { stage: "production" }, { ...world, declared });
    expect(findings.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
  });

  test.each([
    ["error-rate-high", "> 0.01", "5m"],
    ["responses-slow", "> 1.5", "10m"],
    ["service-unavailable", "< 1", undefined],
  ])("alerts as the document says: %s %s for %s", (name, limit, lasting) => {
    const rules = prometheusRules({
      namespace: "sarvanom-production",
      stage: "production",
      plan,
      judge: stageOf(plan, "production")?.canary?.judge,
      databaseUp: "up",
    }).flatMap((group) => group.rules);
    const alert = rules.find((rule) => rule.alert === name);
    expect(alert?.expr).toContain(limit);
    expect(alert?.for).toBe(lasting);
  });
});
