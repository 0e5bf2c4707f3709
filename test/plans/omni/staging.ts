/** The pipeline that ends in staging, and what phase 1 must have shown before the beta. */
import { refused } from "../cases";
import type { Case } from "../cases";
import { aboutAnother, inStage, job, measures, older, running, says, signedBy, starts, without } from "../changes";
import { BASELINE, hex, RELEASE } from "../good-evidence";

const staging = { stage: "staging" };
/** Phase 1's exit is asked by the beta's entry. */
const beta = { stage: "beta" };

/** Job of the pipeline → its demand. */
const JOBS: Readonly<Record<string, string>> = {
  rustfmt: "OM-58",
  clippy: "OM-59",
  "security-audit": "OM-60",
  benchmarks: "OM-66",
};
const ran = (names: readonly string[], took = 600_000) =>
  says("pipelines", {
    branch: "main",
    pipelines: ["build", "ci-cd", ...names].map((name) => ({
      name,
      conclusion: "success",
      commit: RELEASE.commit,
      took,
    })),
  });

/** Name of an artifact in the good world → the demands that ask for it. */
const BUILT: Readonly<Record<string, readonly string[]>> = {
  "omni-x-linux-x64.tar.gz": ["OM-61", "OM-67"],
  "omni-x-linux-arm64.tar.gz": ["OM-61", "OM-67"],
  "omni-x-macos-x64.tar.gz": ["OM-62", "OM-67"],
  "omni-x-macos-arm64.tar.gz": ["OM-62", "OM-67"],
  "omni-x-windows-x64.zip": ["OM-63", "OM-67"],
  "ghcr.io/omni/omni:x": ["OM-68"],
  "install.sh": ["OM-69"],
  "install.ps1": ["OM-69"],
};
const built = (names: readonly string[]) =>
  says("artifacts", { artifacts: names.map((name) => ({ name, sha256: hex("c"), signedBy: "release-key" })) });
const builtBut = (name: string, instead: readonly string[] = []) =>
  built([...Object.keys(BUILT).filter((one) => one !== name), ...instead]);

/** The pipeline's stages in their order. */
const STAGES = ["code-quality", "build-matrix", "test-suite", "packaging", "deployment"];
const FILE = "pipeline-file";

const WORKFLOW: readonly Case[] = [
  refused(["OM-54"], "the pipeline does not start on a push to main", staging, FILE, starts("ci-cd", "push")),
  refused(
    ["OM-54"],
    "the pipeline starts on pushes to other branches",
    staging,
    FILE,
    starts("ci-cd", "push", { branches: ["next"] }),
  ),
  refused(["OM-55"], "the pipeline does not start on a pull request", staging, FILE, starts("ci-cd", "pull_request")),
  refused(
    ["OM-55"],
    "the pipeline passes over pull requests that touch some files",
    staging,
    FILE,
    starts("ci-cd", "pull_request", { filters: ["paths-ignore"] }),
  ),
  refused(["OM-56"], "the pipeline has no schedule", staging, FILE, starts("ci-cd", "schedule")),
  refused(
    ["OM-56"],
    "the pipeline does not run on the night of a weekend",
    staging,
    FILE,
    starts("ci-cd", "schedule", { cron: ["17 3 * * 1-5"] }),
  ),
  ...STAGES.slice(1).map((id) =>
    refused(["OM-57"], `${id} does not wait for the stage before`, staging, FILE, job("ci-cd", id, { needs: [] })),
  ),
  ...STAGES.slice(0, 4).map((id) =>
    refused(["OM-57"], `${id} may fail and the pipeline goes on`, staging, FILE, job("ci-cd", id, { mayFail: true })),
  ),
  refused(
    ["OM-57"],
    "the deployment runs after a failure, too",
    staging,
    FILE,
    job("ci-cd", "deployment", { condition: "always()" }),
  ),
  refused(["OM-57"], "nobody read the workflow for 8 days", staging, FILE, older("workflow", "8 days")),
  refused(["OM-57"], "the workflow is of another commit", staging, FILE, aboutAnother("workflow")),
];

