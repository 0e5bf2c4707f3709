/** Day 33 and after: validation, V2 as the default, V1's end. */
import type { Case } from "./cases";
import { refused } from "./cases";
import { broughtBack, canaryAt, canaryFell, lasted, once, reads, withoutAlert } from "./changes";
import { live, measuresNow, operationAt, proof, suite, unpublished, unwritten } from "./marketplace-changes";

const enter = { stage: "v2-default" };
const all = { stage: "v2-default", to: 100 };
const finish = { stage: "v2-default", finish: true } as const;
const optIn = { stage: "v1-opt-in" };
const alone = { stage: "v2-only" };

/** A benchmark of the final build. */
const benchmark = (by: string, measure: string, title: string): Case[] =>
  proof(
    {
      rows: ["MP-103"],
      ask: all,
      by,
      kind: "measurement",
      about: { suite: "benchmarks" },
      what: `the final benchmark of ${measure}`,
      tooOld: "3 days",
    },
    { [title]: measuresNow("benchmarks", measure, 101) },
  );

/** Days 33 and 34. */
const CUTOVER: readonly Case[] = [
  refused(
    ["MP-100"],
    "a quarter of the new clients is on V1",
    enter,
    "all-on-v2",
    operationAt("production", "default", 75),
  ),
  refused(["MP-119"], "there is no alert on V2 having under 90%", enter, "alerts", withoutAlert("v2-share-low")),
  ...suite(["MP-106"], enter, "default-is-v2", "default-feature-is-v2", "5 days"),
  ...suite(["MP-102"], enter, "regression", "regression-all-features", "5 days"),
  ...benchmark("final-search-benchmark", "search-p95", "the final build searches slower than the one before"),
  ...benchmark("final-install-benchmark", "install-p95", "the final build installs slower than the one before"),
  refused(
    ["MP-183"],
    "the search lost 1% of its speed",
    all,
    "final-search-benchmark",
    measuresNow("benchmarks", "search-p95", 101),
  ),
  refused(
    ["MP-183"],
    "the installation lost 1% of its speed",
    all,
    "final-install-benchmark",
    measuresNow("benchmarks", "install-p95", 101),
  ),
  ...proof(
    {
      rows: ["MP-104"],
      ask: enter,
      by: "final-audit",
      kind: "review",
      about: { review: "security-audit" },
      what: "the final audit",
      tooOld: "5 days",
    },
    {
      "the final audit was not passed": { outcome: "rejected" },
      "the final audit left a high finding open": { open: { critical: 0, high: 1, medium: 0, low: 0 } },
    },
  ),
  ...proof(
    {
      rows: ["MP-105"],
      ask: enter,
      by: "final-load",
      kind: "measurement",
      about: { suite: "final-load-test" },
      what: "the final load",
      tooOld: "5 days",
    },
    { "the load test made 999 requests a second": measuresNow("final-load-test", "requests", 999) },
  ),
  ...proof(
    {
      rows: ["MP-105"],
      ask: enter,
      by: "final-load-lasted",
      kind: "measurement",
      about: { suite: "final-load-test" },
      what: "the final load's time",
      tooOld: "5 days",
    },
    { "the load test lasted 59 minutes": measuresNow("final-load-test", "duration", 59 * 60_000) },
  ),
  ...proof(
    {
      rows: ["MP-112"],
      ask: enter,
      by: "production-ready",
      kind: "review",
      about: { review: "production-readiness" },
      what: "the review of readiness",
      tooOld: "8 days",
    },
    { "the reviewers do not find V2 ready": { outcome: "changes-requested" } },
  ),
  ...proof(
    {
      rows: ["MP-114"],
      ask: enter,
      by: "all-documents",
      kind: "documents",
      what: "the list of all documents",
      tooOld: "8 days",
    },
    Object.fromEntries(
      ["user-guide", "migration-guide", "api", "publishing", "signing-workflow"].map((name) => [
        `at the cutover there is no ${name}`,
        unwritten(name),
      ]),
    ),
  ),
  ...proof(
    {
      rows: ["MP-187"],
      ask: enter,
      by: "documentation-complete",
      kind: "measurement",
      about: { suite: "documentation" },
      what: "the completeness of the documentation",
      tooOld: "8 days",
    },
    { "one thing in a hundred is not documented": measuresNow("documentation", "completeness", 0.99) },
  ),
];

/** Day 35, and the success metrics. */
const FINISH: readonly Case[] = [
  refused(
    ["MP-109"],
    "production was watched for 23 hours",
    finish,
    "finish.watch",
    canaryAt("v2-default", { held: "23 hours" }),
  ),
  ...live(["MP-116"], finish, "slo-errors", "at the end one request in a hundred fails", 0.01, "23 hours"),
  ...live(["MP-116"], finish, "slo-search", "at the end the search's p95 is 100 ms", 100, "23 hours"),
  ...live(["MP-116"], finish, "slo-install", "at the end the installation's p95 is 5 s", 5000, "23 hours"),
  ...live(
    ["MP-116", "MP-184"],
    finish,
    "overall-fallbacks",
    "at the end one request in twenty falls back",
    0.05,
    "23 hours",
  ),
  ...["search", "install", "publish", "default"].map((operation) =>
    refused(
      ["MP-188"],
      `the ${operation} had to go back to V1 once`,
      finish,
      "no-rollback-of-an-operation",
      canaryFell("production", operation),
    ),
  ),
  refused(
    ["MP-188"],
    "production was once brought back from what it runs",
    finish,
    "no-rollback-of-an-operation",
    broughtBack("production"),
  ),
  refused(
    ["MP-188"],
    "the cutover to V2 had to go back once",
    finish,
    "no-rollback-of-the-default",
    canaryFell("v2-default"),
  ),
  refused(
    ["MP-188"],
    "the stage of the default was once brought back",
    finish,
    "no-rollback-of-the-default",
    broughtBack("v2-default"),
  ),
  ...live(["MP-181"], finish, "no-downtime", "one health check in a thousand failed", 0.999, "23 hours"),
  ...proof(
    {
      rows: ["MP-113"],
      ask: finish,
      by: "v1-answers",
      kind: "drill",
      about: { drill: "fallback-to-v1" },
      what: "V1's answer in V2's place",
      tooOld: "3 days",
      staged: true,
    },
    { "V1 did not answer where V2 could not": { outcome: "failed" } },
  ),
  ...proof(
    {
      rows: ["MP-185"],
      ask: finish,
      by: "few-complaints",
      kind: "measurement",
      about: { suite: "support" },
      what: "the count of users who complained",
      tooOld: "3 days",
    },
    { "ten users complained": measuresNow("support", "complaints-of-migration", 10) },
  ),
  ...proof(
    {
      rows: ["MP-115"],
      ask: finish,
      by: "user-feedback",
      kind: "survey",
      what: "the survey",
      tooOld: "8 days",
    },
    {
      "half of those who answered like it": { answers: 100, satisfied: 50 },
      "29 users answered": { answers: 29, satisfied: 29 },
    },
  ),
];

