import { describe, expect, test } from "vitest";
import { judgePipelines } from "../../rollout/criteria/code";
import { judgeBackup, judgeDrill, judgeRunbooks } from "../../rollout/criteria/operations";
import { judgeVulnerabilities } from "../../rollout/criteria/security";
import { judgeTests } from "../../rollout/criteria/tests";
import { marksOf } from "../../rollout/levels";
import type { Criterion, CriterionKind, CriterionOf } from "../../rollout/plan";
import * as f from "./world-factory";

/** A criterion of the OmniHub plan with keys that it does not use there. */
function criterion<K extends CriterionKind>(kind: K, more: Partial<CriterionOf<K>>): CriterionOf<K> {
  const found = f.PLAN.stages[1]?.enter.criteria.find((item: Criterion) => item.kind === kind);
  return { ...(found as CriterionOf<K>), ...more };
}
const says = ({ verdict, found }: { verdict: string; found: string }): string => `${verdict}: ${found}`;

describe("the age of the scanner's database", () => {
  const within = criterion("vulnerabilities", { databaseMaxAge: f.DAY });
  const judge = (facts: object) => says(judgeVulnerabilities(within, f.world({ evidence: [f.scan(facts)] })));
  test("passes up to the limit, and is stale beyond it", () => {
    expect(judge({ databaseUpdatedAt: f.NOW - f.DAY })).toMatch(/^pass/);
    expect(judge({ databaseUpdatedAt: f.NOW })).toMatch(/^pass/);
    expect(judge({ databaseUpdatedAt: f.NOW - f.DAY - f.HOUR })).toBe(
      "stale: a scan by snyk with a database of 1 day 1 hour ago, allowed are 1 day",
    );
  });
  test("is stale when it is not told, in the future, or no number", () => {
    expect(judge({})).toBe("stale: a scan by snyk that does not say how old its database is");
    expect(judge({ databaseUpdatedAt: f.NOW + 1 })).toMatch(/^stale/);
    expect(judge({ databaseUpdatedAt: Number.NaN })).toMatch(/^stale/);
  });
});

describe("limits of other severities", () => {
  const judge = (atMost: CriterionOf<"vulnerabilities">["atMost"]) =>
    says(judgeVulnerabilities(criterion("vulnerabilities", { atMost }), f.world()));
  test("count where the plan names them", () => {
    expect(judge({ critical: 0, high: 2, unknown: 0 })).toMatch(/^pass/);
    expect(judge({ critical: 0, high: 1, unknown: 0 })).toBe("fail: 2 high by snyk");
    expect(judge({ critical: 0, medium: 4, low: 8, unknown: 0 })).toBe("fail: 5 medium and 9 low by snyk");
  });
});

describe("a suite", () => {
  const judge = (more: Partial<CriterionOf<"tests">>, facts: object = {}) =>
    says(judgeTests(criterion("tests", { runs: 1, ...more }), f.world({ evidence: [f.smoke(1, facts)] })));
  test("may skip only the tests that the plan names", () => {
    const skipped = { passed: 10, skippedTests: ["slow", "old"] };
    expect(judge({ maySkip: ["slow", "old"] }, skipped)).toMatch(/^pass/);
    expect(judge({ maySkip: ["slow"] }, skipped)).toBe("fail: a run that skipped 1 test: old");
  });
  test("must have its least number of tests that passed", () => {
    expect(judge({ atLeast: 12 })).toMatch(/^pass/);
    expect(judge({ atLeast: 13 })).toBe("fail: a run in which 12 tests passed, of at least 13");
    expect(judge({ maySkip: ["all"] }, { tests: 1, passed: 0, skippedTests: ["all"] })).toBe(
      "fail: a run in which 0 tests passed, of at least 1",
    );
  });
  test("has one report of a run that failed beside one that passed: the run failed", () => {
    const runs = [f.smoke(1), f.smoke(1, { passed: 11, failedTests: ["login"] })];
    expect(says(judgeTests(criterion("tests", { runs: 1 }), f.world({ evidence: runs })))).toBe(
      "fail: a run in which 1 test failed: login",
    );
  });
  test("that must name the commit does not count by image, and the other way round", () => {
    const image = { commits: [], sha256: [f.hex("a")] };
    const by = (subject: "commit" | "image", evidence: object) =>
      judgeTests(criterion("tests", { runs: 1, subject }), f.world({ evidence: [f.smoke(1, {}, evidence)] })).verdict;
    expect([
      by("commit", {}),
      by("commit", { subject: image }),
      by("image", {}),
      by("image", { subject: image }),
    ]).toEqual(["pass", "fail", "fail", "pass"]);
  });
});

