/** What the canary is judged by, what sends it back, and what must hold before the release is promoted. */
import { refused } from "../cases";
import type { Case } from "../cases";
import { alerted, measured, older, once, reached, reads, says } from "../changes";
import { measuresNow, proof, suite } from "../marketplace-changes";

const step = { stage: "production", to: 25 };
const last = { stage: "production", to: 100 };
const finish = { stage: "production", finish: true } as const;

/** Criterion → its demands, the least that is wrong, and what that is; the canary's look back half an hour. */
const NUMBERS = [
  ["error-rise", ["SV-38"], { value: 0.001, other: 0 }, "errors are 0.1% of the requests more than the baseline's"],
  ["throughput", ["SV-40"], { value: 89, other: 100 }, "throughput is 11% lower than a week before"],
  ["canary-engagement", ["SV-45"], { value: 0.94, other: 1 }, "users of the canary are 6% less engaged"],
  ["canary-conversion", ["SV-45"], { value: 0.94, other: 1 }, "visitors of the canary sign up 6% less often"],
] as const;

const MONITORED: readonly Case[] = [
  ...NUMBERS.flatMap(([criterion, rows, answers, title]) => [
    refused(rows, title, step, criterion, reads("production", criterion, answers)),
    refused(rows, `25 minutes ago ${title}`, step, criterion, once("production", criterion, "25 minutes", answers)),
  ]),
  refused(["SV-39"], "responses are 11% slower than the baseline's", step, "canary.p95", measured({ p95: 0.111 })),
  refused(
    ["SV-42"],
    "an alert fired while the canary was on",
    step,
    "within-thresholds",
    alerted("production", "within-thresholds", "responses-slow"),
  ),
  refused(
    ["SV-42"],
    "an alert fired 25 minutes ago",
    step,
    "within-thresholds",
    once("production", "within-thresholds", "25 minutes", { firing: 1 }),
  ),
  refused(
    ["SV-81"],
    "the alerts were evaluated for 9 of 10 minutes",
    step,
    "within-thresholds",
    reads("production", "within-thresholds", { seen: 0.9 }),
  ),
  ...proof(
    {
      rows: ["SV-41"],
      ask: step,
      by: "critical-reports",
      kind: "measurement",
      about: { suite: "user-reports" },
      what: "the count of users' reports",
      tooOld: "31 minutes",
      staged: true,
    },
    { "a user reported something critical": measuresNow("user-reports", "critical", 1) },
  ),
  ...suite(["SV-43"], step, "core-features", "core-features", "31 minutes", true),
];

/** Criterion → its measure, its demands, the least that is wrong where the baseline has 100, and what that is. */
const USERS = [
  [
    "satisfaction",
    "satisfaction",
    ["SV-44", "SV-116"],
    99,
    "users are less satisfied than those of the version before",
  ],
  ["support-tickets", "tickets-per-thousand", ["SV-120"], 111, "users open 11% more tickets"],
  ["revenue", "revenue-per-session", ["SV-119"], 94, "users bring 6% less revenue"],
] as const;

const USED: readonly Case[] = USERS.flatMap(([criterion, measure, rows, value, title]) =>
  proof(
    {
      rows,
      ask: last,
      by: criterion,
      kind: "measurement",
      about: { suite: "canary-users" },
      what: measure,
      tooOld: "5 hours",
      staged: true,
    },
    { [title]: measuresNow("canary-users", measure, value) },
  ),
);

const TRIGGERED: readonly Case[] = [
  refused(
    ["SV-46"],
    "11 requests in a thousand failed for 5 minutes",
    step,
    "trigger.error-rate-high",
    reads("production", "trigger.error-rate-high", { least: 0.011, most: 0.02 }),
  ),
  refused(
    ["SV-47"],
    "responses were 51% slower for 10 minutes",
    step,
    "trigger.responses-slow",
    reads("production", "trigger.responses-slow", { least: 1.51, most: 2 }),
  ),
  refused(
    ["SV-48"],
    "one service does not answer",
    step,
    "trigger.service-unavailable",
    reads("production", "trigger.service-unavailable", { value: 0.99 }),
  ),
  refused(
    ["SV-49"],
    "a test found data that is not what it should be",
    step,
    "trigger.data-corrupted",
    says("test-result", { passed: 0, failedTests: ["orphans"] }, { suite: "data-integrity" }),
  ),
];

/** Post-deployment tests, and what is tracked of each release. */
const PROMOTED = [
  ["health-checks", ["SV-88"], { value: 0.999 }, "a service did not answer a health check"],
  ["performance", ["SV-90", "SV-115"], { value: 110, other: 100 }, "responses are 10% slower than a week before"],
  ["adoption", ["SV-117"], { value: 0.01 }, "one query in a hundred uses what is new"],
  ["engagement", ["SV-118"], { value: 0.94, other: 1 }, "users are 6% less engaged than a week before"],
] as const;

