/** The pre-deployment checklist: code quality, infrastructure, communication. */
import type { WorkflowJob } from "../../../rollout/evidence";
import { refused, refusedPlan } from "../cases";
import type { Case } from "../cases";
import {
  aboutAnother,
  changing,
  inStage,
  job,
  older,
  once,
  reads,
  says,
  signedBy,
  starts,
  unapproved,
  undeclared,
  without,
  withoutAlert,
  withoutDashboard,
  withoutFlag,
  withoutFlagsOf,
  withoutRunbook,
} from "../changes";
import { hex } from "../good-evidence";
import { measuresNow, proof, suite, unwritten } from "../marketplace-changes";
import { approvedAgo, nobodyOf } from "./changes";

const production = { stage: "production" };

const BUILD = "Build & Test";
const FILE = "build-workflow";
const CHECKOUT = { action: "actions/checkout", version: "v4" };
const PYTHON = { action: "actions/setup-python", version: "v4", with: { "python-version": ["3.11"] } };
const COMMANDS = ["pip install -r requirements.txt", "npm install", "pytest tests/", "npm test"];
const steps = (...all: WorkflowJob["steps"]) => job(BUILD, "build", { steps: all });
const commandsBut = (command: string) =>
  steps(CHECKOUT, PYTHON, { commands: COMMANDS.filter((one) => one !== command) });

const WORKFLOW: readonly Case[] = [
  refused(
    ["SV-72"],
    "a push to a branch is not built",
    production,
    FILE,
    starts(BUILD, "push", { branches: ["main"] }),
  ),
  refused(["SV-72"], "a pull request is not built", production, FILE, starts(BUILD, "pull_request")),
  refused(["SV-72"], "the build does not run pytest", production, FILE, commandsBut("pytest tests/")),
  refused(["SV-72"], "the build does not run npm test", production, FILE, commandsBut("npm test")),
  refused(
    ["SV-72"],
    "the tests may fail and the build passes",
    production,
    FILE,
    steps(CHECKOUT, PYTHON, { commands: COMMANDS.slice(0, 2) }, { commands: COMMANDS.slice(2), mayFail: true }),
  ),
  refused(
    ["SV-73"],
    "the build runs on another machine",
    production,
    FILE,
    job(BUILD, "build", { runners: ["windows-latest"] }),
  ),
  refused(
    ["SV-73"],
    "the build checks out by an older action",
    production,
    FILE,
    steps({ ...CHECKOUT, version: "v3" }, PYTHON, { commands: COMMANDS }),
  ),
  refused(
    ["SV-74"],
    "the build has another action for Python",
    production,
    FILE,
    steps(CHECKOUT, { ...PYTHON, version: "v5" }, { commands: COMMANDS }),
  ),
  refused(
    ["SV-74"],
    "the build has another Python",
    production,
    FILE,
    steps(CHECKOUT, { ...PYTHON, with: { "python-version": ["3.12"] } }, { commands: COMMANDS }),
  ),
  refused(
    ["SV-75"],
    "the build does not install Python's packages",
    production,
    FILE,
    commandsBut("pip install -r requirements.txt"),
  ),
  refused(["SV-75"], "the build does not install npm's packages", production, FILE, commandsBut("npm install")),
  refused(["SV-133"], "the commit has no workflow of GitHub Actions", production, FILE, without("workflow")),
  refused(["SV-133"], "the workflow was read 15 days ago", production, FILE, older("workflow", "15 days")),
];