/** Week 1 to month 6 after the launch. */
/** The first week is the launch's stage, asked of whoever leaves it. */
const WEEK_1 = [
  ["week-1-errors", "in week 1 one request in a hundred failed", 0.01],
  ["week-1-search", "in week 1 the search's p95 was 100 ms", 100],
  ["week-1-install", "in week 1 the installation's p95 was 5 s", 5000],
] as const;

const AFTERWARDS: readonly Case[] = [
  ...WEEK_1.flatMap(([by, title, value]) => [
    refused(["MP-165"], title, optIn, by, reads("v2-default", by, { value })),
    refused(["MP-165"], `${title}, 6 days ago`, optIn, by, once("v2-default", by, "6 days", { value })),
    refused(["MP-165"], `nobody watched for a day of ${by}`, optIn, by, reads("v2-default", by, { seen: 6 / 7 })),
  ]),
  ...proof(
    {
      rows: ["MP-166"],
      ask: optIn,
      by: "feedback-triaged",
      kind: "measurement",
      about: { suite: "feedback" },
      what: "the count of feedback",
      tooOld: "31 days",
      staged: true,
    },
    { "one piece of feedback is not triaged": measuresNow("feedback", "untriaged", 1) },
  ),
  ...proof(
    {
      rows: ["MP-167"],
      ask: optIn,
      by: "bugs-mended",
      kind: "measurement",
      about: { suite: "issue-tracker" },
      what: "the count of bugs",
      tooOld: "8 days",
      staged: true,
    },
    { "one bug of high priority is open": measuresNow("issue-tracker", "open-high-priority", 1) },
  ),
  ...proof(
    {
      rows: ["MP-168"],
      ask: optIn,
      by: "performance-tuned",
      kind: "check",
      about: { check: "tuned-on-real-usage" },
      what: "the tuning",
      tooOld: "91 days",
      staged: true,
    },
    { "performance was not tuned": { outcome: "not-done" } },
  ),
  ...proof(
    {
      rows: ["MP-171"],
      ask: optIn,
      by: "usage-optimised",
      kind: "check",
      about: { check: "optimised-for-usage" },
      what: "the look at usage",
      tooOld: "91 days",
      staged: true,
    },
    { "nobody looked at how it is used": { outcome: "not-done" } },
  ),
  // What is left is judged on entering the next stage.
  ...live(
    ["MP-186"],
    { stage: "v2-default" },
    "signing-adoption",
    "10% of the packages are signed",
    0.1,
    "23 hours",
  ).map((one) => ({ ...one, ask: optIn })),
  ...proof(
    {
      rows: ["MP-172"],
      ask: optIn,
      by: "v1-deprecation-plan",
      kind: "documents",
      what: "the plan of the deprecation",
      tooOld: "91 days",
    },
    { "V1's deprecation is not planned": unwritten("v1-deprecation") },
  ),
  ...proof(
    {
      rows: ["MP-176"],
      ask: alone,
      by: "v1-removal-plan",
      kind: "documents",
      what: "the plan of the removal",
      tooOld: "91 days",
    },
    { "V1's removal is not planned": unwritten("v1-removal") },
  ),
  ...suite(["MP-173"], optIn, "v1-not-default", "v1-is-opt-in", "8 days"),
  ...suite(["MP-178"], alone, "one-backend", "v2-is-the-only-backend", "8 days"),
  refused(["MP-177"], "V1 was opt-in for 89 days", alone, "six-months", lasted("v1-opt-in", "89 days")),
  ...proof(
    {
      rows: ["MP-177"],
      ask: alone,
      by: "major-version",
      kind: "artifacts",
      what: "the release's file",
      tooOld: "8 days",
    },
    { "the release has no new major version": unpublished("marketplace-3.x.crate") },
  ),
  ...proof(
    {
      rows: ["MP-177"],
      ask: alone,
      by: "v1-removed",
      kind: "review",
      about: { review: "v1-removal" },
      what: "the review of the removal",
      tooOld: "8 days",
    },
    { "there is code of V1 left": { outcome: "changes-requested" } },
  ),
  ...proof(
    { rows: ["MP-179"], ask: alone, by: "v1-archived", kind: "artifacts", what: "the archive", tooOld: "31 days" },
    { "V1's code is not archived": unpublished("marketplace-v1-source.tar.gz") },
  ),
];

export const LAUNCH: readonly Case[] = [...CUTOVER, ...FINISH, ...AFTERWARDS];