const PIPELINE: readonly Case[] = [
  ...WORKFLOW,
  ...Object.entries(JOBS).map(([job, row]) =>
    refused(
      [row],
      `the pipeline ran without ${job}`,
      staging,
      "pipeline-green",
      ran(Object.keys(JOBS).filter((one) => one !== job)),
    ),
  ),
  ...Object.entries(JOBS).map(([job, row]) =>
    refused([row], `${job} failed`, staging, "pipeline-green", (world, plan) => {
      const pipelines = [{ name: job, conclusion: "failure", commit: RELEASE.commit }];
      return says("pipelines", { pipelines })(world, plan);
    }),
  ),
  refused(["OM-58"], "the pipelines ran 8 days ago", staging, "pipeline-green", older("pipelines", "8 days")),
  refused(
    ["OM-129"],
    "the whole pipeline took 15 minutes",
    staging,
    "pipeline-fast",
    ran(Object.keys(JOBS), 15 * 60_000),
  ),
  refused(["OM-129"], "the pipeline was last timed 8 days ago", staging, "pipeline-fast", older("pipelines", "8 days")),
  refused(
    ["OM-64"],
    "the unit tests ran on one thread",
    staging,
    "unit-tests-parallel",
    measures("test-runner", "unit-threads", 1),
  ),
  refused(
    ["OM-64"],
    "the unit tests ran in parallel 8 days ago",
    staging,
    "unit-tests-parallel",
    older("measurement", "8 days", { suite: "test-runner" }),
  ),
  refused(
    ["OM-65"],
    "the integration tests ran on two threads",
    staging,
    "integration-tests-sequential",
    measures("test-runner", "integration-threads", 2),
  ),
  refused(
    ["OM-65"],
    "the integration tests ran one after another 8 days ago",
    staging,
    "integration-tests-sequential",
    older("measurement", "8 days", { suite: "test-runner" }),
  ),
  ...Object.entries(BUILT).map(([name, rows]) =>
    refused(rows, `${name} was not built`, staging, "built", builtBut(name)),
  ),
  refused(
    ["OM-74"],
    "the container image is in another registry",
    staging,
    "built",
    builtBut("ghcr.io/omni/omni:x", ["docker.io/omni/omni:x"]),
  ),
  refused(["OM-67"], "the binaries were built 8 days ago", staging, "built", older("artifacts", "8 days")),
];

/** Suite → its criterion, its demands, and where it runs. */
const SUITES: readonly (readonly [
  suite: string,
  criterion: string,
  rows: readonly string[],
  environments?: readonly string[],
])[] = [
  ["smoke", "smoke-tests", ["OM-71", "OM-18"]],
  ["unit", "unit-tests", ["OM-18"]],
  ["integration-apt", "integration-apt", ["OM-03", "OM-10", "OM-18"], ["ubuntu-20-04", "ubuntu-22-04", "ubuntu-24-04"]],
  ["integration-dnf", "integration-dnf", ["OM-04", "OM-10", "OM-18"], ["fedora-38", "fedora-39"]],
  ["integration-pacman", "integration-pacman", ["OM-05", "OM-10", "OM-18"], ["arch-latest"]],
  ["integration-homebrew", "integration-homebrew", ["OM-06", "OM-10", "OM-18"], ["macos-12", "macos-13", "macos-14"]],
  ["integration-winget", "integration-winget", ["OM-07", "OM-10", "OM-18"], ["windows-10", "windows-11"]],
  ["integration-chocolatey", "integration-chocolatey", ["OM-07", "OM-10", "OM-18"], ["windows-10", "windows-11"]],
  ["integration-containers", "integration-containers", ["OM-08", "OM-10", "OM-18"], ["docker", "podman"]],
  ["end-to-end", "end-to-end", ["OM-11", "OM-18"]],
  ["stress-concurrency", "concurrent-operations", ["OM-16", "OM-18"]],
  ["stress-memory", "memory-leaks", ["OM-17", "OM-18"]],
  ["update-signatures", "update-verifies-signatures", ["OM-124"]],
  ["telemetry-opt-in", "telemetry-opt-in", ["OM-95"]],
];

const TESTS: readonly Case[] = SUITES.flatMap(([suite, criterion, rows, environments]) => [
  refused(
    rows,
    `a test of ${suite} failed`,
    beta,
    criterion,
    says("test-result", { passed: 0, failedTests: ["one"] }, { suite }),
  ),
  refused(rows.slice(0, 1), `${suite} ran 15 days ago`, beta, criterion, older("test-result", "15 days", { suite })),
  ...(environments ?? []).map((environment) =>
    refused(
      rows.filter((row) => row !== "OM-18"),
      `${suite} did not run on ${environment}`,
      beta,
      criterion,
      without("test-result", { suite, environment }),
    ),
  ),
]);

const PLATFORMS = SUITES.flatMap(([suite, , , where]) => (suite === "integration-winget" ? [] : (where ?? [])));

