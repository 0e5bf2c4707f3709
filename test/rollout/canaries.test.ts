import { describe, expect, test } from "vitest";
import { decideEnter, decideStep } from "../../rollout/decide";
import { unmet } from "../../rollout/conclude";
import { parsePlan } from "../../rollout/plan";
import type { Approval } from "../../rollout/evidence";
import type { CanaryRecord, World } from "../../rollout/world";
import * as f from "./world-factory";

/** A plan with a canary for each of two operations, and nothing else that a step could hang on. */
const TEXT = `
apiVersion: holdpoint.dev/v1
kind: RolloutPlan
name: market
title: Marketplace
service: market
owners: { dev: { contact: "#dev" } }
roles: { ci: Attests, lead: Approves }
releaseTypes:
  feature: { title: A feature }
  major: { title: A change of the architecture }
runbooks: {}
stages:
  - name: production
    cohort: { who: Beta users, by: { header: X-Beta, value: "yes" } }
    enter:
      criteria:
        - { kind: canary-at-rest, id: at-rest, title: At rest, owner: dev }
    canaries:
      search:
        path: /search
        owner: dev
        steps:
          - { weight: 10%, day: 8 }
          - { weight: 50%, day: 12, criteria: [{ kind: check, id: looked-at, title: Somebody looked, owner: dev, check: looked-at, maxAge: 1 day, attestedBy: [ci] }] }
          - { weight: 100%, day: 14, hold: 1 day }
        stepsFor:
          major: [{ weight: 5%, hold: 7 days }, { weight: 100%, hold: 7 days }]
        judge: &judge-is-not-allowed
rollback: { within: 1 minute, tell: [dev] }
`;
const JUDGE = `{ minRequests: 20, errorRate: { below: 2x, of: baseline, floor: 0.1% }, p95: { below: 1.5x, of: baseline }, health: { passing: 100% } }`;
const INSTALL = `
      install:
        path: /install
        owner: dev
        steps: [{ weight: 10%, hold: 2 days }, { weight: 100%, hold: 1 day }]
        criteria: [{ kind: survey, id: still-happy, title: Users are content, owner: dev, survey: users, answers: 10, atLeast: 80%, maxAge: 2 days, attestedBy: [ci] }]
        approval: { id: step-approved, title: Each step is approved, owner: dev, from: [lead], validFor: 4 hours }
        judge: ${JUDGE}`;
const PLAN = parsePlan(TEXT.replace("&judge-is-not-allowed", `${JUDGE}${INSTALL}`), "plans/market.yaml");

const RELEASE = { ...f.RELEASE, type: "feature" };
const entry = { release: f.RELEASE, baseline: f.BASELINE, request: f.hex("7") };
const COHORT = { header: "x-beta", value: "yes" };

const at = (weight: number, more: Partial<CanaryRecord> = {}): CanaryRecord => ({
  weight,
  routed: weight,
  since: f.NOW - 10 * f.DAY,
  release: f.RELEASE,
  ...more,
});

/** A canary stack of an operation, its canaries as given. */
function world(operation: string, operations: Record<string, CanaryRecord>, more: Partial<World> = {}): World {
  const current = { ...entry, type: more.release?.type ?? RELEASE.type };
  return f.canaryWorld(0, {
    stack: `production.${operation}-canary`,
    operation,
    release: RELEASE,
    route: { path: `/${operation}`, cohort: COHORT },
    stages: {
      production: {
        ok: true,
        images: f.IMAGES,
        record: { current, usedApprovals: [], owed: { debts: [], obligations: [] } },
        operations,
      },
    },
    ...more,
  });
}

const step = (to: number, given: World) => {
  const decided = decideStep(PLAN, "production", to, given);
  return [decided.outcome, ...unmet(decided).map(({ criterion, found }) => `${criterion}: ${found}`)];
};