test("runbooks must be for the alerts that there are, each of them and no other", () => {
  const judge = (alerts: string[]) => {
    const all = f.RUNBOOKS.map((one, at) => ({ ...one, alerts: at === 0 ? alerts : [] }));
    const wanted = criterion("runbooks", { alerts: ["high-error-rate", "service-down"] });
    return says(judgeRunbooks(wanted, f.world({ evidence: [f.runbooks({ runbooks: all })] })));
  };
  expect(judge(["high-error-rate", "service-down"])).toMatch(/^pass/);
  expect(judge(["high-error-rate"])).toBe("fail: no runbook names the alert service-down");
  expect(judge(["high-error-rate", "service-down", "old-alert"])).toBe(
    "fail: runbooks for alerts that do not exist: old-alert",
  );
  expect(says(judgeRunbooks(criterion("runbooks", { alerts: ["service-down"] }), f.world()))).toBe(
    "fail: no runbook names the alert service-down",
  );
});

test("runbooks must have their sections", () => {
  const judge = (sections: string[]) => says(judgeRunbooks(criterion("runbooks", { sections }), f.world()));
  expect(judge(["Check", "Mend"])).toMatch(/^pass/);
  expect(judge(["Check", "Tell"])).toBe(
    "fail: missing: high-error-rate without Tell, service-down without Tell and database-down without Tell",
  );
});

test("pipelines that the plan names must be among them", () => {
  const judge = (names: string[]) => says(judgePipelines(criterion("pipelines", { names }), f.world()));
  expect(judge(["build"])).toMatch(/^pass/);
  expect(judge(["build", "deploy"])).toBe("fail: no deploy among the pipelines");
});

test("a backup may be taken either way where the plan says any", () => {
  const judge = (facts: object) =>
    judgeBackup(criterion("backup", { trigger: "any" }), f.world({ evidence: [f.backup(facts)] })).verdict;
  expect([judge({ trigger: "scheduled" }), judge({ trigger: "manual" }), judge({ integrity: "unverified" })]).toEqual([
    "pass",
    "pass",
    "fail",
  ]);
});

test("a drill may take no time at all, but not less", () => {
  const judge = (took: number) =>
    judgeDrill(criterion("drill", {}), f.world({ evidence: [f.rollbackDrill({ took })] }), []).verdict;
  expect([judge(0), judge(-1)]).toEqual(["pass", "fail"]);
});

describe("the marks of a rollback", () => {
  const marks = [
    { id: "detected", title: "Detected", within: 2 * f.MINUTE, covers: [] },
    { id: "verified", title: "Verified", within: 5 * f.MINUTE, covers: [] },
  ];
  const reached = (...all: readonly (readonly [string, number])[]) => ({
    marks: all.map(([name, after]) => ({ name, after })),
  });
  const judge = (facts: Parameters<typeof f.rollbackDrill>[0], asked = marks) => {
    const answer = judgeDrill(criterion("drill", {}), f.world({ evidence: [f.rollbackDrill(facts)] }), asked);
    return `${answer.verdict}: ${answer.found}`;
  };
  const took = "a rollback drill that took 40 seconds";

  test("are all reached in time, in their order", () => {
    expect(judge(reached(["detected", 60_000], ["verified", 299_999]))).toMatch(/^pass: /);
    expect(judge(reached(["verified", 60_000], ["detected", 60_000], ["more", 1]))).toMatch(/^pass: /);
    const { wanted } = judgeDrill(criterion("drill", {}), f.world(), marks);
    expect(wanted).toContain("detected in under 2 minutes verified in under 5 minutes");
  });
  test("that a drill does not carry are no pass", () => {
    expect(judge({})).toBe(`fail: ${took}, without the mark detected, without the mark verified`);
    expect(judge(reached(["detected", 1]))).toBe(`fail: ${took}, without the mark verified`);
    expect(judge(reached(["Detected", 1], ["verified", 2]))).toBe(`fail: ${took}, without the mark detected`);
  });
  test("that were reached too late, at no time, or before what comes before them are no pass", () => {
    expect(judge(reached(["detected", 120_000], ["verified", 299_999]))).toBe(
      `fail: ${took}, detected after 2 minutes`,
    );
    expect(judge(reached(["detected", Number.NaN], ["verified", 1]))).toBe(
      `fail: ${took}, detected after an unknown time`,
    );
    expect(judge(reached(["detected", -1], ["verified", 1]))).toBe(`fail: ${took}, detected after 1 ms`);
    expect(judge(reached(["detected", 60_000], ["verified", 59_999]))).toBe(`fail: ${took}, verified before detected`);
  });
  test("are asked of the drills of the rollback's levels, and of no other", () => {
    const level = { drill: "rollback", drillMaxAge: f.DAY, title: "T", within: f.HOUR, does: ["It"], covers: [] };
    const rollback = { ...f.PLAN.rollback, marks, levels: { code: level } };
    expect(marksOf({ rollback }, "rollback")).toEqual(marks);
    expect(marksOf({ rollback }, "restore")).toEqual([]);
    expect(marksOf({ rollback: { ...rollback, levels: {} } }, "rollback")).toEqual([]);
  });
});
