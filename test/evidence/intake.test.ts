import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatOf } from "../../evidence/intake";
import type { ReportFile, Stated } from "../../evidence/intake/report";
import { reportFile } from "../../evidence/intake/report";
import { alertsOf, readRunbooks, sectionsOf } from "../../evidence/intake/runbooks";
import { PREDICATES } from "../../evidence/predicates";
import { machineClock } from "../../rollout/clock";
import type { EvidenceKind } from "../../rollout/evidence";
import { NOW, refusal } from "./world";

const FOLDER = "test/fixtures/evidence";
const STATED: Stated = { stage: "staging" };
const STATED_TIME = Date.UTC(2026, 10, 21, 11);
const at = (text: string): number => Date.parse(text);

function fixture(path: string): ReportFile {
  return reportFile(basename(path), readFileSync(join(FOLDER, path)));
}

function text(content: string, name = "report"): ReportFile {
  return reportFile(name, Buffer.from(content));
}

/** A fixture with something replaced; the replacement must find its place. */
function edited(path: string, from: string | RegExp, to: string): ReportFile {
  const before = readFileSync(join(FOLDER, path), "utf8");
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  return text(after, basename(path));
}

/** Recognises, reads, and reads the predicate back as a gate does. */
function intake(
  files: readonly ReportFile[],
  stated: Partial<Stated> = {},
  kind?: EvidenceKind,
): {
  kind: EvidenceKind;
  facts: unknown;
  finishedAt: string;
  statedBy: boolean;
  summary: string;
} {
  const format = formatOf(files, kind);
  const { predicate, summary } = format.read(files, { ...STATED, ...stated });
  const { facts, finishedAt } = PREDICATES[format.kind].read(predicate, machineClock);
  const statedBy = JSON.stringify(predicate).includes('statedBy":"attester"');
  return { kind: format.kind, facts, finishedAt: new Date(finishedAt).toISOString(), statedBy, summary };
}

const SMOKE = { suite: "smoke" };

