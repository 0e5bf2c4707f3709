/** Phase 1: what the beta asks of its entry, and what its exit asks of it. */
import type { EvidenceFacts } from "../../rollout/evidence";
import { refused, refusedPlan } from "./cases";
import type { Case } from "./cases";
import { live, number, outsideWindow, servesEverybody } from "./beta-changes";
import { says, signedBy, undeclared, withoutAlert } from "./changes";
import { HOUR, MINUTE } from "./good-evidence";
import { proof, suite, unwritten } from "./marketplace-changes";

const beta = { stage: "beta" };
/** The gate that asks for the exit of the beta. */
const rollout = { stage: "rollout" };
const TWO_WEEKS = "15 days";

const INFRASTRUCTURE: readonly Case[] = [
  ...suite(["BP-69"], beta, "current-tests", "smoke", "8 days", true),
  ...suite(["BP-37"], beta, "server-up", "server-port-5000", "8 days", true),
  ...suite(["BP-38"], beta, "database-up", "database", "8 days", true),
  ...suite(["BP-39"], beta, "basic-security", "basic-security", "8 days", true),
  ...suite(["BP-40"], beta, "authentication", "authentication", "8 days", true),
];

const SAFEGUARDS: readonly Case[] = [
  ...["logging/format", "telemetry/logs", "telemetry/metrics"].map((part) =>
    refused(["BP-04"], `the beta has no ${part}`, beta, "detailed-logging", undeclared(part)),
  ),
  ...number(
    { rows: ["BP-01"], ask: beta, by: "beta-users", tooOld: "8 days", staged: false },
    ["beta-group", "people"],
    {
      "four people are in the beta": 4,
      "eleven people are in the beta": 11,
    },
  ),
  refused(["BP-01"], "the beta is served to everybody", { ...beta, to: 100 }, "canary.route", servesEverybody),
  ...["metrics", "alerts", "health-probes", "dashboards"].map((part) =>
    refused(["BP-70"], `the beta has no ${part}`, beta, "monitoring", undeclared(`monitoring/${part}`)),
  ),
  refused(["BP-05"], "nobody is alerted of errors", beta, "alerts-on-errors", withoutAlert("high-error-rate")),
  refused(["BP-05"], "nobody is alerted of an outage", beta, "alerts-on-errors", withoutAlert("service-down")),
  ...["slow-responses", "memory-high", "pool-exhausted"].map((alert) =>
    refused(["BP-06"], `there is no alert ${alert}`, beta, "alerts-on-performance", withoutAlert(alert)),
  ),
  ...proof(
    {
      rows: ["BP-07"],
      ask: beta,
      by: "daily-backup",
      kind: "backup",
      what: "the backup before the beta",
      tooOld: "25 hours",
      staged: true,
    },
    { "the last backup was made by hand": { trigger: "manual" } },
  ),
  refused(["BP-74"], "the last backup can't be read", beta, "daily-backup", says("backup", { integrity: "failed" })),
  ...proof(
    {
      rows: ["BP-74"],
      ask: beta,
      by: "rollback-ready",
      kind: "drill",
      about: { drill: "rollback" },
      what: "the rollback's drill",
      tooOld: "31 days",
      staged: true,
    },
    {
      "the previous version could not be brought back": { outcome: "failed" },
      "the previous version was back after a quarter of an hour": { took: 15 * MINUTE },
    },
  ),
  ...proof(
    {
      rows: ["BP-08"],
      ask: beta,
      by: "incident-response-plan",
      kind: "documents",
      what: "the incident response plan",
      tooOld: "91 days",
    },
    {
      "there is no incident response plan": unwritten("incident-response-plan"),
      "the incident response plan does not say who does what": unwritten("incident-response-plan", "Roles"),
      "the incident response plan does not say whom to call": unwritten("incident-response-plan", "Contacts"),
      "the incident response plan does not say what to do": unwritten("incident-response-plan", "Steps"),
    },
  ),
  refusedPlan(["BP-77"], "the incident response team is yet to be named", beta, "incident-team", (plan) => ({
    ...plan,
    owners: { ...plan.owners, incidents: { contact: "TBD", covers: [] } },
  })),
  ...outsideWindow(beta, "beta-window"),
];

