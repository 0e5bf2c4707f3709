import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { allAsked } from "../../rollout/gate";
import { provedLevels, renderLevels, wayBackSentences } from "../../rollout/levels";
import { parsePlan, stageOf } from "../../rollout/plan";
import * as f from "./world-factory";

const SARVANOM = parsePlan(readFileSync("plans/sarvanom.yaml", "utf8"), "plans/sarvanom.yaml");

test("the way back is told in sentences: how long, the marks, each level's steps, whom, drill and its age", () => {
  const sentences = wayBackSentences(SARVANOM);
  expect(sentences[0]).toMatch(/^within 30 minutes; told: engineering-lead \(.+\), devops \(/);
  expect(sentences[1]).toBe(
    "from when the trigger has fired: Detected by 2 minutes, Decided by 5 minutes, Executed by 10 minutes, Verified by 15 minutes",
  );
  expect(sentences.slice(2, 8)).toEqual([
    "code: Back to the version before, by script, within 30 minutes",
    "    1. Stop the canary",
    "    2. Revert to the version before",
    "    3. Verify that the system is stable",
    "    4. Tell the stakeholders",
    "    watched for 15 minutes afterwards",
  ]);
  expect(sentences).toContain('    proved by the drill "quick-rollback", at most 30 days old');
});

test("a level is told with what the gate found of its drill", () => {
  const production = stageOf(SARVANOM, "production");
  if (production === undefined) throw new Error("no production");
  const asked = allAsked(SARVANOM, production).map(({ criterion }) => criterion);
  const finding = { criterion: "quick-rollback-drill", verdict: "fail", found: "without the mark decided" };
  const levels = provedLevels(SARVANOM, asked, { findings: [finding] as never });
  expect(renderLevels(levels)).toBe(
    [
      "the way back:",
      "  code: Back to the version before, by script, within 30 minutes; drill quick-rollback: fail: without the mark decided",
      "  data: The database as it was before, within 30 minutes; drill database-rollback: not asked by this gate",
    ].join("\n"),
  );
  expect(renderLevels(provedLevels(f.PLAN, [], { findings: [] }))).toBe("");
});
