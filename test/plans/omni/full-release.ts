/** Phase 4: what must hold before the release becomes the one that all else is compared with. */
import { refused } from "../cases";
import type { Case } from "../cases";
import { canaryAt, inStage, lasted, measures, older, once, reads, says, without, withoutAlert } from "../changes";
import { hex } from "../good-evidence";

const finish = { stage: "production", finish: true } as const;

const PHASE: readonly Case[] = [
  refused(
    ["OM-53"],
    "everybody has had it for 23 hours",
    finish,
    "finish.watch",
    canaryAt("production", { held: "23 hours" }),
  ),
  refused(
    ["OM-53"],
    "support is no longer ready",
    finish,
    "support-ready",
    without("check", { check: "support-processes" }),
  ),
  refused(
    ["OM-53"],
    "an alert was taken away during the canary",
    finish,
    "monitoring",
    withoutAlert("critical-error-rate"),
  ),
  refused(["OM-37"], "the canary took 6 days", finish, "canary-lasted", lasted("production", "6 days")),
  refused(["OM-37"], "the canary has been on for 15 days", finish, "canary-lasted", lasted("production", "15 days")),
];

/** Criterion → its demands, the least value that is wrong, and how far back it is looked. */
const NUMBERS = [
  ["startup-time", ["OM-80"], 500, "23 hours"],
  ["search-time", ["OM-81"], 2_000, "23 hours"],
  ["install-time", ["OM-82"], 30_000, "23 hours"],
  ["memory-usage", ["OM-83"], 50e6, "23 hours"],
  ["uptime", ["OM-84"], 0.999, "6 days"],
  ["error-rate", ["OM-85"], 0.005, "23 hours"],
  ["crash-rate", ["OM-86"], 0.001, "23 hours"],
  ["first-run-success", ["OM-87", "OM-131"], 0.95, "23 hours"],
  ["command-success-rate", ["OM-88"], 0.99, "23 hours"],
] as const;

const METRICS: readonly Case[] = NUMBERS.flatMap(([criterion, rows, value, ago]) => [
  refused(rows, `${criterion} is at its limit`, finish, criterion, reads("production", criterion, { value })),
  refused(
    rows,
    `${criterion} was at its limit ${ago} ago`,
    finish,
    criterion,
    once("production", criterion, ago, { value }),
  ),
]);

const FEEDBACK: readonly Case[] = [
  refused(
    ["OM-89", "OM-132"],
    "90% of the users are satisfied",
    finish,
    "user-satisfaction",
    says("survey", { answers: 1000, satisfied: 900 }, { survey: "release" }),
  ),
  refused(
    ["OM-132"],
    "99 of the users answered",
    finish,
    "user-satisfaction",
    says("survey", { answers: 99, satisfied: 99 }, { survey: "release" }),
  ),
  refused(
    ["OM-132"],
    "the beta's users answered the release's survey",
    finish,
    "user-satisfaction",
    inStage("survey", "beta", { survey: "release" }),
  ),
  refused(
    ["OM-132"],
    "the users answered 8 days ago",
    finish,
    "user-satisfaction",
    older("survey", "8 days", { survey: "release" }),
  ),
  refused(
    ["OM-133"],
    "support had 10 tickets in the week",
    finish,
    "support-tickets",
    measures("support", "tickets-a-week", 10),
  ),
  refused(
    ["OM-133"],
    "support's tickets were counted 8 days ago",
    finish,
    "support-tickets",
    older("measurement", "8 days", { suite: "support" }),
  ),
  refused(["OM-134"], "as many use it as a week before", finish, "adoption", measures("community", "weekly-growth", 0)),
  refused(
    ["OM-134"],
    "the community was last looked at 8 days ago",
    finish,
    "adoption",
    older("measurement", "8 days", { suite: "community" }),
  ),
  refused(
    ["OM-135"],
    "the documentation is 90% complete",
    finish,
    "documentation-score",
    measures("documentation", "completeness", 0.9),
  ),
  refused(
    ["OM-135"],
    "the documentation was scored 31 days ago",
    finish,
    "documentation-score",
    older("measurement", "31 days", { suite: "documentation" }),
  ),
];

/** Package → the demand that asks for it. */
const PACKAGES = {
  "apt/omni_x.deb": "OM-75",
  "rpm/omni-x.rpm": "OM-76",
  "aur/PKGBUILD": "OM-77",
  "homebrew/omni.rb": "OM-78",
  "chocolatey/omni.x.nupkg": "OM-79",
  "winget/omni.yaml": "OM-79",
} as const;

const REPOSITORIES: readonly Case[] = [
  ...Object.entries(PACKAGES).map(([name, row]) =>
    refused(
      [row],
      `${name} does not have the release`,
      finish,
      "package-repositories",
      says("artifacts", {
        artifacts: Object.keys(PACKAGES)
          .filter((one) => one !== name)
          .map((one) => ({ name: one, sha256: hex("c"), signedBy: "release-key" })),
      }),
    ),
  ),
  refused(
    ["OM-75"],
    "the package repositories were last looked at 15 days ago",
    finish,
    "package-repositories",
    older("artifacts", "15 days"),
  ),
];

export const FULL_RELEASE: readonly Case[] = [...PHASE, ...METRICS, ...FEEDBACK, ...REPOSITORIES];
