import { describe, expect, it } from "vitest";
import { cut, edited, fixture, intake, STATED_TIME, text } from "./intake-support";
import { refusal } from "./world";

const AT = { finishedAt: STATED_TIME };
const COUNTS = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 };
const DATE = { ...AT, databaseUpdatedAt: STATED_TIME - 3_600_000 };

describe("npm audit", () => {
  it("is read: advisories, not packages", () => {
    expect(intake([fixture("npm-audit/found.json")], AT)).toMatchObject({
      kind: "vulnerabilities",
      facts: {
        scanner: "pkg:npm/npm",
        scope: "dependencies",
        counts: { ...COUNTS, critical: 1 },
        critical: ["GHSA-test-0000-0001"],
      },
      statedBy: true,
      summary: "1 critical",
    });
  });
  it("that found nothing in its dependencies is believed, for it asks a service", () => {
    expect(intake([fixture("npm-audit/clean.json")], AT)).toMatchObject({
      facts: { counts: COUNTS },
      summary: "nothing found",
    });
  });
});

describe("OSV-Scanner", () => {
  it("is read by groups, with their CVSS score", () => {
    expect(intake([fixture("osv/found.json")], AT)).toMatchObject({
      facts: { scanner: "pkg:github/google/osv-scanner", scope: "dependencies", counts: { ...COUNTS, critical: 1 } },
    });
  });
  it("that found nothing in named packages needs the database's date, which the attester states", async () => {
    expect(intake([fixture("osv/clean-all.json")], DATE)).toMatchObject({
      facts: { counts: COUNTS, databaseUpdatedAt: DATE.databaseUpdatedAt },
      statedBy: true,
    });
    expect(await refusal(() => intake([fixture("osv/clean-all.json")], AT))).toBe(
      "intake-no-database-date: clean-all.json: nothing found, and no date of the database that was asked",
    );
  });
  it("without a score is of unknown severity", () => {
    expect(intake([edited("osv/found.json", '"max_severity": "9.8"', '"max_severity": ""')], AT)).toMatchObject({
      facts: { counts: { ...COUNTS, unknown: 1 } },
    });
  });
});

describe("Grype", () => {
  it("is read with its times, what it ignores included", () => {
    expect(intake([fixture("grype/image.json")])).toMatchObject({
      facts: {
        scope: "image",
        databaseUpdatedAt: Date.parse("2026-11-21T01:30:22Z"),
        counts: { ...COUNTS, critical: 1, high: 1, low: 1 },
        critical: ["CVE-2026-1111"],
      },
      finishedAt: "2026-11-21T10:15:30.123Z",
      statedBy: false,
    });
  });
  it("knows the database's date where it stood before", () => {
    const file = edited(
      "grype/image.json",
      /"db": \{ "status": (\{[^}]*\}) \}/,
      '"db": { "built": "2026-11-20T00:00:00Z" }',
    );
    expect(intake([file])).toMatchObject({ facts: { databaseUpdatedAt: Date.parse("2026-11-20T00:00:00Z") } });
  });
});

describe("SARIF", () => {
  it("of bandit is read, with the time that it carries", () => {
    expect(intake([fixture("sarif/bandit.sarif")], { scope: "code" })).toMatchObject({
      facts: { scanner: "Bandit", scope: "code", counts: { ...COUNTS, high: 1, low: 1 } },
      finishedAt: "2026-11-21T15:26:41.000Z",
      statedBy: false,
    });
  });
  it("of bandit that found nothing is believed, for it says that it ended well", () => {
    expect(intake([fixture("sarif/bandit-clean.sarif")]).facts).toEqual({
      scanner: "Bandit",
      counts: COUNTS,
      critical: [],
    });
  });
  it("of Semgrep is read; it carries no time", () => {
    expect(intake([fixture("sarif/semgrep.sarif")], { ...AT, scope: "code" })).toMatchObject({
      facts: { scanner: "Semgrep OSS", scope: "code", counts: { ...COUNTS, high: 1, medium: 1 } },
      statedBy: true,
    });
    expect(intake([fixture("sarif/semgrep-clean.sarif")], AT).facts).toMatchObject({ counts: COUNTS });
  });
  it("of ESLint carries no time", async () => {
    expect(intake([fixture("sarif/eslint.sarif")], AT)).toMatchObject({
      facts: { counts: { ...COUNTS, high: 1 } },
      statedBy: true,
    });
    expect(await refusal(() => intake([fixture("sarif/eslint.sarif")]))).toMatch(/^intake-missing-field: /);
  });
  it("goes by a rule's security severity before the level", () => {
    const file = edited("sarif/bandit.sarif", '"properties": {', '"properties": { "security-severity": "9.1",');
    expect(intake([file]).facts).toMatchObject({ counts: { critical: 1 } });
  });
  it("counts what is suppressed", () => {
    const file = edited(
      "sarif/eslint.sarif",
      '"level": "error",',
      '"level": "error", "suppressions": [{ "kind": "inSource" }],',
    );
    expect(intake([file], AT).facts).toMatchObject({ counts: { high: 1 } });
  });
});

