/** Weeks 2 to 5 of the marketplace: search, installation, publishing and the default, each by days. */
import type { Case } from "./cases";
import { refused } from "./cases";
import {
  canaryAt,
  reads,
  running,
  says,
  serving,
  undeclared,
  without,
  withoutAlert,
  withoutDashboard,
  withoutFallback,
  withoutFlag,
  withoutRunbook,
} from "./changes";
import { BASELINE } from "./good-evidence";
import { live, measuresNow, proof, suite, unpublished, unwritten } from "./marketplace-changes";

const production = { stage: "production" };
const step = (operation: string, to: number) => ({ ...production, operation, to });

/** A step is asked for before the one before it, or a minute before its day. */
function byDays(
  rows: readonly string[],
  operation: string,
  weights: readonly number[],
  at: number,
  held: string,
): Case[] {
  const [before = 0, now = 0, next = 0] = [weights[at - 1], weights[at], weights[at + 1]];
  return [
    refused(
      rows,
      `${operation}: ${next}% is asked for before ${now}%`,
      step(operation, next),
      "canary.order",
      canaryAt("production", { weight: before }),
    ),
    refused(
      rows,
      `${operation}: ${now}% was held for ${held}`,
      step(operation, next),
      "canary.hold",
      canaryAt("production", { held }),
    ),
  ];
}

/** V1 answers what V2 can't, from the adapter's start to the end of the migration. */
const FALLBACKS: readonly Case[] = [
  ...(
    [
      ["MP-44", { stage: "dual-backend", to: 100 }, "the adapter starts"],
      ["MP-60", step("search", 100), "all searches go to V2"],
      ["MP-75", step("search", 100), "the search is V2's"],
      ["MP-75", step("install", 100), "the installation is V2's"],
      ["MP-75", step("publish", 100), "publishing is V2's"],
      ["MP-101", step("default", 100), "V2 is everybody's default"],
    ] as const
  ).map(([row, ask, when]) =>
    refused([row], `${when} without V1 to fall back to`, ask, "canary.fallback", withoutFallback),
  ),
  refused(
    ["MP-44"],
    "V2 has a tenth of the traffic when the adapter comes to production",
    production,
    "at-rest",
    canaryAt("production", { weight: 10 }),
  ),
];

/** What the document has in config.yaml. */
const CONFIGURED: readonly Case[] = [
  refused(
    ["MP-51"],
    "nothing logs which backend was chosen",
    production,
    "ab-test",
    withoutFlag("log-backend-selection"),
  ),
  refused(
    ["MP-51"],
    "the log of the chosen backend is off",
    production,
    "ab-test",
    serving("log-backend-selection", "off"),
  ),
  refused(["MP-52"], "nothing compares the backends' results", production, "ab-test", withoutFlag("compare-results")),
  refused(["MP-52"], "the comparison of results is off", production, "ab-test", serving("compare-results", "off")),
  refused(["MP-81"], "there is no key to sign with", production, "signing-infrastructure", undeclared("signing/key")),
  refused(["MP-84"], "signing is off", production, "signing-opt-in", serving("publish-signing", "off")),
  refused(
    ["MP-84"],
    "signing is required at once",
    production,
    "signing-opt-in",
    serving("publish-signing-required", "on"),
  ),
];

