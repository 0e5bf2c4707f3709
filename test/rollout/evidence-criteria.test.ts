import { describe, expect, test } from "vitest";
import { judgeEvidence } from "../../rollout/criteria/evidence";
import type { Evidence, EvidenceKind, EvidenceOf } from "../../rollout/evidence";
import type { EvidenceCriterion } from "../../rollout/plan";
import { quantity } from "../../rollout/units";
import type { World } from "../../rollout/world";
import * as f from "./world-factory";

const q = (text: string) => quantity.parse(text);
const HEAD = {
  id: "it",
  title: "It",
  owner: "sre",
  severity: "major",
  attestedBy: ["ci"],
  subject: "release",
  stage: "staging",
  maxAge: f.DAY,
  covers: [],
} as const;
const criterion = (keys: object): EvidenceCriterion => ({ ...HEAD, ...keys }) as unknown as EvidenceCriterion;

/** One piece of evidence from staging, an hour old. */
function piece<K extends EvidenceKind>(kind: K, facts: EvidenceOf<K>["facts"], more: object = {}): Evidence {
  return f.evidence(kind, facts, { stage: "staging", ...more } as Partial<EvidenceOf<K>>) as unknown as Evidence;
}

function says(asked: EvidenceCriterion, evidence: readonly Evidence[], more: Partial<World> = {}): string {
  const { verdict, found } = judgeEvidence(asked, f.world({ evidence: [...evidence], ...more }), f.PLAN);
  return `${verdict}: ${found}`;
}

type Row = {
  /** What the plan asks, and evidence that meets it. */
  readonly asked: EvidenceCriterion;
  readonly good: (more?: object) => Evidence;
  readonly opens: string;
  /** Evidence that must not: facts and the answer. */
  readonly blocks: readonly (readonly [name: string, evidence: () => Evidence, answer: string])[];
  readonly none: string;
};

const COVERAGE: EvidenceOf<"coverage">["facts"] = {
  suite: "unit",
  lines: { covered: 91, total: 100 },
  modules: [
    { name: "src/pay/card.ts", covered: 48, total: 50 },
    { name: "src/payroll.ts", covered: 43, total: 50 },
  ],
};
const MEASURED = (value: number, unit: EvidenceOf<"measurement">["facts"]["measures"][number]["unit"] = "ms") => ({
  suite: "benchmarks",
  measures: [{ name: "startup-p95", value, unit }],
});
const WORKFLOW: EvidenceOf<"workflow">["facts"] = {
  workflow: "CI",
  triggers: [{ event: "push", filters: [], cron: [] }],
  jobs: [
    { id: "build", needs: [], runners: ["ubuntu-latest"], steps: [] },
    { id: "test", needs: ["build"], runners: ["ubuntu-latest"], steps: [] },
  ],
};
const REVIEW: EvidenceOf<"review">["facts"] = {
  review: "code",
  outcome: "approved",
  reviewers: ["lena", "sam"],
  open: { critical: 0, high: 1, medium: 4, low: 9 },
};
const TARBALL = { name: "omni-2.4.0.tar.gz", sha256: f.hex("1"), signedBy: "SHA256:release" };
const DEB = { name: "omni-2.4.0.deb", sha256: f.hex("2"), signedBy: "SHA256:release" };
const ARTIFACTS = [TARBALL, DEB];
const RUN = { name: "build", conclusion: "success", commit: f.RELEASE.commit, took: 9 * f.MINUTE };
const PROVENANCE = { builder: "https://builder.example/v1", branch: "main", reproduced: true };