describe("canaries side by side", () => {
  test("stand each where its own record says", () => {
    const operations = { search: at(10), install: at(0) };
    expect(step(50, world("search", operations, { evidence: [looked()] }))).toEqual(["GO"]);
    expect(decideStep(PLAN, "production", 50, world("search", operations)).gate).toBe(
      "production canary of search 10% → 50%",
    );
    expect(step(50, world("search", { search: at(0), install: at(10) }))[1]).toBe("canary.order: 0% to 50%");
  });
  test("of an operation that the plan does not have take no step", () => {
    expect(step(10, world("publish", {}))).toEqual([
      "NO-GO",
      'canary: the operation "publish" of production has no canary in the plan',
    ]);
  });
  test("and the whole service's take none where the plan has only those of operations", () => {
    const { operation: _, ...whole } = world("search", {});
    expect(step(10, { ...whole, stack: "production-canary" })).toEqual([
      "NO-GO",
      "canary: production has no canary in the plan",
    ]);
  });
  test("go back each by itself, whatever is missing", () => {
    const operations = { search: at(50), install: at(10) };
    const broken = world("search", operations, {
      evidenceFailure: "gone",
      metrics: { failure: "gone" },
      now: Number.NaN,
    });
    expect(decideStep(PLAN, "production", 10, broken).wayBack).toMatch(/always allowed/);
    expect(decideStep(PLAN, "production", 0, broken).wayBack).toMatch(/always allowed/);
  });
});

describe("days", () => {
  test("of a schedule are holds: day 8 to day 12 is four days", () => {
    const held = (days: number) =>
      step(50, world("search", { search: at(10, { since: f.NOW - days * f.DAY }) }, { evidence: [looked()] }));
    expect(held(4)).toEqual(["GO"]);
    expect(held(3.9)[1]).toMatch(/^canary.hold: held for 3 days 21 hours/);
  });
});

describe("a release's type", () => {
  test("has steps of its own where the plan says so", () => {
    const major = { release: { ...RELEASE, type: "major" } };
    expect(step(5, world("search", {}, major))).toEqual(["GO"]);
    expect(step(10, world("search", {}, major))[1]).toBe("canary.order: 0% to 10%");
    expect(step(10, world("search", {}))).toEqual(["GO"]);
  });
  test("that the plan does not know takes no step", () => {
    expect(step(10, world("search", {}, { release: { ...RELEASE, type: "hotfix" } }))[1]).toMatch(/^release-type/);
  });
});

describe("the route", () => {
  test("that serves others than the plan's path and cohort is no step", () => {
    const other = (route: World["route"]) => step(10, world("search", {}, { ...(route && { route }) }))[1];
    expect(other({ path: "/search" })).toBe("canary.route: requests to /search of everybody");
    expect(other({ path: "/install", cohort: COHORT })).toMatch(/^canary.route: requests to \/install/);
    expect(other({ path: "/search", cohort: { cookie: "x-beta", value: "yes" } })).toMatch(/^canary.route/);
  });
  test("that nobody looked at is none", () => {
    const { route: _, ...blind } = world("search", {});
    expect(step(10, blind)[1]).toBe("canary.route: a route that nobody looked at");
  });
});

describe("a fallback to the baseline", () => {
  const FALLBACK = parsePlan(
    TEXT.replace("&judge-is-not-allowed", JUDGE).replace(
      "path: /search",
      "path: /search\n        fallback: { to: baseline }",
    ),
    "plans/market.yaml",
  );
  const off = { killSwitch: false, safeMode: false };
  const on = { ...off, fallback: "baseline" as const };
  const decided = (to: number, weight: number, more: Partial<World>) =>
    decideStep(FALLBACK, "production", to, world("search", weight === 0 ? {} : { search: at(weight) }, more));
  const said = (to: number, weight: number, more: Partial<World> = {}) =>
    unmet(decided(to, weight, more)).map(({ criterion, found }) => `${criterion}: ${found}`);

  test("that is switched on lets the step be taken", () => {
    expect(decided(10, 0, { controls: on }).outcome).toBe("GO");
    expect(decided(100, 50, { controls: on }).outcome).toBe("GO");
  });
  test("that is off, or that nobody looked at, keeps each step shut, also the one to all traffic", () => {
    expect(said(10, 0, { controls: off })).toEqual(["canary.fallback: no fallback"]);
    expect(said(10, 0)).toEqual(["canary.fallback: switches that nobody looked at"]);
    expect(said(100, 50, { controls: off })).toEqual(["canary.fallback: no fallback"]);
    const [finding] = unmet(decided(10, 0, { controls: off }));
    expect(finding).toMatchObject({
      wanted: "the fallback to the baseline switched on",
      command: "pulumi config set --path holdpoint:canary.fallback baseline -s production.search-canary",
      line: "plans/market.yaml:22",
    });
  });
  test("is not taken away at the weight that is there", () => {
    expect(decided(50, 50, { controls: on }).wayBack).toMatch(/^stays at 50%/);
    expect(decided(50, 50, { controls: off }).outcome).toBe("NO-GO");
    expect(said(50, 50, { controls: off })).toContain("canary.fallback: no fallback");
  });
  test("is never asked for on the way back", () => {
    expect(decided(10, 50, { controls: off }).wayBack).toMatch(/less traffic on the canary, always allowed$/);
    expect(decided(0, 50, { controls: off }).wayBack).toMatch(/always allowed$/);
    expect(decided(50, 50, { controls: { ...off, safeMode: true } }).wayBack).toMatch(/^safe mode on at 50%/);
    expect(decided(50, 50, { controls: { ...off, killSwitch: true } }).wayBack).toMatch(/^the kill switch is on/);
  });
  test("that the plan does not ask for is no check at all", () => {
    const ids = decideStep(PLAN, "production", 10, world("search", {})).findings.map(({ criterion }) => criterion);
    expect(ids).not.toContain("canary.fallback");
  });
});

