import { describe, expect, test } from "vitest";
import { decideEnter } from "../../rollout/decide";
import type { Decision } from "../../rollout/decision";
import { renderDecision } from "../../rollout/explain";
import type { Evidence } from "../../rollout/evidence";
import { parsePlan } from "../../rollout/plan";
import type { StageEntry, World } from "../../rollout/world";
import * as f from "./world-factory";

/** A stage whose entry asks for something of every kind, and a finish a day after. */
const TEXT = `
apiVersion: holdpoint.dev/v1
kind: RolloutPlan
name: small
title: Small
service: omnihub
owners: { sre: { contact: "#sre" } }
roles: { ci: Attests, sre: SRE, cto: CTO }
runbooks: {}
freezes: [{ id: winter, title: Winter, timeZone: UTC, from: 2026-12-20, to: 2027-01-03, stages: [production] }]
stages:
  - name: staging
    enter: { criteria: [{ kind: canary-at-rest, id: staging-at-rest, title: At rest, owner: sre }] }
  - name: production
    window: { timeZone: UTC, days: [sunday], from: "02:00", for: 4 hours }
    enter:
      criteria:
        - { kind: window, id: window, title: Window, owner: sre }
        - { kind: no-freeze, id: no-freeze, title: No freeze, owner: sre }
        - { kind: stage-done, id: staging-done, title: Staging, owner: sre, stage: staging }
        - { kind: stage-lasted, id: staging-lasted, title: Staging, owner: sre, stage: staging, atLeast: 1 hour }
        - { kind: canary-at-rest, id: at-rest, title: At rest, owner: sre }
        - { kind: declared, id: guarded, title: Guarded, owner: sre, components: [waf/ddos] }
        - { kind: metric, id: as-fast, title: As fast, owner: sre, metric: p95, of: baseline, below: 1.1x, over: 1 hour }
        - { kind: tests, id: smoke, title: Smoke, owner: sre, suite: smoke, stage: staging, maxAge: 2 hours, attestedBy: [ci] }
        - { kind: update-plan-review, id: reviewed, title: Reviewed, owner: sre, from: [sre], validFor: 24 hours }
    canary:
      owner: sre
      steps: [{ weight: 100%, hold: 1 hour }]
      judge: { minRequests: 20, errorRate: { below: 2x, of: baseline, floor: 0.1% }, p95: { below: 1.5x, of: baseline }, health: { passing: 100% } }
    finish:
      after: 24 hours
      criteria: [{ kind: check, id: content, title: Users are content, owner: sre, check: content, maxAge: 1 day, attestedBy: [sre] }]
rollback: { within: 1 minute, tell: [sre] }
`;
const PLAN = parsePlan(TEXT, "plans/small.yaml");

/** A day and an hour after the entry: the window is over, its evidence is a day old, and staging has moved on. */
const ENTERED = f.NOW;
const NOW = ENTERED + 25 * f.HOUR;
const NAME = { image: f.RELEASE.image, commit: f.RELEASE.commit };
const OLD = { image: f.BASELINE.image, commit: f.BASELINE.commit };
const CONTENT = f.hex("c");
const ENTRY: StageEntry = { release: NAME, baseline: OLD, request: f.hex("1"), content: CONTENT, since: ENTERED };

const smoke = (minutesBefore: number, more: object = {}): Evidence =>
  f.smoke(0, more, { finishedAt: ENTERED - minutesBefore * f.MINUTE });
const content = f.evidence(
  "check",
  { check: "content", outcome: "done" },
  { finishedAt: NOW - f.HOUR, signers: [{ id: "sam", roles: ["sre"] }] },
);

const world = (more: Partial<World> = {}, entry: Partial<StageEntry> = {}): World =>
  f.world({
    now: NOW,
    baseline: f.RELEASE,
    request: f.hex("2"),
    content: CONTENT,
    evidence: [smoke(30), content],
    approvals: [],
    stages: {
      staging: { ok: true, images: [OLD.image], record: { current: { ...ENTRY, release: OLD }, usedApprovals: [] } },
      production: {
        ok: true,
        images: f.IMAGES,
        record: { current: { ...ENTRY, ...entry }, usedApprovals: [] },
        canary: { weight: 100, routed: 100, since: NOW - f.DAY, release: NAME },
      },
    },
    ...more,
  });
const finish = (more: Partial<World> = {}, entry: Partial<StageEntry> = {}): Decision =>
  decideEnter(PLAN, "production", world(more, entry));
const open = (decision: Decision): string[] =>
  decision.findings.filter(({ verdict }) => verdict !== "pass").map(({ criterion }) => criterion);

