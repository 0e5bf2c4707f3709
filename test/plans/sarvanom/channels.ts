/** Release channels: development, staging, production, each from its own branch and for its own people. */
import { refused } from "../cases";
import type { Case } from "../cases";
import { canaryAt, older, running, says, without } from "../changes";
import { BASELINE } from "../good-evidence";
import { nobodyOf, approvedAgo, routedTo } from "./changes";

const production = { stage: "production" };

/** A commit that is on another branch, or of which it was said too long ago. */
const branch = (rows: readonly string[], stage: string, criterion: string, other: string, tooOld: string): Case[] => [
  refused(rows, `${stage} gets a build of ${other}`, { stage }, criterion, says("provenance", { branch: other })),
  refused(
    rows,
    `no pipeline of the branch of ${stage} ran for the commit`,
    { stage },
    criterion,
    without("provenance"),
    without("pipelines"),
  ),
  refused(
    rows,
    `the branch of ${stage} was looked at ${tooOld} ago`,
    { stage },
    criterion,
    older("provenance", tooOld),
  ),
];

export const CHANNELS: readonly Case[] = [
  ...branch(["SV-12"], "development", "merged", "feature/new-query-engine", "8 days"),
  ...branch(["SV-14"], "staging", "release-branch", "develop", "8 days"),
  ...branch(["SV-17", "SV-78"], "production", "on-main", "release/v2", "15 days"),
  refused(
    ["SV-13"],
    "everybody gets the development channel",
    { stage: "development", to: 100 },
    "canary.route",
    routedTo(),
  ),
  refused(["SV-16"], "everybody gets the staging channel", { stage: "staging", to: 50 }, "canary.route", routedTo()),
  refused(
    ["SV-15"],
    "nobody approved the deployment to staging",
    { stage: "staging" },
    "staging-approved",
    nobodyOf("devops"),
  ),
  refused(
    ["SV-15"],
    "the deployment to staging was approved 25 hours ago",
    { stage: "staging" },
    "staging-approved",
    approvedAgo("devops", "25 hours"),
  ),
  refused(["SV-79"], "another build runs in staging", production, "in-staging", running("staging", BASELINE)),
  refused(
    ["SV-18"],
    "another release is on the canary when this one enters",
    production,
    "at-rest",
    canaryAt("production", { weight: 25 }),
  ),
  refused(
    ["SV-80"],
    "a release that never was on the canary is promoted",
    { stage: "production", finish: true },
    "at-rest",
    canaryAt("production", { weight: 0 }),
  ),
  refused(
    ["SV-18"],
    "all traffic is moved at once",
    { stage: "production", to: 100 },
    "canary.order",
    canaryAt("production", { weight: 0 }),
  ),
  refused(
    ["SV-19", "SV-37"],
    "a release that half of the users have is promoted",
    { stage: "production", finish: true },
    "finish.watch",
    canaryAt("production", { weight: 50 }),
  ),
  refused(
    ["SV-82"],
    "a release that all users have had for 59 minutes is promoted",
    { stage: "production", finish: true },
    "finish.watch",
    canaryAt("production", { held: "59 minutes" }),
  ),
];
