/** Who is in the beta and when it may begin; what it must have shown before production. */
import { refused } from "../cases";
import type { Case } from "../cases";
import {
  canaryAt,
  inStage,
  lasted,
  measures,
  older,
  once,
  reads,
  running,
  says,
  withoutAlert,
  without,
  withoutDashboard,
} from "../changes";
import { BASELINE } from "../good-evidence";

const beta = { stage: "beta" };
/** Phase 2's exit is asked by production's entry. */
const production = { stage: "production" };

/** Measure → its criterion, its demand, and how many are too few and too many. */
const PEOPLE = [
  ["developers", "beta-developers", "OM-24", [0]],
  ["power-users", "beta-power-users", "OM-25", [49, 101]],
  ["contributors", "beta-contributors", "OM-26", [0]],
  ["enterprise-contacts", "beta-enterprise", "OM-27", [2, 6]],
] as const;

const GROUP: readonly Case[] = PEOPLE.flatMap(([measure, criterion, row, wrong]) => [
  ...wrong.map((count) =>
    refused([row], `${count} ${measure} are in the beta`, beta, criterion, measures("beta-group", measure, count)),
  ),
  refused(
    [row],
    `the ${measure} of the beta were counted 8 days ago`,
    beta,
    criterion,
    older("measurement", "8 days", { suite: "beta-group" }),
  ),
]);

const WATCHED: readonly Case[] = [
  ...["critical-crash-rate", "critical-error-rate"].map((alert) =>
    refused(["OM-28"], `nothing alerts of the beta's ${alert}`, beta, "beta-watched", withoutAlert(alert)),
  ),
  ...["critical-response-time", "warning-memory-usage", "warning-disk-usage"].map((alert) =>
    refused(["OM-29"], `nothing alerts of the beta's ${alert}`, beta, "beta-watched", withoutAlert(alert)),
  ),
  refused(["OM-28"], "no dashboard shows the beta's errors", beta, "beta-watched", withoutDashboard("beta-errors")),
  refused(
    ["OM-29"],
    "no dashboard shows the beta's performance",
    beta,
    "beta-watched",
    withoutDashboard("beta-performance"),
  ),
  refused(["OM-31"], "no dashboard shows the beta's use", beta, "beta-watched", withoutDashboard("beta-usage")),
];

/** Criterion → its demand and the least value that is wrong. */
const NUMBERS = [
  ["beta-crash-rate", "OM-32", 0.001],
  ["beta-error-rate", "OM-33", 0.01],
  ["beta-startup", "OM-36", 500],
  ["beta-search", "OM-36", 2_000],
] as const;

const LIVE: readonly Case[] = NUMBERS.flatMap(([criterion, row, value]) => [
  refused([row], `${criterion} is at its limit`, production, criterion, reads("beta", criterion, { value })),
  refused(
    [row],
    `${criterion} was at its limit in the beta's first days`,
    production,
    criterion,
    once("beta", criterion, "13 days", { value }),
  ),
]);

const FEEDBACK: readonly Case[] = [
  refused(
    ["OM-30"],
    "nobody of the beta was asked",
    production,
    "beta-satisfaction",
    without("survey", { survey: "beta" }),
  ),
  refused(
    ["OM-30"],
    "only 29 of the beta answered",
    production,
    "beta-satisfaction",
    says("survey", { answers: 29, satisfied: 29 }, { survey: "beta" }),
  ),
  refused(
    ["OM-34"],
    "80% of the beta are satisfied",
    production,
    "beta-satisfaction",
    says("survey", { answers: 100, satisfied: 80 }, { survey: "beta" }),
  ),
  refused(
    ["OM-34"],
    "others than the beta's users were asked",
    production,
    "beta-satisfaction",
    inStage("survey", "staging", { survey: "beta" }),
  ),
  refused(
    ["OM-34"],
    "the beta was asked 31 days ago",
    production,
    "beta-satisfaction",
    older("survey", "31 days", { survey: "beta" }),
  ),
  refused(
    ["OM-35"],
    "5 critical bugs were reported in the beta",
    production,
    "beta-critical-bugs",
    measures("issue-tracker", "critical-reported", 5),
  ),
  refused(
    ["OM-30"],
    "nobody has counted the beta's bug reports",
    production,
    "beta-critical-bugs",
    without("measurement", { suite: "issue-tracker" }),
  ),
  refused(
    ["OM-35"],
    "the bug reports are of staging",
    production,
    "beta-critical-bugs",
    inStage("measurement", "staging", { suite: "issue-tracker" }),
  ),
  refused(
    ["OM-35"],
    "the bug reports were counted the day before yesterday",
    production,
    "beta-critical-bugs",
    older("measurement", "2 days", { suite: "issue-tracker" }),
  ),
];

export const BETA: readonly Case[] = [
  refused(
    ["OM-70"],
    "half of staging is still on the release before",
    beta,
    "staging-done",
    canaryAt("staging", { weight: 50 }),
  ),
  refused(["OM-01"], "it was in staging for 6 days", beta, "staging-lasted", lasted("staging", "6 days")),
  refused(["OM-01"], "it has been in staging for 15 days", beta, "staging-lasted", lasted("staging", "15 days")),
  refused(["OM-115"], "a fixed version was never in staging", beta, "staging-lasted", running("staging", BASELINE)),
  refused(["OM-23"], "the beta is open to everybody", { ...beta, to: 100 }, "canary.route", (world) => ({
    ...world,
    route: {},
  })),
  ...GROUP,
  ...WATCHED,
  refused(["OM-23"], "the beta took 13 days", production, "beta-lasted", lasted("beta", "13 days")),
  refused(["OM-23"], "the beta has been on for 36 days", production, "beta-lasted", lasted("beta", "36 days")),
  refused(["OM-115"], "a fixed version was never in the beta", production, "beta-lasted", running("beta", BASELINE)),
  ...LIVE,
  ...FEEDBACK,
];
