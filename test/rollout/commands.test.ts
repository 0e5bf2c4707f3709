import { expect, test } from "vitest";
import { decideEnter } from "../../rollout/decide";
import * as f from "./world-factory";

test("each unmet criterion names the command that mends it", () => {
  const { findings } = decideEnter(f.PLAN, "production", f.world({ evidence: [], approvals: [], stages: {} }));
  expect(
    Object.fromEntries(
      findings.filter(({ command }) => command !== undefined).map(({ criterion, command }) => [criterion, command]),
    ),
  ).toEqual({
    "staging-done": "pulumi up -s staging --policy-pack policies",
    "staging-smoke-tests": "npx holdpoint attest --stage staging --suite smoke <junit.xml>",
    "security-scan": "npx holdpoint attest --stage production <scan.json>",
    "update-plan-reviewed": "npx holdpoint approve production --update-plan <file>",
    "rollback-tested": "npx holdpoint attest run --stage staging --drill rollback -- npx holdpoint rollback staging",
    "restore-drill": "npx holdpoint attest run --stage staging --drill restore --verify <check> -- <command>",
    "monthly-cost": "npx holdpoint attest --stage production <estimate.json>",
    "on-call": "npx holdpoint attest --stage production <schedule.json>",
    runbooks: "npx holdpoint attest --stage production <folder of runbooks>",
    "code-freeze": "npx holdpoint attest --stage production --kind freeze --branch main --since <time> <merges.json>",
    "pipelines-green": "npx holdpoint attest --stage production --branch main <runs.json>",
    "manual-backup": "npx holdpoint attest --stage production --scope full --trigger manual <backup.json>",
    "canary-at-rest": "npx holdpoint canary production 0",
    "sign-off": "npx holdpoint approve production --update-plan <file>",
  });
});

test("a plan's own remedy and command come before the kind's", () => {
  const plan = structuredClone({ ...f.PLAN, source: undefined }) as unknown as typeof f.PLAN;
  Object.assign(plan.stages[1]?.enter.criteria[1] ?? {}, { remedy: "ask QA", command: "make smoke" });
  const { findings } = decideEnter({ ...plan, source: f.PLAN.source }, "production", f.world({ evidence: [] }));
  expect(findings[1]).toMatchObject({ remedy: "ask QA", command: "make smoke" });
});