const CODE: readonly Case[] = [
  ...WORKFLOW,
  ...suite(["SV-20", "SV-76", "SV-83"], production, "pytest", "pytest", "15 days"),
  ...suite(["SV-20", "SV-76"], production, "npm-test", "npm-test", "15 days"),
  ...proof(
    { rows: ["SV-77"], ask: production, by: "image-tagged", kind: "artifacts", what: "the image", tooOld: "15 days" },
    { "the image is tagged as the latest": { artifacts: [{ name: "sarvanom:latest", sha256: hex("c") }] } },
  ),
  refused(
    ["SV-22"],
    "the scan found a critical vulnerability",
    production,
    "security-scan",
    says("vulnerabilities", { counts: { critical: 1, high: 0, medium: 0, low: 0, unknown: 0 }, critical: ["CVE-1"] }),
  ),
  refused(
    ["SV-22"],
    "the scan found a high vulnerability",
    production,
    "security-scan",
    says("vulnerabilities", { counts: { critical: 0, high: 1, medium: 0, low: 0, unknown: 0 } }),
  ),
  refused(
    ["SV-22"],
    "the scan found something of unknown severity",
    production,
    "security-scan",
    says("vulnerabilities", { counts: { critical: 0, high: 0, medium: 0, low: 0, unknown: 1 } }),
  ),
  refused(["SV-22"], "the scan is of two days ago", production, "security-scan", older("vulnerabilities", "2 days")),
  refused(
    ["SV-23"],
    "one benchmark in a hundred was missed",
    production,
    "benchmarks",
    measuresNow("benchmarks", "met", 0.99),
  ),
  refused(
    ["SV-23"],
    "the benchmarks were made 8 days ago",
    production,
    "benchmarks",
    older("measurement", "8 days", { suite: "benchmarks" }),
  ),
  refused(
    ["SV-24"],
    "the documentation is that of the release before",
    production,
    "technical-documentation",
    aboutAnother("documents"),
  ),
  refused(
    ["SV-24"],
    "the users' documentation is that of the release before",
    production,
    "user-documentation",
    aboutAnother("documents"),
  ),
  refused(
    ["SV-130"],
    "the API's changes are not written down",
    production,
    "technical-documentation",
    unwritten("api-changes"),
  ),
  refused(
    ["SV-130"],
    "there is no migration guide",
    production,
    "technical-documentation",
    unwritten("migration-guide"),
  ),
  refused(["SV-131"], "there are no feature guides", production, "user-documentation", unwritten("feature-guides")),
  refused(["SV-131"], "there are no tutorials", production, "user-documentation", unwritten("tutorials")),
  refused(
    ["SV-130"],
    "the technical documentation was looked at 15 days ago",
    production,
    "technical-documentation",
    older("documents", "15 days"),
  ),
  refused(
    ["SV-131"],
    "the users' documentation was looked at 15 days ago",
    production,
    "user-documentation",
    older("documents", "15 days"),
  ),
  ...proof(
    {
      rows: ["SV-113"],
      ask: production,
      by: "test-coverage",
      kind: "coverage",
      what: "the tests' coverage",
      tooOld: "8 days",
    },
    { "799 of 1000 lines are tested": { lines: { covered: 799, total: 1000 } } },
  ),
];

/** Flag → the demands of its environments. */
const FLAGS = [
  ["new-query-engine-on", "SV-69", "the new query engine does not answer with its flag on"],
  ["new-query-engine-off", "SV-70", "nothing answers with the flag of the new query engine off"],
  ["new-query-ui-on", "SV-71", "the new UI is not there with its flag on"],
  ["new-query-ui-off", "SV-71", "the legacy UI is not there with the flag of the new one off"],
] as const;

const FLAGGED: readonly Case[] = [
  ...Object.entries({ release: "SV-61", experiment: "SV-62", configuration: "SV-64" }).map(([type, row]) =>
    refused([row], `no flag is of type ${type}`, production, "flags", withoutFlagsOf(type)),
  ),
  ...["new-query-engine", "new-query-ui", "answer-ranking", "sources-per-answer"].map((flag) =>
    refused(["SV-65"], `the flag ${flag} is kept somewhere else`, production, "flags", withoutFlag(flag)),
  ),
  refused(
    ["SV-68"],
    "a flag is changed, and nobody who manages flags approved",
    production,
    "flag-managers",
    changing("kubernetes:core.openfeature.dev/v1beta1:FeatureFlag"),
    unapproved("flag-managers"),
    nobodyOf("product"),
    nobodyOf("engineering-leadership"),
  ),
  refused(
    ["SV-68"],
    "a flag's change was approved 25 hours ago",
    production,
    "flag-managers",
    changing("kubernetes:core.openfeature.dev/v1beta1:FeatureFlag"),
    approvedAgo("product", "25 hours"),
    approvedAgo("engineering-leadership", "25 hours"),
  ),
  ...FLAGS.map(([environment, row, title]) =>
    refused(
      [row],
      title,
      production,
      "flags-tested",
      says("test-result", { passed: 0, failedTests: ["a query"] }, { suite: "feature-flags", environment }),
    ),
  ),
  refused(
    ["SV-69", "SV-70", "SV-71"],
    "the flags were tested 8 days ago",
    production,
    "flags-tested",
    older("test-result", "8 days", { suite: "feature-flags" }),
  ),
  refused(
    ["SV-69", "SV-70", "SV-71"],
    "the flags were tested in development",
    production,
    "flags-tested",
    inStage("test-result", "development", { suite: "feature-flags" }),
  ),
];

