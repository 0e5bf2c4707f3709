/** Phase 3: the exit of the rollout, the go/no-go, and the steps to everybody. */
import { refused } from "./cases";
import type { Case } from "./cases";
import { live, number, outsideWindow } from "./beta-changes";
import { canaryAt, lasted, measured, running, says, signedBy, without } from "./changes";
import { BASELINE } from "./good-evidence";
import { proof } from "./marketplace-changes";

const production = { stage: "production" };
const step = (to: number) => ({ ...production, to });

const LOAD: readonly Case[] = [
  ...number(
    { rows: ["BP-61"], ask: production, by: "tenfold-load", tooOld: "31 days" },
    ["load-test", "times-phase-1"],
    {
      "the load test had 9.9 times the load of phase 1": 9.9,
    },
  ),
  ...number(
    { rows: ["BP-61"], ask: production, by: "tenfold-response-times", tooOld: "31 days" },
    ["load-test", "p95"],
    {
      "under ten times the load p95 was 2 s": 2000,
    },
  ),
  ...number(
    { rows: ["BP-61"], ask: production, by: "tenfold-errors", tooOld: "31 days" },
    ["load-test", "error-rate"],
    {
      "under ten times the load 1% of the requests failed": 0.01,
    },
  ),
];

const PHASE_2_METRICS: readonly Case[] = [
  ...live(
    {
      rows: ["BP-62", "BP-65"],
      ask: production,
      of: "rollout",
      by: "rollout-memory",
      what: "the rollout's memory",
      ago: "6 days",
    },
    "it grew by 6%",
    { rise: 6, mean: 100 },
  ),
  ...live(
    {
      rows: ["BP-63", "BP-65"],
      ask: production,
      of: "rollout",
      by: "rollout-database",
      what: "the rollout's queries",
      ago: "6 days",
    },
    "p95 was 100 ms",
    { value: 100 },
  ),
  ...proof(
    {
      rows: ["BP-64", "BP-65"],
      ask: production,
      by: "external-failures",
      kind: "test-result",
      about: { suite: "external-api-failures" },
      what: "the tests of external failures",
      tooOld: "15 days",
      staged: true,
    },
    {},
  ),
  ...["github", "openai", "gemini"].flatMap((environment) => [
    refused(
      ["BP-64", "BP-65"],
      `a failure of ${environment} reached the users as it was`,
      production,
      "external-failures",
      says("test-result", { passed: 0, failedTests: ["outage"] }, { suite: "external-api-failures", environment }),
    ),
    refused(
      ["BP-64"],
      `a failure of ${environment} was never tested`,
      production,
      "external-failures",
      without("test-result", { suite: "external-api-failures", environment }),
    ),
  ]),
];

/** The metrics of phase 1, in phase 2. */
const MAINTAINED: readonly Case[] = [
  ...number(
    { rows: ["BP-65"], ask: production, by: "rollout-data-loss", tooOld: "25 hours" },
    ["incidents", "data-loss"],
    {
      "an incident of the rollout lost data": 1,
    },
  ),
  ...live(
    {
      rows: ["BP-65"],
      ask: production,
      of: "rollout",
      by: "rollout-uptime",
      what: "the rollout's uptime",
      ago: "13 days",
    },
    "it was 98.9%",
    { value: 0.989 },
  ),
  ...live(
    {
      rows: ["BP-65"],
      ask: production,
      of: "rollout",
      by: "rollout-response-times",
      what: "the rollout's response times",
      ago: "13 days",
    },
    "p95 was 2 s",
    { value: 2000 },
  ),
  ...number(
    { rows: ["BP-65"], ask: production, by: "rollout-security-incidents", tooOld: "25 hours" },
    ["incidents", "security"],
    { "there was a security incident in the rollout": 1 },
  ),
  ...proof(
    {
      rows: ["BP-65"],
      ask: production,
      by: "rollout-feedback",
      kind: "survey",
      about: { survey: "rollout" },
      what: "the rollout's feedback",
      tooOld: "15 days",
      staged: true,
    },
    {
      "half of the rollout's users are satisfied": { answers: 40, satisfied: 20 },
      "twelve of the rollout's users answered": { answers: 12, satisfied: 12 },
    },
  ),
];

