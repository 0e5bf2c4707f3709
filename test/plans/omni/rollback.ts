/** After a rollback: new deployments are blocked, and recovery begins with the analysis of its root cause. */
import { refused } from "../cases";
import type { Case } from "../cases";
import { leftBehind } from "../changes";

const ask = { stage: "production" };
const by = "root-cause-known";
const signers = [{ id: "sam@example.org", roles: ["sre"] }];
const analysis = { check: "root-cause-analysis", outcome: "done" } as const;

export const ROLLBACK: readonly Case[] = [
  refused(["OM-106"], "another release wants in after the stage went back", ask, by, leftBehind("production", "stage")),
  refused(["OM-106"], "another release wants in after the canary fell", ask, by, leftBehind("production", "canary")),
  refused(
    ["OM-114"],
    "the root cause is not found yet",
    ask,
    by,
    leftBehind("production", "stage", { signers, facts: { ...analysis, outcome: "not-done" } }),
  ),
  refused(
    ["OM-114"],
    "something else was signed of the rollback",
    ask,
    by,
    leftBehind("production", "stage", { signers, facts: { ...analysis, check: "status-page-updated" } }),
  ),
  refused(
    ["OM-114"],
    "the root cause was signed by nobody who may",
    ask,
    by,
    leftBehind("production", "stage", { signers: [{ id: "kim@example.org", roles: ["ci"] }], facts: analysis }),
  ),
];