const ROWS: Readonly<Record<string, Row>> = {
  tests: {
    asked: criterion({ kind: "tests", suite: "smoke", runs: 1, atLeast: 1, maySkip: [] }),
    good: (more) => piece("test-result", f.PASSED, more),
    opens: "pass: 1 run passed, 12 tests or more each, the newest 1 hour ago",
    none: "fail: no run",
    blocks: [
      [
        "NaN tests",
        () => piece("test-result", { ...f.PASSED, passed: Number.NaN }),
        "fail: a run in which NaN tests passed, of at least 1",
      ],
    ],
  },
  coverage: {
    asked: criterion({
      kind: "coverage",
      suite: "unit",
      lines: { above: q("90%") },
      modules: { paths: ["src/pay"], lines: { above: q("95%") } },
    }),
    good: (more) => piece("coverage", COVERAGE, more),
    opens: "pass: 91% of all lines and 96% of src/pay, 1 hour ago",
    none: 'fail: no coverage report of "unit"',
    blocks: [
      [
        "exactly the limit",
        () => piece("coverage", { ...COVERAGE, lines: { covered: 90, total: 100 } }),
        "fail: 90% of all lines",
      ],
      [
        "a module below its own limit",
        () => piece("coverage", { ...COVERAGE, modules: [{ name: "src/pay/card.ts", covered: 47, total: 50 }] }),
        "fail: 94% of src/pay",
      ],
      [
        "a module that is not there",
        () => piece("coverage", { ...COVERAGE, modules: [{ name: "src/payroll.ts", covered: 50, total: 50 }] }),
        "fail: nothing measured of src/pay",
      ],
      [
        "no line",
        () => piece("coverage", { ...COVERAGE, lines: { covered: 0, total: 0 } }),
        "fail: nothing measured of all lines",
      ],
      [
        "more than all",
        () => piece("coverage", { ...COVERAGE, lines: { covered: 101, total: 100 } }),
        "fail: nothing measured of all lines",
      ],
      [
        "NaN",
        () => piece("coverage", { ...COVERAGE, lines: { covered: Number.NaN, total: 100 } }),
        "fail: nothing measured of all lines",
      ],
    ],
  },
  vulnerabilities: {
    asked: criterion({ kind: "vulnerabilities", scope: "dependencies", atMost: { critical: 0, unknown: 0 } }),
    good: (more) =>
      piece("vulnerabilities", { scanner: "npm", scope: "dependencies", counts: f.COUNTS, critical: [] }, more),
    opens: "pass: 0 critical, 2 high by npm, 1 hour ago",
    none: "fail: no scan of dependencies",
    blocks: [
      [
        "a scan of something else",
        () => piece("vulnerabilities", { scanner: "npm", scope: "code", counts: f.COUNTS, critical: [] }),
        "fail: no scan of dependencies",
      ],
      [
        "a scan that does not say of what",
        () => piece("vulnerabilities", { scanner: "npm", counts: f.COUNTS, critical: [] }),
        "fail: no scan of dependencies",
      ],
      [
        "NaN findings",
        () =>
          piece("vulnerabilities", {
            scanner: "npm",
            scope: "dependencies",
            counts: { ...f.COUNTS, critical: Number.NaN },
            critical: [],
          }),
        "fail: NaN critical by npm",
      ],
    ],
  },
  measurement: {
    asked: criterion({
      kind: "measurement",
      suite: "benchmarks",
      measure: "startup-p95",
      atLeast: q("100 ms"),
      below: q("500 ms"),
    }),
    good: (more) => piece("measurement", MEASURED(499.9), more),
    opens: "pass: startup-p95 499.9 ms, 1 hour ago",
    none: 'fail: no measurement of "benchmarks"',
    blocks: [
      ["the upper limit itself", () => piece("measurement", MEASURED(500)), "fail: startup-p95 500 ms"],
      ["less than the lower limit", () => piece("measurement", MEASURED(99)), "fail: startup-p95 99 ms"],
      [
        "another unit",
        () => piece("measurement", MEASURED(300, "bytes")),
        "fail: startup-p95 300 B, which is no limit's unit (ms)",
      ],
      ["NaN", () => piece("measurement", MEASURED(Number.NaN)), "fail: startup-p95 no number"],
      ["infinity", () => piece("measurement", MEASURED(Number.POSITIVE_INFINITY)), "fail: startup-p95 no number"],
      [
        "another measure",
        () => piece("measurement", { suite: "benchmarks", measures: [{ name: "size", value: 1, unit: "ms" }] }),
        "fail: a measurement without startup-p95",
      ],
      [
        "the measure twice",
        () =>
          piece("measurement", {
            suite: "benchmarks",
            measures: [...MEASURED(300).measures, ...MEASURED(900).measures],
          }),
        "fail: a measurement without startup-p95",
      ],
      [
        "another suite",
        () => piece("measurement", { ...MEASURED(300), suite: "load" }),
        'fail: no measurement of "benchmarks"',
      ],
    ],
  },
  survey: {
    asked: criterion({ kind: "survey", survey: "beta", answers: 10, above: q("85%") }),
    good: (more) => piece("survey", { survey: "beta", answers: 20, satisfied: 18 }, more),
    opens: "pass: 90% of 20 answers satisfied, 1 hour ago",
    none: 'fail: no survey "beta"',
    blocks: [
      [
        "exactly the limit",
        () => piece("survey", { survey: "beta", answers: 20, satisfied: 17 }),
        "fail: 85% of 20 answers satisfied",
      ],
      [
        "too few answers",
        () => piece("survey", { survey: "beta", answers: 9, satisfied: 9 }),
        "inconclusive: only 9 answers",
      ],
      [
        "no answers",
        () => piece("survey", { survey: "beta", answers: 0, satisfied: 0 }),
        "inconclusive: only 0 answers",
      ],
      [
        "more satisfied than asked",
        () => piece("survey", { survey: "beta", answers: 20, satisfied: 21 }),
        "fail: a survey whose numbers make no sense",
      ],
      [
        "NaN",
        () => piece("survey", { survey: "beta", answers: Number.NaN, satisfied: 18 }),
        "fail: a survey whose numbers make no sense",
      ],
      [
        "another survey",
        () => piece("survey", { survey: "launch", answers: 20, satisfied: 20 }),
        'fail: no survey "beta"',
      ],
    ],
  },
  review: {
    asked: criterion({ kind: "review", review: "code", reviewers: 2, openAtMost: { critical: 0, high: 1 } }),
    good: (more) => piece("review", REVIEW, more),
    opens: "pass: approved by lena and sam, 1 hour ago",
    none: "fail: no code review",
    blocks: [
      ["too few people", () => piece("review", { ...REVIEW, reviewers: ["lena"] }), "fail: approved by lena"],
      [
        "one person twice",
        () => piece("review", { ...REVIEW, reviewers: ["lena", "Lena "] }),
        "fail: approved by Lena ",
      ],
      [
        "the author among them",
        () => piece("review", { ...REVIEW, reviewers: ["lena", "ADA@omnihub.dev"] }),
        "fail: approved by lena",
      ],
      [
        "the author alone",
        () => piece("review", { ...REVIEW, reviewers: ["ada@omnihub.dev"] }),
        "fail: approved by nobody but the author",
      ],
      [
        "changes requested",
        () => piece("review", { ...REVIEW, outcome: "changes-requested" }),
        "fail: a review that ended in changes requested",
      ],
      ["rejected", () => piece("review", { ...REVIEW, outcome: "rejected" }), "fail: a review that ended in rejected"],
      [
        "open findings",
        () => piece("review", { ...REVIEW, open: { critical: 1, high: 2, medium: 0, low: 0 } }),
        "fail: 1 critical and 2 high still open",
      ],
      [
        "NaN open findings",
        () => piece("review", { ...REVIEW, open: { critical: Number.NaN, high: 0, medium: 0, low: 0 } }),
        "fail: NaN critical still open",
      ],
      [
        "findings that it does not tell",
        () => piece("review", { review: "code", outcome: "approved", reviewers: ["lena", "sam"] }),
        "stale: approved by lena and sam, which does not say what is still open",
      ],
      [
        "the author's own word for it",
        () => piece("review", REVIEW, { signers: [{ id: "ada@omnihub.dev", roles: ["ci"] }] }),
        "fail: a review that the author of the change attests",
      ],
      ["another review", () => piece("review", { ...REVIEW, review: "docs" }), "fail: no code review"],
    ],
  },
  artifacts: {
    asked: criterion({ kind: "artifacts", names: ["omni-*.tar.gz", "omni-2.4.0.deb"], signed: true }),
    good: (more) => piece("artifacts", { artifacts: ARTIFACTS }, more),
    opens: "pass: 2 artifacts, the newest list 1 hour ago",
    none: "fail: no list of artifacts",
    blocks: [
      [
        "a file that is missing",
        () => piece("artifacts", { artifacts: ARTIFACTS.slice(0, 1) }),
        "fail: no omni-2.4.0.deb",
      ],
      [
        "a file in a folder",
        () => piece("artifacts", { artifacts: [{ ...TARBALL, name: "omni-/x.tar.gz" }, DEB] }),
        "fail: no omni-*.tar.gz",
      ],
      [
        "a file without a signature",
        () => piece("artifacts", { artifacts: [...ARTIFACTS, { name: "omni-2.3.0.tar.gz", sha256: f.hex("3") }] }),
        "fail: no verified signature of omni-2.3.0.tar.gz",
      ],
      [
        "one name with two digests",
        () => piece("artifacts", { artifacts: [...ARTIFACTS, { ...DEB, sha256: f.hex("3") }] }),
        "fail: omni-2.4.0.deb is there with two digests",
      ],
    ],
  },
  "an artifact of the release's commit": {
    asked: criterion({ kind: "artifacts", names: ["omni-image:{commit}"] }),
    good: (more) =>
      piece("artifacts", { artifacts: [{ name: `omni-image:${f.RELEASE.commit}`, sha256: f.hex("1") }] }, more),
    opens: "pass: 1 artifact, the newest list 1 hour ago",
    none: "fail: no list of artifacts",
    blocks: [
      [
        "a tag that moves",
        () => piece("artifacts", { artifacts: [{ name: "omni-image:latest", sha256: f.hex("1") }] }),
        `fail: no omni-image:${f.RELEASE.commit}`,
      ],
      [
        "the tag as the plan writes it",
        () => piece("artifacts", { artifacts: [{ name: "omni-image:{commit}", sha256: f.hex("1") }] }),
        `fail: no omni-image:${f.RELEASE.commit}`,
      ],
    ],
  },
  sbom: {
    asked: criterion({ kind: "sbom", atLeast: 10 }),
    good: (more) => piece("sbom", { format: "CycloneDX", components: 10 }, more),
    opens: "pass: 10 components in CycloneDX, 1 hour ago",
    none: "fail: no list of components",
    blocks: [
      ["too few", () => piece("sbom", { format: "SPDX", components: 9 }), "fail: 9 components in SPDX"],
      ["NaN", () => piece("sbom", { format: "SPDX", components: Number.NaN }), "fail: NaN components in SPDX"],
    ],
  },
  provenance: {
    asked: criterion({
      kind: "provenance",
      builders: ["https://builder.example/v1"],
      branch: "main",
      reproduced: true,
    }),
    good: (more) => piece("provenance", PROVENANCE, more),
    opens: "pass: built by https://builder.example/v1 from main, 1 hour ago",
    none: "fail: no provenance",
    blocks: [
      [
        "another builder",
        () => piece("provenance", { ...PROVENANCE, builder: "https://builder.example/v1/evil" }),
        "fail: built by https://builder.example/v1/evil from main",
      ],
      [
        "a tag of the branch's name",
        () => piece("provenance", { ...PROVENANCE, branch: "refs/tags/main" }),
        "fail: built by https://builder.example/v1 from refs/tags/main",
      ],
      [
        "no branch",
        () => piece("provenance", { builder: "https://builder.example/v1", reproduced: true }),
        "fail: built by https://builder.example/v1, not said from which branch",
      ],
      [
        "one build only",
        () => piece("provenance", { builder: "https://builder.example/v1", branch: "main" }),
        "fail: built by https://builder.example/v1 from main, not built a second time with the same digest",
      ],
      [
        "a second build that differed",
        () => piece("provenance", { ...PROVENANCE, reproduced: false }),
        "fail: built by https://builder.example/v1 from main, not built a second time with the same digest",
      ],
    ],
  },
  "branch by its pipelines": {
    asked: criterion({ kind: "branch", branch: "main" }),
    good: (more) => piece("pipelines", { branch: "main", pipelines: [RUN] }, more),
    opens: "pass: build ran on main for this release's commit, 1 hour ago",
    none: "fail: no list of main's pipelines",
    blocks: [
      [
        "another branch",
        () => piece("pipelines", { branch: "develop", pipelines: [RUN] }),
        "fail: no list of main's pipelines",
      ],
      [
        "another commit",
        () => piece("pipelines", { branch: "main", pipelines: [{ ...RUN, commit: f.hex("0", 40) }] }),
        "fail: no pipeline of main ran for this release's commit",
      ],
    ],
  },
  "branch by its provenance": {
    asked: criterion({ kind: "branch", branch: "main" }),
    good: (more) => piece("provenance", PROVENANCE, more),
    opens: "pass: built from main, 1 hour ago",
    none: "fail: no list of main's pipelines",
    blocks: [
      ["another branch", () => piece("provenance", { ...PROVENANCE, branch: "develop" }), "fail: built from develop"],
    ],
  },
  documents: {
    asked: criterion({ kind: "documents", names: ["guide"], sections: ["Install"] }),
    good: (more) => piece("documents", { documents: [{ name: "guide", sections: ["Install"] }] }, more),
    opens: "pass: 1 of 1 documents, 1 hour ago",
    none: "fail: no list of documents",
    blocks: [
      [
        "another document",
        () => piece("documents", { documents: [{ name: "notes", sections: ["Install"] }] }),
        "fail: missing: guide",
      ],
      [
        "a missing section",
        () => piece("documents", { documents: [{ name: "guide", sections: [] }] }),
        "fail: missing: guide without Install",
      ],
    ],
  },
  check: {
    asked: criterion({ kind: "check", check: "legal-review" }),
    good: (more) =>
      piece("check", { check: "legal-review", outcome: "done" }, { signers: [{ id: "sam", roles: ["ci"] }], ...more }),
    opens: 'pass: "legal-review" done, signed by sam, 1 hour ago',
    none: 'fail: no signed "legal-review"',
    blocks: [
      [
        "not done",
        () =>
          piece(
            "check",
            { check: "legal-review", outcome: "not-done", note: "waits for counsel" },
            { signers: [{ id: "sam", roles: ["ci"] }] },
          ),
        'fail: "legal-review" signed by sam as not done: waits for counsel',
      ],
      ["another item", () => piece("check", { check: "blog-post", outcome: "done" }), 'fail: no signed "legal-review"'],
    ],
  },
  "a lasting drill": {
    asked: criterion({ kind: "drill", drill: "load", lasting: f.HOUR, within: 2 * f.HOUR }),
    good: (more) => piece("drill", { drill: "load", outcome: "passed", took: f.HOUR }, more),
    opens: "pass: a load drill that took 1 hour, 1 hour ago",
    none: "fail: no load drill",
    blocks: [
      [
        "shorter",
        () => piece("drill", { drill: "load", outcome: "passed", took: f.HOUR - 1000 }),
        "fail: a load drill that took 59 minutes 59 seconds",
      ],
      [
        "longer",
        () => piece("drill", { drill: "load", outcome: "passed", took: 2 * f.HOUR }),
        "fail: a load drill that took 2 hours",
      ],
      [
        "failed",
        () => piece("drill", { drill: "load", outcome: "failed", took: f.HOUR }),
        "fail: a load drill that failed",
      ],
      [
        "NaN",
        () => piece("drill", { drill: "load", outcome: "passed", took: Number.NaN }),
        "fail: a load drill that took an unknown time",
      ],
    ],
  },
  workflow: {
    asked: criterion({ kind: "workflow", workflow: "CI", on: ["push to main"], order: ["build", "test"] }),
    good: (more) => piece("workflow", WORKFLOW, more),
    opens: 'pass: "CI" of 2 jobs starts on push to main, runs build → test, 1 hour ago',
    none: 'fail: no workflow "CI"',
    blocks: [
      [
        "another branch",
        () => piece("workflow", { ...WORKFLOW, triggers: [{ ...WORKFLOW.triggers[0], branches: ["next"] } as never] }),
        'fail: "CI": does not start on every push to main: only next',
      ],
      [
        "a job less",
        () => piece("workflow", { ...WORKFLOW, jobs: WORKFLOW.jobs.slice(1) }),
        'fail: "CI": no job build',
      ],
      ["another workflow", () => piece("workflow", { ...WORKFLOW, workflow: "Deploy" }), 'fail: no workflow "CI"'],
    ],
  },
  "pipelines in time": {
    asked: criterion({ kind: "pipelines", branch: "main", names: [], within: 10 * f.MINUTE }),
    good: (more) => piece("pipelines", { branch: "main", pipelines: [RUN] }, more),
    opens: "pass: 1 pipeline green, 1 hour ago",
    none: "fail: no list of main's pipelines",
    blocks: [
      [
        "too long",
        () => piece("pipelines", { branch: "main", pipelines: [{ ...RUN, took: 10 * f.MINUTE }] }),
        "fail: too long: build (10 minutes)",
      ],
      [
        "a time that is not told",
        () =>
          piece("pipelines", {
            branch: "main",
            pipelines: [{ name: "build", conclusion: "success", commit: f.RELEASE.commit }],
          }),
        "fail: too long: build (not said)",
      ],
      [
        "NaN",
        () => piece("pipelines", { branch: "main", pipelines: [{ ...RUN, took: Number.NaN }] }),
        "fail: too long: build (an unknown time)",
      ],
    ],
  },
};

