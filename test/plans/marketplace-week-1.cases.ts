/** Before the migration and in its first week: the checklist, feature gates, adapters. */
import type { Case } from "./cases";
import { refused } from "./cases";
import { canaryAt, later, measured, running, says, undeclared, without } from "./changes";
import { BASELINE, HOUR, MINUTE } from "./good-evidence";
import { measuresNow, neverRan, noRunbook, onCallFor, pipeline, proof, suite, unwritten } from "./marketplace-changes";

const staging = { stage: "staging" };
const gates = { stage: "feature-gates" };
const v1 = { stage: "v1-adapter" };
const v2 = { stage: "v2-adapter" };
const dual = { stage: "dual-backend" };

const COMBINATIONS = ["none", "v1", "v2", "parallel", "v1-v2", "v1-parallel", "v2-parallel", "v1-v2-parallel"];

/** A build of another branch, or one whose provenance is too old. */
const ofBranch = (rows: readonly string[], stage: string, by: string): Case[] =>
  proof(
    { rows, ask: { stage }, by, kind: "provenance", what: `the provenance for ${stage}`, tooOld: "8 days" },
    { [`the build for ${stage} is of main`]: { branch: "main" } },
  );

/** What a drill for a rollback must have been. */
const drill = (rows: readonly string[], by: string, name: string, what: string) =>
  ({ rows, ask: gates, by, kind: "drill", about: { drill: name }, what, tooOld: "31 days", staged: true }) as const;

/** Pre-deployment checklist: code readiness. */
const CODE_READINESS: readonly Case[] = [
  ...suite(["MP-01"], staging, "feature-gates-tested", "feature-gates", "8 days"),
  ...proof(
    {
      rows: ["MP-02"],
      ask: staging,
      by: "adapter-coverage",
      kind: "coverage",
      what: "the adapters' coverage",
      tooOld: "8 days",
    },
    {
      "one line in a thousand of the adapters is not tested": {
        modules: [{ name: "src/adapters", covered: 999, total: 1000 }],
      },
    },
  ),
  ...suite(["MP-03"], staging, "v2-rdf", "v2-rdf", "8 days"),
  ...suite(["MP-03"], staging, "v2-sparql", "v2-sparql", "8 days"),
  ...suite(["MP-03"], staging, "v2-crypto", "v2-crypto", "8 days"),
  ...suite(["MP-04"], staging, "conversion-to-v2", "conversion-v1-to-v2", "8 days"),
  ...suite(["MP-04"], staging, "conversion-to-v1", "conversion-v2-to-v1", "8 days"),
  ...suite(["MP-05"], staging, "fallback-tested", "fallback", "8 days"),
  ...proof(
    {
      rows: ["MP-06"],
      ask: staging,
      by: "search-benchmark",
      kind: "measurement",
      about: { suite: "benchmarks" },
      what: "the search benchmark",
      tooOld: "8 days",
    },
    { "the benchmark's search takes 100 ms": measuresNow("benchmarks", "search-p95", 100) },
  ),
  ...proof(
    {
      rows: ["MP-06"],
      ask: staging,
      by: "install-benchmark",
      kind: "measurement",
      about: { suite: "benchmarks" },
      what: "the installation benchmark",
      tooOld: "8 days",
    },
    { "the benchmark's installation takes 5 s": measuresNow("benchmarks", "install-p95", 5000) },
  ),
  ...proof(
    {
      rows: ["MP-07"],
      ask: staging,
      by: "signing-audit",
      kind: "review",
      about: { review: "signing-audit" },
      what: "the audit of signing",
      tooOld: "61 days",
    },
    {
      "the audit of signing was not passed": { outcome: "rejected" },
      "the audit of signing left a high finding open": { open: { critical: 0, high: 1, medium: 0, low: 0 } },
    },
  ),
  ...proof(
    {
      rows: ["MP-08"],
      ask: staging,
      by: "guides-written",
      kind: "documents",
      what: "the list of guides",
      tooOld: "8 days",
    },
    {
      "there is no user guide": unwritten("user-guide"),
      "there is no migration guide": unwritten("migration-guide"),
      "there is no API documentation": unwritten("api"),
    },
  ),
];