describe("JUnit XML", () => {
  it("of vitest is read", () => {
    expect(intake([fixture("junit/vitest-passed.xml")], SMOKE)).toEqual({
      kind: "test-result",
      facts: {
        suite: "smoke",
        tests: 3,
        passed: 2,
        failedTests: [],
        skippedTests: ["tests/smoke/staging.test.ts > smoke > answers in the second region"],
      },
      finishedAt: expect.stringMatching(/^2026-11-21T12:09:00\.5/) as string,
      statedBy: false,
      summary: "smoke in staging: 2 passed, 0 failed, 1 skipped",
    });
  });

  it("of vitest with a failed test is a failed run", () => {
    expect(intake([fixture("junit/vitest-failed.xml")], SMOKE).facts).toMatchObject({
      tests: 5,
      passed: 3,
      failedTests: ["tests/smoke/failing.test.ts > rejects requests in safe mode"],
    });
  });

  it("of pytest is read", () => {
    expect(intake([fixture("junit/pytest-passed.xml")], SMOKE)).toMatchObject({
      facts: { tests: 4, passed: 3, failedTests: [], skippedTests: ["test_smoke > test_region"] },
      statedBy: false,
    });
  });

  it("of pytest counts a test that could not run as failed", () => {
    expect(intake([fixture("junit/pytest-failed.xml")], SMOKE).facts).toMatchObject({
      tests: 6,
      failedTests: ["test_broken > test_rows", "test_broken > test_controls"],
    });
  });

  const surefire = ["junit/surefire-SmokeTest.xml", "junit/surefire-SwitchTest.xml"].map(fixture);

  it("of Maven Surefire is one run in several files, whose end the attester states", () => {
    expect(intake(surefire, { ...SMOKE, finishedAt: STATED_TIME })).toMatchObject({
      facts: { tests: 4, passed: 2, failedTests: ["dev.omnihub.SmokeTest > readsControls"] },
      finishedAt: "2026-11-21T11:00:00.000Z",
      statedBy: true,
    });
  });

  it("without times is refused unless the attester states one", async () => {
    expect(await refusal(() => intake(surefire, SMOKE))).toBe(
      "intake-missing-field: surefire-SmokeTest.xml does not say when it was made: its format carries no time",
    );
  });

  it("with times can't be given another", async () => {
    const file = fixture("junit/pytest-passed.xml");
    expect(await refusal(() => intake([file], { ...SMOKE, finishedAt: STATED_TIME }))).toMatch(
      /^intake-not-allowed: pytest-passed\.xml says itself when it was finished: 2026-11-21T12:09:01\.9/,
    );
  });

  it("reads characters as they are written, and nothing more", () => {
    const file = edited(
      "junit/pytest-passed.xml",
      'name="test_health"',
      'name="&lt;a&gt; &#x20AC;&#65; &unknown; &#xD800;"',
    );
    const { facts } = intake(
      [
        edited(
          "junit/pytest-passed.xml",
          '<testcase classname="test_smoke" name="test_region"',
          '<testcase name="&lt;a&gt; &#x20AC;&#65; &unknown; &#xD800;"',
        ),
      ],
      SMOKE,
    );
    expect(facts).toMatchObject({ skippedTests: ["<a> €A &unknown; &#xD800;"] });
    expect(intake([file], SMOKE).facts).toMatchObject({ passed: 3 });
  });

  it("needs to be told the suite", async () => {
    expect(await refusal(() => intake([fixture("junit/vitest-passed.xml")]))).toBe(
      "intake-missing-field: no report says which suite of the plan this is",
    );
  });

  it.each([
    [
      "cut off",
      () => text(readFileSync(join(FOLDER, "junit/vitest-passed.xml"), "utf8").slice(0, 500)),
      /^intake-truncated: report: not well-formed XML/,
    ],
    [
      "cut at an element's end",
      () => text(readFileSync(join(FOLDER, "junit/pytest-passed.xml"), "utf8").replace("</testsuites>", "")),
      /^intake-truncated: /,
    ],
    [
      "with a test taken out",
      () =>
        edited("junit/pytest-passed.xml", /<testcase classname="test_smoke" name="test_health" time="0\.000" \/>/, ""),
      /^intake-truncated: pytest-passed\.xml states 4 tests and has 3: it was cut or edited$/,
    ],
    [
      "with a suite taken out",
      () => edited("junit/vitest-failed.xml", /<testsuite name="tests\/smoke\/failing[\s\S]*?<\/testsuite>/, ""),
      /^intake-truncated: vitest-failed\.xml states 5 tests and has 3: it was cut or edited$/,
    ],
    [
      "with a failure taken out",
      () => edited("junit/vitest-failed.xml", /<failure[\s\S]*?<\/failure>/, ""),
      /^intake-run-failed: vitest-failed\.xml states 1 failures or errors outside its test cases/,
    ],
    ["of no tests", () => text('<testsuites tests="0"/>'), /^intake-empty: report: not one test in it/],
    [
      "of a suite of no tests",
      () => text('<testsuites><testsuite tests="0" timestamp="2026-11-21T11:00:00Z" time="0"/></testsuites>'),
      /^intake-empty: /,
    ],
    [
      "without counts",
      () => edited("junit/pytest-passed.xml", 'tests="4"', ""),
      /^intake-missing-field: pytest-passed\.xml: a testsuite without "tests"$/,
    ],
    [
      "with a zoneless time",
      () => edited("junit/pytest-passed.xml", "+00:00", ""),
      /^intake-missing-field: pytest-passed\.xml does not say when it was made/,
    ],
    [
      "with a time but no duration",
      () => edited("junit/pytest-passed.xml", / time="0\.024"/, ""),
      /^intake-missing-field: pytest-passed\.xml: a testsuite with a timestamp but without a usable "time"$/,
    ],
    [
      "with an odd duration",
      () => edited("junit/pytest-passed.xml", 'time="0.024"', 'time="-5"'),
      /^intake-missing-field: /,
    ],
    [
      "with an external entity",
      () =>
        text(
          '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><testsuites tests="1"><testsuite tests="1"><testcase name="&e;"/></testsuite></testsuites>',
        ),
      /^intake-not-allowed: report has a DOCTYPE/,
    ],
    [
      "with an entity bomb",
      () => text(`<?xml version="1.0"?><!DOCTYPE a [${"<!ENTITY b 'aaaaaaaa'>".repeat(20)}]><testsuites/>`),
      /^intake-not-allowed: report has a DOCTYPE/,
    ],
  ])("%s is refused", async (_name, make, message) => {
    expect(await refusal(() => intake([make()], { ...SMOKE }))).toMatch(message);
  });

  it("nested absurdly is refused in time", async () => {
    const deep = `${'<testsuite tests="0">'.repeat(20_000)}${"</testsuite>".repeat(20_000)}`;
    expect(await refusal(() => intake([text(deep)], SMOKE))).toMatch(/^intake-(truncated|unknown-format|empty): /);
  });
});

const SCAN = { finishedAt: STATED_TIME };

describe("Snyk JSON", () => {
  it("counts each vulnerability once, licences not, and has no database date to tell", () => {
    expect(intake([fixture("snyk/clean.json")], SCAN)).toEqual({
      kind: "vulnerabilities",
      facts: {
        scanner: "https://snyk.io",
        counts: { critical: 0, high: 0, medium: 1, low: 0, unknown: 0 },
        critical: [],
      },
      finishedAt: "2026-11-21T11:00:00.000Z",
      statedBy: true,
      summary: "1 medium",
    });
  });

  it("of several projects is read, and may have found nothing", () => {
    expect(intake([fixture("snyk/ok-projects.json")], SCAN)).toMatchObject({
      kind: "vulnerabilities",
      summary: "nothing found",
    });
  });

  it("counts what a policy file ignores", () => {
    const file = edited(
      "snyk/clean.json",
      '"ignore": []',
      '"ignore": [{ "id": "SNYK-JS-X-1", "severity": "critical" }]',
    );
    expect(intake([file], SCAN).facts).toMatchObject({ counts: { critical: 1, medium: 1 }, critical: ["SNYK-JS-X-1"] });
  });

  it.each([
    [
      "without a stated time",
      () => fixture("snyk/clean.json"),
      {},
      /^intake-missing-field: clean\.json does not say when it was made/,
    ],
    [
      "that could not scan",
      () => text('{"ok":false,"error":"Authentication failed with token abc","path":"."}'),
      SCAN,
      /^intake-run-failed: report: Snyk says that it could not scan \(member "error"\)$/,
    ],
    [
      "where one of several could not be scanned",
      () => edited("snyk/ok-projects.json", '"ok": true,', '"error": "x", "ok": true,'),
      SCAN,
      /^intake-run-failed: /,
    ],
    [
      "of no dependencies",
      () => edited("snyk/clean.json", "214", "0"),
      SCAN,
      /^intake-empty: clean\.json: Snyk scanned a project without one dependency$/,
    ],
    [
      "that is not ok and lists nothing",
      () => edited("snyk/ok-projects.json", '"ok": true', '"ok": false'),
      SCAN,
      /^intake-inconsistent: /,
    ],
    [
      "with an unknown severity",
      () => edited("snyk/clean.json", '"severity": "medium"', '"severity": "mild"'),
      SCAN,
      /^intake-missing-field: clean\.json: Snyk JSON without a usable "0\.vulnerabilities\.0\.severity"/,
    ],
    [
      "without a dependency count",
      () => edited("snyk/clean.json", /"dependencyCount": 214,/, ""),
      SCAN,
      /^intake-missing-field: /,
    ],
    [
      "cut off",
      () => text(readFileSync(join(FOLDER, "snyk/clean.json"), "utf8").slice(0, 600)),
      SCAN,
      /^intake-truncated: report begins as JSON and does not end as such/,
    ],
  ])("%s is refused", async (_name, make, stated, message) => {
    expect(await refusal(() => intake([make()], stated))).toMatch(message);
  });
});

describe("Trivy JSON", () => {
  it("is read with the date of its database", () => {
    expect(intake([fixture("trivy/image.json"), fixture("trivy/version.json")])).toEqual({
      kind: "vulnerabilities",
      facts: {
        scanner: "pkg:github/aquasecurity/trivy",
        databaseUpdatedAt: at("2026-11-20T06:15:00.5Z"),
        scope: "image",
        counts: { critical: 1, high: 0, medium: 0, low: 1, unknown: 0 },
        critical: ["CVE-2026-10001"],
      },
      finishedAt: "2026-11-20T09:12:33.123Z",
      statedBy: false,
      summary: "1 critical, 1 low",
    });
  });

  it("without the date of its database is read when it found something, and tells none", () => {
    expect(intake([fixture("trivy/image.json")]).facts).not.toHaveProperty("databaseUpdatedAt");
  });

  it("that found nothing is believed only with the date of its database", async () => {
    const file = fixture("trivy/nothing-found.json");
    expect(await refusal(() => intake([file]))).toBe(
      "intake-no-database-date: nothing-found.json: nothing found, and no date of the database that was asked",
    );
    expect(intake([file, fixture("trivy/version.json")]).summary).toBe("nothing found");
  });

  it.each([
    [
      "that scanned nothing",
      () => [
        edited("trivy/nothing-found.json", /"Results": \[[^\]]*\]/, '"Results": []'),
        fixture("trivy/version.json"),
      ],
      /^intake-empty: /,
    ],
    [
      "of two scans",
      () => [fixture("trivy/image.json"), fixture("trivy/nothing-found.json")],
      /^usage: Trivy: wanted one scan/,
    ],
    ["of the version alone", () => [fixture("trivy/version.json")], /^usage: Trivy: wanted one scan/],
    [
      "with a zoneless time",
      () => [edited("trivy/image.json", "789Z", "789")],
      /^intake-missing-field: image\.json: "CreatedAt" is no time with a zone$/,
    ],
  ])("%s is refused", async (_name, make, message) => {
    expect(await refusal(() => intake(make()))).toMatch(message);
  });
});

