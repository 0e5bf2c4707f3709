import { describe, expect, test } from "vitest";
import { decideEnter } from "../../rollout/decide";
import type { Decision, Finding } from "../../rollout/decision";
import type { World } from "../../rollout/world";
import * as f from "./world-factory";

const enter = (more: Partial<World> = {}): Decision => decideEnter(f.PLAN, "production", f.world(more));
function finding(id: string, more: Partial<World> = {}): Finding {
  const found = enter(more).findings.find((item) => item.criterion === id);
  if (found === undefined) throw new Error(`no finding ${id}`);
  return found;
}
/** "verdict: found" of one criterion, and that the gate is shut if it is no pass. */
function says(id: string, more: Partial<World> = {}): string {
  const { verdict, found } = finding(id, more);
  if (verdict !== "pass") expect(enter(more).outcome).not.toBe("GO");
  return `${verdict}: ${found}`;
}

describe("the gate of production", () => {
  test("opens when every criterion passes, and names what it used", () => {
    const decision = enter();
    expect(decision.findings.filter((item) => item.verdict !== "pass")).toEqual([]);
    expect(decision).toMatchObject({ outcome: "GO", approvals: [f.hex("d"), f.hex("e")], updatePlan: f.UPDATE_PLAN });
  });
  test("answers for every criterion of the plan", () => {
    const ids = f.PLAN.stages[1]?.enter.criteria.map((criterion) => criterion.id);
    expect(enter().findings.map((item) => item.criterion)).toEqual(ids);
  });
  test("is refused for a criterion of a kind that nothing judges", () => {
    const plan = structuredClone({ ...f.PLAN, source: undefined }) as unknown as typeof f.PLAN;
    const changed = { ...plan, source: f.PLAN.source };
    Object.assign(changed.stages[1]?.enter.criteria[1] ?? {}, { kind: "horoscope" });
    const decision = decideEnter(changed, "production", f.world());
    expect(decision.outcome).toBe("NO-GO");
    expect(decision.findings[1]).toMatchObject({
      verdict: "fail",
      found: 'the check itself failed: nothing judges the kind "horoscope"',
    });
  });
  test("is refused for a stage that the plan does not have", () => {
    const decision = decideEnter(f.PLAN, "prod", f.world());
    expect(decision.outcome).toBe("NO-GO");
    expect(decision.findings[0]?.found).toBe('the stage "prod", which the plan does not have');
  });
  test("is refused with a clock that can't be trusted", () => {
    expect(enter({ clockFailure: "10 minutes behind the metrics server" }).outcome).toBe("NO-GO");
    expect(enter({ now: Number.NaN }).outcome).toBe("NO-GO");
  });
  test("refuses every criterion that rests on evidence when the store can't be read", () => {
    const { findings, outcome } = enter({ evidenceFailure: "permission denied" });
    const shut = findings.filter((item) => item.found === "the evidence could not be read: permission denied");
    expect(outcome).toBe("NO-GO");
    expect(shut).toHaveLength(12);
  });
});