describe("less weight", () => {
  test("on another route is no way back: half of everybody is more than all of the beta", () => {
    const everybody = { route: { path: "/search" } };
    const lower = (to: number, more: Partial<World>) =>
      decideStep(PLAN, "production", to, world("search", { search: at(100) }, more));
    expect(lower(50, {}).wayBack).toMatch(/^from 100% to 50%/);
    expect(lower(50, everybody).outcome).toBe("NO-GO");
    expect(unmet(lower(50, everybody))[0]?.criterion).toBe("canary.route");
    expect(lower(100, everybody).outcome).toBe("NO-GO");
    expect(lower(0, everybody).wayBack).toMatch(/always allowed$/);
  });
});

const looked = () => f.evidence("check", { check: "looked-at", outcome: "done" });
const happy = (satisfied: number) => f.evidence("survey", { survey: "users", answers: 20, satisfied });

describe("criteria of steps", () => {
  test("of one step are asked before that step", () => {
    expect(step(50, world("search", { search: at(10) }))[1]).toMatch(/^looked-at: no /);
    expect(step(10, world("search", {}))).toEqual(["GO"]);
  });
  test("of the canary are asked from its second step on", () => {
    const up = (to: number, weight: number, satisfied: number) =>
      step(
        to,
        world("install", weight === 0 ? {} : { install: at(weight) }, {
          evidence: [happy(satisfied)],
          approvals: [approval()],
          binding: BINDING,
        }),
      );
    expect(up(10, 0, 0)).toEqual(["GO"]);
    expect(up(100, 10, 16)).toEqual(["GO"]);
    expect(up(100, 10, 15)[1]).toMatch(/^still-happy: 75%/);
  });
  test("say where the plan has them", () => {
    const { findings } = decideStep(PLAN, "production", 50, world("search", { search: at(10) }));
    expect(findings.find(({ criterion }) => criterion === "looked-at")?.line).toMatch(/^plans\/market.yaml:\d+$/);
  });
});

const BINDING = { stack: "production.install-canary", request: f.hex("7"), state: f.hex("5") };
const approval = (more: Partial<Approval> = {}): Approval =>
  f.approval("lead", { binding: { ...BINDING, updatePlan: f.UPDATE_PLAN }, ...more });