const INFRASTRUCTURE: readonly Case[] = [
  ...suite(["SV-25"], production, "migrations-tested", "migrations", "8 days", true),
  ...proof(
    {
      rows: ["SV-26"],
      ask: production,
      by: "environment-variables",
      kind: "check",
      about: { check: "environment-variables-updated" },
      what: "the environment variables",
      tooOld: "8 days",
      staged: true,
    },
    {
      "nobody updated the environment variables": without("check", { check: "environment-variables-updated" }),
    },
  ),
  ...proof(
    {
      rows: ["SV-27"],
      ask: production,
      by: "secrets-rotated",
      kind: "measurement",
      about: { suite: "secrets" },
      what: "the count of secrets that are due",
      tooOld: "8 days",
      staged: true,
    },
    { "one secret is due and was not rotated": measuresNow("secrets", "overdue", 1) },
  ),
  refused(["SV-28"], "there is no monitoring", production, "monitoring", undeclared("monitoring")),
  refused(["SV-28"], "no probe looks at the service", production, "monitoring", undeclared("monitoring/health-probes")),
  refused(["SV-28"], "nothing alerts of slow responses", production, "monitoring", withoutAlert("responses-slow")),
  refused(
    ["SV-28"],
    "an unavailable service calls somebody without a runbook",
    production,
    "monitoring",
    withoutRunbook("service-unavailable"),
  ),
  refused(["SV-134"], "there is no namespace", production, "kubernetes", undeclared("environment/namespace")),
  refused(["SV-134"], "nothing runs the containers", production, "kubernetes", undeclared("service")),
  refused(["SV-134"], "there is one track only", production, "kubernetes", undeclared("service/two-tracks")),
  refused(["SV-136"], "nothing scrapes the service", production, "prometheus", undeclared("monitoring/metrics")),
  refused(["SV-136"], "there are no alerts at all", production, "prometheus", undeclared("monitoring/alerts")),
  refused(["SV-137"], "there are no dashboards", production, "grafana", undeclared("monitoring/dashboards")),
  refused(["SV-137"], "no dashboard shows the release", production, "grafana", withoutDashboard("release")),
  refused(["SV-137"], "no dashboard shows the business", production, "grafana", withoutDashboard("business")),
];

const COMMUNICATION: readonly Case[] = [
  refused(["SV-30"], "there are no release notes", production, "release-notes", unwritten("release-notes")),
  refused(
    ["SV-101"],
    "the release notes have no highlights",
    production,
    "release-notes",
    unwritten("release-notes", "Highlights"),
  ),
  refused(
    ["SV-129"],
    "the release notes have no changelog",
    production,
    "release-notes",
    unwritten("release-notes", "Changelog"),
  ),
  refused(
    ["SV-129"],
    "the release notes are those of the release before",
    production,
    "release-notes",
    aboutAnother("documents"),
  ),
  refused(
    ["SV-30"],
    "the release notes are of 15 days ago",
    production,
    "release-notes",
    older("documents", "15 days"),
  ),
  ...proof(
    {
      rows: ["SV-31"],
      ask: production,
      by: "stakeholders-told",
      kind: "check",
      about: { check: "stakeholders-told" },
      what: "telling the stakeholders",
      tooOld: "8 days",
    },
    { "nobody told the stakeholders": without("check", { check: "stakeholders-told" }) },
  ),
  ...proof(
    {
      rows: ["SV-32"],
      ask: production,
      by: "support-briefed",
      kind: "check",
      about: { check: "support-briefed" },
      what: "the briefing of support",
      tooOld: "8 days",
    },
    {
      "nobody briefed support": without("check", { check: "support-briefed" }),
      "product says that support was briefed, support does not": signedBy("check", "product", {
        check: "support-briefed",
      }),
    },
  ),
  refused(
    ["SV-33"],
    "what users are told is not planned",
    production,
    "user-communication",
    unwritten("user-communication"),
  ),
  refused(
    ["SV-33"],
    "what users are told was planned 15 days ago",
    production,
    "user-communication",
    older("documents", "15 days"),
  ),
  ...proof(
    {
      rows: ["SV-102"],
      ask: { stage: "production", type: "maintenance" },
      by: "downtime-announced",
      kind: "check",
      about: { check: "downtime-announced" },
      what: "the notice of downtime",
      tooOld: "15 days",
    },
    { "nobody told users of the downtime": without("check", { check: "downtime-announced" }) },
  ),
];

/** Owner → the demand that a contact of it is on file. */
const CONTACTS = [
  ["engineering-lead", "SV-138"],
  ["security-team", "SV-139"],
  ["product-manager", "SV-140"],
  ["devops", "SV-141"],
] as const;

const REACHED: readonly Case[] = CONTACTS.map(([owner, row]) =>
  refusedPlan(["SV-97", row], `the contact of ${owner} is still the template's`, production, "contacts", (plan) => ({
    ...plan,
    owners: { ...plan.owners, [owner]: { contact: "[Contact Information]", covers: [] } },
  })),
);

/** Manual rollback, step 5: stable before anything new. */
const STABLE: readonly Case[] = [
  ["stable-errors", { value: 0.011 }, "more than one request in a hundred fails"] as const,
  ["stable-services", { value: 0.999 }, "a service did not answer a probe"] as const,
].flatMap(([criterion, answers, title]) => [
  refused(["SV-54"], title, production, criterion, reads("production", criterion, answers)),
  refused(
    ["SV-54"],
    `10 minutes ago ${title}`,
    production,
    criterion,
    once("production", criterion, "10 minutes", answers),
  ),
]);

export const CHECKLIST: readonly Case[] = [
  ...CODE,
  ...FLAGGED,
  ...INFRASTRUCTURE,
  ...COMMUNICATION,
  ...REACHED,
  ...STABLE,
];