const BENCHMARKS: readonly Case[] = [
  ...PLATFORMS.flatMap((platform) => [
    refused(
      ["OM-12", "OM-19", "OM-127"],
      `it starts in 500 ms on ${platform}`,
      beta,
      "startup-everywhere",
      measures("benchmarks", "startup", 500, platform),
    ),
    refused(
      ["OM-13", "OM-19", "OM-127"],
      `an operation takes 2 s on ${platform}`,
      beta,
      "operations-everywhere",
      measures("benchmarks", "slowest-operation", 2_000, platform),
    ),
  ]),
  refused(
    ["OM-12"],
    "its start was measured 15 days ago",
    beta,
    "startup-everywhere",
    older("measurement", "15 days", { suite: "benchmarks" }),
  ),
  refused(
    ["OM-13"],
    "its operations were measured 15 days ago",
    beta,
    "operations-everywhere",
    older("measurement", "15 days", { suite: "benchmarks" }),
  ),
];

const NOTHING = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 };
const SCANS = [
  ["code", "sast", ["OM-20", "OM-116"], "15 days"],
  ["dependencies", "dependency-audit", ["OM-15", "OM-20", "OM-117"], "8 days"],
  ["image", "image-scan", ["OM-14", "OM-20", "OM-118"], "8 days"],
] as const;

const SECURITY: readonly Case[] = SCANS.flatMap(([scope, criterion, [first, ...rest], late]) => [
  refused(
    ["OM-20"],
    `a vulnerability in the ${scope} is critical`,
    beta,
    criterion,
    says("vulnerabilities", { counts: { ...NOTHING, critical: 1 }, critical: ["CVE-1"] }, { scope }),
  ),
  refused(
    [first],
    `nobody knows how bad a vulnerability in the ${scope} is`,
    beta,
    criterion,
    says("vulnerabilities", { counts: { ...NOTHING, unknown: 1 } }, { scope }),
  ),
  refused([first, ...rest], `the ${scope} was not looked at`, beta, criterion, without("vulnerabilities", { scope })),
  refused(
    [first],
    `the ${scope} was looked at ${late} ago`,
    beta,
    criterion,
    older("vulnerabilities", late, { scope }),
  ),
]);

const lines = (covered: number) => ({ covered, total: 1000 });

export const STAGING: readonly Case[] = [
  ...PIPELINE,
  ...TESTS,
  refused(
    ["OM-71"],
    "the smoke tests ran elsewhere",
    beta,
    "smoke-tests",
    inStage("test-result", "production", { suite: "smoke" }),
  ),
  refused(
    ["OM-11"],
    "the workflow from Lite to Core to Enterprise was walked in two tests only",
    beta,
    "end-to-end",
    says("test-result", { tests: 2, passed: 2 }, { suite: "end-to-end" }),
  ),
  refused(["OM-125"], "90% of the code is covered", beta, "test-coverage", says("coverage", { lines: lines(900) })),
  refused(
    ["OM-09", "OM-126"],
    "95% of a critical module is covered",
    beta,
    "test-coverage",
    says("coverage", {
      modules: ["src/resolver", "src/installer", "src/updater", "src/signing"].map((name) => ({
        name,
        ...lines(name === "src/updater" ? 950 : 1000),
      })),
    }),
  ),
  refused(["OM-09"], "the coverage is of 15 days ago", beta, "test-coverage", older("coverage", "15 days")),
  ...BENCHMARKS,
  ...SECURITY,
  refused(
    ["OM-21"],
    "the QA team has not completed manual testing",
    beta,
    "manual-testing",
    says("check", { outcome: "not-done" }, { check: "manual-testing" }),
  ),
  refused(
    ["OM-21"],
    "manual testing is signed by a pipeline",
    beta,
    "manual-testing",
    signedBy("check", "ci", { check: "manual-testing" }),
  ),
  refused(
    ["OM-21"],
    "manual testing was done 15 days ago",
    beta,
    "manual-testing",
    older("check", "15 days", { check: "manual-testing" }),
  ),
  refused(
    ["OM-22"],
    "the reviewer of the documentation wants changes",
    beta,
    "documentation-reviewed",
    says("review", { outcome: "changes-requested" }, { review: "documentation" }),
  ),
  refused(
    ["OM-22"],
    "the documentation of the release before was reviewed",
    beta,
    "documentation-reviewed",
    aboutAnother("review", { review: "documentation" }),
  ),
  refused(
    ["OM-22"],
    "the documentation was reviewed 15 days ago",
    beta,
    "documentation-reviewed",
    older("review", "15 days", { review: "documentation" }),
  ),
  refused(["OM-70"], "staging runs another release", beta, "staging-done", running("staging", BASELINE)),
];
