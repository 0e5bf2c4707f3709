import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { explainStage, renderExplanation } from "../../cli/explain";
import { parsePlan, stageOf } from "../../rollout/plan";
import type { Stage } from "../../rollout/plan";

function explained(change: (text: string) => string, stage = "production"): string {
  const plan = parsePlan(change(readFileSync("test/fixtures/rollout/plan.yaml", "utf8")), "plan.yaml");
  return renderExplanation(explainStage(plan, stageOf(plan, stage) as Stage)).replace(/plan\.yaml:\d+/g, "LINE");
}
/** The plan with texts put before others. */
const before =
  (...places: readonly (readonly [place: string, text: string])[]) =>
  (text: string): string =>
    places.reduce((now, [place, added]) => {
      if (!now.includes(place)) throw new Error(`not in the plan: ${place}`);
      return now.replace(place, added + place);
    }, text);

test("tells for whom and when, every gate, the canary and what is watched", () => {
  const said = explained((text) => text);
  expect(said).toContain("  open on Sunday 02:00 UTC, for 4 hours\nTo enter production, all of:\n");
  expect(said).toContain(
    "Then the canary: each step once the one before was held and showed\n      error rate under 2x of the baseline's\n",
  );
  expect(said).toContain(
    "Always watched:\n  canary-error-rate: The canary's error rate is over twice the baseline's (error-rate above 2x of the baseline's): rolls back, incidents is told, runbook high-error-rate\n",
  );
  expect(said).toContain("(error-rate above 1% for 5 minutes): calls incidents, runbook high-error-rate");
});

test.each([
  ["{ max: 200 }", "at most 200 people"],
  ["{ min: 10 }", "10 people or more"],
  ["{ min: 5, max: 5 }", "5 people"],
])("tells how many people a stage is for: %s", (people, words) => {
  const before = "    canary:\n      owner: sre\n      steps:\n        - { weight: 5%";
  const said = explained((text) => text.replace(before, `    cohort: { who: Users, people: ${people} }\n${before}`));
  expect(said).toContain(`  for Users, ${words}\n`);
});

test("tells the exit of the stage before, the finish, criteria of steps, approvals of steps, types", () => {
  const check = "{ kind: check, check: infra, id: ID, title: It was done, owner: qa, attestedBy: [qa], maxAge: 1 day }";
  const said = explained(
    before(
      [
        "    # The ladder is rehearsed",
        `    exit: { criteria: [{ kind: stage-lasted, id: staging-week, title: A week, owner: qa, stage: staging, atLeast: 7 days }] }\n`,
      ],
      [
        "    canary:\n      owner: sre\n      steps:\n        - { weight: 5%",
        `    cohort: { who: Users, people: { min: 25, max: 50 } }\n    finish: { after: 1 day, criteria: [{ kind: metric, id: p95-low, title: Fast, owner: sre, metric: p95, below: 500 ms, over: 1 day }] }\n`,
      ],
      [
        "runbooks:\n  high",
        "releaseTypes: { hotfix: { title: Mends one thing }, feature: { title: F, owes: feature } }\n",
      ],
    ),
  );
  expect(said).toContain("  for Users, 25-50 people\n");
  expect(said).toContain("  types of releases: hotfix (Mends one thing), feature (F)\n");
  expect(said).toContain(
    "To leave staging, all of:\n  staging-week: A week\n      for 7 days or longer | mended by qa (#qa) | LINE\nTo enter production",
  );
  expect(said).toContain(
    "To make it the baseline of production, 1 day after its last step, all of:\n  p95-low: Fast\n      p95 below 500 ms | over 1 day | mended by sre",
  );
  expect(said).toMatch(/^ {2}and of its entry still: staging-smoke-tests, .*canary-at-rest/m);
  expect(said).toContain("The way back, which nothing blocks:\n  within 1 minute; told: incidents");
  const steps = explained((text) =>
    text
      .replace(
        "{ weight: 25%, hold: 15 minutes,",
        `{ weight: 25%, hold: 15 minutes, criteria: [${check.replace("ID", "infra-healthy")}],`,
      )
      .replace(
        "      judge:\n        minRequests: 20\n        errorRate: { below: 2x, of: baseline, floor: 0.1%, covers",
        `      approval: { id: go-on, title: Go on, owner: sre, from: [sre], validFor: 1 hour }\n      judge:\n        minRequests: 20\n        errorRate: { below: 2x, of: baseline, floor: 0.1%, covers`,
      ),
  );
  expect(steps).toContain(
    "   25 %  held 15 minutes  LINE\n         infra-healthy: It was done\n             qa | at most 1 day old | mended by qa (#qa) | LINE\n",
  );
  expect(steps).toContain(
    "      go-on: Go on\n          1 of sre; never the author | signed within 1 hour | mended by sre",
  );
});
