/** Production's entry: the go/no-go list, support, monitoring, rollbacks, distribution. */
import { refused, refusedPlan } from "../cases";
import type { Case } from "../cases";
import {
  aboutAnother,
  inStage,
  lacks,
  measures,
  older,
  says,
  undeclared,
  without,
  withoutAlert,
  withoutRunbook,
} from "../changes";
import { hex } from "../good-evidence";
import type { Plan } from "../../../rollout/plan";

const production = { stage: "production" };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOTHING = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 };

const QUALITY: readonly Case[] = [
  refused(
    ["OM-72"],
    "the release was built from another branch",
    production,
    "canary-from-main",
    says("provenance", { branch: "feature/faster-search" }),
  ),
  refused(
    ["OM-72"],
    "the release was on main 61 days ago",
    production,
    "canary-from-main",
    older("provenance", "61 days"),
    older("pipelines", "61 days"),
  ),
  refused(
    ["OM-157", "OM-166"],
    "one automated test fails",
    production,
    "automated-tests",
    says("test-result", { passed: 99, failedTests: ["install over a broken one"] }, { suite: "all" }),
  ),
  refused(
    ["OM-157"],
    "only 99 automated tests ran",
    production,
    "automated-tests",
    says("test-result", { tests: 99, passed: 99 }, { suite: "all" }),
  ),
  refused(
    ["OM-157"],
    "the automated tests passed 8 days ago",
    production,
    "automated-tests",
    older("test-result", "8 days", { suite: "all" }),
  ),
  refused(
    ["OM-158"],
    "startup misses its benchmark",
    production,
    "startup-benchmark",
    measures("benchmarks", "startup", 500),
  ),
  refused(
    ["OM-158"],
    "operations miss their benchmark",
    production,
    "operations-benchmark",
    measures("benchmarks", "slowest-operation", 2_000),
  ),
  ...["startup-benchmark", "operations-benchmark"].map((criterion) =>
    refused(
      ["OM-158"],
      `the ${criterion} was met 8 days ago`,
      production,
      criterion,
      older("measurement", "8 days", { suite: "benchmarks" }),
    ),
  ),
  refused(
    ["OM-160", "OM-169"],
    "79% of the beta are satisfied",
    production,
    "go-satisfaction",
    says("survey", { answers: 100, satisfied: 79 }, { survey: "beta" }),
  ),
  refused(
    ["OM-160"],
    "85% of the beta are satisfied: neither go nor no-go",
    production,
    "go-satisfaction",
    says("survey", { answers: 100, satisfied: 85 }, { survey: "beta" }),
  ),
  refused(
    ["OM-160"],
    "all of 29 answers of the beta are satisfied",
    production,
    "go-satisfaction",
    says("survey", { answers: 29, satisfied: 29 }, { survey: "beta" }),
  ),
  refused(
    ["OM-160"],
    "the go's survey is not of the beta",
    production,
    "go-satisfaction",
    inStage("survey", "staging", { survey: "beta" }),
  ),
  refused(
    ["OM-160"],
    "the go's survey is of 31 days ago",
    production,
    "go-satisfaction",
    older("survey", "31 days", { survey: "beta" }),
  ),
  refused(
    ["OM-161"],
    "1 critical bug is open: neither go nor no-go",
    production,
    "critical-bugs",
    measures("issue-tracker", "critical-open", 1),
  ),
  refused(
    ["OM-161", "OM-170"],
    "4 critical bugs are open",
    production,
    "critical-bugs",
    measures("issue-tracker", "critical-open", 4),
  ),
  refused(
    ["OM-161"],
    "open bugs were counted the day before yesterday",
    production,
    "critical-bugs",
    older("measurement", "2 days", { suite: "issue-tracker" }),
  ),
];

const SECURITY: readonly Case[] = [
  refused(
    ["OM-159"],
    "the security audit is not finished",
    production,
    "security-audit",
    without("review", { review: "security-audit" }),
  ),
  refused(
    ["OM-159"],
    "a critical finding of the security audit is open",
    production,
    "security-audit",
    says("review", { open: { critical: 1, high: 0, medium: 0, low: 0 } }, { review: "security-audit" }),
  ),
  refused(
    ["OM-159"],
    "the security audit is of 61 days ago",
    production,
    "security-audit",
    older("review", "61 days", { review: "security-audit" }),
  ),
  refused(
    ["OM-119"],
    "the penetration test is a year and a day old",
    production,
    "penetration-test",
    older("review", "366 days", { review: "penetration-test" }),
  ),
  ...(
    [
      ["dependencies", "dependencies-today"],
      ["image", "image-today"],
    ] as const
  ).flatMap(([scope, criterion]) => [
    refused(
      ["OM-128", "OM-168"],
      `a critical vulnerability in the ${scope} has become known`,
      production,
      criterion,
      says("vulnerabilities", { counts: { ...NOTHING, critical: 1 }, critical: ["CVE-2"] }, { scope }),
    ),
    refused(
      ["OM-128"],
      `nobody knows how bad a new vulnerability in the ${scope} is`,
      production,
      criterion,
      says("vulnerabilities", { counts: { ...NOTHING, unknown: 1 } }, { scope }),
    ),
    refused(
      ["OM-128"],
      `the ${scope} was last looked at the day before yesterday`,
      production,
      criterion,
      older("vulnerabilities", "2 days", { scope }),
    ),
    refused(
      ["OM-128"],
      `only the code was looked at today, and not the ${scope}`,
      production,
      criterion,
      without("vulnerabilities", { scope }),
    ),
  ]),
];

