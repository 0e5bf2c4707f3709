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

const FRIDAY = Date.UTC(2026, 10, 20, 9);

test.each([
  ["backport", 10, "pass"],
  ["train", 1, "fail"],
] as const)("on a Friday morning the window of a %s's step to %i %% is judged: %s", (type, to, verdict) => {
  const ask = { stage: "group2", type, to };
  const { findings } = decide(plan, ask, { ...goodWorld(plan, ask), now: FRIDAY });
  expect(findings.find(({ criterion }) => criterion === "canary.window")).toMatchObject({ verdict });
});

test("a backport's step ends inside its own window, too", () => {
  const ask = { stage: "group2", type: "backport", to: 10 };
  const late = { ...goodWorld(plan, ask), now: FRIDAY + 10.9 * 3_600_000 };
  expect(decide(plan, ask, late).findings.find(({ criterion }) => criterion === "canary.window")).toMatchObject({
    verdict: "fail",
    found: "the step would end after the window, which closes on Friday 2026-11-20 20:00 UTC",
  });
});

test.each([
  ["done", "GO"],
  ["not-done", "NO-GO"],
] as const)("where somebody attests that no data was lost is %s, a step is %s", (outcome, decided) => {
  const ask = { stage: "group2", type: "train", to: 10 };
  const world = goodWorld(plan, ask);
  const [piece] = world.evidence.filter(({ kind }) => kind === "check");
  if (piece?.kind !== "check") throw new Error("no check in the good world");
  const said = {
    ...piece,
    id: "f".repeat(64),
    facts: { check: "no-data-lost", outcome },
    finishedAt: world.now,
    signers: [{ id: "sam", roles: ["sre"] }],
  };
  expect(decide(plan, ask, { ...world, evidence: [...world.evidence, said] }).outcome).toBe(decided);
});