describe("staging smoke tests", () => {
  const tests = (...runs: ReturnType<typeof f.smoke>[]) =>
    says("staging-smoke-tests", { evidence: f.evidenceBut("test-result", ...runs) });
  const five = (): ReturnType<typeof f.smoke>[] => [1, 2, 3, 4, 5].map((hours) => f.smoke(hours));

  test("pass with five runs that passed", () => {
    expect(tests(...five())).toBe("pass: 5 runs passed, 12 tests or more each, the newest 1 hour ago");
  });
  test("fail without any run", () => expect(tests()).toBe("fail: no run"));
  test("fail with three of five runs", () => expect(tests(...five().slice(2))).toBe("fail: 3 of 5 runs"));
  test("fail when the newest run failed, whatever passed before it", () => {
    expect(tests(...five(), f.smoke(0.5, { passed: 11, failedTests: ["login works"] }))).toBe(
      "fail: a run in which 1 test failed: login works",
    );
  });
  test("pass when the failed run is older than the last five", () => {
    expect(tests(...five(), f.smoke(6, { passed: 11, failedTests: ["login works"] }))).toMatch(/^pass: /);
  });
  test("fail with a run without any test", () => {
    expect(tests(...five().slice(1), f.smoke(1, { tests: 0, passed: 0 }))).toBe("fail: a run without any test");
  });
  test("fail with a test that was skipped", () => {
    expect(tests(...five().slice(1), f.smoke(1, { passed: 11, skippedTests: ["checkout"] }))).toBe(
      "fail: a run that skipped 1 test: checkout",
    );
  });
  test("fail when the numbers do not add up", () => {
    expect(tests(...five().slice(1), f.smoke(1, { passed: 7 }))).toBe("fail: a run of 12 tests in which only 7 passed");
  });
  test("fail when one run was attested five times", () => {
    expect(tests(...[1, 2, 3, 4, 5].map(() => f.smoke(1)))).toBe("fail: 1 of 5 runs");
  });
  test("are stale when one of the five is older than a week", () => {
    expect(tests(...five().slice(0, 4), f.smoke(200))).toBe(
      "stale: a run that finished 8 days 8 hours ago among the last 5",
    );
  });
  test("pass at exactly the age, and are stale a moment later", () => {
    expect(tests(...five().slice(0, 4), f.smoke(7 * 24))).toMatch(/^pass/);
    expect(tests(...five().slice(0, 4), f.smoke(7 * 24 + 0.001))).toMatch(/^stale/);
  });
  test("fail with runs for another commit, and say so", () => {
    const other = { commits: ["1a2b3c4".padEnd(40, "0")], sha256: [] };
    const runs = [1, 2, 3, 4, 5].map((hours) => f.smoke(hours, {}, { subject: other }));
    expect(tests(...runs)).toBe("fail: 5 runs for commit 1a2b3c4, this release is 9999999");
  });
  test("count runs that name the image in place of the commit", () => {
    const image = { commits: [], sha256: [f.hex("a")] };
    expect(tests(...[1, 2, 3, 4, 5].map((hours) => f.smoke(hours, {}, { subject: image })))).toMatch(/^pass/);
  });
  test("fail with runs from another stage", () => {
    const runs = [1, 2, 3, 4, 5].map((hours) => f.smoke(hours, {}, { stage: "production" }));
    expect(tests(...runs)).toBe("fail: 5 runs from stage production, wanted staging");
  });
  test("fail with runs of another suite", () => {
    expect(tests(...[1, 2, 3, 4, 5].map((hours) => f.smoke(hours, { suite: "unit" })))).toBe("fail: no run");
  });
  test("fail when the signer does not have the role", () => {
    const signers = [{ id: "dev@omnihub.dev", roles: ["developer"] }];
    const runs = [1, 2, 3, 4, 5].map((hours) => f.smoke(hours, {}, { signers }));
    expect(tests(...runs)).toBe("fail: 5 runs signed by dev@omnihub.dev without the role ci or qa");
  });
  test("fail when nobody signed", () => {
    expect(tests(...[1, 2, 3, 4, 5].map((hours) => f.smoke(hours, {}, { signers: [] })))).toMatch(
      /^fail: 5 runs signed by nobody trusted/,
    );
  });
  test("fail with a run from the future", () => {
    expect(tests(...five(), f.smoke(-1))).toMatch(
      /^fail: evidence\/test-result-\d+\.json says that it was finished at 2026-11-22 03:05 UTC, which is not before now: a clock is off$/,
    );
  });
  test("fail with a run whose time is no number", () => {
    expect(tests(...five(), f.smoke(Number.NaN))).toMatch(/^fail: .* finished at an unknown time/);
  });
  test("name the file that was refused", () => {
    const rejected = [
      {
        file: "evidence/x.jsonl",
        claims: { kind: "test-result", stage: "staging" },
        reason: "signature-invalid",
        detail: "one byte differs",
      },
    ] as const;
    expect(says("staging-smoke-tests", { evidence: f.evidenceBut("test-result"), rejected })).toBe(
      "fail: evidence/x.jsonl is refused (signature-invalid: one byte differs)",
    );
  });
  test("do not name a refused file that was meant for something else", () => {
    const named = (claims: object) => {
      const rejected = [{ file: "x.jsonl", claims, reason: "malformed", detail: "cut short" }] as const;
      return says("staging-smoke-tests", { evidence: f.evidenceBut("test-result"), rejected });
    };
    expect(named({ kind: "test-result", stage: "production" })).toBe("fail: no run");
    expect(named({ kind: "backup" })).toBe("fail: no run");
    expect(named({ kind: "test-result" })).toBe("fail: x.jsonl is refused (malformed: cut short)");
    expect(named({})).toBe("fail: x.jsonl is refused (malformed: cut short)");
  });
  test("say what was wanted, who mends it, how, and where the plan says so", () => {
    const line = f.PLAN_TEXT.split("\n").findIndex((text) => text.includes("kind: tests")) + 1;
    expect(finding("staging-smoke-tests", { evidence: [] })).toEqual({
      criterion: "staging-smoke-tests",
      title: "All staging smoke tests passed in the last 5 runs",
      verdict: "fail",
      found: "no run",
      wanted: 'the newest 5 runs of "smoke" in staging passed for this release, each within 7 days',
      owner: "qa",
      remedy: 'run the suite "smoke" in staging and attest its report',
      command: "npx holdpoint attest --stage staging --suite smoke <junit.xml>",
      line: `${f.PLAN_FILE}:${line}`,
      used: [],
    });
  });
});