const SUCCESS: readonly Case[] = [
  ...number({ rows: ["BP-56"], ask: rollout, by: "beta-data-loss", tooOld: "25 hours" }, ["incidents", "data-loss"], {
    "an incident of the beta lost data": 1,
  }),
  ...live(
    { rows: ["BP-57"], ask: rollout, of: "beta", by: "beta-uptime", what: "the beta's uptime", ago: "6 days" },
    "it was 98.9%",
    { value: 0.989 },
  ),
  ...live(
    {
      rows: ["BP-09", "BP-58"],
      ask: rollout,
      of: "beta",
      by: "beta-response-times",
      what: "the beta's response times",
      ago: "6 days",
    },
    "p95 was 2 s",
    { value: 2000 },
  ),
  ...number(
    { rows: ["BP-59"], ask: rollout, by: "beta-security-incidents", tooOld: "25 hours" },
    ["incidents", "security"],
    { "there was a security incident in the beta": 1 },
  ),
  ...proof(
    {
      rows: ["BP-60"],
      ask: rollout,
      by: "beta-feedback",
      kind: "survey",
      about: { survey: "beta" },
      what: "the beta's feedback",
      tooOld: "8 days",
      staged: true,
    },
    {
      "half of the beta's users are satisfied": { answers: 10, satisfied: 5 },
      "four of the beta's users answered": { answers: 4, satisfied: 4 },
    },
  ),
];

const WATCHED: readonly Case[] = [
  ...live(
    { rows: ["BP-10"], ask: rollout, of: "beta", by: "beta-memory", what: "the beta's memory", ago: "23 hours" },
    "it grew by 6%",
    { rise: 6, mean: 100 },
  ),
  ...live(
    {
      rows: ["BP-11"],
      ask: rollout,
      of: "beta",
      by: "beta-database-pool",
      what: "the beta's database connections",
      ago: "6 days",
    },
    "80% were in use",
    { value: 0.8 },
  ),
  ...live(
    { rows: ["BP-12"], ask: rollout, of: "beta", by: "beta-error-rate", what: "the beta's errors", ago: "6 days" },
    "1% of the requests failed",
    { value: 0.01 },
  ),
  ...live(
    {
      rows: ["BP-12"],
      ask: rollout,
      of: "beta",
      by: "beta-client-errors",
      what: "the beta's refused requests",
      ago: "6 days",
    },
    "they were 10%",
    { value: 0.1 },
  ),
  ...live(
    { rows: ["BP-75"], ask: rollout, of: "beta", by: "beta-activity", what: "the beta's sessions", ago: "6 days" },
    "there were four a day",
    { value: 4 },
  ),
  ...number(
    { rows: ["BP-13"], ask: rollout, by: "crash-reports", tooOld: "25 hours" },
    ["user-reports", "crashes-unread"],
    { "nobody has read a user's report of a crash": 1 },
  ),
  ...number(
    { rows: ["BP-13"], ask: rollout, by: "slowness-reports", tooOld: "25 hours" },
    ["user-reports", "slowdowns-unread"],
    { "nobody has read a user's report of a slowdown": 1 },
  ),
];