/** Pre-deployment checklist: infrastructure and operational readiness. */
const READINESS: readonly Case[] = [
  refused(["MP-09"], "there is no RDF store", gates, "rdf-store-configured", undeclared("rdf-store/oxigraph")),
  ...["collector", "traces", "metrics", "logs"].map((part) =>
    refused(["MP-10"], `telemetry has no ${part}`, gates, "collector-configured", undeclared(`telemetry/${part}`)),
  ),
  ...proof(drill(["MP-13"], "restore-drill", "restore", "the restore"), {
    "the backup could not be restored": { outcome: "failed" },
    "nobody looked at what was restored": { integrity: "unverified" },
  }),
  ...proof(
    {
      rows: ["MP-14"],
      ask: gates,
      by: "capacity-plan",
      kind: "documents",
      what: "the capacity plan",
      tooOld: "91 days",
    },
    { "there is no capacity plan": unwritten("capacity-plan") },
  ),
  ...proof(
    {
      rows: ["MP-15"],
      ask: gates,
      by: "load-doubled",
      kind: "measurement",
      about: { suite: "load-test" },
      what: "the load of the load test",
      tooOld: "31 days",
      staged: true,
    },
    { "the load test had 1.9 times the expected traffic": measuresNow("load-test", "times-expected-traffic", 1.9) },
  ),
  ...proof(
    {
      rows: ["MP-15"],
      ask: gates,
      by: "load-carried",
      kind: "measurement",
      about: { suite: "load-test" },
      what: "the errors of the load test",
      tooOld: "31 days",
      staged: true,
    },
    { "one request in a hundred failed in the load test": measuresNow("load-test", "error-rate", 0.01) },
  ),
  ...proof(
    { rows: ["MP-16"], ask: gates, by: "runbooks", kind: "runbooks", what: "the list of runbooks", tooOld: "91 days" },
    {
      "there is no runbook for the deployment": noRunbook("deployment"),
      "there is no runbook for the rollback": noRunbook("rollback"),
      "there is no runbook for troubleshooting": noRunbook("troubleshooting"),
    },
  ),
  ...proof(
    { rows: ["MP-17"], ask: gates, by: "on-call", kind: "on-call", what: "the on-call schedule", tooOld: "25 hours" },
    { "nobody is on call on the seventh day": onCallFor("6 days") },
  ),
  ...proof(
    {
      rows: ["MP-18"],
      ask: gates,
      by: "incident-response",
      kind: "documents",
      what: "the incident response plan",
      tooOld: "91 days",
    },
    { "there is no incident response plan": unwritten("incident-response") },
  ),
  ...proof(
    {
      rows: ["MP-19"],
      ask: gates,
      by: "communication-plan",
      kind: "documents",
      what: "the communication plan",
      tooOld: "91 days",
    },
    {
      "there is no communication plan": unwritten("communication"),
      "the communication plan has nothing for users": unwritten("communication", "Users"),
      "the communication plan has nothing for stakeholders": unwritten("communication", "Stakeholders"),
      "the communication plan has nothing for the team": unwritten("communication", "Team"),
    },
  ),
  ...proof(
    drill(["MP-20"], "configuration-rollback-drill", "configuration-rollback", "the rollback of the configuration"),
    {
      "the rollback of the configuration failed": { outcome: "failed" },
      "the rollback of the configuration took an hour": { took: HOUR },
    },
  ),
  refused(
    ["MP-144"],
    "the rollback of the configuration was over, and no longer watched, after 14 minutes",
    gates,
    "configuration-rollback-drill",
    says("drill", { took: 14 * MINUTE }, { drill: "configuration-rollback" }),
  ),
  ...proof(drill(["MP-20"], "code-rollback-drill", "code-rollback", "the rollback of the code"), {
    "the rollback of the code took two hours": { took: 2 * HOUR },
  }),
  ...suite(["MP-148"], gates, "code-rollback-tests", "marketplace-v1-after-rollback", "31 days", true),
  ...proof(drill(["MP-20"], "data-rollback-drill", "data-rollback", "the rollback of the data"), {
    "the rollback of the data took four hours": { took: 4 * HOUR },
  }),
  refused(
    ["MP-150"],
    "nobody verified the data that came back",
    gates,
    "data-rollback-drill",
    says("drill", { integrity: "unverified" }, { drill: "data-rollback" }),
  ),
  ...proof(drill(["MP-21"], "flags-in-reach", "feature-flags", "the switch of the flag"), {
    "the operators could not switch the flag": { outcome: "failed" },
  }),
];