describe("the security scan", () => {
  const scans = (...items: ReturnType<typeof f.scan>[]) =>
    says("security-scan", { evidence: f.evidenceBut("vulnerabilities", ...items) });
  test("passes without critical findings", () =>
    expect(scans(f.scan())).toBe("pass: 0 critical, 2 high by snyk, 1 hour ago"));
  test("fails without a scan", () => expect(scans()).toBe("fail: no scan"));
  test("fails with a critical finding, by name", () => {
    const counts = { ...f.COUNTS, critical: 1 };
    expect(scans(f.scan({ counts, critical: ["CVE-2026-1"] }))).toBe("fail: 1 critical by snyk (CVE-2026-1)");
  });
  test("fails with findings whose severity is unknown", () => {
    expect(scans(f.scan({ counts: { ...f.COUNTS, unknown: 3 } }))).toBe("fail: 3 unknown by snyk");
  });
  test("fails when a count is no number", () => {
    expect(scans(f.scan({ counts: { ...f.COUNTS, critical: Number.NaN } }))).toMatch(/^fail/);
  });
  test("is stale after a day", () => {
    expect(scans(f.scan({}, { finishedAt: f.NOW - 25 * f.HOUR }))).toBe(
      "stale: 0 critical, 2 high by snyk, but finished 1 day 1 hour ago",
    );
  });
  test("believes the newest scan alone", () => {
    const bad = f.scan(
      { counts: { ...f.COUNTS, critical: 2 }, critical: ["CVE-1", "CVE-2"] },
      { finishedAt: f.NOW - 1 },
    );
    expect(scans(f.scan(), bad)).toBe("fail: 2 critical by snyk (CVE-1 and CVE-2)");
  });
});