const GO: readonly Case[] = [
  refused(["BP-21"], "the beta has gone back", production, "phase-1-done", running("beta", BASELINE)),
  refused(
    ["BP-21"],
    "half of the beta's users have gone back",
    production,
    "phase-1-done",
    canaryAt("beta", { weight: 50 }),
  ),
  refused(["BP-21"], "the rollout has another release", production, "phase-2-done", running("rollout", BASELINE)),
  refused(
    ["BP-21"],
    "half of the rollout's users are on it",
    production,
    "phase-2-done",
    canaryAt("rollout", { weight: 50 }),
  ),
  refused(["BP-15"], "the rollout has lasted for 13 days", production, "phase-2-lasted", lasted("rollout", "13 days")),
  refused(["BP-15"], "the rollout has lasted for 29 days", production, "phase-2-lasted", lasted("rollout", "29 days")),
  ...proof(
    {
      rows: ["BP-66"],
      ask: production,
      by: "disaster-recovery-proved",
      kind: "drill",
      about: { drill: "disaster-recovery" },
      what: "the rehearsal before phase 3",
      tooOld: "31 days",
      staged: true,
    },
    {
      "recovery from a disaster failed before phase 3": { outcome: "failed" },
      "nobody looked at the data that was recovered": { integrity: "unverified" },
    },
  ),
  ...proof(
    {
      rows: ["BP-67"],
      ask: production,
      by: "security-audit",
      kind: "review",
      about: { review: "security-audit" },
      what: "the security audit",
      tooOld: "61 days",
    },
    {
      "the security audit is not completed": { outcome: "changes-requested" },
      "the security audit left something critical open": { open: { critical: 1, high: 0, medium: 0, low: 0 } },
    },
  ),
  ...proof(
    {
      rows: ["BP-55"],
      ask: production,
      by: "penetration-test",
      kind: "review",
      about: { review: "penetration-test" },
      what: "the penetration test",
      tooOld: "91 days",
    },
    { "the outside party broke in": { outcome: "rejected" } },
  ),
  refused(
    ["BP-55"],
    "the penetration test was made in-house",
    production,
    "penetration-test",
    signedBy("review", "security", { review: "penetration-test" }),
  ),
  ...number(
    { rows: ["BP-68"], ask: production, by: "peak-load", tooOld: "31 days" },
    ["peak-load-test", "times-expected-peak"],
    { "the load test stayed under the expected peak": 0.9 },
  ),
  ...number(
    { rows: ["BP-68"], ask: production, by: "peak-response-times", tooOld: "31 days" },
    ["peak-load-test", "p95"],
    {
      "at the peak p95 was 2 s": 2000,
    },
  ),
  ...proof(
    {
      rows: ["BP-74"],
      ask: production,
      by: "production-daily-backup",
      kind: "backup",
      what: "the backup before production",
      tooOld: "25 hours",
      staged: true,
    },
    { "nobody has read back the backup before production": { integrity: "unverified" } },
  ),
  ...outsideWindow(production, "production-window"),
];

const STEPS: readonly Case[] = [
  refused(["BP-73"], "50% is asked for before 25%", step(50), "canary.order", canaryAt("production", { weight: 10 })),
  refused(
    ["BP-73"],
    "everybody is asked for before 50%",
    step(100),
    "canary.order",
    canaryAt("production", { weight: 25 }),
  ),
  refused(
    ["BP-73"],
    "25% was held for 23 hours",
    step(50),
    "canary.hold",
    canaryAt("production", { held: "23 hours" }),
  ),
  refused(
    ["BP-73"],
    "50% was held for 23 hours",
    step(100),
    "canary.hold",
    canaryAt("production", { held: "23 hours" }),
  ),
  refused(
    ["BP-73"],
    "4% of the canary's requests fail, and none of the baseline's",
    step(25),
    "canary.error-rate",
    measured({ errors: 200 }),
  ),
  refused(["BP-73"], "the canary's p95 is 1.6 times the baseline's", step(25), "canary.p95", measured({ p95: 0.16 })),
  refused(
    ["BP-73"],
    "2% of the canary's health probes failed",
    step(25),
    "canary.health",
    measured({ probes: { samples: 100, failures: 2 } }),
  ),
];

export const PHASE_3: readonly Case[] = [...LOAD, ...PHASE_2_METRICS, ...MAINTAINED, ...GO, ...STEPS];
