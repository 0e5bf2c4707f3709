/** Reports that contradict themselves: passed on the outside and failed inside, counts that can't be, places nobody looks at. */
import { describe, expect, it } from "vitest";
import type { Stated } from "../../evidence/intake/report";
import { edited, fixture, intake, STATED_TIME, text } from "./intake-support";
import { refusal } from "./world";

const SUITE = { suite: "smoke" };
const AT = { finishedAt: STATED_TIME };
const TIMES = 'timestamp="2026-11-21T10:00:00Z" time="1"';
const PASSED = '<testcase name="a"/>';
const FAILED = '<testcase name="b"><failure/></testcase>';

async function refused(contents: string | readonly string[], stated: Partial<Stated>): Promise<string> {
  const all = typeof contents === "string" ? [contents] : contents;
  return refusal(() =>
    intake(
      all.map((one) => text(one)),
      stated,
    ),
  );
}

describe("JUnit XML is refused", () => {
  const ONE = `<testsuite tests="1" failures="0" ${TIMES}>${PASSED}</testsuite>`;
  const outside = "intake-inconsistent: report has 1 test cases outside of its suites, which nothing counts";
  const counts = (failures: string): string => `<testsuite tests="1" ${failures} ${TIMES}>${PASSED}</testsuite>`;

  it.each([
    [
      "that states a failure above its suites, and has none in them",
      `<testsuites tests="1" failures="1">${ONE}</testsuites>`,
      "intake-run-failed: report states 1 failures or errors outside its test cases: the run itself failed",
    ],
    [
      "whose suite failed by itself",
      `<testsuite tests="1" ${TIMES}><error message="set-up"/>${PASSED}</testsuite>`,
      "intake-run-failed: report states a failure outside its test cases: the run itself failed",
    ],
    ["with a test beside its suites", `<testsuites>${FAILED}${ONE}</testsuites>`, outside],
    [
      "with a suite in an element that is none",
      `<testsuites><group><testsuite tests="1">${FAILED}</testsuite></group>${ONE}</testsuites>`,
      outside,
    ],
    [
      "with all suites of another run inside of one",
      `<testsuite tests="1" ${TIMES}>${PASSED}<testsuites><testsuite tests="1">${FAILED}</testsuite></testsuites></testsuite>`,
      outside,
    ],
    [
      "with a negative count that takes an error away",
      counts('failures="-1" errors="1"'),
      'intake-missing-field: report states "-1" for "failures", wanted a count',
    ],
    [
      "with a count that is no number",
      counts('failures="NaN"'),
      'intake-missing-field: report states "NaN" for "failures", wanted a count',
    ],
    [
      "with a count in another notation",
      `<testsuite tests="0x1" ${TIMES}>${PASSED}</testsuite>`,
      'intake-missing-field: report states "0x1" for "tests", wanted a count',
    ],
    [
      "that states skipped tests and marks none: they would be passed ones",
      counts('skipped="1"'),
      "intake-inconsistent: report states 1 skipped tests and marks 0: which were not run is not told",
    ],
    [
      "that took longer than there is time",
      `<testsuite tests="1" timestamp="2026-11-21T10:00:00Z" time="1e308">${PASSED}</testsuite>`,
      "intake-missing-field: report says that it was finished at a time that no calendar has",
    ],
    [
      "in UTF-16 without its mark",
      Buffer.from(ONE, "utf16le").toString("latin1"),
      "intake-encoding: report has zero bytes in it: it is UTF-16, or no text",
    ],
  ])("%s", async (_name, xml, told) => {
    expect(await refused(xml, SUITE)).toBe(told);
  });
});

it("JUnit XML's tests that say in an attribute that they failed or were not run, did", () => {
  const cases =
    '<testcase name="a" status="run"/><testcase name="b" status="notrun"/><testcase name="c" status="failed"/>';
  const { facts } = intake([text(`<testsuite tests="3" disabled="1" ${TIMES}>${cases}</testsuite>`)], SUITE);
  expect(facts).toMatchObject({ passed: 1, skippedTests: ["b"], failedTests: ["c"] });
});