describe("drills", () => {
  const rollback = (...items: ReturnType<typeof f.rollbackDrill>[]) =>
    says("rollback-tested", { evidence: f.evidenceBut("drill", f.restoreDrill(), ...items) });
  const restore = (...items: ReturnType<typeof f.restoreDrill>[]) =>
    says("restore-drill", { evidence: f.evidenceBut("drill", f.rollbackDrill(), ...items) });
  test("the rollback passes", () =>
    expect(rollback(f.rollbackDrill())).toBe("pass: a rollback drill that took 40 seconds, 1 hour ago"));
  test("the rollback fails without a drill", () => expect(rollback()).toBe("fail: no rollback drill"));
  test("the rollback fails when the drill failed", () =>
    expect(rollback(f.rollbackDrill({ outcome: "failed" }))).toBe("fail: a rollback drill that failed"));
  test("the rollback fails when it was drilled in production", () => {
    expect(rollback(f.rollbackDrill({}, { stage: "production" }))).toBe(
      "fail: 1 rollback drill from stage production, wanted staging",
    );
  });
  test("the restore passes with another release's drill", () => {
    expect(restore(f.restoreDrill({}, { subject: { commits: [f.hex("3", 40)], sha256: [] } }))).toBe(
      "pass: a restore drill that took 42 minutes, its data verified, 1 hour ago",
    );
  });
  test("the restore fails at exactly an hour", () => {
    expect(restore(f.restoreDrill({ took: f.HOUR }))).toBe("fail: a restore drill that took 1 hour");
    expect(restore(f.restoreDrill({ took: f.HOUR - 1 }))).toMatch(/^pass/);
  });
  test("the restore fails when its time is no number", () => {
    expect(restore(f.restoreDrill({ took: Number.NaN }))).toBe("fail: a restore drill that took an unknown time");
  });
  test("the restore fails with data that nobody verified", () => {
    expect(restore(f.restoreDrill({ integrity: "unverified" }))).toBe(
      "fail: a restore drill that took 42 minutes, its data unverified",
    );
  });
  test("the restore is stale after 30 days", () => {
    expect(restore(f.restoreDrill({}, { finishedAt: f.NOW - 31 * f.DAY }))).toBe(
      "stale: a restore drill that took 42 minutes, its data verified, but finished 31 days ago",
    );
  });
});

describe("the monthly cost", () => {
  const costs = (...items: ReturnType<typeof f.cost>[]) =>
    says("monthly-cost", { evidence: f.evidenceBut("cost", ...items) });
  test("passes inside the range, ends included", () => {
    expect(costs(f.cost())).toBe("pass: $412 a month, 1 hour ago");
    expect(costs(f.cost({ monthly: 300 }))).toMatch(/^pass/);
    expect(costs(f.cost({ monthly: 500 }))).toMatch(/^pass/);
  });
  test("fails above, below, in another currency, and as no number", () => {
    expect(costs(f.cost({ monthly: 500.01 }))).toBe("fail: $500.01 a month");
    expect(costs(f.cost({ monthly: 299.99 }))).toBe("fail: $299.99 a month");
    expect(costs(f.cost({ currency: "EUR" }))).toBe("fail: €412 a month");
    expect(costs(f.cost({ monthly: Number.NaN }))).toBe("fail: $NaN a month");
  });
  test("fails without an estimate", () => expect(costs()).toBe("fail: no cost estimate"));
  test("is stale after 30 days", () => expect(costs(f.cost({}, { finishedAt: f.NOW - 40 * f.DAY }))).toMatch(/^stale/));
});