const AFTER: readonly Case[] = [
  ...suite(["SV-87"], finish, "smoke-tests", "smoke", "3 hours", true),
  ...suite(["SV-89"], finish, "user-journeys", "user-journeys", "3 hours", true),
  ...PROMOTED.flatMap(([criterion, rows, answers, title]) => [
    refused(rows, title, finish, criterion, reads("production", criterion, answers)),
    refused(rows, `50 minutes ago ${title}`, finish, criterion, once("production", criterion, "50 minutes", answers)),
  ]),
  ...proof(
    {
      rows: ["SV-114"],
      ask: finish,
      by: "bugs",
      kind: "measurement",
      about: { suite: "issue-tracker" },
      what: "the count of bugs",
      tooOld: "3 hours",
      staged: true,
    },
    { "four bugs of the deployment are known": measuresNow("issue-tracker", "bugs-of-deployment", 4) },
  ),
];

const MINUTE = 60_000;
const production = { stage: "production" };

/** Mark of the rollback, its demand, and minutes. */
const MARKS = [
  ["detected", "SV-56", 2],
  ["decided", "SV-57", 5],
  ["executed", "SV-58", 10],
  ["verified", "SV-59", 15],
] as const;

/** What the ways back were rehearsed to be. */
const WAY_BACK: readonly Case[] = [
  ...MARKS.flatMap(([mark, row, minutes]) => [
    refused(
      [row],
      `the rollback was ${mark} after ${minutes} minutes`,
      production,
      "quick-rollback-drill",
      reached("quick-rollback", mark, minutes * MINUTE),
    ),
    refused(
      [row],
      `nobody noted when the rollback was ${mark}`,
      production,
      "quick-rollback-drill",
      reached("quick-rollback", mark, undefined),
    ),
    refused(
      [row],
      `the database's rollback was ${mark} after ${minutes} minutes`,
      production,
      "database-rollback-drill",
      reached("database-rollback", mark, minutes * MINUTE),
    ),
  ]),
  ...proof(
    {
      rows: ["SV-60", "SV-142"],
      ask: production,
      by: "quick-rollback-drill",
      kind: "drill",
      about: { drill: "quick-rollback" },
      what: "the rollback by script",
      tooOld: "31 days",
      staged: true,
    },
    {
      "the rollback took half an hour": { took: 30 * MINUTE },
      "the rollback's script failed": { outcome: "failed" },
    },
  ),
  ...proof(
    {
      rows: ["SV-144"],
      ask: production,
      by: "database-rollback-drill",
      kind: "drill",
      about: { drill: "database-rollback" },
      what: "the rollback of the database",
      tooOld: "31 days",
      staged: true,
    },
    {
      "the database took half an hour to come back": { took: 30 * MINUTE },
      "nobody looked at the data that came back": { integrity: "unverified" },
    },
  ),
  ...proof(
    {
      rows: ["SV-63"],
      ask: production,
      by: "kill-switch-drill",
      kind: "drill",
      about: { drill: "kill-switch" },
      what: "the kill switch",
      tooOld: "31 days",
      staged: true,
    },
    { "the kill switch left its feature on": { outcome: "failed" } },
  ),
  refused(
    ["SV-66"],
    "the feature was off 10 seconds after its kill switch",
    production,
    "kill-switch-drill",
    says("drill", { took: 10_000 }, { drill: "kill-switch" }),
  ),
  ...[
    ["SV-29", "Quick rollback"],
    ["SV-143", "Manual rollback"],
    ["SV-29", "Data recovery"],
    ["SV-145", "Notification templates"],
  ].map(([row = "", section = ""]) =>
    refused(
      [row],
      `the rollback's runbook has no section "${section}"`,
      production,
      "rollback-plan",
      says("runbooks", {
        runbooks: [
          {
            name: "rollback",
            sections: ["Quick rollback", "Manual rollback", "Data recovery", "Notification templates"].filter(
              (one) => one !== section,
            ),
          },
        ],
      }),
    ),
  ),
  refused(
    ["SV-29"],
    "the rollback is not written down",
    production,
    "rollback-plan",
    says("runbooks", { runbooks: [] }),
  ),
  refused(
    ["SV-29", "SV-143", "SV-145"],
    "the rollback's runbook was looked at 91 days ago",
    production,
    "rollback-plan",
    older("runbooks", "91 days"),
  ),
];

export const CANARY: readonly Case[] = [...MONITORED, ...USED, ...TRIGGERED, ...AFTER, ...WAY_BACK];