describe("Infracost JSON", () => {
  it("is read", () => {
    expect(intake([fixture("infracost/breakdown.json")], { stage: "production" })).toEqual({
      kind: "cost",
      facts: { currency: "USD", monthly: 400.48 },
      finishedAt: "2026-11-20T08:00:00.123Z",
      statedBy: false,
      summary: "400.48 USD a month in production",
    });
  });

  it.each([
    [
      "without a total",
      () => edited("infracost/breakdown.json", '"totalMonthlyCost": "400.48",\n', '"totalMonthlyCost": null,\n'),
      /^intake-missing-field: breakdown\.json: Infracost JSON without a usable "totalMonthlyCost"/,
    ],
    [
      "with a total that is no text",
      () => edited("infracost/breakdown.json", '"totalMonthlyCost": "400.48",\n', '"totalMonthlyCost": 0,\n'),
      /^intake-missing-field: /,
    ],
    [
      "of no project",
      () => edited("infracost/breakdown.json", /"projects": \[.*\],/, '"projects": [],'),
      /^intake-empty: breakdown\.json: an estimate of no project$/,
    ],
    [
      "with a project's errors",
      () => edited("infracost/breakdown.json", '"type": "terraform_dir"', '"errors": [{ "code": 1, "message": "x" }]'),
      /^intake-run-failed: /,
    ],
    [
      "without a time",
      () => edited("infracost/breakdown.json", "2026-11-20T08:00:00.123456Z", "today"),
      /^intake-missing-field: breakdown\.json: "timeGenerated" is no time with a zone$/,
    ],
  ])("%s is refused", async (_name, make, message) => {
    expect(await refusal(() => intake([make()]))).toMatch(message);
  });
});