describe.each(Object.entries(ROWS))("%s", (_name, { asked, good, opens, blocks, none }) => {
  test("opens with what is asked for", () => expect(says(asked, [good()])).toBe(opens));
  test("is missing where there is nothing", () => expect(says(asked, [])).toBe(none));
  test.each(blocks)("is refused with %s", (_what, evidence, answer) => {
    expect(says(asked, [evidence()])).toBe(answer);
  });
  test.each(blocks)("is refused with %s beside something older that was good", (_what, evidence, answer) => {
    const other = { ...evidence(), finishedAt: f.NOW - 1000 } as Evidence;
    const older = good({ finishedAt: f.NOW - 2 * f.HOUR });
    // Evidence about something else does not replace the older one, and lists of artifacts count together.
    if (answer === none || answer.startsWith("fail: no omni-"))
      return expect(says(asked, [older, other])).toMatch(/^pass/);
    expect(says(asked, [older, other])).not.toMatch(/^pass/);
  });
  test("is stale a moment after its age", () => {
    expect(says(asked, [good({ finishedAt: f.NOW - f.DAY })])).toMatch(/^pass/);
    expect(says(asked, [good({ finishedAt: f.NOW - f.DAY - 1 })])).toMatch(/^stale/);
  });
  test("is refused from the future, and without a time", () => {
    expect(says(asked, [good({ finishedAt: f.NOW + 1 })])).toMatch(/^fail: .*not before now: a clock is off/);
    expect(says(asked, [good({ finishedAt: Number.NaN })])).toMatch(/^fail: /);
  });
  test("is refused for another release", () => {
    const subject = { commits: [f.BASELINE.commit], sha256: [f.hex("b")] };
    expect(says(asked, [good({ subject })])).toMatch(/^fail: .*(for commit 1111111|no list of main's)/);
  });
  test("is refused from another stage, and from none", () => {
    expect(says(asked, [good({ stage: "production" })])).toMatch(/^fail: .*(from stage production|no list of main's)/);
    expect(says(asked, [good({ stage: undefined })])).toMatch(/^fail: .*(from no stage|no list of main's)/);
  });
  test("is refused from somebody without the role, and from nobody", () => {
    expect(says(asked, [good({ signers: [{ id: "eve", roles: ["dev"] }] })])).toMatch(/^fail: /);
    expect(says(asked, [good({ signers: [] })])).toMatch(/^fail: /);
  });
  test("is refused where the store can't be read", () => {
    expect(says(asked, [good()], { evidenceFailure: "permission denied" })).toBe(
      "fail: the evidence could not be read: permission denied",
    );
  });
  test("tells what was wanted, how to mend it, and the command", () => {
    const { wanted, remedy, command } = judgeEvidence(asked, f.world({ evidence: [] }), f.PLAN);
    expect(wanted).not.toMatch(/undefined|NaN/);
    expect(remedy).not.toBe("");
    expect(command).toMatch(/^npx holdpoint attest /);
  });
});

describe("tests in several environments", () => {
  const asked = criterion({
    kind: "tests",
    suite: "smoke",
    runs: 2,
    atLeast: 1,
    maySkip: [],
    environments: ["ubuntu-22", "windows-11"],
  });
  const run = (environment: string | undefined, minutes: number, facts: object = {}): Evidence =>
    piece(
      "test-result",
      { ...f.PASSED, ...(environment === undefined ? {} : { environment }), ...facts },
      { finishedAt: f.NOW - minutes * f.MINUTE },
    );
  const both = ["ubuntu-22", "windows-11"].flatMap((environment) => [run(environment, 10), run(environment, 20)]);

  test("pass where each has its runs", () => {
    expect(says(asked, both)).toBe(
      "pass: on ubuntu-22 and windows-11: 2 runs passed, 12 tests or more each, the newest 10 minutes ago and the like",
    );
  });
  test("fail where one is missing, failed, or has too few", () => {
    expect(says(asked, both.slice(0, 2))).toBe("fail: on windows-11 no run");
    expect(says(asked, both.slice(0, 3))).toBe("fail: on windows-11 1 of 2 runs");
    expect(says(asked, [...both, run("windows-11", 5, { passed: 11, failedTests: ["login"] })])).toBe(
      "fail: on windows-11 a run in which 1 test failed: login",
    );
  });
  test("are not served by a run that does not say where it was", () => {
    expect(says(asked, [...both.slice(0, 2), run(undefined, 5), run(undefined, 6)])).toBe("fail: on windows-11 no run");
  });
  test("fail before they are stale, and are stale where one is", () => {
    const old = [...both.slice(0, 2), run("windows-11", 2000), run("windows-11", 2001)];
    expect(says(asked, old)).toMatch(/^stale: on windows-11 /);
    expect(says(asked, [...old.slice(1), run("ubuntu-22", 1, { passed: 0, failedTests: ["x"] })])).toMatch(/^fail/);
  });
  test("that the plan does not name: one that failed is not made good by another that passed later", () => {
    const plain = criterion({ kind: "tests", suite: "smoke", runs: 1, atLeast: 1, maySkip: [] });
    const failed = run("windows-11", 20, { passed: 11, failedTests: ["login"] });
    expect(says(plain, [failed, run("ubuntu-22", 10)])).toBe("fail: a run in which 1 test failed: login");
    expect(says(plain, [failed, run("ubuntu-22", 10), run("windows-11", 5)])).toMatch(/^pass/);
  });
});

describe("a measurement against the baseline's", () => {
  const asked = criterion({
    kind: "measurement",
    suite: "benchmarks",
    measure: "startup-p95",
    atMost: q("1.1x"),
    of: "baseline",
  });
  const now = (value: number) => piece("measurement", MEASURED(value));
  const before = (value: number, more: object = {}) =>
    piece("measurement", MEASURED(value), {
      subject: { commits: [f.BASELINE.commit], sha256: [] },
      finishedAt: f.NOW - 40 * f.DAY,
      ...more,
    });

  test("passes up to the ratio", () => {
    expect(says(asked, [now(220), before(200)])).toMatch(/^pass: startup-p95 220 ms, the baseline's 200 ms/);
    expect(says(asked, [now(221), before(200)])).toMatch(/^fail: startup-p95 221 ms, the baseline's 200 ms/);
  });
  test("takes the newest of the baseline", () => {
    expect(says(asked, [now(220), before(900), before(100, { finishedAt: f.NOW - f.DAY })])).toMatch(/^fail/);
  });
  test("is refused without a baseline's, with one of another unit, or of zero", () => {
    expect(says(asked, [now(220)])).toBe("fail: no startup-p95 of the baseline, 1111111, to compare with");
    const bytes = piece("measurement", MEASURED(200, "bytes"), {
      subject: { commits: [f.BASELINE.commit], sha256: [] },
    });
    expect(says(asked, [now(220), bytes])).toMatch(/^fail: .*not in the same unit/);
    expect(says(asked, [now(0), before(0)])).toMatch(/^fail/);
    expect(says(asked, [now(220), before(Number.NaN)])).toMatch(/^fail/);
    expect(says(asked, [now(220), before(-1)])).toMatch(/^fail/);
  });
  test("from another stage or signer is none", () => {
    expect(says(asked, [now(220), before(200, { stage: "production" })])).toMatch(
      /^fail: no startup-p95 of the baseline/,
    );
    expect(says(asked, [now(220), before(200, { signers: [] })])).toMatch(/^fail: no startup-p95 of the baseline/);
  });
  test("is never compared with itself", () => {
    expect(says(asked, [now(220)], { baseline: f.RELEASE })).toMatch(
      /^inconclusive: the baseline is this very release/,
    );
    const both = { commits: [f.RELEASE.commit, f.BASELINE.commit], sha256: [] };
    expect(says(asked, [piece("measurement", MEASURED(220), { subject: both })])).toMatch(
      /^fail: no startup-p95 of the baseline/,
    );
  });
});

test("a measurement in each of several environments", () => {
  const asked = criterion({
    kind: "measurement",
    suite: "benchmarks",
    measure: "startup-p95",
    below: q("500 ms"),
    environments: ["linux", "macos"],
  });
  const on = (environment: string, value: number) => piece("measurement", { ...MEASURED(value), environment });
  expect(says(asked, [on("linux", 100), on("macos", 200)])).toMatch(/^pass/);
  expect(says(asked, [on("linux", 100), on("macos", 600)])).toMatch(/^fail: on macos startup-p95 600 ms/);
  expect(says(asked, [on("linux", 100)])).toMatch(/^fail: on macos no measurement/);
});

describe("artifacts of several build jobs", () => {
  const asked = criterion({ kind: "artifacts", names: ["a", "b"] });
  const list = (name: string, digit: string, hours = 1) =>
    piece("artifacts", { artifacts: [{ name, sha256: f.hex(digit) }] }, { finishedAt: f.NOW - hours * f.HOUR });
  test("count together", () => {
    expect(says(asked, [list("a", "1"), list("b", "2", 2)])).toBe("pass: 2 artifacts, the newest list 1 hour ago");
  });
  test("are stale where one of them is", () => {
    expect(says(asked, [list("a", "1"), list("b", "2", 25)])).toMatch(
      /^stale: a and b, but not all within 1 day: no b/,
    );
  });
  test("that do not agree about a file are refused", () => {
    expect(says(asked, [list("a", "1"), list("b", "2"), list("b", "3", 30)])).toBe("fail: b is there with two digests");
  });
});

test("a provenance that names another branch is not overruled by a pipeline", () => {
  const asked = criterion({ kind: "branch", branch: "main" });
  const pipeline = piece("pipelines", { branch: "main", pipelines: [RUN] }, { finishedAt: f.NOW - 1000 });
  expect(says(asked, [pipeline, piece("provenance", { ...PROVENANCE, branch: "develop" })])).toBe(
    "fail: built from develop",
  );
  expect(says(asked, [pipeline, piece("provenance", { builder: "https://builder.example" })])).toMatch(/^pass/);
});