const written = (...names: readonly string[]) =>
  says("documents", { documents: names.map((name) => ({ name, sections: [] })) });

/** Measure → its demand and the least time that is too long. */
const RESPONSES = [
  ["response-critical", "OM-153", HOUR],
  ["response-high", "OM-154", 4 * HOUR],
  ["response-medium", "OM-155", 24 * HOUR],
  ["response-low", "OM-156", 72 * HOUR],
] as const;

/** A contact of the plan is what a template has in its place. */
const unreachable =
  (owner: string) =>
  (plan: Plan): Plan => ({ ...plan, owners: { ...plan.owners, [owner]: { contact: "TBD", covers: [] } } });

const SUPPORT: readonly Case[] = [
  refused(
    ["OM-147", "OM-162", "OM-171"],
    "troubleshooting is not written",
    production,
    "documentation-complete",
    written("guides", "blog-post"),
  ),
  refused(
    ["OM-147", "OM-162"],
    "the guides are not written",
    production,
    "documentation-complete",
    written("troubleshooting", "blog-post"),
  ),
  refused(
    ["OM-162"],
    "the documentation was complete 31 days ago",
    production,
    "documentation-complete",
    older("documents", "31 days"),
  ),
  refused(
    ["OM-163", "OM-172"],
    "support says that it is not ready",
    production,
    "support-ready",
    says("check", { outcome: "not-done" }, { check: "support-processes" }),
  ),
  refused(
    ["OM-163"],
    "support was ready 31 days ago",
    production,
    "support-ready",
    older("check", "31 days", { check: "support-processes" }),
  ),
  ...RESPONSES.flatMap(([measure, row, limit]) => [
    refused(
      [row],
      `the ${measure} took a minute too long`,
      production,
      measure,
      measures("support", measure, limit + MINUTE),
    ),
    refused(
      [row],
      `the ${measure} was measured 8 days ago`,
      production,
      measure,
      older("measurement", "8 days", { suite: "support" }),
    ),
  ]),
  ...(["primary", "secondary"] as const).map((level) =>
    refused(
      ["OM-151"],
      `nobody is on call as ${level} in the night after next`,
      production,
      "on-call",
      onCall(level, 1.5 * DAY),
    ),
  ),
  refused(
    ["OM-151"],
    "the on-call schedule is of the day before yesterday",
    production,
    "on-call",
    older("on-call", "2 days"),
  ),
  ...["support-l1", "support-l2", "engineering", "management"].map((level) =>
    refusedPlan(["OM-152"], `${level} can't be reached`, production, "escalation", unreachable(level)),
  ),
  ...(
    [
      ["github-issues", "OM-146"],
      ["community-forum", "OM-148"],
      ["enterprise-support", "OM-149"],
    ] as const
  ).map(([channel, row]) =>
    refusedPlan([row], `${channel} is still to be set up`, production, "support-channels", unreachable(channel)),
  ),
];

/** Both are on call for 90 days, but that one of them is gone for a night. */
function onCall(level: "primary" | "secondary", away: number) {
  return (world: Parameters<ReturnType<typeof says>>[0], plan: Plan) => {
    const { now } = world;
    const shift = (one: "primary" | "secondary", from: number, until: number) => ({
      level: one,
      person: `${one}@example.org`,
      from: now + from,
      until: now + until,
    });
    const other = level === "primary" ? "secondary" : "primary";
    const shifts = [shift(other, -DAY, 90 * DAY), shift(level, -DAY, away), shift(level, away + 8 * HOUR, 90 * DAY)];
    return says("on-call", { shifts })(world, plan);
  };
}

const ALERTS = {
  "critical-crash-rate": "OM-96",
  "critical-error-rate": "OM-97",
  "critical-response-time": "OM-98",
  "warning-error-rate": "OM-99",
  "warning-memory-usage": "OM-100",
  "warning-disk-usage": "OM-101",
} as const;

