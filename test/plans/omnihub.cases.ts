/** What the plan of OmniHub refuses, one change to its good world at a time. */
import type { Case } from "./cases";
import { refused } from "./cases";
import { AFTER } from "./omnihub-after.cases";
import { DAY } from "./omnihub-day.cases";
import { DECLARED } from "./omnihub-declared.cases";
import { PHASES } from "./omnihub-phases.cases";
import { PROOFS } from "./omnihub-proofs.cases";
import {
  aboutAnother,
  approval,
  canaryAt,
  inStage,
  later,
  measured,
  newest,
  older,
  reads,
  running,
  says,
  signedBy,
  unapproved,
  without,
} from "./changes";
import { BASELINE, MINUTE } from "./good-evidence";

const enter = { stage: "production" };
const step = (to: number) => ({ stage: "production", to });
const hour = 3_600_000;

export const OMNIHUB: readonly Case[] = [
  // Before the gate
  refused(["OH-12"], "staging runs another release", enter, "staging-done", running("staging", BASELINE)),
  refused(
    ["OH-08", "OH-61", "OH-66", "OH-71"],
    "a smoke run in staging failed",
    enter,
    "staging-smoke-tests",
    says("test-result", { passed: 0, failedTests: ["login"] }),
  ),
  refused(
    ["OH-71"],
    "only four smoke runs were made",
    enter,
    "staging-smoke-tests",
    newest("test-result", 4, { suite: "smoke" }),
  ),
  refused(
    ["OH-71"],
    "the smoke runs are of the week before",
    enter,
    "staging-smoke-tests",
    older("test-result", "8 days"),
  ),
  refused(
    ["OH-61", "OH-66"],
    "the smoke runs were made elsewhere",
    enter,
    "staging-smoke-tests",
    inStage("test-result", "production"),
  ),
  refused(
    ["OH-71"],
    "the smoke runs are of another release",
    enter,
    "staging-smoke-tests",
    aboutAnother("test-result"),
  ),
  refused(
    ["OH-72", "OH-17"],
    "the scan found a critical vulnerability",
    enter,
    "security-scan",
    says("vulnerabilities", { counts: { critical: 1, high: 0, medium: 0, low: 0, unknown: 0 }, critical: ["CVE-1"] }),
  ),
  refused(["OH-72"], "there was no scan", enter, "security-scan", without("vulnerabilities")),
  refused(["OH-72"], "the scan is of two days ago", enter, "security-scan", older("vulnerabilities", "2 days")),
  refused(
    ["OH-09", "OH-73", "OH-121", "OH-122"],
    "nobody reviewed the update plan",
    enter,
    "update-plan-reviewed",
    unapproved("update-plan-reviewed"),
  ),
  refused(
    ["OH-122"],
    "another update plan was reviewed",
    enter,
    "update-plan-reviewed",
    approval("update-plan-reviewed", {
      binding: { stack: "production", updatePlan: "2".repeat(64), request: "7".repeat(64), state: "5".repeat(64) },
    }),
  ),
  refused(
    ["OH-74", "OH-92"],
    "the rollback was tried in vain",
    enter,
    "rollback-tested",
    says("drill", { outcome: "failed" }, { drill: "rollback" }),
  ),
  refused(
    ["OH-74"],
    "the rollback was last tried a month ago",
    enter,
    "rollback-tested",
    older("drill", "30 days", { drill: "rollback" }),
  ),
  refused(
    ["OH-55", "OH-63", "OH-67", "OH-75"],
    "the restore took an hour and a half",
    enter,
    "restore-drill",
    says("drill", { took: 1.5 * hour }, { drill: "restore" }),
  ),
  refused(
    ["OH-63"],
    "nobody looked at what was restored",
    enter,
    "restore-drill",
    says("drill", { integrity: "unverified" }, { drill: "restore" }),
  ),
  refused(
    ["OH-76", "OH-93"],
    "production would cost $520 a month",
    enter,
    "monthly-cost",
    says("cost", { monthly: 520 }),
  ),
  refused(
    ["OH-77", "OH-105"],
    "nobody is on call as the secondary",
    enter,
    "on-call",
    says("on-call", { shifts: [{ level: "primary", person: "pia", from: 0, until: 9e15 }] }),
  ),
  refused(
    ["OH-78"],
    "the runbook for a database that is down is not written",
    enter,
    "runbooks",
    says("runbooks", {
      runbooks: ["high-error-rate", "service-down"].map((name) => ({ name, sections: [] })),
    }),
  ),
  // The day before
  refused(
    ["OH-102"],
    "a feature was merged into the frozen branch",
    enter,
    "code-freeze",
    says("freeze", { merges: [{ commit: "3".repeat(40), title: "a feature", emergency: false }] }),
  ),
  refused(
    ["OH-103"],
    "a pipeline is red",
    enter,
    "pipelines-green",
    says("pipelines", { pipelines: [{ name: "build", conclusion: "failure", commit: "9".repeat(40) }] }),
  ),
  refused(
    ["OH-104", "OH-109", "OH-207"],
    "the backup was not read back",
    enter,
    "manual-backup",
    says("backup", { integrity: "unverified" }),
  ),
  refused(
    ["OH-104"],
    "the last backup is a scheduled one",
    enter,
    "manual-backup",
    says("backup", { trigger: "scheduled" }),
  ),
  refused(["OH-104"], "a developer attested the backup", enter, "manual-backup", signedBy("backup", "devops")),
  // The day
  refused(
    ["OH-94", "OH-95"],
    "it is Sunday, 6 in the morning: the window has closed",
    enter,
    "deployment-window",
    later("4 hours"),
  ),
  refused(["OH-111"], "it is ten minutes before 2 in the morning", enter, "deployment-window", (world) => ({
    ...world,
    now: world.now - 15 * MINUTE,
  })),
  refused(["OH-94", "OH-107"], "it is Monday, 2 in the morning", enter, "deployment-window", later("1 day")),
  refused(
    ["OH-208"],
    "another release is on the canary",
    enter,
    "canary-at-rest",
    canaryAt("production", { weight: 25 }),
  ),
  refused(
    ["OH-04", "OH-11", "OH-97", "OH-98", "OH-202"],
    "nobody signed off",
    enter,
    "sign-off",
    unapproved("sign-off"),
  ),
  refused(
    ["OH-100"],
    "the CTO rejected it",
    enter,
    "sign-off",
    approval("sign-off", { decision: "rejected", reason: "not before the fair" }),
  ),
  refused(
    ["OH-99"],
    "the sign-off has an item that is not done",
    enter,
    "sign-off",
    approval("sign-off", { decision: "conditional", items: ["warm the caches"] }),
  ),
  refused(
    ["OH-10"],
    "the sign-off was given for another rollout plan",
    enter,
    "sign-off",
    approval("sign-off", {
      binding: { stack: "production", updatePlan: "4".repeat(64), request: "2".repeat(64), state: "5".repeat(64) },
    }),
  ),
  refused(
    ["OH-70"],
    "the sign-off was given while the scan was missing",
    enter,
    "sign-off",
    approval("sign-off", { saw: { outcome: "NO-GO", unmet: ["security-scan", "sign-off"] } }),
  ),
  // The canary
  refused(
    ["OH-118", "OH-142"],
    "the release becomes the baseline while half of the traffic is on it",
    { stage: "production", finish: true },
    "canary-at-rest",
    canaryAt("production", { weight: 50 }),
  ),
  refused(
    ["OH-14", "OH-115", "OH-134"],
    "25% is asked for before 5%",
    step(25),
    "canary.order",
    canaryAt("production", { weight: 0 }),
  ),
  refused(
    ["OH-14", "OH-116", "OH-140"],
    "50% is asked for before 25%",
    step(50),
    "canary.order",
    canaryAt("production", { weight: 5 }),
  ),
  refused(
    ["OH-14", "OH-117", "OH-141"],
    "100% is asked for before 50%",
    step(100),
    "canary.order",
    canaryAt("production", { weight: 25 }),
  ),
  refused(
    ["OH-115", "OH-135"],
    "5% was held for 14 minutes",
    step(25),
    "canary.hold",
    canaryAt("production", { held: "14 minutes" }),
  ),
  refused(
    ["OH-116", "OH-140"],
    "25% was held for 14 minutes",
    step(50),
    "canary.hold",
    canaryAt("production", { held: "14 minutes" }),
  ),
  refused(
    ["OH-117", "OH-141"],
    "50% was held for 29 minutes",
    step(100),
    "canary.hold",
    canaryAt("production", { held: "29 minutes" }),
  ),
  refused(
    ["OH-89", "OH-95", "OH-119", "OH-196"],
    "the watch after 100% would end after the window",
    step(100),
    "canary.window",
    later("3 hours"),
  ),
  refused(
    ["OH-136"],
    "the canary fails three times as often as the baseline",
    step(25),
    "canary.error-rate",
    measured({ errors: 30 }),
  ),
  refused(["OH-137"], "the canary's p95 is 1.6 times the baseline's", step(25), "canary.p95", measured({ p95: 0.16 })),
  refused(
    ["OH-138"],
    "a health probe of the canary failed",
    step(25),
    "canary.health",
    measured({ probes: { samples: 10, failures: 1 } }),
  ),
  // Triggers: each keeps every step shut once it has fired
  refused(
    ["OH-162", "OH-205"],
    "the canary fails three times as often as the baseline, as the trigger sees it",
    step(25),
    "trigger.canary-error-rate",
    reads("production", "trigger.canary-error-rate", { value: 0.03, other: 0.01 }),
  ),
  refused(
    ["OH-163", "OH-205"],
    "the canary's p95 is 1.6 times the baseline's, as the trigger sees it",
    step(25),
    "trigger.canary-latency",
    reads("production", "trigger.canary-latency", { value: 160, other: 100 }),
  ),
  refused(
    ["OH-164"],
    "a health probe of the canary fails, as the trigger sees it",
    step(25),
    "trigger.canary-health",
    reads("production", "trigger.canary-health", { value: 0.9 }),
  ),
  ...PROOFS,
  ...DECLARED,
  ...PHASES,
  ...DAY,
  ...AFTER,
];
