import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Release } from "../../rollout/release";
import { imageDigest } from "../../rollout/release";
import { writeFile } from "../providers/store";

/**
 * The reports that the story's tools would write at this moment, in the shape in which the real ones write them. The
 * tools need accounts that a sandbox does not have; the formats are those that `evidence/intake` is tested on.
 */
export interface Reports {
  readonly snyk: string;
  readonly infracost: string;
  readonly oncall: string;
  readonly backup: readonly [string, string];
  readonly pipelines: string;
  readonly merges: string;
  readonly runbooks: string;
  readonly workflow: string;
  /** Reports of unit tests, by the plan's name of the suite. */
  readonly suites: Readonly<Record<string, string>>;
}

const DAY = 24 * 60 * 60 * 1000;
const iso = (time: number): string => new Date(time).toISOString();

/**
 * Writes them into a folder.
 * @param now machine time, like every time that a tool writes
 * @param critical ids of critical vulnerabilities that the scan shall find; none by default
 */
export function writeReports(folder: string, release: Release, now: number, critical: readonly string[] = []): Reports {
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFile(path, content);
    return path;
  };
  const json = (name: string, content: unknown) => file(name, `${JSON.stringify(content, null, 2)}\n`);
  return {
    snyk: json("snyk.json", snyk(critical)),
    infracost: json("infracost.json", infracost(now)),
    oncall: json("oncalls.json", oncalls(now)),
    backup: [
      file("restic-backup.jsonl", `${JSON.stringify(resticBackup(release, now))}\n`),
      file("restic-check.jsonl", `${JSON.stringify(RESTIC_CHECK)}\n`),
    ],
    pipelines: json("runs.json", runs(release)),
    merges: json("merged.json", []),
    runbooks: runbooks(file),
    workflow: file("cd-staging.yml", CD_STAGING),
    suites: Object.fromEntries(
      Object.entries(UNIT_TESTS).map(([suite, names]) => [suite, file(`${suite}.xml`, junit(suite, names, now))]),
    ),
  };
}

/** The workflow of the document's staging deployment, as GitHub Actions has it. */
const CD_STAGING = `name: CD staging
on:
  push:
    branches: [main]
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npm ci
      - run: npx pulumi up -s staging --yes --policy-pack policies
`;

/** OmniHub's own tests in development. The sandbox has no such code: these reports stand in for theirs. */
const UNIT_TESTS: Readonly<Record<string, readonly string[]>> = {
  "emergency-controls": [
    "every edge function reads the controls",
    "the kill switch refuses requests",
    "safe mode changes nothing",
  ],
  "database-interface": ["selects", "inserts", "rolls a transaction back"],
  "storage-interface": ["puts and gets an object", "signs a URL", "says what is not there"],
};

/** As `snyk test --json` writes it. */
function snyk(critical: readonly string[]): unknown {
  const finding = (id: string) => ({
    id,
    title: "Remote code execution",
    severity: "critical",
    cvssScore: 9.8,
    packageName: "example-template",
    version: "3.1.0",
    from: ["omnihub", "example-template@3.1.0"],
  });
  return {
    vulnerabilities: critical.map(finding),
    ok: critical.length === 0,
    dependencyCount: 214,
    org: "omnihub",
    packageManager: "npm",
    filtered: { ignore: [], patch: [] },
    uniqueCount: critical.length,
    projectName: "omnihub",
  };
}

/** As `infracost breakdown --format json` writes it. The month's cost is the document's. */
function infracost(now: number): unknown {
  const total = "400.48";
  return {
    version: "0.2",
    currency: "USD",
    projects: [{ name: "omnihub/production", breakdown: { totalHourlyCost: "0.5486", totalMonthlyCost: total } }],
    totalHourlyCost: "0.5486",
    totalMonthlyCost: total,
    timeGenerated: iso(now),
    summary: { totalDetectedResources: 14, totalSupportedResources: 12 },
  };
}

/** As PagerDuty's `GET /oncalls` answers. */
function oncalls(now: number): unknown {
  const shift = (level: number, id: string, summary: string) => ({
    escalation_policy: { id: "PT20YPA", type: "escalation_policy_reference", summary: "OmniHub" },
    escalation_level: level,
    user: { id, type: "user_reference", summary },
    start: iso(now - 2 * DAY),
    end: iso(now + 5 * DAY),
  });
  return {
    oncalls: [shift(1, "PXPGF42", "Sam Okafor"), shift(2, "PXPGF43", "Lena Brandt")],
    limit: 25,
    offset: 0,
    more: false,
  };
}

/** As `restic backup --json` ends. */
function resticBackup(release: Release, now: number): unknown {
  return {
    message_type: "summary",
    files_new: 3,
    files_changed: 0,
    files_unmodified: 0,
    total_files_processed: 3,
    total_bytes_processed: 60000,
    total_duration: 0.773,
    backup_start: iso(now - 1000),
    backup_end: iso(now),
    snapshot_id: imageDigest(release),
  };
}

/** As `restic check --json` ends. */
const RESTIC_CHECK = {
  message_type: "summary",
  num_errors: 0,
  broken_packs: null,
  suggest_repair_index: false,
  suggest_prune: false,
};

/** As `gh run list --json name,conclusion,headBranch,headSha,status` writes it. */
function runs({ commit }: Release): unknown {
  return ["CI", "CD staging", "Security"].map((name) => ({
    conclusion: "success",
    headBranch: "main",
    headSha: commit,
    name,
    status: "completed",
  }));
}

const RUNBOOKS: Readonly<Record<string, string>> = {
  "high-error-rate": "more requests fail than the objective allows",
  "service-down": "the service does not answer its health check",
  "database-down": "the database does not answer",
};

function runbooks(file: (name: string, content: string) => string): string {
  const paths = Object.entries(RUNBOOKS).map(([name, symptom]) =>
    file(
      `runbooks/${name}.md`,
      `# ${name}\n\n## Symptoms\nThe alert \`${name}\` fires: ${symptom}.\n\n` +
        "## Diagnosis\nCompare baseline and canary on the SLO dashboard.\n\n" +
        "## Mitigation\n```sh\nnpx holdpoint rollback production\n```\n\n" +
        "## Escalation\nCall the secondary after 10 minutes, then the tech lead.\n",
    ),
  );
  return dirname(paths[0] ?? "");
}

const SMOKE = ["answers /health", "answers /health/deep", "answers /health/omn"];

/** A report of a smoke run, for tests that need no real one. */
export function smokeReport(now: number, failed: readonly string[] = []): string {
  return junit("smoke", SMOKE, now, failed);
}

/** A JUnit report as vitest's reporter writes it, of tests that passed but for some. */
export function junit(suite: string, names: readonly string[], now: number, failed: readonly string[] = []): string {
  const file = `${suite}/${suite}.test.ts`;
  const cases = names.map((name) => {
    const body = failed.includes(name)
      ? `\n            <failure message="expected 503 to be 200" type="AssertionError">no</failure>\n        `
      : "";
    return `        <testcase classname="${file}" name="${name}" time="0.0015">${body}</testcase>\n`;
  });
  const counts = `tests="${names.length}" failures="${failed.length}" errors="0"`;
  return (
    `<?xml version="1.0" encoding="UTF-8" ?>\n<testsuites name="vitest tests" ${counts} time="0.0045">\n` +
    `    <testsuite name="${file}" timestamp="${iso(now)}" hostname="sandbox" ${counts} skipped="0" time="0.0045">\n` +
    `${cases.join("")}    </testsuite>\n</testsuites>\n`
  );
}
