/** The sixth document: an example that a newcomer reads, held to what the five are held to. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lintPlan } from "../../rollout/lint";
import { parsePlan } from "../../rollout/plan";
import { decide, gatesOf, goodWorld } from "./good-world";

const FILE = "docs/examples/weekly-train.yaml";
const plan = parsePlan(readFileSync(FILE, "utf8"), FILE);

test("the weekly train's plan has nothing to look at", () => expect(lintPlan(plan)).toEqual([]));

test.each(gatesOf(plan))("the weekly train's gate opens in its good world: %o", (ask) => {
  const { outcome, findings } = decide(plan, ask, goodWorld(plan, ask));
  expect(findings.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
  expect(outcome).toBe("GO");
});