/** The stage itself. */
const PRODUCTION: readonly Case[] = [
  ...CONFIGURED,
  refused(
    ["MP-49"],
    "the adapters are of another build",
    production,
    "dual-backend-done",
    running("dual-backend", BASELINE),
  ),
  refused(
    ["MP-49"],
    "the adapters have half of the traffic",
    production,
    "dual-backend-done",
    canaryAt("dual-backend", { weight: 50 }),
  ),
  refused(
    ["MP-11"],
    "there is no dashboard Backend Health",
    production,
    "dashboards",
    withoutDashboard("backend-health"),
  ),
  refused(
    ["MP-11"],
    "there is no dashboard Performance Metrics",
    production,
    "dashboards",
    withoutDashboard("performance"),
  ),
  refused(["MP-11"], "there is no dashboard Business Metrics", production, "dashboards", withoutDashboard("business")),
  refused(["MP-12"], "the alert on errors names no runbook", production, "alerts", withoutRunbook("high-error-rate")),
  refused(
    ["MP-12", "MP-134"],
    "there is no alert on over 10% fallbacks",
    production,
    "alerts",
    withoutAlert("high-fallback-rate"),
  ),
  refused(
    ["MP-12", "MP-135"],
    "there is no alert on over 2% errors",
    production,
    "alerts",
    withoutAlert("high-error-rate"),
  ),
  refused(
    ["MP-12", "MP-136"],
    "there is no alert on a p95 over 150 ms",
    production,
    "alerts",
    withoutAlert("search-latency-high"),
  ),
  refused(["MP-137"], "there is no alert on the RDF store", production, "alerts", withoutAlert("rdf-store-unhealthy")),
  refused(
    ["MP-121"],
    "there is no panel alert on over 5% fallbacks",
    production,
    "alerts",
    withoutAlert("fallbacks-over-goal"),
  ),
  refused(
    ["MP-123"],
    "there is no panel alert on over 1% errors",
    production,
    "alerts",
    withoutAlert("errors-over-goal"),
  ),
  refused(
    ["MP-126"],
    "there is no panel alert on a p95 over 100 ms",
    production,
    "alerts",
    withoutAlert("search-latency-over-goal"),
  ),
  refused(
    ["MP-128"],
    "there is no panel alert on an installation over 5 s",
    production,
    "alerts",
    withoutAlert("install-latency-over-goal"),
  ),
];

const SEARCH = [10, 25, 50, 100];

/** Week 2. */
const SEARCH_CASES: readonly Case[] = [
  ...byDays(["MP-50"], "search", SEARCH, 0, "47 hours"),
  ...byDays(["MP-57"], "search", SEARCH, 1, "47 hours"),
  ...byDays(["MP-58"], "search", SEARCH, 2, "47 hours"),
  refused(
    ["MP-54"],
    "the A/B test was measured for 3.6 of 4 hours",
    step("search", 25),
    "ab-watched",
    reads("production", "ab-watched", { seen: 0.9 }),
  ),
  ...live(["MP-54"], step("search", 25), "ab-watched", "V2 searches take 100 ms in the A/B test", 100, "3.9 hours"),
  ...proof(
    {
      rows: ["MP-56"],
      ask: step("search", 25),
      by: "search-quality-compared",
      kind: "measurement",
      about: { suite: "search-quality" },
      what: "the comparison of search quality",
      tooOld: "3 days",
    },
    {
      "search quality was measured on V2 alone": (world) => ({
        ...world,
        evidence: world.evidence.filter(
          ({ kind, subject, facts }) =>
            kind !== "measurement" || facts.suite !== "search-quality" || !subject.commits.includes(BASELINE.commit),
        ),
      }),
    },
  ),
  refused(
    ["MP-62"],
    "on day 10 search results are 1% worse than V1's",
    step("search", 25),
    "search-quality-compared",
    measuresNow("search-quality", "relevance", 99),
  ),
  ...live(
    ["MP-182"],
    step("search", 50),
    "search-error-rise",
    "V2 fails 1% more often than V1",
    { value: 0.02, other: 0.01 },
    "3.9 hours",
  ),
  ...live(["MP-59", "MP-66"], step("install", 10), "search-on-v2", "half of the searches are on V1", 0.5, "23 hours"),
  ...live(["MP-61"], step("install", 10), "search-latency", "the search's p95 is 100 ms", 100, "23 hours"),
  ...live(["MP-63"], step("install", 10), "search-errors", "one request in a hundred fails", 0.01, "23 hours"),
  ...live(["MP-64"], step("install", 10), "search-fallbacks", "one request in twenty falls back", 0.05, "23 hours"),
  ...proof(
    {
      rows: ["MP-62"],
      ask: step("install", 10),
      by: "search-quality",
      kind: "measurement",
      about: { suite: "search-quality" },
      what: "the search quality",
      tooOld: "5 days",
    },
    { "search results are 1% worse than V1's": measuresNow("search-quality", "relevance", 99) },
  ),
  ...proof(
    {
      rows: ["MP-65"],
      ask: step("install", 10),
      by: "complaints",
      kind: "measurement",
      about: { suite: "support" },
      what: "the count of complaints",
      tooOld: "4 days",
    },
    { "users complain 1% more": measuresNow("support", "complaints-a-week", 101) },
  ),
];