describe("on-call", () => {
  const calls = (...items: ReturnType<typeof f.onCall>[]) =>
    says("on-call", { evidence: f.evidenceBut("on-call", ...items) });
  test("passes when both levels are filled for a day, shifts joined", () => {
    expect(calls(f.onCall())).toBe("pass: primary pia and secondary sam, 1 hour ago");
  });
  test("fails with a gap between shifts", () => {
    const shifts = f.SHIFTS.filter((shift) => shift.person !== "quo");
    expect(calls(f.onCall({ shifts }))).toBe("fail: nobody on call as primary at 2026-11-22 14:05 UTC");
  });
  test("fails without a secondary", () => {
    expect(calls(f.onCall({ shifts: f.SHIFTS.slice(0, 2) }))).toBe(
      "fail: nobody on call as secondary at 2026-11-22 02:05 UTC",
    );
  });
  test("fails when one person is both", () => {
    const shifts = f.SHIFTS.map((shift) => ({ ...shift, person: "sam" }));
    expect(calls(f.onCall({ shifts }))).toBe("fail: sam on call at two levels at once");
  });
  test("fails when a time is no number", () => {
    expect(calls(f.onCall({ shifts: f.SHIFTS.map((shift) => ({ ...shift, until: Number.NaN })) }))).toMatch(/^fail/);
  });
  test("fails without a schedule", () => expect(calls()).toBe("fail: no on-call schedule"));
  test("is stale after a day", () =>
    expect(calls(f.onCall({}, { finishedAt: f.NOW - 25 * f.HOUR }))).toMatch(/^stale/));
});

describe("runbooks", () => {
  const books = (...items: ReturnType<typeof f.runbooks>[]) =>
    says("runbooks", { evidence: f.evidenceBut("runbooks", ...items) });
  test("pass when all three are there", () => expect(books(f.runbooks())).toBe("pass: 3 of 3 runbooks, 1 hour ago"));
  test("fail when one is missing", () => {
    expect(books(f.runbooks({ runbooks: f.RUNBOOKS.slice(0, 2) }))).toBe("fail: missing: database-down");
  });
  test("fail without a list", () => expect(books()).toBe("fail: no list of runbooks"));
  test("are stale after 30 days", () =>
    expect(books(f.runbooks({}, { finishedAt: f.NOW - 31 * f.DAY }))).toMatch(/^stale/));
});

describe("the code freeze", () => {
  const frozen = (...items: ReturnType<typeof f.freeze>[]) =>
    says("code-freeze", { evidence: f.evidenceBut("freeze", ...items) });
  const merge = (emergency: boolean) => ({ commit: f.hex("c", 40), title: "Add a button", emergency });
  test("passes after a day", () =>
    expect(frozen(f.freeze())).toBe("pass: main frozen since 2026-11-20 20:05 UTC, 1 hour ago"));
  test("passes with an emergency fix, and says so", () => {
    expect(frozen(f.freeze({ merges: [merge(true)] }))).toBe(
      "pass: main frozen since 2026-11-20 20:05 UTC, 1 emergency fix merged, 1 hour ago",
    );
  });
  test("fails with any other merge", () => {
    expect(frozen(f.freeze({ merges: [merge(true), merge(false)] }))).toBe(
      'fail: 1 merge beside emergency fixes: ccccccc "Add a button"',
    );
  });
  test("fails when it began later, at exactly a day it passes", () => {
    expect(frozen(f.freeze({ since: f.NOW - f.DAY + 1 }))).toBe("fail: main frozen only since 2026-11-21 02:05 UTC");
    expect(frozen(f.freeze({ since: f.NOW - f.DAY }))).toMatch(/^pass/);
    expect(frozen(f.freeze({ since: Number.NaN }))).toBe("fail: main frozen only since an unknown time");
  });
  test("fails for another branch", () =>
    expect(frozen(f.freeze({ branch: "develop" }))).toBe("fail: no record of main"));
  test("is stale after two hours", () =>
    expect(frozen(f.freeze({}, { finishedAt: f.NOW - 3 * f.HOUR }))).toMatch(/^stale/));
});

