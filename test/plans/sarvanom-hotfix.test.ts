/** What a hotfix of SarvanOM may do that others may not, and what it leaves to the next release. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isUnmet } from "../../rollout/decision";
import type { Decision } from "../../rollout/decision";
import { parsePlan } from "../../rollout/plan";
import type { World } from "../../rollout/world";
import { later, running, without } from "./changes";
import { BASELINE } from "./good-evidence";
import { decide, goodWorld } from "./good-world";

const plan = parsePlan(readFileSync("plans/sarvanom.yaml", "utf8"), "plans/sarvanom.yaml");
const as = (type: string) => ({ stage: "production", type });
const unmet = ({ findings }: Decision): string[] => findings.filter(isUnmet).map(({ criterion }) => criterion);

/** Suites of the whole test set. */
const SUITES = ["integration", "contract", "load", "stress", "migrations", "feature-flags"];
const CRITERIA = [
  "integration-tests",
  "contract-tests",
  "load-tests",
  "stress-tests",
  "migrations-tested",
  "flags-tested",
];

/** A good world in which staging has another release, and the whole test set was never run. */
function straightToProduction(type: string): World {
  const world = goodWorld(plan, as(type));
  const changes = [running("staging", BASELINE), ...SUITES.map((suite) => without("test-result", { suite }))];
  return changes.reduce((now, change) => change(now, plan), world);
}

/** Production owes what a hotfix before left undone. */
function owing(world: World, criterion: string): World {
  const state = world.stages["production"];
  if (state?.ok !== true || state.record === undefined) throw new Error("production has no record");
  const debts = [{ criterion, release: BASELINE, type: "hotfix" }];
  const record = { ...state.record, owed: { debts, obligations: [] } };
  return { ...world, stages: { ...world.stages, production: { ...state, record } } };
}

describe("a hotfix of SarvanOM", () => {
  test("goes straight to production, without the tests that others need", () => {
    const decided = decide(plan, as("hotfix"), straightToProduction("hotfix"));
    expect(unmet(decided)).toEqual([]);
    expect(decided.outcome).toBe("GO");
  });

  test.each(["feature", "major", "maintenance"])("is the only one that may: a %s may not", (type) => {
    const decided = decide(plan, as(type), straightToProduction(type));
    expect(unmet(decided)).toEqual([...CRITERIA, "in-staging"]);
  });

  test("leaves the tests to the next release, another hotfix too", () => {
    const decided = decide(plan, as("hotfix"), straightToProduction("hotfix"));
    expect(decided.owed?.debts.map(({ criterion }) => criterion)).toEqual(expect.arrayContaining(CRITERIA));
    const next = decide(plan, as("hotfix"), owing(straightToProduction("hotfix"), "load-tests"));
    expect(unmet(next)).toEqual(["load-tests"]);
  });

  // The good world is of a Monday; its evidence and approvals are as fresh on each of the other days.
  test.each([1, 2, 3, 4, 5, 6, 7])("goes on any day: %i days after another", (days) => {
    const world = goodWorld(plan, as("hotfix"));
    const then = later(`${days} days`)(world, plan);
    const fresh = { ...then, evidence: shifted(world.evidence, days), approvals: world.approvals.map(moved(days)) };
    expect(unmet(decide(plan, as("hotfix"), fresh))).toEqual([]);
  });
});

const DAY = 86_400_000;

function shifted(evidence: World["evidence"], days: number): World["evidence"] {
  return evidence.map((item) => ({ ...item, finishedAt: item.finishedAt + days * DAY }));
}

const moved =
  (days: number) =>
  (item: World["approvals"][number]): World["approvals"][number] => ({
    ...item,
    approvedAt: item.approvedAt + days * DAY,
  });