describe("PagerDuty on-calls", () => {
  it("are read: level 1 is primary, 2 secondary, without times always", () => {
    expect(intake([fixture("pagerduty/oncalls.json")], SCAN)).toMatchObject({
      kind: "on-call",
      facts: {
        shifts: [
          {
            level: "primary",
            person: "Sam Okafor",
            from: at("2026-11-20T00:00:00Z"),
            until: at("2026-11-27T00:00:00Z"),
          },
          { level: "secondary", person: "Lena Brandt", from: 0, until: 8.64e15 },
        ],
      },
      statedBy: true,
      summary: "on call: Sam Okafor (primary), Lena Brandt (secondary)",
    });
  });

  it.each([
    [
      "one page of several",
      () => edited("pagerduty/oncalls.json", '"more": false', '"more": true'),
      SCAN,
      /^intake-truncated: oncalls\.json: "more" is true/,
    ],
    [
      "nobody at all",
      () => text('{"oncalls":[],"more":false}'),
      SCAN,
      /^intake-empty: report: nobody is on call at level 1 or 2$/,
    ],
    ["an answer that is an error", () => text('{"oncalls":{"message":"x"}}'), SCAN, /^intake-missing-field: /],
    [
      "a shift without a zone",
      () => edited("pagerduty/oncalls.json", "2026-11-20T00:00:00Z", "2026-11-20T00:00:00"),
      SCAN,
      /^intake-missing-field: oncalls\.json: "start" is no time with a zone$/,
    ],
    ["no stated time", () => fixture("pagerduty/oncalls.json"), {}, /^intake-missing-field: /],
  ])("with %s are refused", async (_name, make, stated, message) => {
    expect(await refusal(() => intake([make()], stated))).toMatch(message);
  });
});

