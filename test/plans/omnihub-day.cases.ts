/** OmniHub's deployment day: what must not change, the two final words, the steps' approvals and probes. */
import { refused } from "./cases";
import type { Case, Change } from "./cases";
import {
  aboutAnother,
  approval,
  canaryAt,
  inStage,
  later,
  older,
  says,
  signedBefore,
  unapproved,
  undeclared,
  without,
} from "./changes";
import { HOUR, MINUTE } from "./good-evidence";

const enter = { stage: "production" };
const step = (to: number) => ({ stage: "production", to });

/** The release changes one file more. */
const touches = (file: string): Change => says("changes", { files: [file] });

/** A probe of a suite did not answer, or was not made. */
const silent = (row: string, title: string, by: string, suite: string, test: string): Case =>
  refused([row], title, step(5), by, says("test-result", { passed: 2, failedTests: [test] }, { suite }));

const SUITES = [
  ["OH-113", "infrastructure-answers", "infrastructure"],
  ["OH-130", "application-answers", "health"],
] as const;

export const DAY: readonly Case[] = [
  // What will not change
  refused(["OH-86"], "the release moves the frontend's runtime", enter, "runtime-unchanged", touches("vercel.json")),
  refused(
    ["OH-86"],
    "the release moves the backend's runtime",
    enter,
    "runtime-unchanged",
    touches("supabase/config.toml"),
  ),
  refused(["OH-87"], "the release changes a page", enter, "features-unchanged", touches("src/pages/index.tsx")),
  refused(
    ["OH-87"],
    "the release changes what a page is made of",
    enter,
    "features-unchanged",
    touches("src/components/cart/total.tsx"),
  ),
  refused(
    ["OH-88"],
    "the release has another migration than the emergency controls'",
    enter,
    "no-migration",
    touches("supabase/migrations/20261101_orders.sql"),
  ),
  ...[
    ["OH-86", "runtime-unchanged"],
    ["OH-87", "features-unchanged"],
    ["OH-88", "no-migration"],
  ].map(([row = "", by = ""]) =>
    refused([row], `${by}: somebody looked a month ago`, enter, by, older("changes", "30 days")),
  ),

  // T-60 and T-15
  refused(["OH-108", "OH-203"], "nobody said go an hour before", enter, "go-no-go-t-60", unapproved("go-no-go-t-60")),
  refused(["OH-108", "OH-203"], "the go of an hour before was given at T-10", enter, "go-no-go-t-60", (world, plan) =>
    approval("go-no-go-t-60", { approvedAt: world.now - 15 * MINUTE })(world, plan),
  ),
  refused(
    ["OH-203"],
    "the go of an hour before was given three hours before",
    enter,
    "go-no-go-t-60",
    signedBefore("go-no-go-t-60", "2 hours"),
  ),
  refused(
    ["OH-108"],
    "at T-60 the backup was still missing",
    enter,
    "go-no-go-t-60",
    approval("go-no-go-t-60", { saw: { outcome: "NO-GO", unmet: ["manual-backup"] } }),
  ),
  refused(["OH-110"], "nobody said the final go", enter, "go-no-go-t-15", unapproved("go-no-go-t-15")),
  refused(
    ["OH-110"],
    "the final go was given at T-20",
    enter,
    "go-no-go-t-15",
    signedBefore("go-no-go-t-15", "24 minutes"),
  ),
  refused(
    ["OH-110"],
    "at the final go nobody was on call any more",
    enter,
    "go-no-go-t-15",
    approval("go-no-go-t-15", { saw: { outcome: "NO-GO", unmet: ["on-call"] } }),
  ),
  refused(
    ["OH-110"],
    "the CTO stopped it at T-15",
    enter,
    "go-no-go-t-15",
    approval("go-no-go-t-15", { decision: "rejected", reason: "a provider has an outage" }),
  ),
  refused(["OH-120"], "the update plan that was approved is kept nowhere", enter, "update-plan-reviewed", (world) => ({
    ...world,
    updatePlans: [],
  })),

  // Each step
  ...[5, 25, 50, 100].map((to) =>
    refused(
      ["OH-16", "OH-201"],
      `nobody approved the step to ${to}%`,
      step(to),
      "step-approved",
      unapproved("step-approved"),
    ),
  ),
  refused(
    ["OH-16"],
    "the step to 25% goes by the approval of the step before it",
    step(25),
    "step-approved",
    signedBefore("step-approved", "1 hour"),
  ),
  refused(["OH-16"], "the first step was approved three hours ago", step(5), "step-approved", (world, plan) =>
    approval("step-approved", { approvedAt: world.now - 3 * HOUR })(world, plan),
  ),

  refused(
    ["OH-16"],
    "the step to 100% was approved two and a half hours ago",
    step(100),
    "step-approved",
    canaryAt("production", { held: "3 hours" }),
    (world, plan) => approval("step-approved", { approvedAt: world.now - 2.5 * HOUR })(world, plan),
  ),
  ...(
    [
      ["OH-203", "go-no-go-t-60"],
      ["OH-110", "go-no-go-t-15"],
    ] as const
  ).map(([row, by]) => refused([row], `${by}: three hours went by since`, enter, by, later("3 hours"))),

  // Verification before the first step
  silent("OH-123", "omnihub.dev does not resolve to Cloudflare", "infrastructure-answers", "infrastructure", "dns"),
  silent("OH-124", "Redis does not answer", "infrastructure-answers", "infrastructure", "redis"),
  silent("OH-125", "the store of the secrets is sealed", "infrastructure-answers", "infrastructure", "secrets"),
  silent("OH-130", "/health does not answer", "application-answers", "health", "/health"),
  silent("OH-131", "/health/deep does not answer", "application-answers", "health", "/health/deep"),
  silent("OH-132", "/health/omn does not answer", "application-answers", "health", "/health/omn"),
  refused(
    ["OH-112"],
    "the infrastructure of another release was probed: this one's is not there yet",
    step(5),
    "infrastructure-answers",
    aboutAnother("test-result", { suite: "infrastructure" }),
  ),
  refused(
    ["OH-114"],
    "the application of another release was probed: this one's is not there yet",
    step(5),
    "application-answers",
    aboutAnother("test-result", { suite: "health" }),
  ),
  ...SUITES.flatMap(([row, by, suite]): Case[] => [
    refused([row], `${by}: nobody probed`, step(5), by, without("test-result", { suite })),
    refused(
      [row],
      `${by}: one of the three was not probed`,
      step(5),
      by,
      says("test-result", { tests: 2, passed: 2 }, { suite }),
    ),
    refused([row], `${by}: it was probed in staging`, step(5), by, inStage("test-result", "staging", { suite })),
    refused([row], `${by}: it was probed four hours ago`, step(5), by, older("test-result", "4 hours", { suite })),
  ]),
  refused(
    ["OH-133"],
    "the rows of emergency_controls can't be read in production",
    step(5),
    "emergency-controls-in-production",
    says("drill", { outcome: "failed" }, { drill: "emergency-controls-read" }),
  ),
  refused(
    ["OH-133"],
    "the rows of emergency_controls were read in dev only",
    step(5),
    "emergency-controls-in-production",
    inStage("drill", "development", { drill: "emergency-controls-read" }),
  ),
  refused(
    ["OH-133"],
    "the rows of emergency_controls were last read four hours ago",
    step(5),
    "emergency-controls-in-production",
    older("drill", "4 hours", { drill: "emergency-controls-read" }),
  ),
  refused(
    ["OH-18", "OH-84", "OH-85", "OH-211"],
    "there is no kill switch and no safe mode",
    step(5),
    "emergency-controls",
    undeclared("canary/emergency-controls"),
  ),
  refused(
    ["OH-174"],
    "after the rollback in staging nobody looked whether the services were healthy",
    enter,
    "rollback-tested",
    says("drill", { integrity: "unverified" }, { drill: "rollback" }),
  ),
];