/** Critical tests 1 and 2. */
const LOAD: readonly Case[] = [
  ...suite(["BP-23", "BP-71"], rollout, "user-sessions", "user-sessions", TWO_WEEKS, true),
  refused(
    ["BP-23"],
    "nineteen sessions were simulated",
    rollout,
    "user-sessions",
    says("test-result", { tests: 19, passed: 19 }, { suite: "user-sessions" }),
  ),
  ...(
    [
      ["BP-24", "sessions-log-in", "logins", "nineteen of the sessions logged in"],
      ["BP-25", "sessions-read-repositories", "repositories-reads", "nineteen of the sessions read the repositories"],
      [
        "BP-25",
        "sessions-read-vulnerabilities",
        "vulnerabilities-reads",
        "nineteen of the sessions read the vulnerabilities",
      ],
      ["BP-26", "sessions-ask-copilot", "complex-queries", "nineteen of the sessions asked something complex"],
    ] as const
  ).flatMap(([row, by, measure, title]) =>
    number({ rows: [row], ask: rollout, by, tooOld: TWO_WEEKS }, ["user-load", measure], { [title]: 19 }),
  ),
  ...number({ rows: ["BP-27"], ask: rollout, by: "sessions-think", tooOld: TWO_WEEKS }, ["user-load", "think-time"], {
    "sessions thought for 29 seconds": 29_000,
  }),
  ...proof(drill(["BP-28"], "stability-test", "moderate-load", TWO_WEEKS), {
    "the load lasted for 23 hours": { took: 23 * HOUR },
    "the load broke off": { outcome: "failed" },
  }),
  ...number(
    { rows: ["BP-29"], ask: rollout, by: "stability-memory", tooOld: TWO_WEEKS },
    ["stability-test", "memory-growth"],
    { "memory grew by 6% in the stability test": 0.06 },
  ),
  ...number(
    { rows: ["BP-30"], ask: rollout, by: "stability-performance", tooOld: TWO_WEEKS },
    ["stability-test", "p95-growth"],
    { "p95 grew by 11% in the stability test": 0.11 },
  ),
  ...proof(
    {
      rows: ["BP-31"],
      ask: rollout,
      by: "log-rotation",
      kind: "check",
      about: { check: "log-rotation" },
      what: "the look at the logs",
      tooOld: TWO_WEEKS,
      staged: true,
    },
    { "the logs are not rotated": { outcome: "not-done" } },
  ),
];

/** Critical tests 3 and 4. */
const FAILURES: readonly Case[] = [
  ...proof(drill(["BP-32"], "connections-exhausted", "connection-exhaustion", "31 days"), {
    "the application did not recover from exhausted connections": { outcome: "failed" },
  }),
  ...number(
    { rows: ["BP-32"], ask: rollout, by: "connections-parallel", tooOld: "31 days" },
    ["connection-exhaustion", "parallel-requests"],
    { "199 requests at once were made": 199 },
  ),
  ...proof(drill(["BP-33"], "database-restarted", "database-restart", "31 days"), {
    "the application did not recover when PostgreSQL was back": { outcome: "failed" },
  }),
  ...proof(drill(["BP-34", "BP-71"], "github-down", "github-outage", TWO_WEEKS), {
    "the application failed with GitHub": { outcome: "failed" },
  }),
  ...proof(drill(["BP-35", "BP-71"], "openai-limited", "openai-rate-limit", TWO_WEEKS), {
    "the application failed at OpenAI's limit": { outcome: "failed" },
  }),
  ...proof(drill(["BP-35", "BP-71"], "gemini-limited", "gemini-rate-limit", TWO_WEEKS), {
    "the application failed at Gemini's limit": { outcome: "failed" },
  }),
  ...proof(
    {
      rows: ["BP-36"],
      ask: rollout,
      by: "outages-as-users-see-them",
      kind: "review",
      about: { review: "user-experience-in-outages" },
      what: "the look at what users see",
      tooOld: TWO_WEEKS,
      staged: true,
    },
    { "what users see in an outage has to be mended": { outcome: "changes-requested" } },
  ),
  refused(
    ["BP-36"],
    "the look at outages is signed by a pipeline",
    rollout,
    "outages-as-users-see-them",
    signedBy("review", "ci", { review: "user-experience-in-outages" }),
  ),
];

function drill(rows: readonly string[], by: string, name: EvidenceFacts["drill"]["drill"], tooOld: string) {
  return {
    rows,
    ask: rollout,
    by,
    kind: "drill",
    about: { drill: name },
    what: `the drill ${name}`,
    tooOld,
    staged: true,
  } as const;
}

export const PHASE_1: readonly Case[] = [
  ...INFRASTRUCTURE,
  ...SAFEGUARDS,
  ...SUCCESS,
  ...WATCHED,
  ...LOAD,
  ...FAILURES,
];