describe("a restic restore", () => {
  const path = "restic/restore.jsonl";
  it("is a drill of the time that it took, which ended when the attester says; nobody verified its data", () => {
    const taken = intake([fixture(path)], { finishedAt: NOW });
    expect(taken).toMatchObject({
      kind: "drill",
      facts: { drill: "restore", outcome: "passed", took: 96_000, integrity: "unverified" },
      finishedAt: new Date(NOW).toISOString(),
      statedBy: true,
      summary: "restore of 4 of 4 files in 1 minute 36 seconds: passed",
    });
  });
  it.each<[string, string | RegExp, string]>([
    [
      "with errors",
      /^/,
      '{"message_type":"error","error":{"message":"no space left"},"during":"restore","item":"/a"}\n',
    ],
    ["that did not bring back every file", '"files_restored":3', '"files_restored":2'],
  ])("%s has failed", (_name, from, to) => {
    expect(intake([edited(path, from, to)], { finishedAt: NOW }).facts).toMatchObject({ outcome: "failed" });
  });
  it.each<[string, () => ReportFile, RegExp]>([
    ["without its end", () => fixture(path), /^intake-missing-field: restore\.jsonl does not say when it was made/],
    [
      "of nothing",
      () => edited(path, /"total_files":4,"files_restored":3/, '"total_files":0,"files_restored":0'),
      /^intake-/,
    ],
    ["that was cut off", () => edited(path, /\n.*summary.*\n/, "\n"), /^intake-truncated: /],
  ])("%s is refused", async (_name, file, message) => {
    const stated = message.source.includes("does not say") ? {} : { finishedAt: NOW };
    expect(await refusal(() => intake([file()], stated))).toMatch(message);
  });
});

