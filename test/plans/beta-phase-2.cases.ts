/** Phase 2: what the rollout asks of its entry, beside the exit of the beta. */
import { refused } from "./cases";
import type { Case } from "./cases";
import { number, outsideWindow, servesEverybody } from "./beta-changes";
import {
  canaryAt,
  lasted,
  running,
  says,
  signedBy,
  undeclared,
  withoutAlert,
  withoutDashboard,
  withoutRunbook,
} from "./changes";
import { BASELINE, HOUR } from "./good-evidence";
import { noRunbook, proof, unwritten } from "./marketplace-changes";

const rollout = { stage: "rollout" };

const PROGRESS: readonly Case[] = [
  refused(["BP-14"], "the beta has another release", rollout, "beta-done", running("beta", BASELINE)),
  refused(["BP-14"], "half of the beta's users are on it", rollout, "beta-done", canaryAt("beta", { weight: 50 })),
  refused(["BP-02"], "the beta has lasted for six days", rollout, "beta-lasted", lasted("beta", "6 days")),
  refused(["BP-02"], "the beta has lasted for fifteen days", rollout, "beta-lasted", lasted("beta", "15 days")),
  ...number(
    { rows: ["BP-14"], ask: rollout, by: "rollout-users", tooOld: "8 days", staged: false },
    ["rollout-group", "people"],
    { "24 people are in the rollout": 24, "51 people are in the rollout": 51 },
  ),
  refused(["BP-14"], "the rollout is served to everybody", { ...rollout, to: 50 }, "canary.route", servesEverybody),
  ...outsideWindow(rollout, "rollout-window"),
];

const BEFORE: readonly Case[] = [
  ...number(
    { rows: ["BP-17", "BP-72"], ask: rollout, by: "issues-fixed", tooOld: "25 hours" },
    ["issue-tracker", "open-from-phase-1"],
    { "an issue of phase 1 is open": 1 },
  ),
  ...proof(
    {
      rows: ["BP-72"],
      ask: rollout,
      by: "issues-documented",
      kind: "documents",
      what: "the issues of phase 1",
      tooOld: "8 days",
    },
    {
      "the issues of phase 1 are not written down": unwritten("issues-of-phase-1"),
      "nobody wrote down what was found": unwritten("issues-of-phase-1", "Found"),
      "nobody wrote down what mended it": unwritten("issues-of-phase-1", "Fixed"),
    },
  ),
  refused(["BP-18", "BP-49"], "nothing scales by itself", rollout, "autoscaling", undeclared("service/autoscaling")),
  ...["users", "database", "slo", "operator", "infrastructure"].map((name) =>
    refused(["BP-19"], `there is no dashboard ${name}`, rollout, "dashboards", withoutDashboard(name)),
  ),
  ...proof(
    {
      rows: ["BP-20"],
      ask: rollout,
      by: "disaster-recovery",
      kind: "drill",
      about: { drill: "disaster-recovery" },
      what: "the rehearsal before phase 2",
      tooOld: "31 days",
      staged: true,
    },
    { "recovery from a disaster failed": { outcome: "failed" } },
  ),
];

const READINESS: readonly Case[] = [
  ...["database-down", "pool-exhausted", "slow-database"].map((alert) =>
    refused(["BP-43"], `nobody is alerted by ${alert}`, rollout, "database-monitoring", withoutAlert(alert)),
  ),
  refused(["BP-43"], "the database has no dashboard", rollout, "database-monitoring", withoutDashboard("database")),
  ...["high-error-rate", "service-down", "slow-responses", "memory-high", "database-down", "pool-exhausted"].map(
    (alert) =>
      refused(["BP-44", "BP-76"], `no threshold raises ${alert}`, rollout, "alert-thresholds", withoutAlert(alert)),
  ),
  refused(
    ["BP-76"],
    "whoever is called because the database is down finds no runbook",
    rollout,
    "alert-thresholds",
    withoutRunbook("database-down"),
  ),
  ...proof(
    {
      rows: ["BP-07"],
      ask: rollout,
      by: "rollout-daily-backup",
      kind: "backup",
      what: "the backup before the rollout",
      tooOld: "25 hours",
      staged: true,
    },
    { "the last backup before the rollout was made by hand": { trigger: "manual" } },
  ),
  refused(
    ["BP-74"],
    "nobody has read back the backup before the rollout",
    rollout,
    "rollout-daily-backup",
    says("backup", { integrity: "unverified" }),
  ),
  ...proof(
    {
      rows: ["BP-46"],
      ask: rollout,
      by: "restore-drill",
      kind: "drill",
      about: { drill: "restore" },
      what: "the restore's drill",
      tooOld: "31 days",
      staged: true,
    },
    {
      "the backup could not be restored": { outcome: "failed" },
      "the restore took an hour": { took: HOUR },
      "nobody looked at what was restored": { integrity: "unverified" },
    },
  ),
  ...proof(
    {
      rows: ["BP-47"],
      ask: rollout,
      by: "incident-runbook",
      kind: "runbooks",
      what: "the runbook for incidents",
      tooOld: "91 days",
    },
    { "there is no runbook for incidents": noRunbook("incident-response") },
  ),
  ...proof(
    { rows: ["BP-48"], ask: rollout, by: "baselines", kind: "documents", what: "the baselines", tooOld: "15 days" },
    {
      "no baselines are written down": unwritten("performance-baselines"),
      "there is no baseline of response times": unwritten("performance-baselines", "Response times"),
      "there is no baseline of memory": unwritten("performance-baselines", "Memory"),
      "there is no baseline of the database": unwritten("performance-baselines", "Database"),
    },
  ),
  ...proof(
    {
      rows: ["BP-50"],
      ask: rollout,
      by: "rollback-procedures",
      kind: "documents",
      what: "the ways back",
      tooOld: "91 days",
    },
    {
      "no way back is written down": unwritten("rollback-procedures"),
      "nobody wrote down how to go back to the previous version": unwritten("rollback-procedures", "Previous version"),
      "nobody wrote down how to go back to a backup": unwritten("rollback-procedures", "Database backup"),
    },
  ),
  refused(["BP-41"], "no traces are collected", rollout, "apm", undeclared("telemetry/traces")),
  refused(["BP-41"], "the application's numbers are not collected", rollout, "apm", undeclared("telemetry/metrics")),
  refused(["BP-42"], "errors are tracked nowhere", rollout, "error-tracking", undeclared("error-tracking/dsn")),
  refused(["BP-45"], "logs stay where they are written", rollout, "log-aggregation", undeclared("telemetry/logs")),
  refused(["BP-52"], "a request may be of any size", rollout, "request-size", undeclared("waf/request-size")),
  refused(["BP-51"], "the API has no rate limit", rollout, "rate-limit", undeclared("waf/rate-limit")),
  refused(["BP-53"], "no security headers are set", rollout, "security-headers", undeclared("waf/security-headers")),
  ...proof(
    {
      rows: ["BP-54"],
      ask: rollout,
      by: "automated-scan",
      kind: "vulnerabilities",
      what: "the daily scan",
      tooOld: "25 hours",
    },
    {
      "the scan found a critical vulnerability": { counts: { critical: 1, high: 0, medium: 0, low: 0, unknown: 0 } },
      "the scan found something of unknown severity": {
        counts: { critical: 0, high: 0, medium: 0, low: 0, unknown: 1 },
      },
    },
  ),
  refused(["BP-54"], "somebody scanned by hand", rollout, "automated-scan", signedBy("vulnerabilities", "security")),
];

export const PHASE_2: readonly Case[] = [...PROGRESS, ...BEFORE, ...READINESS];