const INSTALL = [10, 50, 100];

/** Week 3. */
const INSTALL_CASES: readonly Case[] = [
  ...proof(
    {
      rows: ["MP-68"],
      ask: step("install", 10),
      by: "migration-dry-run",
      kind: "drill",
      about: { drill: "package-migration-dry-run" },
      what: "the dry run",
      tooOld: "8 days",
    },
    {
      "the packages' migration was not run dry": without("drill", { drill: "package-migration-dry-run" }),
      "the dry run failed": { outcome: "failed" },
    },
  ),
  ...proof(
    {
      rows: ["MP-69"],
      ask: step("install", 10),
      by: "registry-seeded",
      kind: "measurement",
      about: { suite: "package-migration" },
      what: "the count of migrated packages",
      tooOld: "4 days",
      staged: true,
    },
    {
      "one package in a thousand is not in the V2 registry": measuresNow(
        "package-migration",
        "packages-migrated",
        0.999,
      ),
    },
  ),
  ...suite(["MP-70"], step("install", 10), "migration-verified", "migration-verification", "4 days", true),
  ...byDays(["MP-71"], "install", INSTALL, 0, "47 hours"),
  ...byDays(["MP-73"], "install", INSTALL, 1, "47 hours"),
  ...live(["MP-72"], step("install", 50), "search-stays", "searches went back to V1", 0.5, "23 hours"),
  ...live(
    ["MP-74", "MP-80"],
    step("publish", 100),
    "install-on-v2",
    "half of the installations are on V1",
    0.5,
    "23 hours",
  ),
  ...live(["MP-76"], step("publish", 100), "install-success", "11 installations in a thousand fail", 0.989, "23 hours"),
  ...live(["MP-78"], step("publish", 100), "install-latency", "the installation's p95 is 5 s", 5000, "23 hours"),
  ...suite(["MP-77"], step("publish", 100), "dependencies-resolve", "dependency-resolution", "4 days", true),
  ...suite(["MP-79"], step("publish", 100), "v1-packages", "v1-package-compatibility", "4 days", true),
];