describe("a scan is refused", () => {
  const sarif = "sarif/bandit";
  it.each([
    [
      "npm audit that could not ask",
      () => fixture("npm-audit/refused.json"),
      AT,
      'intake-run-failed: refused.json: npm could not ask the registry (member "error")',
    ],
    [
      "npm audit with its packages taken out",
      () => edited("npm-audit/found.json", /"minimist": \{[\s\S]*?\n {4}\}\n/, ""),
      AT,
      "intake-inconsistent: found.json states 1 vulnerable packages and lists 0",
    ],
    [
      "npm audit with its advisories taken out",
      () => edited("npm-audit/found.json", /"via": \[[\s\S]*?\],\n {6}"effects"/, '"via": [],\n      "effects"'),
      AT,
      "intake-inconsistent: found.json: vulnerable packages, but not one advisory",
    ],
    [
      "npm audit of nothing",
      () => edited("npm-audit/clean.json", '"total": 1\n', '"total": 0\n'),
      AT,
      "intake-empty: clean.json: npm audited a project without one dependency",
    ],
    [
      "npm audit with a database date",
      () => fixture("npm-audit/clean.json"),
      DATE,
      "intake-not-allowed: clean.json: this scanner has no database of its own",
    ],
    [
      "OSV-Scanner without a database",
      () => fixture("osv/no-database.json"),
      DATE,
      "intake-empty: no-database.json: OSV-Scanner names nothing that it scanned; it writes the same without a database",
    ],
    [
      "OSV-Scanner with groups taken out",
      () =>
        edited("osv/found.json", /"groups": \[[\s\S]*?\],\n( *)"vulnerabilities"/, '"groups": [],\n"vulnerabilities"'),
      AT,
      "intake-inconsistent: found.json: vulnerabilities that are in no group: it was cut or edited",
    ],
    [
      "a scan of dependencies said to be of an image",
      () => fixture("osv/found.json"),
      { ...AT, scope: "image" },
      "intake-not-allowed: found.json is a scan of dependencies, not of image",
    ],
    [
      "a scan of something odd",
      () => fixture("osv/found.json"),
      { ...AT, scope: "full" },
      'usage: found the scope "full" of a scan, wanted code, dependencies or image',
    ],
    [
      "Grype without its database's date",
      () => edited("grype/image.json", '"built": "2026-11-21T01:30:22Z", ', ""),
      {},
      /^intake-missing-field: image\.json: Grype JSON without a usable "descriptor\.db/,
    ],
    [
      "Grype of nothing",
      () => edited("grype/image.json", /"target": \{[^}]*\}/, '"target": null'),
      {},
      "intake-empty: image.json: Grype names nothing that it scanned",
    ],
    [
      "Grype with a date of its own",
      () => fixture("grype/image.json"),
      { databaseUpdatedAt: 1 },
      "intake-not-allowed: image.json says itself how old its database is",
    ],
    ["Grype that was cut off", () => cut("grype/image.json", 500), {}, /^intake-truncated: /],
    [
      "SARIF of a tool that could not read a file",
      () => fixture(`${sarif}-error.sarif`),
      {},
      "intake-run-failed: bandit-error.sarif: Bandit says that it could not scan everything: syntax error while parsing AST from file",
    ],
    [
      "SARIF of Semgrep that passed over a file, with a warning and as a success",
      () => fixture("sarif/semgrep-unparsed.sarif"),
      AT,
      "intake-run-failed: semgrep-unparsed.sarif: Semgrep OSS says that it could not scan everything: Syntax error at line broken.py:2:\n `=` was unexpected",
    ],
    [
      "SARIF of a tool that failed",
      () => edited(`${sarif}-clean.sarif`, '"executionSuccessful": true', '"executionSuccessful": false'),
      {},
      "intake-run-failed: bandit-clean.sarif: Bandit says that it could not scan everything",
    ],
    [
      "SARIF without results",
      () => edited(`${sarif}-clean.sarif`, /,\s*"results": \[\]/, ""),
      {},
      /^intake-missing-field: bandit-clean\.sarif: SARIF without a usable "runs\.0\.results"/,
    ],
    ["SARIF without a run", () => text('{"version":"2.1.0","runs":[]}'), AT, "intake-empty: report: not one run in it"],
    [
      "SARIF that found nothing nowhere",
      () => text('{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[]}]}'),
      AT,
      "intake-empty: report: x found nothing, and says neither what it scanned nor that it ended well",
    ],
  ] as const)("as %s", async (_name, file, stated, message) => {
    const found = await refusal(() => intake([file()], stated));
    if (typeof message === "string") expect(found).toBe(message);
    else expect(found).toMatch(message);
  });
});