describe("a restic backup", () => {
  const said = { scope: "full", trigger: "manual" as const };
  const backup = fixture("restic/backup.jsonl");

  it("with its check is verified", () => {
    expect(intake([fixture("restic/check.json"), backup], said)).toMatchObject({
      kind: "backup",
      facts: { scope: "full", trigger: "manual", integrity: "verified" },
      finishedAt: expect.stringMatching(/^2026-11-21T11:55:42\.621/) as string,
      statedBy: false,
    });
  });

  it("without a check is unverified", () => {
    expect(intake([backup], said).facts).toMatchObject({ integrity: "unverified" });
  });

  it("whose check found damage has failed", () => {
    expect(intake([backup, fixture("restic/check-damaged.json")], said).facts).toMatchObject({ integrity: "failed" });
  });

  const cut = (): ReportFile =>
    text(
      readFileSync(join(FOLDER, "restic/backup.jsonl"), "utf8").trim().split("\n").slice(0, -1).join("\n"),
      "backup.jsonl",
    );
  it.each([
    ["without its end", () => [cut()], said, /^intake-truncated: backup\.jsonl: no summary of a backup at its end/],
    [
      "that is only a check",
      () => [fixture("restic/check.json")],
      said,
      /^intake-truncated: check\.json: no summary of a backup/,
    ],
    [
      "of no files",
      () => [edited("restic/backup.jsonl", '"total_files_processed":3', '"total_files_processed":0')],
      said,
      /^intake-empty: /,
    ],
    [
      "with errors",
      () => [edited("restic/backup.jsonl", /^/, '{"message_type":"error","error":{"message":"permission denied"}}\n')],
      said,
      /^intake-run-failed: backup\.jsonl: restic reports errors/,
    ],
    [
      "of a restic that tells no times",
      () => [edited("restic/backup.jsonl", /"backup_start".*?,"backup_end".*?,/, "")],
      said,
      /^intake-missing-field: .*restic writes it since 0\.17$/,
    ],
    [
      "of unknown scope",
      () => [backup],
      { trigger: "manual" as const },
      /^intake-missing-field: no report says what the backup covers$/,
    ],
    [
      "of unknown trigger",
      () => [backup],
      { scope: "full" },
      /^intake-missing-field: no report says who started the backup$/,
    ],
  ])("%s is refused", async (_name, make, stated, message) => {
    expect(await refusal(() => intake(make(), stated))).toMatch(message);
  });
});

describe("GitHub workflow runs", () => {
  const runs = fixture("github/runs.json");

  it("are the newest of each workflow and commit; one that has not ended is no success", () => {
    expect(intake([runs], { ...SCAN, branch: "main" })).toMatchObject({
      kind: "pipelines",
      facts: {
        branch: "main",
        pipelines: [
          { name: "CI", conclusion: "success", commit: "a".repeat(40) },
          { name: "CD staging", conclusion: "in_progress", commit: "a".repeat(40) },
        ],
      },
      statedBy: true,
    });
  });

  it("that tell when they ended need no other time", () => {
    const file = text(
      readFileSync(join(FOLDER, "github/runs.json"), "utf8").replaceAll(
        '"status"',
        '"updatedAt": "2026-11-21T10:30:00Z", "status"',
      ),
    );
    expect(intake([file], { branch: "main" })).toMatchObject({
      finishedAt: "2026-11-21T10:30:00.000Z",
      statedBy: false,
    });
  });

  it("that completed with no conclusion are unknown", () => {
    const file = edited("github/runs.json", '"conclusion": "success"', '"conclusion": ""');
    expect(intake([file], { ...SCAN, branch: "main" }).facts).toMatchObject({
      pipelines: [{ conclusion: "unknown" }, {}],
    });
  });

  it.each([
    [
      "of several branches",
      () => runs,
      SCAN,
      /^intake-missing-field: runs of 2 branches, and not said which is meant$/,
    ],
    [
      "of another branch",
      () => runs,
      { ...SCAN, branch: "release" },
      /^intake-empty: runs\.json: no run on branch "release"$/,
    ],
    [
      "with a short commit",
      () => edited("github/runs.json", "aaaaaaaaaa", ""),
      { ...SCAN, branch: "main" },
      /^intake-missing-field: /,
    ],
    [
      "without a stated time",
      () => runs,
      { branch: "main" },
      /^intake-missing-field: runs\.json does not say when it was made/,
    ],
  ])("%s are refused", async (_name, make, stated, message) => {
    expect(await refusal(() => intake([make()], stated))).toMatch(message);
  });
});

const FREEZE = { branch: "main", since: at("2026-11-20T12:00:00Z"), finishedAt: STATED_TIME };

describe("how long GitHub's runs took", () => {
  const run = (change: object) =>
    text(
      JSON.stringify([
        {
          name: "CI",
          conclusion: "success",
          headBranch: "main",
          headSha: "0".repeat(40),
          status: "completed",
          startedAt: "2026-11-21T10:00:00Z",
          updatedAt: "2026-11-21T10:09:30Z",
          ...change,
        },
      ]),
    );
  const took = (change: object): unknown =>
    (intake([run(change)]).facts as { pipelines: { took?: number }[] }).pipelines[0]?.took;
  it("is told where both times are", () => {
    expect(took({})).toBe(9.5 * 60_000);
    expect(took({ startedAt: undefined })).toBeUndefined();
    expect(took({ status: "in_progress", conclusion: "" })).toBeUndefined();
  });
});