describe("pipelines", () => {
  const lines = (...items: ReturnType<typeof f.pipelines>[]) =>
    says("pipelines-green", { evidence: f.evidenceBut("pipelines", ...items) });
  const pipeline = (more: object) => ({ name: "build", conclusion: "success", commit: f.RELEASE.commit, ...more });
  test("pass when all are green", () => expect(lines(f.pipelines())).toBe("pass: 1 pipeline green, 1 hour ago"));
  test("fail when one is red, still running, or skipped", () => {
    for (const conclusion of ["failure", "", "skipped"]) {
      expect(lines(f.pipelines({ pipelines: [pipeline({}), pipeline({ name: "deploy", conclusion })] }))).toBe(
        `fail: not green: deploy (${conclusion})`,
      );
    }
  });
  test("fail when there is none in the list", () =>
    expect(lines(f.pipelines({ pipelines: [] }))).toBe("fail: a list of main's pipelines without any pipeline"));
  test("fail when one ran for another commit", () => {
    expect(lines(f.pipelines({ pipelines: [pipeline({ commit: f.hex("1", 40) })] }))).toBe(
      "fail: build ran for commit 1111111, this release is 9999999",
    );
  });
  test("fail without a list", () => expect(lines()).toBe("fail: no list of main's pipelines"));
});

describe("the manual backup", () => {
  const backups = (...items: ReturnType<typeof f.backup>[]) =>
    says("manual-backup", { evidence: f.evidenceBut("backup", ...items) });
  test("passes", () =>
    expect(backups(f.backup())).toBe("pass: a full manual backup, its integrity verified, 1 hour ago"));
  test("fails when it was scheduled, unverified, partial, or missing", () => {
    expect(backups(f.backup({ trigger: "scheduled" }))).toBe("fail: a full scheduled backup, its integrity verified");
    expect(backups(f.backup({ integrity: "unverified" }))).toBe("fail: a full manual backup, its integrity unverified");
    expect(backups(f.backup({ integrity: "failed" }))).toBe("fail: a full manual backup, its integrity failed");
    expect(backups(f.backup({ scope: "incremental" }))).toBe("fail: no full backup");
    expect(backups()).toBe("fail: no full backup");
  });
  test("is stale after a day", () =>
    expect(backups(f.backup({}, { finishedAt: f.NOW - 25 * f.HOUR }))).toMatch(/^stale/));
});

describe("the window", () => {
  test("is open on Sunday from 02:00 for 4 hours, the end excluded", () => {
    const at = (hour: number, minute: number, ms = 0) =>
      says("deployment-window", { now: Date.UTC(2026, 10, 22, hour, minute) + ms, evidence: [] });
    expect(at(2, 0)).toBe("pass: open until Sunday 2026-11-22 06:00 UTC");
    expect(at(5, 59, 59_999)).toMatch(/^pass/);
    expect(at(6, 0)).toBe(
      "fail: Sunday 2026-11-22 06:00 UTC is outside the window; it opens next on Sunday 2026-11-29 02:00 UTC",
    );
    expect(at(1, 59, 59_999)).toMatch(/opens next on Sunday 2026-11-22 02:00 UTC$/);
  });
  test("only waits for time in a preview, whose update plan is approved before it opens", () => {
    const closed = f.NOW - f.DAY;
    const decision = decideEnter(f.PLAN, "production", f.world({ now: closed, mode: "preview" }));
    const window = decision.findings.find(({ criterion }) => criterion === "deployment-window");
    expect(window).toMatchObject({ verdict: "pending", opensAt: Date.UTC(2026, 10, 22, 2) });
    const shut = decideEnter(f.PLAN, "production", f.world({ now: closed, mode: "up" }));
    expect(shut.outcome).toBe("NO-GO");
  });
  test("says in data when it opens", () => {
    expect(finding("deployment-window", { now: f.NOW - f.DAY, evidence: [] })).toMatchObject({
      opensAt: Date.UTC(2026, 10, 22, 2),
      remedy: "wait until Sunday 2026-11-22 02:00 UTC",
    });
  });
});