describe("a run that only makes the release the baseline", () => {
  test("is asked what must be true still, and what the finish asks", () => {
    const decision = finish();
    expect(decision.outcome).toBe("GO");
    expect(decision.findings.map(({ criterion }) => criterion)).toEqual([
      "no-freeze",
      "at-rest",
      "guarded",
      "smoke",
      "content",
      "finish.watch",
    ]);
    expect(decision.notAsked?.map(({ criterion }) => criterion)).toEqual([
      "window",
      "staging-done",
      "staging-lasted",
      "as-fast",
      "reviewed",
    ]);
    expect(renderDecision(decision)).toMatch(
      /^ {2}reviewed +not asked +asked when this release entered; this run only makes it the baseline$/m,
    );
  });
  test("is shut by evidence that speaks against the release since, however old that is by now", () => {
    const failed = f.smoke(0, { passed: 11, failedTests: ["login"] }, { finishedAt: ENTERED + f.HOUR });
    expect(open(finish({ evidence: [smoke(30), failed, content] }))).toEqual(["smoke"]);
  });
  test("is shut by evidence that would not have let the release in", () => {
    expect(open(finish({ evidence: [smoke(121), content] }))).toEqual(["smoke"]);
    expect(open(finish({ evidence: [content] }))).toEqual(["smoke"]);
    expect(open(finish({ evidenceFailure: "unreadable" }))).toEqual(expect.arrayContaining(["smoke", "content"]));
  });
  test("is shut without its watch, its own criteria, what is declared, or in a freeze", () => {
    expect(open(finish({ evidence: [smoke(30)] }))).toEqual(["content"]);
    const { declared: _, ...blind } = world();
    expect(open(decideEnter(PLAN, "production", blind))).toEqual(["guarded"]);
    const short = { weight: 100, routed: 100, since: NOW - f.DAY + 1, release: NAME };
    const production = { ...world().stages["production"], canary: short } as World["stages"][string];
    expect(open(finish({ stages: { ...world().stages, production } }))).toEqual(["finish.watch"]);
    const winter = Date.UTC(2026, 11, 24);
    const late = { ...content, finishedAt: winter - f.HOUR };
    expect(open(finish({ now: winter, evidence: [smoke(30), late] }))).toEqual(["no-freeze"]);
  });
  test("is shut by what would send the canary back", () => {
    const found = { critical: 1, high: 0, medium: 0, low: 0, unknown: 0 };
    const scan = f.scan({ counts: { ...f.COUNTS, ...found } }, { finishedAt: NOW - f.HOUR });
    const armed = parsePlan(
      TEXT.replace(
        "rollback: {",
        `triggers:
  - id: vulnerable
    title: A critical vulnerability
    severity: critical
    owner: sre
    does: rollback
    when: { criterion: { kind: vulnerabilities, id: scan, title: Scan, owner: sre, atMost: { critical: 0 }, maxAge: 1 day, attestedBy: [ci] } }
rollback: {`,
      ),
      "plans/small.yaml",
    );
    const decide = (evidence: readonly Evidence[]) => decideEnter(armed, "production", world({ evidence }));
    expect(decide([smoke(30), content]).outcome).toBe("GO");
    expect(open(decide([smoke(30), content, scan]))).toEqual(["trigger.vulnerable"]);
  });
  test("takes no older evidence where nobody knows since when the release is there", () => {
    expect(open(finish({}, { since: Number.NaN }))).toEqual(["smoke"]);
  });
});

describe("a run that changes anything else", () => {
  test.each<[string, Partial<World>, Partial<StageEntry>]>([
    ["the program, the plan or the configuration", { content: f.hex("d") }, {}],
    ["what was entered before there was a digest of it", {}, { content: undefined as never }],
    ["the baseline to a third release", { baseline: { ...f.RELEASE, commit: "3".repeat(40) } }, {}],
    ["the release too", { release: { ...f.RELEASE, commit: "3".repeat(40) } }, {}],
  ])("as well, %s, is asked the whole entry", (_what, more, entry) => {
    const decision = finish(more, entry);
    expect(decision.outcome).toBe("NO-GO");
    expect(open(decision)).toEqual(expect.arrayContaining(["window", "staging-done", "as-fast", "reviewed"]));
    expect(decision.notAsked).toBeUndefined();
  });
  test("is asked the whole entry also where the digests are both missing", () => {
    const { content: _, ...unknown } = world({}, { content: undefined as never });
    expect(open(decideEnter(PLAN, "production", unknown))).toContain("reviewed");
  });
});