/** Day 1. */
const FEATURE_GATES: readonly Case[] = [
  refused(["MP-24"], "staging is deployed at 2 PM", staging, "staging-window", later("5 hours")),
  refused(["MP-24"], "staging is deployed at the weekend", staging, "staging-window", later("5 days")),
  refused(["MP-24"], "production is deployed at 9 AM", gates, "production-window", later("19 hours")),
  refused(["MP-24"], "production is deployed at the weekend", gates, "production-window", later("5 days")),
  refused(["MP-23"], "staging has another build", gates, "in-staging", running("staging", BASELINE)),
  ...ofBranch(["MP-23"], "feature-gates", "phase-1-branch"),
  ...suite(["MP-25", "MP-33"], gates, "smoke-v1", "smoke-marketplace-v1", "25 hours", true),
  ...suite(["MP-26", "MP-33"], gates, "smoke-v2", "smoke-marketplace-v2", "25 hours", true),
  ...suite(["MP-27", "MP-33"], gates, "smoke-parallel", "smoke-marketplace-parallel", "25 hours", true),
  ...suite(["MP-28", "MP-33"], gates, "all-features", "all-features", "25 hours"),
  ...COMBINATIONS.flatMap((environment) => [
    refused(
      ["MP-28"],
      `the features ${environment} were not tested`,
      gates,
      "all-features",
      without("test-result", { suite: "all-features", environment }),
    ),
    refused(
      ["MP-32"],
      `the features ${environment} were not built`,
      gates,
      "all-builds",
      pipeline(`build ${environment}`, "absent"),
    ),
  ]),
  ...proof(
    { rows: ["MP-32"], ask: gates, by: "all-builds", kind: "pipelines", what: "the builds", tooOld: "25 hours" },
    { "the build of v2 failed": pipeline("build v2", "red") },
  ),
  refused(
    ["MP-29", "MP-31"],
    "all servers are asked for before 5% of them",
    { ...gates, to: 100 },
    "canary.order",
    canaryAt("feature-gates", { weight: 0 }),
  ),
  refused(
    ["MP-30"],
    "the canary was watched for 119 minutes",
    { ...gates, to: 100 },
    "canary.hold",
    canaryAt("feature-gates", { held: "119 minutes" }),
  ),
  refused(
    ["MP-24"],
    "the canary is to begin at 5 PM, an hour before the slot is over",
    { ...gates, to: 5 },
    "canary.window",
    later("3 hours"),
  ),
  refused(
    ["MP-31"],
    "the canary fails twice as often as the baseline",
    { ...gates, to: 100 },
    "canary.error-rate",
    measured({ errors: 20 }),
  ),
  refused(
    ["MP-31"],
    "the canary does not answer its health checks",
    { ...gates, to: 100 },
    "canary.health",
    measured({ probes: { samples: 10, failures: 1 } }),
  ),
  refused(
    ["MP-34"],
    "the canary's p95 is 6% over the baseline's",
    { ...gates, to: 100 },
    "canary.p95",
    measured({ p95: 0.106 }),
  ),
  ...suite(["MP-35"], { ...gates, to: 100 }, "nothing-seen", "user-visible", "5 hours", true),
];

/** A ladder of 25% an hour. */
const ladder = (row: string, stage: string): Case[] => [
  ...[25, 50, 75].flatMap((weight) => [
    refused(
      [row],
      `${stage}: ${weight + 25}% is asked for before ${weight}%`,
      { stage, to: weight + 25 },
      "canary.order",
      canaryAt(stage, { weight: weight - 25 }),
    ),
    refused(
      [row],
      `${stage}: ${weight}% was held for 59 minutes`,
      { stage, to: weight + 25 },
      "canary.hold",
      canaryAt(stage, { held: "59 minutes" }),
    ),
  ]),
  refused(
    ["MP-47"],
    `${stage}: the adapter makes requests 6% slower`,
    { stage, to: 50 },
    "canary.p95",
    measured({ p95: 0.106 }),
  ),
];

/** A phase comes after the one before it, which has reached everybody. */
const after = (rows: readonly string[], stage: string, by: string, before: string): Case[] => [
  refused(rows, `${stage} comes before ${before}`, { stage }, by, neverRan(before)),
  refused(rows, `${stage} comes while ${before} is at 25%`, { stage }, by, canaryAt(before, { weight: 25 })),
];

/** Days 2-7. */
const ADAPTERS: readonly Case[] = [
  ...after(["MP-22", "MP-36"], "v1-adapter", "feature-gates-done", "feature-gates"),
  ...ofBranch(["MP-36"], "v1-adapter", "phase-2a-branch"),
  refused(["MP-37"], "staging has another build than the V1 adapter's", v1, "in-staging", running("staging", BASELINE)),
  ...suite(["MP-38", "MP-45"], v1, "v1-adapter-tests", "v1-adapter-parallel", "3 days", true),
  ...suite(["MP-46"], v1, "present-suite", "marketplace-on-v1-adapter", "3 days", true),
  ...ladder("MP-39", "v1-adapter"),
  ...after(["MP-40"], "v2-adapter", "v1-adapter-done", "v1-adapter"),
  ...ofBranch(["MP-40"], "v2-adapter", "phase-2b-branch"),
  refused(["MP-41"], "the V2 adapter has no RDF store", v2, "rdf-store-first", undeclared("rdf-store/oxigraph")),
  ...suite(["MP-45"], v2, "v2-adapter-tests", "v2-adapter-integration", "3 days", true),
  ...ladder("MP-42", "v2-adapter"),
  ...after(["MP-43"], "dual-backend", "v2-adapter-done", "v2-adapter"),
  ...ofBranch(["MP-43"], "dual-backend", "phase-2c-branch"),
  ...suite(["MP-45"], dual, "dual-backend-tests", "dual-backend-integration", "3 days", true),
  ...suite(["MP-48"], dual, "nothing-seen", "user-visible", "3 days", true),
];

export const WEEK_1: readonly Case[] = [...CODE_READINESS, ...READINESS, ...FEATURE_GATES, ...ADAPTERS];