describe("a measurement is refused", () => {
  const k6 = (metric: object, group: object = {}): string =>
    JSON.stringify({
      root_group: group,
      state: { testRunDurationMs: 1000 },
      metrics: { iterations: { type: "counter", contains: "default", values: { count: 10, rate: 10 } }, ...metric },
    });
  const rate = (values: object): string => k6({ failed: { type: "rate", contains: "default", values } });
  const edit = "intake-inconsistent: report: the counts of failed do not fit each other: it was edited";

  it.each([
    [
      "of less than no time",
      k6({ http_req_duration: { type: "trend", contains: "time", values: { "p(95)": -5 } } }),
      "intake-inconsistent: report: http-req-duration-p95 is -5 ms, which can't be",
    ],
    [
      "with a share above all",
      rate({ rate: 1.5 }),
      "intake-inconsistent: report: failed-rate is 1.5 ratio, which can't be",
    ],
    ["with a share that is not that of its counts", rate({ rate: 0, passes: 10, fails: 0 }), edit],
    ["with a negative count", rate({ rate: -1, passes: -10, fails: 20 }), edit],
    [
      "with a counter below zero",
      k6({ failed: { type: "counter", contains: "default", values: { count: -1 } } }),
      edit,
    ],
    [
      "whose greatest is below another",
      k6({ wait: { type: "trend", contains: "time", values: { "p(95)": 900, avg: 5, max: 10 } } }),
      "intake-inconsistent: report: wait-max is 10 ms, which does not fit the other numbers of its kind",
    ],
    [
      "whose mean is above the greatest",
      k6({ wait: { type: "trend", contains: "time", values: { avg: 900, max: 10 } } }),
      "intake-inconsistent: report: wait-max is 10 ms, which does not fit the other numbers of its kind",
    ],
    [
      "whose 99th percentile is below the 95th",
      k6({ wait: { type: "trend", contains: "time", values: { "p(95)": 900, "p(99)": 10 } } }),
      "intake-inconsistent: report: wait-p99 is 10 ms, which does not fit the other numbers of its kind",
    ],
    [
      "whose rate is that of more than it counted: twice the traffic that there was",
      k6({ http_reqs: { type: "counter", contains: "default", values: { count: 10, rate: 20 } } }),
      "intake-inconsistent: report: http_reqs counted 10, and its rate makes 20 of it: it was edited",
    ],
    [
      "whose checks failed one by one, and passed together",
      k6(
        { checks: { type: "rate", contains: "default", values: { rate: 1, passes: 10, fails: 0 } } },
        { groups: [{ checks: [{ passes: 0, fails: 10 }] }] },
      ),
      "intake-inconsistent: report: 10 checks failed one by one, and 0 together",
    ],
    [
      "with a number beyond all numbers",
      '{"state":{"testRunDurationMs":1000},"metrics":{"iterations":{"type":"counter","contains":"default","values":{"count":1e400}}}}',
      'intake-missing-field: report: k6 summary without a usable "metrics.iterations.values.count": Invalid input: expected number, received Infinity',
    ],
  ])("of k6 %s", async (_name, json, told) => {
    expect(await refused(json, { ...SUITE, ...AT })).toBe(told);
  });

  it("of k6's --summary-export by the same rules", async () => {
    const file = edited("load/k6-export.json", '"fails": 0', '"fails": 5');
    expect(await refusal(() => intake([file], { ...SUITE, ...AT }))).toMatch(/^intake-inconsistent: k6-export\.json: /);
  });

  it("of autocannon with a latency below zero", async () => {
    const file = edited("load/autocannon.json", /"p99": ?\d+/, '"p99": -1');
    expect(await refusal(() => intake([file], SUITE))).toBe(
      "intake-inconsistent: autocannon.json: latency-p99 is -1 ms, which can't be",
    );
  });

  it("of autocannon with more requests a second than it counted", async () => {
    const file = edited("load/autocannon.json", '"average":835.67', '"average":1835.67');
    expect(await refusal(() => intake([file], SUITE))).toBe(
      "intake-inconsistent: autocannon.json states 1835.67 requests a second, and counts 2507 in 3.02 s: it was edited",
    );
  });

  it("of very many numbers is read in time", () => {
    const values = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`p(${at / 1000})`, at]));
    const started = performance.now();
    intake([text(k6({ wait: { type: "trend", contains: "time", values } }))], { ...SUITE, ...AT });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it.each([
    ["last_request_timestamp", 1e300, "says that it was finished at a time that no calendar has"],
    ["start_time", -1, "Locust JSON without a usable"],
  ])("of Locust with a %s of %d", async (member, time, told) => {
    const file = edited("load/locust.json", new RegExp(`("${member}": ?)[\\d.]+`, "g"), `"${member}": ${time}`);
    expect(await refusal(() => intake([file], SUITE))).toContain(told);
  });
});

