import { expect, test } from "vitest";
import { decideEnter, decideStep } from "../../rollout/decide";
import { renderDecision, renderRefusals, renderSummary } from "../../rollout/explain";
import * as f from "./world-factory";

const lineOf = (text: string): number => f.PLAN_TEXT.split("\n").findIndex((line) => line.includes(text)) + 1;

test("a refusal says what, found, wanted, how, who and where", () => {
  const decision = decideEnter(
    f.PLAN,
    "production",
    f.world({ evidence: f.evidenceBut("test-result", f.smoke(1), f.smoke(2), f.smoke(3)) }),
  );
  expect(renderRefusals(decision)).toEqual([
    [
      "NO-GO staging-smoke-tests: All staging smoke tests passed in the last 5 runs",
      "found: 3 of 5 runs",
      'wanted: the newest 5 runs of "smoke" in staging passed for this release, each within 7 days',
      'fix: run the suite "smoke" in staging and attest its report',
      "     npx holdpoint attest --stage staging --suite smoke <junit.xml>",
      "owner: qa",
      `plan: ${f.PLAN_FILE}:${lineOf("kind: tests")}`,
    ].join("\n"),
  ]);
  expect(renderSummary(decision)).toBe("NO-GO enter production: 1 of 19 criteria unmet: staging-smoke-tests");
});

test("every unmet criterion is a refusal of its own", () => {
  const decision = decideEnter(f.PLAN, "production", f.world({ evidence: [], approvals: [] }));
  expect(renderRefusals(decision)).toHaveLength(12);
});

test("a closed window says when it opens", () => {
  const decision = decideEnter(f.PLAN, "production", f.world({ now: f.NOW - f.DAY, evidence: [], approvals: [] }));
  expect(renderRefusals(decision).find((text) => text.includes("deployment-window"))).toContain(
    "\nopens: 2026-11-22 02:00 UTC\n",
  );
});

test("PENDING says who must sign, and the command", () => {
  const decision = decideEnter(
    f.PLAN,
    "production",
    f.world({ mode: "preview", approvals: [], clockNote: "sandbox: 60x" }),
  );
  const text = renderDecision(decision);
  expect(text.split("\n").slice(0, 2)).toEqual([
    "PENDING enter production: 2 of 19 criteria wait for approval: update-plan-reviewed, sign-off",
    "decided 2026-11-22 02:05 UTC (clock: sandbox: 60x)",
  ]);
  expect(text).toContain("PENDING sign-off: Signed off by the tech lead or the CTO");
  expect(text).toContain("wanted: 1 approval by tech-lead or cto of this update plan, within 1 day, not by its author");
  expect(text).toContain("     npx holdpoint approve production --update-plan <file>");
});

test("GO lists every criterion with its evidence", () => {
  const text = renderDecision(decideEnter(f.PLAN, "production", f.world()));
  expect(text).toMatch(/^GO enter production: 19 criteria met\n/);
  expect(text).toContain("  sign-off              pass  approved by tech-lead@omnihub.dev [eeeeeee]");
  expect(text).toContain("approved update plan: 4444444");
});

test("the way back says why it is open", () => {
  const decision = decideStep(f.PLAN, "production", 0, f.canaryWorld(25));
  expect(renderSummary(decision)).toBe(
    "GO production canary 25% → 0%: to 0%: all traffic to the baseline, always allowed",
  );
  expect(renderRefusals(decision)).toEqual([]);
});

test("a NO-GO without a finding is still a refusal", () => {
  expect(
    renderRefusals({ gate: "enter production", outcome: "NO-GO", findings: [], decidedAt: 0, approvals: [] }),
  ).toEqual(["NO-GO enter production: nothing was judged"]);
});