describe("merges into a frozen branch", () => {
  it("of pull requests are those since it was frozen, emergencies by their label", () => {
    expect(intake([fixture("github/merged.json")], FREEZE)).toMatchObject({
      kind: "freeze",
      facts: {
        branch: "main",
        since: FREEZE.since,
        merges: [{ commit: "c".repeat(40), title: "#812 Close the connection leak", emergency: true }],
      },
      statedBy: true,
      summary: "1 merges into main since 2026-11-20T12:00:00Z, 1 of them emergencies",
    });
  });

  it("of a git log know no emergencies", () => {
    const since = at("2026-11-21T09:30:00Z");
    const stated = { branch: "main", since, finishedAt: at("2026-11-23T12:00:00Z") };
    expect(intake([fixture("git/merges.log")], stated).facts).toMatchObject({
      merges: [
        { title: "Merge branch 'f3'", emergency: false },
        { title: "Merge branch 'f2'", emergency: false },
      ],
    });
  });

  it("may be none, where it is said what the empty list is of", async () => {
    expect(intake([text("[]")], FREEZE, "freeze").facts).toMatchObject({ merges: [] });
    expect(await refusal(() => intake([text("[]")], FREEZE))).toMatch(
      /^intake-unknown-format: report: an empty list, which says nothing of what it lists; known are JUnit XML, /,
    );
  });

  const many = (count: number): ReportFile =>
    text(
      JSON.stringify(
        Array.from({ length: count }, (_, number) => ({
          number,
          title: "x",
          mergeCommit: { oid: "f".repeat(40) },
          labels: [],
          mergedAt: "2026-11-20T13:00:00Z",
          baseRefName: "main",
        })),
      ),
    );
  it.each([
    [
      "that may go on",
      () => many(30),
      FREEZE,
      /^intake-truncated: report: 30 merges, all after the freeze began: there may be more$/,
    ],
    [
      "without a branch",
      () => many(1),
      { ...FREEZE, branch: undefined },
      /^intake-missing-field: no report says which branch is frozen$/,
    ],
    [
      "without a beginning",
      () => many(1),
      { ...FREEZE, since: undefined },
      /^intake-missing-field: no report says since when the branch is frozen$/,
    ],
    [
      "without a merge commit",
      () => edited("github/merged.json", /\{ "oid": "c+" \}/, "null"),
      FREEZE,
      /^intake-missing-field: /,
    ],
    [
      "with a line cut off",
      () => text(`${"a".repeat(40)} 2026-11-20T13:00:00Z Merge\n${"b".repeat(30)}`),
      FREEZE,
      /^intake-truncated: report: line 2 is not "<commit> <time> <title>"$/,
    ],
  ])("%s are refused", async (_name, make, stated, message) => {
    expect(await refusal(() => intake([make()], JSON.parse(JSON.stringify(stated)) as Stated))).toMatch(message);
  });
});