describe("the approval of a step", () => {
  const first = (approvals: Approval[], more: Partial<World> = {}) =>
    step(10, world("install", {}, { approvals, binding: BINDING, ...more }));

  test("opens it, and is consumed", () => {
    expect(first([approval()])).toEqual(["GO"]);
    const given = world("install", {}, { approvals: [approval()], binding: BINDING });
    expect(decideStep(PLAN, "production", 10, given)).toMatchObject({
      approvals: [approval().id],
      updatePlan: f.UPDATE_PLAN,
    });
  });
  test("is pending without one, in a preview too", () => {
    expect(first([])).toEqual(["PENDING", "step-approved: 0 of 1"]);
    expect(first([approval()], { mode: "preview" })[0]).toBe("PENDING");
  });
  test("is for its own stack, and was given since the step before began", () => {
    expect(first([approval({ binding: { ...BINDING, stack: "production", updatePlan: f.UPDATE_PLAN } })])[0]).toBe(
      "PENDING",
    );
    const began = { install: at(0, { since: f.NOW - f.MINUTE }) };
    expect(step(10, world("install", began, { approvals: [approval()], binding: BINDING }))).toEqual([
      "PENDING",
      "step-approved: 0 of 1: lead@omnihub.dev's was given before this step began",
    ]);
  });
  test("is no approval where it was rejected, has expired, or is of the release's author", () => {
    expect(first([approval({ decision: "rejected", reason: "too early" })])).toEqual([
      "NO-GO",
      "step-approved: rejected by lead@omnihub.dev: too early",
    ]);
    expect(first([approval({ approvedAt: f.NOW - 4 * f.HOUR })])[1]).toMatch(/expired/);
    expect(first([approval({ signer: { id: f.RELEASE.author, roles: ["lead"] } })])[1]).toMatch(
      /the author of a change never approves it/,
    );
  });
  test("that is conditional opens it once each item is attested as done", () => {
    const conditional = approval({ decision: "conditional", items: ["watch the logs"] });
    const done = f.evidence(
      "condition",
      { item: "watch the logs", approval: conditional.id },
      { stage: "production", signers: [{ id: "lena", roles: ["lead"] }] },
    );
    expect(first([conditional])[0]).toBe("NO-GO");
    expect(first([conditional])[1]).toMatch(/^step-approved\.1\.1: /);
    expect(first([conditional], { evidence: [done] })).toEqual(["GO"]);
  });
  test("is for the identical change alone: another update plan, request or state is another change", () => {
    for (const other of [{ updatePlan: f.hex("8") }, { request: f.hex("8") }, { state: f.hex("8") }]) {
      const binding = { ...BINDING, updatePlan: f.UPDATE_PLAN, ...other };
      expect(first([approval({ binding })])[0], JSON.stringify(other)).toBe("PENDING");
    }
  });
  test("is not needed on the way back", () => {
    const back = world("install", { install: at(10) }, { approvals: [], binding: BINDING });
    expect(decideStep(PLAN, "production", 0, back).outcome).toBe("GO");
  });
});

describe("a stage with canaries of operations", () => {
  const enter = (operations: Record<string, CanaryRecord>, more: Partial<World> = {}) => {
    const decided = decideEnter(PLAN, "production", {
      ...f.world({ release: RELEASE, request: f.hex("8"), evidence: [], approvals: [] }),
      stages: {
        production: {
          ok: true,
          images: f.IMAGES,
          record: { current: { ...entry, ...before }, usedApprovals: [], owed: { debts: [], obligations: [] } },
          operations,
        },
      },
      ...more,
    });
    return [decided.outcome, ...unmet(decided).map(({ criterion, found }) => `${criterion}: ${found}`)];
  };
  const before = { release: f.BASELINE, baseline: f.BASELINE };

  test("is at rest when all of them are", () => {
    expect(enter({ search: at(0), install: at(0) })).toEqual(["GO"]);
    expect(enter({ search: at(0), install: at(10) })[1]).toMatch(/^at-rest: 10% of the traffic on the canary/);
  });
  test("gets a new baseline when all of them have all traffic", () => {
    const done = { baseline: { ...f.RELEASE }, stages: {} };
    const stages = (operations: Record<string, CanaryRecord>) => ({
      ...done,
      stages: {
        production: {
          ok: true as const,
          images: f.IMAGES,
          record: { current: entry, usedApprovals: [], owed: { debts: [], obligations: [] } },
          operations,
        },
      },
    });
    expect(enter({}, stages({ search: at(100), install: at(100) }))).toEqual(["GO"]);
    expect(enter({}, stages({ search: at(100), install: at(10) }))[1]).toMatch(
      /^at-rest: 10% on the canary of install/,
    );
    expect(enter({}, stages({ search: at(100) }))[1]).toMatch(/^at-rest: 0% on the canary of install/);
  });
});