/** Week 4. */
const PUBLISH_CASES: readonly Case[] = [
  ...proof(
    {
      rows: ["MP-82"],
      ask: step("publish", 100),
      by: "signing-keys",
      kind: "check",
      about: { check: "signing-keys-handed-out" },
      what: "handing out the signing keys",
      tooOld: "8 days",
      staged: true,
    },
    { "the signing keys were not handed out": { outcome: "not-done" } },
  ),
  ...suite(["MP-83"], step("publish", 100), "signing-tested", "signing", "4 days", true),
  ...proof(
    {
      rows: ["MP-87"],
      ask: step("publish", 100),
      by: "publishing-documented",
      kind: "documents",
      what: "the publishers' documentation",
      tooOld: "4 days",
    },
    { "the publishers' documentation was not updated": unwritten("publishing") },
  ),
  ...live(["MP-94"], step("default", 75), "publish-on-v2", "half of the publishing is on V1", 0.5, "23 hours"),
  ...live(["MP-91"], step("default", 75), "signed-publishes", "9.9% of the new packages are signed", 0.099, "23 hours"),
  refused(
    ["MP-88"],
    "adoption was watched for 22 of 24 hours",
    step("default", 75),
    "signed-publishes",
    reads("production", "signed-publishes", { seen: 0.92 }),
  ),
  ...proof(
    {
      rows: ["MP-90"],
      ask: step("default", 75),
      by: "signing-documented",
      kind: "documents",
      what: "the signing workflow's documentation",
      tooOld: "15 days",
    },
    { "the signing workflow is not documented": unwritten("signing-workflow") },
  ),
  ...suite(["MP-92"], step("default", 75), "signatures-verified", "signature-verification", "8 days", true),
  ...proof(
    {
      rows: ["MP-93"],
      ask: step("default", 75),
      by: "key-management",
      kind: "review",
      about: { review: "key-management" },
      what: "the review of key management",
      tooOld: "15 days",
    },
    { "key management has a high finding": { open: { critical: 0, high: 1, medium: 0, low: 0 } } },
  ),
];

const DEFAULT = [75, 100];

/** Week 5, to day 32. */
const DEFAULT_CASES: readonly Case[] = [
  refused(
    ["MP-95"],
    "the documentation was not made",
    step("default", 75),
    "documentation-published",
    unpublished("documentation.tar.gz"),
  ),
  refused(
    ["MP-96"],
    "the user guide was not published",
    step("default", 75),
    "documentation-published",
    unpublished("user-guide.html"),
  ),
  refused(
    ["MP-97"],
    "the migration guide was not published",
    step("default", 75),
    "documentation-published",
    unpublished("migration-guide.html"),
  ),
  refused(
    ["MP-98"],
    "the API documentation was not published",
    step("default", 75),
    "documentation-published",
    unpublished("api.html"),
  ),
  ...proof(
    {
      rows: ["MP-95", "MP-96", "MP-97", "MP-98"],
      ask: step("default", 75),
      by: "documentation-published",
      kind: "artifacts",
      what: "the published documentation",
      tooOld: "4 days",
    },
    {},
  ),
  ...byDays(["MP-99"], "default", DEFAULT, 0, "23 hours"),
];

const at = step("search", 25);

/** What sends a canary back keeps every step shut. */
const TRIGGERS: readonly Case[] = [
  refused(
    ["MP-138"],
    "5.1% of the requests failed for ten minutes",
    at,
    "trigger.errors-roll-back",
    reads("production", "trigger.errors-roll-back", { least: 0.051, most: 0.06 }),
  ),
  refused(
    ["MP-139"],
    "21% of the requests fell back for 15 minutes",
    at,
    "trigger.fallbacks-roll-back",
    reads("production", "trigger.fallbacks-roll-back", { least: 0.21, most: 0.3 }),
  ),
  refused(
    ["MP-140"],
    "the search's p95 was 201 ms for 15 minutes",
    at,
    "trigger.search-latency-rolls-back",
    reads("production", "trigger.search-latency-rolls-back", { least: 201, most: 300 }),
  ),
  refused(
    ["MP-141"],
    "a critical vulnerability was found",
    at,
    "trigger.critical-vulnerability",
    says("vulnerabilities", { counts: { critical: 1, high: 0, medium: 0, low: 0, unknown: 0 }, critical: ["CVE-1"] }),
  ),
  refused(
    ["MP-142"],
    "corrupted data was found",
    at,
    "trigger.data-corrupted",
    says("test-result", { passed: 0, failedTests: ["checksums"] }, { suite: "data-integrity" }),
  ),
];

export const OPERATIONS: readonly Case[] = [
  ...FALLBACKS,
  ...PRODUCTION,
  ...SEARCH_CASES,
  ...INSTALL_CASES,
  ...PUBLISH_CASES,
  ...DEFAULT_CASES,
  ...TRIGGERS,
];