describe("runbooks", () => {
  const complete = ["service-down", "high-error-rate"].map((name) => fixture(`runbooks/complete/${name}.md`));

  it("are read, each with the sections that have something under them", () => {
    const { predicate } = readRunbooks(complete, STATED, NOW);
    const { facts, finishedAt } = PREDICATES.runbooks.read(predicate, machineClock);
    const sections = ["Symptoms", "Diagnosis", "Logs", "Mitigation", "Escalation"];
    const alerts = facts.runbooks.map((runbook) => runbook.alerts ?? []);
    expect(facts).toEqual({
      runbooks: ["service-down", "high-error-rate"].map((name, at) => ({ name, sections, alerts: alerts[at] })),
    });
    expect(finishedAt).toBe(NOW);
  });

  it("say which alerts they are for: after the word, or under a heading of their own", () => {
    const text = "# A\n\nWhen the alert `service-down` fires.\n<!-- alert `hidden` -->\nRun `kubectl`.\n";
    expect(alertsOf(text)).toEqual(["service-down"]);
    expect(alertsOf(`${text}\n## Alerts\n- \`p95-high\`\n- \`p99-high\`, rarely\n\n## Diagnosis\n\`top\`\n`)).toEqual([
      "p95-high",
      "p99-high",
      "service-down",
    ]);
  });

  it("with headings alone are refused", async () => {
    expect(
      await refusal(() => readRunbooks([...complete, fixture("runbooks/hollow/database-down.md")], STATED, NOW)),
    ).toBe('intake-missing-field: database-down.md: nothing under "Diagnosis", "Mitigation", "Escalation"');
  });

  it("may be asked for other sections", async () => {
    const hollow = fixture("runbooks/hollow/database-down.md");
    expect(readRunbooks([hollow], { ...STATED, sections: ["symptoms"] }, NOW).summary).toBe("runbooks: database-down");
    expect(await refusal(() => readRunbooks(complete, { ...STATED, sections: ["Contacts"] }, NOW))).toBe(
      'intake-missing-field: service-down.md: nothing under "Contacts"',
    );
  });

  it("that are none or empty are refused", async () => {
    expect(await refusal(() => readRunbooks([], STATED, NOW))).toBe(
      "intake-empty: nothing to read: no Markdown file in the folder",
    );
    expect(await refusal(() => readRunbooks([text(" \n", "x.md")], STATED, NOW))).toBe("intake-empty: x.md is empty");
  });

  it.each([
    ["a heading inside a fence is code", "## A\n```\n## B\n```\n", ["A"]],
    ["a fence of another kind does not end it", "## A\n~~~\n```\n## B\n~~~\n", ["A"]],
    ["a part fills the whole", "## A\n### B\ntext\n## C\n", ["A", "B"]],
    ["a title is no section", "# A\ntext\n", []],
    ["a list mark alone is nothing", "## A\n- \n* * *\n> \n", []],
    ["a promise is nothing", "## A\nTBD.\n## B\n**TODO**\n## C\nComing soon\n", []],
    ["a comment is nothing", "## A\n<!-- one\ntwo -->\n## B\n<!-- open", []],
    ["an unfinished fence still has its code", "## A\n```\ncode\n", ["A"]],
  ])("%s", (_name, markdown, sections) => {
    expect(sectionsOf(markdown)).toEqual(sections);
  });
});

describe("a file in no known format", () => {
  it.each([
    ["text", "hello", /^intake-unknown-format: report: in no format that is known/],
    ["HTML", "<html><testsuite/></html>", /^intake-unknown-format: /],
    ["JSON", '{"passed":true}', /^intake-unknown-format: /],
    ["an empty file", "", /^intake-empty: report is empty$/],
    ["white space", " \n", /^intake-empty: report is empty$/],
    ["cut JSON", '[{"a":1},', /^intake-truncated: /],
    ["JSON with a member twice", '{"ok":false,"ok":true,"vulnerabilities":[]}', /^intake-truncated: /],
  ])("%s is refused", async (_name, content, message) => {
    expect(await refusal(() => intake([text(content)]))).toMatch(message);
  });

  it("binary is refused", async () => {
    expect(await refusal(() => reportFile("x.bin", Buffer.from([0xff, 0xfe, 0x00])))).toBe(
      "intake-encoding: x.bin is not UTF-8 text",
    );
  });

  it("is never taken for another kind than the one that was named", async () => {
    expect(await refusal(() => intake([fixture("snyk/clean.json")], SCAN, "cost"))).toBe(
      "intake-unknown-format: clean.json: in no format that is known; known are Infracost JSON",
    );
  });

  it("of two formats at once is refused", async () => {
    const files = [fixture("snyk/clean.json"), fixture("infracost/breakdown.json")];
    expect(await refusal(() => intake(files, SCAN))).toMatch(/^intake-unknown-format: clean\.json, breakdown\.json: /);
  });
});
