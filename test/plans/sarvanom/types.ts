/** Types of releases: what each is for, who approves it, on which day it goes, which ladder and which tests it takes. */
import { refused } from "../cases";
import type { Case } from "../cases";
import { canaryAt, later, older, says, signedBy, without } from "../changes";
import { proof, suite } from "../marketplace-changes";
import { approvedAgo, nobodyOf, onePersonIs, touching } from "./changes";

const as = (type: string) => ({ stage: "production", type });
const step = (type: string, to: number) => ({ ...as(type), to });

const HOTFIX: readonly Case[] = [
  ...proof(
    {
      rows: ["SV-02"],
      ask: as("hotfix"),
      by: "really-a-hotfix",
      kind: "check",
      about: { check: "critical-fix" },
      what: "that it is a critical fix",
      tooOld: "25 hours",
    },
    {
      "nobody says that the hotfix mends anything critical": without("check", { check: "critical-fix" }),
      "the pipeline itself calls it a hotfix": signedBy("check", "ci", { check: "critical-fix" }),
    },
  ),
];

/** Type → its two approvals, the roles that give them, how long they are valid, and the demand. */
const APPROVALS = [
  ["hotfix", "SV-04", "5 hours", ["hotfix-engineer", "senior-engineer"], ["hotfix-security", "security"]],
  ["feature", "SV-07", "25 hours", ["feature-product", "product"], ["feature-engineering", "engineering"]],
  [
    "major",
    "SV-10",
    "25 hours",
    ["major-engineering", "engineering-leadership"],
    ["major-product", "product-leadership"],
  ],
] as const;

const APPROVED: readonly Case[] = APPROVALS.flatMap(([type, row, tooOld, ...both]) => [
  ...both.flatMap(([criterion, role]) => [
    refused([row], `nobody approved the ${type} as ${role}`, as(type), criterion, nobodyOf(role)),
    refused([row], `${role} approved the ${type} ${tooOld} ago`, as(type), criterion, approvedAgo(role, tooOld)),
  ]),
  refused(
    [row],
    `one person is both ${both[0][1]} and ${both[1][1]}`,
    as(type),
    both[1][0],
    onePersonIs(both[0][1], both[1][1]),
  ),
]);

/** Weight → the one before it, where the canary is without it, its hold less a minute, its demand. */
const LADDER = [
  [25, 5, 0, "29 minutes", "SV-34"],
  [50, 25, 5, "59 minutes", "SV-35"],
  [100, 50, 25, "119 minutes", "SV-36"],
] as const;

const FEATURE: readonly Case[] = LADDER.flatMap(([to, before, skipped, held, row]) => [
  refused(
    ["SV-06", row],
    `${to}% is asked for without ${before}%`,
    step("feature", to),
    "canary.order",
    canaryAt("production", { weight: skipped }),
  ),
  refused(
    ["SV-06", row],
    `${before}% was held for ${held}`,
    step("feature", to),
    "canary.hold",
    canaryAt("production", { held }),
  ),
]);

const MAJOR_LADDER = [
  [10, 5, 0, "59 minutes"],
  [25, 10, 5, "59 minutes"],
  [50, 25, 10, "119 minutes"],
  [100, 50, 25, "239 minutes"],
] as const;

const MAJOR: readonly Case[] = [
  ...MAJOR_LADDER.flatMap(([to, before, skipped, held]) => [
    refused(
      ["SV-09"],
      `${to}% of a major release is asked for without ${before}%`,
      step("major", to),
      "canary.order",
      canaryAt("production", { weight: skipped }),
    ),
    refused(
      ["SV-09"],
      `${before}% of a major release was held for ${held}`,
      step("major", to),
      "canary.hold",
      canaryAt("production", { held }),
    ),
  ]),
  ...suite(["SV-09", "SV-84"], as("major"), "integration-tests", "integration", "8 days", true),
  ...suite(["SV-09", "SV-85"], as("major"), "contract-tests", "contract", "8 days"),
  ...suite(["SV-09", "SV-86"], as("major"), "load-tests", "load", "8 days", true),
  ...suite(["SV-09", "SV-86"], as("major"), "stress-tests", "stress", "8 days", true),
];