const MONITORING: readonly Case[] = [
  refused(["OM-92"], "nothing says how the service logs", production, "logging", undeclared("logging/format")),
  refused(["OM-93"], "errors are tracked nowhere", production, "error-tracking", undeclared("error-tracking/dsn")),
  refused(["OM-94"], "no traces are collected", production, "apm", undeclared("telemetry/traces")),
  refused(["OM-94"], "the application's numbers are not collected", production, "apm", undeclared("telemetry/metrics")),
  refused(["OM-90"], "Prometheus does not scrape it", production, "monitoring", undeclared("monitoring/metrics")),
  refused(["OM-90"], "Prometheus has no rules", production, "monitoring", undeclared("monitoring/alerts")),
  refused(["OM-164"], "no health probe is declared", production, "monitoring", undeclared("monitoring/health-probes")),
  refused(["OM-91"], "Grafana gets no dashboards", production, "monitoring", undeclared("monitoring/dashboards")),
  ...Object.entries(ALERTS).map(([alert, row]) =>
    refused([row, "OM-164"], `the program makes no alert ${alert}`, production, "monitoring", withoutAlert(alert)),
  ),
  refused(
    ["OM-164"],
    "whoever is called by the crash rate finds no runbook",
    production,
    "monitoring",
    withoutRunbook("critical-crash-rate"),
  ),
  ...["critical-crash-rate", "critical-error-rate", "critical-response-time"].map((alert) =>
    refused(
      ["OM-140", "OM-173"],
      `a critical path is without ${alert}`,
      production,
      "critical-paths",
      withoutAlert(alert),
    ),
  ),
  refused(["OM-02"], "staging has no autoscaling", production, "parity", lacks("staging", "service/autoscaling")),
];

/** Drill → its demand and the time in which it must be done. */
const DRILLS = [
  ["automated-rollback", "OM-130", 5 * MINUTE],
  ["manual-rollback", "OM-111", 15 * MINUTE],
] as const;

const ROLLBACKS: readonly Case[] = DRILLS.flatMap(([drill, row, within]) => [
  refused(
    [row],
    `the ${drill} took ${within / MINUTE} minutes`,
    production,
    `${drill}-drill`,
    says("drill", { took: within }, { drill }),
  ),
  refused(
    ["OM-165"],
    `the ${drill} was tried in vain`,
    production,
    `${drill}-drill`,
    says("drill", { outcome: "failed" }, { drill }),
  ),
  refused(
    ["OM-165"],
    `the ${drill} was rehearsed elsewhere`,
    production,
    `${drill}-drill`,
    inStage("drill", "beta", { drill }),
  ),
  refused(
    ["OM-165"],
    `the ${drill} was rehearsed 31 days ago`,
    production,
    `${drill}-drill`,
    older("drill", "31 days", { drill }),
  ),
]);

const BINARIES = [
  "omni-x-linux-x64.tar.gz",
  "omni-x-linux-arm64.tar.gz",
  "omni-x-macos-x64.tar.gz",
  "omni-x-macos-arm64.tar.gz",
  "omni-x-windows-x64.zip",
];
const published = (names: readonly string[], unsigned?: string) =>
  says("artifacts", {
    artifacts: names.map((name) => ({
      name,
      sha256: hex("c"),
      ...(name === unsigned ? {} : { signedBy: "release-key" }),
    })),
  });

const DISTRIBUTION: readonly Case[] = [
  ...BINARIES.flatMap((name) => [
    refused(
      ["OM-73"],
      `${name} is not published`,
      production,
      "signed-binaries",
      published([...BINARIES.filter((one) => one !== name), "SHA256SUMS"]),
    ),
    refused(
      ["OM-120"],
      `${name} is not signed`,
      production,
      "signed-binaries",
      published([...BINARIES, "SHA256SUMS"], name),
    ),
  ]),
  refused(["OM-73", "OM-121"], "the release has no checksums", production, "checksums", published(BINARIES)),
  ...["signed-binaries", "checksums"].map((criterion) =>
    refused(
      ["OM-73"],
      `the list of ${criterion} is of 61 days ago`,
      production,
      criterion,
      older("artifacts", "61 days"),
    ),
  ),
  refused(
    ["OM-122"],
    "a second build gave another digest",
    production,
    "reproducible",
    says("provenance", { reproduced: false }),
  ),
  refused(["OM-122"], "it was built again 61 days ago", production, "reproducible", older("provenance", "61 days")),
  refused(["OM-123"], "there is no SBOM of this release", production, "sbom", aboutAnother("sbom")),
  refused(["OM-123"], "the SBOM lists nine components", production, "sbom", says("sbom", { components: 9 })),
  refused(["OM-123"], "the SBOM is of 61 days ago", production, "sbom", older("sbom", "61 days")),
];

export const GO_NO_GO: readonly Case[] = [
  ...QUALITY,
  ...SECURITY,
  ...SUPPORT,
  ...MONITORING,
  ...ROLLBACKS,
  ...DISTRIBUTION,
];