describe("a scan is as bad as its worst place", () => {
  it("of Trivy, which grades a vulnerability of two packages twice", () => {
    const low = '{ "VulnerabilityID": "CVE-2026-10001", "Severity": "LOW" }';
    const file = edited("trivy/image.json", '"Severity": "LOW" } ]', `"Severity": "LOW" }, ${low} ]`);
    expect(intake([file]).facts).toMatchObject({ counts: { critical: 1, low: 1 } });
  });
  it("of Grype, which grades it by each distribution", () => {
    const low = '"ignoredMatches": [{ "vulnerability": { "id": "CVE-2026-1111", "severity": "Negligible" } },';
    const file = edited("grype/image.json", /"ignoredMatches": ?\[/, low);
    expect(intake([file]).facts).toMatchObject({ critical: ["CVE-2026-1111"] });
  });
  it("of Snyk", () => {
    const listed = [
      { id: "S", severity: "critical" },
      { id: "S", severity: "low" },
    ];
    const file = text(JSON.stringify({ ok: false, dependencyCount: 5, vulnerabilities: listed }));
    expect(intake([file], AT).facts).toMatchObject({ counts: { critical: 1, low: 0 } });
  });
});

describe("SARIF", () => {
  const sarif = (run: object): string => {
    const tool = { driver: { name: "x" } };
    return JSON.stringify({
      version: "2.1.0",
      runs: [{ tool, invocations: [{ executionSuccessful: true }], results: [], ...run }],
    });
  };
  const rule = (id: string, severity: string): object => ({ id, properties: { "security-severity": severity } });

  it("counts what is not settled as of unknown severity, and nothing that passed", () => {
    const results = ["open", "review", "pass", "notApplicable", "informational"].map((kind) => ({ ruleId: "a", kind }));
    expect(intake([text(sarif({ results }))], AT).facts).toMatchObject({ counts: { unknown: 2, high: 0, medium: 0 } });
  });
  it("grades by the rules of its packs, too", () => {
    const tool = { driver: { name: "CodeQL", rules: [] }, extensions: [{ rules: [rule("js/sqli", "9.8")] }] };
    const { facts } = intake([text(sarif({ tool, results: [{ ruleId: "js/sqli" }] }))], AT);
    expect(facts).toMatchObject({ counts: { critical: 1, medium: 0 } });
  });
  it("grades by the rule that a result names, not by another's place in the list", () => {
    const tool = { driver: { name: "x", rules: [rule("low", "1.0"), rule("bad", "9.9")] } };
    const { facts } = intake([text(sarif({ tool, results: [{ ruleId: "bad/1", ruleIndex: 0 }] }))], AT);
    expect(facts).toMatchObject({ counts: { critical: 1, low: 0 } });
  });
  it("whose results stand in another file is refused", async () => {
    expect(await refused(sarif({ externalPropertyFileReferences: { results: [{}] } }), AT)).toBe(
      "intake-truncated: report: x wrote its results into another file",
    );
  });
});

describe("a scan is refused", () => {
  const npm = (vulnerabilities: object, total: number, dependencies = 5): string =>
    JSON.stringify({
      auditReportVersion: 2,
      vulnerabilities,
      metadata: { vulnerabilities: { total }, dependencies: { total: dependencies, prod: 1 } },
    });
  const advisory = { source: 1, severity: "low" };

  it.each<[string, string | readonly string[], string]>([
    [
      "of npm with a critical package and a low advisory",
      npm({ a: { severity: "critical", via: [advisory] } }, 1),
      "intake-inconsistent: report: a package is critical, and no advisory is worse than low: it was edited",
    ],
    [
      "of npm that points at a package which is not listed",
      npm({ a: { severity: "low", via: ["gone"] }, b: { severity: "low", via: [advisory] } }, 2),
      "intake-inconsistent: report: a package is vulnerable through one that is not listed: it was cut",
    ],
    [
      "of npm of fewer than no dependencies",
      npm({}, 0, -1),
      'intake-missing-field: report: npm audit JSON without a usable "metadata.dependencies.total": Too small: expected number to be >=0',
    ],
    [
      "of Snyk of fewer than no dependencies",
      JSON.stringify({ ok: true, vulnerabilities: [], dependencyCount: -1 }),
      'intake-missing-field: report: Snyk JSON without a usable "0.dependencyCount": Too small: expected number to be >=0',
    ],
    [
      "of Snyk that lists fewer issues than it states",
      JSON.stringify({ ok: true, vulnerabilities: [], dependencyCount: 5, uniqueCount: 3 }),
      "intake-inconsistent: report states 3 different issues and lists fewer: it was cut or edited",
    ],
    [
      "of OSV-Scanner with a vulnerability in no group beside one that is in one",
      JSON.stringify({
        experimental_config: {},
        results: [
          {
            source: { path: "p", type: "lockfile" },
            packages: [{ groups: [{ ids: ["A"], max_severity: "1.0" }], vulnerabilities: [{ id: "A" }, { id: "B" }] }],
          },
        ],
      }),
      "intake-inconsistent: report: vulnerabilities that are in no group: it was cut or edited",
    ],
    [
      'with a member "__proto__", which schemas lose',
      '{"auditReportVersion":2,"vulnerabilities":{"__proto__":{"via":[]}},"metadata":{"vulnerabilities":{"total":0},"dependencies":{"total":1,"prod":1}}}',
      'intake-not-allowed: report has a member "__proto__", which not every reader sees',
    ],
  ])("%s", async (_name, json, told) => {
    expect(await refused(json, AT)).toBe(told);
  });

  it("of Trivy that looked for something else than vulnerabilities", async () => {
    const file = edited("trivy/nothing-found.json", "os-pkgs", "config");
    expect(await refusal(() => intake([file, fixture("trivy/version.json")]))).toBe(
      "intake-empty: nothing-found.json: Trivy names no packages that it looked at: found nothing means nothing",
    );
  });

  it("whose database was made after it", async () => {
    const about = edited("trivy/version.json", '"UpdatedAt": "2026-11-20T06:', '"UpdatedAt": "2026-11-20T16:');
    expect(await refusal(() => intake([fixture("trivy/nothing-found.json"), about]))).toBe(
      "intake-inconsistent: nothing-found.json: the database is of 2026-11-20T16:15:00.500Z, and the scan ended before, at 2026-11-20T09:12:33.123Z",
    );
    const stated = { ...AT, databaseUpdatedAt: STATED_TIME + 120_000 };
    expect(await refusal(() => intake([fixture("osv/clean-all.json")], stated))).toMatch(/^intake-inconsistent: /);
  });
});

describe("restic is refused", () => {
  const BACKUP = { scope: "database", trigger: "manual" } as const;
  it.each<[string, string, string | RegExp, string, Partial<Stated>]>([
    ["where it only rehearsed", "backup.jsonl", '"files_new"', '"dry_run":true,"files_new"', BACKUP],
    ["of fewer than no files", "backup.jsonl", '"total_files_processed":3', '"total_files_processed":-3', BACKUP],
    ["that ended before it began", "backup.jsonl", '"backup_end":"2026', '"backup_end":"2025', BACKUP],
    [
      "where what is skipped makes up for less than nothing",
      "restore.jsonl",
      '"files_restored":3,"files_skipped":1',
      '"files_restored":-3,"files_skipped":7',
      AT,
    ],
    ["that took longer than there is time", "restore.jsonl", '"seconds_elapsed":95', '"seconds_elapsed":1e300', AT],
  ])("%s", async (_name, path, from, to, stated) => {
    expect(await refusal(() => intake([edited(`restic/${path}`, from, to)], stated))).toMatch(
      /^intake-(?:missing-field|inconsistent): /,
    );
  });
});

it("an estimate that costs less than its projects, or than nothing, is refused", async () => {
  for (const total of ["1.00", "-400.48"]) {
    const file = edited(
      "infracost/breakdown.json",
      /"totalMonthlyCost": ?"400\.48"(?=[^{}]*"timeGenerated")/,
      `"totalMonthlyCost": "${total}"`,
    );
    expect(await refusal(() => intake([file]))).toBe(
      `intake-inconsistent: breakdown.json states ${total} a month, and its projects cost 400.48: it was edited`,
    );
  }
});

it("a survey with one column twice, but for a space, is refused", async () => {
  const stated = { survey: "beta", satisfied: "rating >= 4", ...AT };
  expect(await refused("rating,rating \n1,5\n", stated)).toMatch(/^intake-unknown-format: /);
});

describe("a review of a pull request", () => {
  const STATED = { review: "code", subject: { commit: "0123456789abcdef0123456789abcdef01234567" } };
  const reviewed = (change: (reviews: Record<string, unknown>[]) => unknown[]): ReturnType<typeof intake> => {
    const all = fixture("reviews/github-reviews.json").json as Record<string, unknown>[];
    return intake([fixture("reviews/github-pull.json"), text(JSON.stringify(change(structuredClone(all))))], STATED);
  };

  it("is by the times of the reviews, not by their order in the file", () => {
    const late = { user: { login: "Sam" }, state: "CHANGES_REQUESTED", commit_id: "2".repeat(40) };
    const { facts } = reviewed((all) => [{ ...late, submitted_at: "2026-11-20T14:00:00Z" }, ...all]);
    expect(facts).toMatchObject({ outcome: "changes-requested", reviewers: ["lena"] });
    expect(reviewed((all) => all.toReversed()).facts).toMatchObject({
      outcome: "approved",
      reviewers: ["lena", "Sam"],
    });
  });

  it("is no machine's to approve, and its to refuse", () => {
    const by = (user: object, state: string) =>
      reviewed((all) => all.map((one) => (one["id"] === 4 ? { ...one, user, state } : one))).facts;
    expect(by({ login: "checker[bot]" }, "APPROVED")).toMatchObject({ reviewers: ["lena"] });
    expect(by({ login: "checker", type: "Bot" }, "APPROVED")).toMatchObject({ reviewers: ["lena"] });
    expect(by({ login: "checker[bot]" }, "CHANGES_REQUESTED")).toMatchObject({ outcome: "changes-requested" });
  });
});

it("of a pipeline's runs the newest by its time counts, wherever the file has it", () => {
  const run = { name: "build", headBranch: "main", headSha: "a".repeat(40), status: "completed" };
  const old = { ...run, conclusion: "success", updatedAt: "2026-11-20T10:00:00Z" };
  const last = { ...run, conclusion: "failure", updatedAt: "2026-11-20T11:00:00Z" };
  for (const runs of [
    [old, last],
    [last, old],
  ]) {
    const { facts } = intake([text(JSON.stringify(runs))]);
    expect(facts).toMatchObject({ pipelines: [{ name: "build", conclusion: "failure" }] });
  }
});

it("coverage that counts statements which stand nowhere is refused", async () => {
  const report = { "a.ts": { path: "a.ts", statementMap: { 0: { start: { line: 1 } } }, s: { 0: 1, 1: 0 } } };
  expect(await refused(JSON.stringify(report), { suite: "unit", ...AT })).toBe(
    "intake-inconsistent: report: statement 1 of a.ts was counted, and is nowhere",
  );
});

describe("a member with a name that objects have of their own", () => {
  const odd = { toString: 1, valueOf: 1, toJSON: 1, constructor: 1 };

  it.each([
    ["a SARIF file", { $schema: odd, runs: [] }],
    ["an SPDX file", { "@context": odd, "@graph": [] }],
  ])("is no obstacle to reading %s", async (_name, json) => {
    expect(await refused(JSON.stringify(json), AT)).toMatch(/^intake-unknown-format: /);
  });

  it("is a condition of a workflow that nobody knows to be met", () => {
    const file = text(
      "name: CI\non: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    if: { toString: 1 }\n    steps:\n      - run: npm test\n",
    );
    expect(intake([file], AT).facts).toMatchObject({ jobs: [{ id: "a", condition: '{"toString":1}' }] });
  });
});