const CALENDAR: readonly Case[] = [
  refused(["SV-125"], "it is the Wednesday after a train", as("feature"), "release-tuesday", later("1 day")),
  refused(["SV-125"], "it is the Tuesday between two trains", as("feature"), "release-tuesday", later("7 days")),
  refused(
    ["SV-125"],
    "it is 5 in the afternoon: the train has left",
    as("feature"),
    "release-tuesday",
    later("8 hours"),
  ),
  refused(["SV-127"], "it is the day after a major release's", as("major"), "major-tuesday", later("1 day")),
  refused(
    ["SV-127"],
    "it is a train two weeks after a major release's",
    as("major"),
    "major-tuesday",
    later("14 days"),
  ),
  refused(
    ["SV-127"],
    "it is 10 in the evening of a major release's day",
    as("major"),
    "major-tuesday",
    later("16 hours"),
  ),
  ...proof(
    {
      rows: ["SV-127"],
      ask: as("major"),
      by: "major-planned",
      kind: "check",
      about: { check: "in-release-calendar" },
      what: "the plan of major releases",
      tooOld: "43 days",
    },
    { "nobody planned the major release": without("check", { check: "in-release-calendar" }) },
  ),
  refused(
    ["SV-128"],
    "it is 4 in the morning of the maintenance",
    as("maintenance"),
    "maintenance-sunday",
    later("2 hours"),
  ),
  refused(
    ["SV-128"],
    "it is the Saturday before a maintenance",
    as("maintenance"),
    "maintenance-sunday",
    later("27 days"),
  ),
  refused(["SV-128"], "it is a Sunday without maintenance", as("maintenance"), "maintenance-sunday", later("7 days")),
];

/** Criterion → the role that reviews, the demand, and files that need it. */
const REVIEWS = [
  [
    "security-review",
    "security",
    "SV-122",
    [
      "services/auth/login.py",
      "services/security/policy.py",
      "shared/core/secrets/store.py",
      "k8s/production/rbac.yaml",
    ],
  ],
  [
    "performance-review",
    "performance",
    "SV-123",
    ["services/retrieval/index.py", "services/synthesis/llm/batch.py", "shared/core/cache/redis.py"],
  ],
  ["product-review", "product", "SV-124", ["frontend/src/QueryInterface.tsx", "services/gateway/routes/query.py"]],
] as const;

const REVIEWED: readonly Case[] = REVIEWS.flatMap(([criterion, role, row, files]) => [
  ...files.map((file) =>
    refused([row], `${file} is changed without ${role}`, as("hotfix"), criterion, touching(file), nobodyOf(role)),
  ),
  refused([row], `nobody says what is changed, and ${role} saw nothing of it`, as("hotfix"), criterion, nobodyOf(role)),
  refused(
    [row],
    `${role} reviewed the change 25 hours ago`,
    as("hotfix"),
    criterion,
    touching(files[0]),
    approvedAgo(role, "25 hours"),
  ),
]);

/** Governance: two approvals of the code, on the way into both channels. */
const CODE_REVIEW: readonly Case[] = ["development", "production"].flatMap((stage) => [
  refused(
    ["SV-21", "SV-121"],
    `one person reviewed the code for ${stage}`,
    { stage },
    "code-review",
    says("review", { reviewers: ["reviewer-1"] }, { review: "code" }),
  ),
  refused(
    ["SV-21"],
    `the code's review ended in changes for ${stage}`,
    { stage },
    "code-review",
    says("review", { outcome: "rejected" }, { review: "code" }),
  ),
  refused(
    ["SV-21"],
    `the code was reviewed 31 days ago for ${stage}`,
    { stage },
    "code-review",
    older("review", "31 days", { review: "code" }),
  ),
]);

export const TYPES: readonly Case[] = [
  ...HOTFIX,
  ...APPROVED,
  ...FEATURE,
  ...MAJOR,
  ...CALENDAR,
  ...REVIEWED,
  ...CODE_REVIEW,
];