describe("the stage before", () => {
  const staging = (state: World["stages"][string]) =>
    says("staging-done", { stages: { ...f.world().stages, staging: state } });
  test("passes with this release", () => expect(says("staging-done")).toBe("pass: release 9999999 in staging"));
  test("fails with another release, with none, unreadable, or unknown", () => {
    const other = { release: f.BASELINE, baseline: f.BASELINE, request: f.hex("2") };
    expect(staging({ ok: true, images: f.IMAGES, record: { current: other, usedApprovals: [] } })).toBe(
      "fail: release 1111111 in staging",
    );
    expect(staging({ ok: true })).toBe("fail: nothing was ever rolled out to staging");
    expect(staging({ ok: false, why: "timed out" })).toBe("fail: staging's state could not be read: timed out");
    const { production } = f.world().stages;
    expect(says("staging-done", production === undefined ? {} : { stages: { production } })).toBe(
      'fail: staging\'s state could not be read: the stage "staging" was not looked at',
    );
  });
});

describe("a stage's record that its state does not bear out", () => {
  const record = { current: { release: f.RELEASE, baseline: f.BASELINE, request: f.hex("2") }, usedApprovals: [] };
  const staging = (images: object) => ({
    stages: { ...f.world().stages, staging: { ok: true as const, record, ...images } },
  });
  const NOT_THERE = "fail: the record of release 9999999 in staging, and no workload in its state that runs its image";
  test.each([
    ["runs another image", { images: [f.BASELINE.image] }],
    ["runs nothing", { images: [] }],
    ["was not looked at", {}],
  ])("does not count where the state %s", (_, images) => expect(says("staging-done", staging(images))).toBe(NOT_THERE));
  test("does not keep the way back from going exactly there again", () => {
    const production = {
      ok: true as const,
      record: { ...record, current: { ...record.current, request: f.hex("7") } },
    };
    const { wayBack } = enter({ stages: { production } });
    expect(wayBack).toBe("exactly what runs there now");
  });
});

describe("the canary at rest", () => {
  const before = { release: f.BASELINE, baseline: f.BASELINE, request: f.hex("6") };
  const entered = { release: f.RELEASE, baseline: f.BASELINE, request: f.hex("2") };
  const at = (weight: number, current: typeof before | undefined, more: Partial<World> = {}, routed = weight) =>
    says("canary-at-rest", {
      stages: {
        ...f.world().stages,
        production: {
          ok: true,
          record: { ...(current === undefined ? {} : { current }), usedApprovals: [] },
          canary: { weight, routed, since: f.NOW - f.HOUR, release: current?.release ?? f.BASELINE },
        },
      },
      ...more,
    });
  test("passes at weight 0 with a new release", () => expect(at(0, before)).toBe("pass: weight 0%"));
  test("fails at any other weight, recorded or routed", () => {
    expect(at(5, before)).toBe(
      "fail: 5% of the traffic on the canary, whose release would change from 1111111 to 9999999",
    );
    expect(at(0, before, {}, 5)).toMatch(/^fail: 5% of the traffic/);
    expect(at(5, before, {}, 0)).toMatch(/^fail: 5% of the traffic/);
    expect(at(Number.NaN, before)).toMatch(/^fail/);
    expect(at(5, undefined)).toMatch(
      /^fail: 5% of the traffic on the canary, whose release would change from an unknown one/,
    );
  });
  test("passes while the same release is on it", () => expect(at(25, entered)).toBe("pass: weight 25%"));
  test("lets a release become the baseline at 100%, and not before", () => {
    expect(at(100, entered, { baseline: f.RELEASE })).toBe("pass: weight 100%");
    expect(at(50, entered, { baseline: f.RELEASE })).toBe(
      "fail: 50% on the canary, and 9999999 as the new baseline in place of 1111111",
    );
    expect(at(100, entered, { baseline: f.RELEASE }, 50)).toMatch(/^fail/);
  });
  test("fails when the state can't be read", () => {
    expect(
      says("canary-at-rest", { stages: { ...f.world().stages, production: { ok: false, why: "timed out" } } }),
    ).toBe("fail: production's state could not be read: timed out");
  });
});
