/** Phases 1 to 3 of OmniHub: what each brought is asked of whoever enters the next, and the plan's own time. */
import { refused } from "./cases";
import type { Case } from "./cases";
import { inStage, older, says, signedBy, without } from "./changes";

const development = { stage: "development" };
const staging = { stage: "staging" };
const production = { stage: "production" };

/** Nobody signed that an item is done, or the wrong person did. */
const unsigned = (rows: readonly string[], title: string, ask: { stage: string }, by: string, check: string): Case =>
  refused(rows, title, ask, by, without("check", { check }));

/** A test of a suite failed. */
const failed = (rows: readonly string[], title: string, by: string, suite: string): Case =>
  refused(rows, title, staging, by, says("test-result", { passed: 0, failedTests: ["it works"] }, { suite }));

/** How long before the good world's approval of the plan another one would be too old. */
const WEEKS = (count: number): string => `${count * 7} days`;

export const PHASES: readonly Case[] = [
  // The operator, before phase 1
  unsigned(["OH-01", "OH-212"], "nobody approved the plan", development, "plan-approved", "rollout-plan"),
  refused(
    ["OH-212"],
    "DevOps approved the plan, not the operator",
    development,
    "plan-approved",
    signedBy("check", "devops", { check: "rollout-plan" }),
  ),
  refused(
    ["OH-01"],
    "the plan's approval was withdrawn",
    development,
    "plan-approved",
    says("check", { outcome: "not-done" }, { check: "rollout-plan" }),
  ),
  refused(
    ["OH-212"],
    "the plan was approved six weeks ago, and development still goes on",
    development,
    "plan-approved",
    older("check", WEEKS(6), { check: "rollout-plan" }),
  ),
  refused(
    ["OH-02"],
    "development took longer than six weeks",
    staging,
    "development-in-time",
    older("check", WEEKS(6), { check: "rollout-plan" }),
  ),
  refused(
    ["OH-02"],
    "the rollout takes longer than eight weeks",
    production,
    "rollout-in-time",
    older("check", WEEKS(8), { check: "rollout-plan" }),
  ),

  // Phase 1, before staging
  unsigned(["OH-20", "OH-29"], "nobody says that .env is gone", staging, "env-removed", "env-removed"),
  unsigned(
    ["OH-06", "OH-21", "OH-29"],
    "nobody says that the secrets were rotated",
    staging,
    "secrets-rotated",
    "secrets-rotated",
  ),
  refused(
    ["OH-20"],
    ".env was still there eight weeks ago, and nobody looked since",
    staging,
    "env-removed",
    older("check", WEEKS(8), { check: "env-removed" }),
  ),
  refused(
    ["OH-21"],
    "the secrets were rotated before the plan began",
    staging,
    "secrets-rotated",
    older("check", WEEKS(8), { check: "secrets-rotated" }),
  ),
  refused(
    ["OH-25", "OH-30"],
    "the table of the emergency controls is not there in dev",
    staging,
    "emergency-controls-in-dev",
    says("drill", { outcome: "failed" }, { drill: "emergency-controls-read" }),
  ),
  refused(
    ["OH-25"],
    "the table was seen in another database than dev's",
    staging,
    "emergency-controls-in-dev",
    inStage("drill", "local", { drill: "emergency-controls-read" }),
  ),
  refused(
    ["OH-25"],
    "the table was seen before the plan began",
    staging,
    "emergency-controls-in-dev",
    older("drill", WEEKS(8), { drill: "emergency-controls-read" }),
  ),
  failed(
    ["OH-26", "OH-30", "OH-210"],
    "an edge function serves requests with the kill switch on",
    "emergency-controls-tests",
    "emergency-controls",
  ),
  refused(
    ["OH-05"],
    "the controls were tested outside of dev",
    staging,
    "emergency-controls-tests",
    inStage("test-result", "local", { suite: "emergency-controls" }),
  ),
  failed(
    ["OH-19", "OH-27", "OH-31"],
    "the Supabase implementation of the database interface fails a unit test",
    "database-interface-tests",
    "database-interface",
  ),
  failed(
    ["OH-19", "OH-28", "OH-31"],
    "the S3-compatible implementation of the storage interface fails a unit test",
    "storage-interface-tests",
    "storage-interface",
  ),
  ...["emergency-controls", "database-interface", "storage-interface"].flatMap((suite): Case[] => {
    const rows = { "emergency-controls": "OH-26", "database-interface": "OH-27", "storage-interface": "OH-28" }[suite];
    return [
      refused(
        [rows ?? ""],
        `${suite} was tested a month ago`,
        staging,
        `${suite}-tests`,
        older("test-result", "30 days", { suite }),
      ),
      refused(
        [rows ?? ""],
        `${suite} was tested on somebody's machine`,
        staging,
        `${suite}-tests`,
        inStage("test-result", "local", { suite }),
      ),
    ];
  }),

  // Phase 2, before staging
  unsigned(["OH-40"], "logs are no JSON with trace_id and user_id", staging, "structured-logs", "structured-logs"),
  unsigned(["OH-07", "OH-47"], "nothing arrives at Datadog", staging, "telemetry-arrives", "telemetry-arrives"),
  unsigned(["OH-46"], "no test alert called anybody", staging, "test-alert-pages", "test-alert-pages"),
  ...[
    ["OH-40", "structured-logs"],
    ["OH-47", "telemetry-arrives"],
    ["OH-46", "test-alert-pages"],
  ].map(([row = "", check = ""]) =>
    refused([row], `${check}: last seen six weeks ago`, staging, check, older("check", WEEKS(6), { check })),
  ),

  // Phase 3, before production
  refused(
    ["OH-65"],
    "staging was deployed by hand: no pipeline did it",
    production,
    "staging-deploys-itself",
    says("pipelines", { pipelines: [{ name: "build", conclusion: "success", commit: "9".repeat(40) }] }),
  ),
  refused(
    ["OH-65"],
    "the pipeline deployed to staging a week ago",
    production,
    "staging-deploys-itself",
    older("pipelines", "7 days"),
  ),
  refused(
    ["OH-54", "OH-60"],
    "the workflow that deploys to staging is started by hand",
    production,
    "cd-staging",
    says("workflow", { triggers: [{ event: "workflow_dispatch", filters: [], cron: [] }] }, { workflow: "CD staging" }),
  ),
  refused(
    ["OH-54", "OH-60"],
    "the workflow of staging deploys nothing",
    production,
    "cd-staging",
    says(
      "workflow",
      { jobs: [{ id: "deploy", needs: [], runners: ["ubuntu-latest"], steps: [{ commands: ["npm ci"] }] }] },
      { workflow: "CD staging" },
    ),
  ),
  refused(
    ["OH-60"],
    "the workflow was read a month ago",
    production,
    "cd-staging",
    older("workflow", "30 days", { workflow: "CD staging" }),
  ),
  refused(
    ["OH-194"],
    "with the kill switch thrown, staging went on answering",
    production,
    "kill-switch-drill",
    says("drill", { outcome: "failed" }, { drill: "kill-switch" }),
  ),
  refused(
    ["OH-194"],
    "the kill switch was last thrown a month ago",
    production,
    "kill-switch-drill",
    older("drill", "30 days", { drill: "kill-switch" }),
  ),
  refused(
    ["OH-194"],
    "the kill switch was thrown elsewhere",
    production,
    "kill-switch-drill",
    inStage("drill", "development", { drill: "kill-switch" }),
  ),
];
