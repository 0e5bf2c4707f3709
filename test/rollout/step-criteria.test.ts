import { describe, expect, test } from "vitest";
import { decideEnter, decideStep } from "../../rollout/decide";
import type { Decision } from "../../rollout/decision";
import type { Waiver } from "../../rollout/evidence";
import { renderSummary } from "../../rollout/explain";
import type { Obligation, Promised } from "../../rollout/owed";
import { parsePlan } from "../../rollout/plan";
import type { World } from "../../rollout/world";
import * as f from "./world-factory";

/** A plan whose canary asks for something that people can waive, something declared, and a stage before. */
const text = (canary: string, enter = "") => `
apiVersion: holdpoint.dev/v1
kind: RolloutPlan
name: small
title: Small
service: omnihub
owners: { sre: { contact: "#sre" } }
roles: { ci: Attests, sre: SRE, tech-lead: Lead, cto: CTO }
waivers: { from: [tech-lead, cto], count: 2, atMost: 8 hours, obligationsAttestedBy: [sre] }
runbooks: {}
stages:
  - name: staging
    enter: { criteria: [{ kind: canary-at-rest, id: staging-at-rest, title: At rest, owner: sre }] }
  - name: production
    enter:
      criteria:
        - { kind: canary-at-rest, id: at-rest, title: At rest, owner: sre }
${enter}
    canary:
      owner: sre
${canary}
      judge: { minRequests: 20, errorRate: { below: 2x, of: baseline, floor: 0.1% }, p95: { below: 1.5x, of: baseline }, health: { passing: 100% } }
rollback: { within: 1 minute, tell: [sre] }
`;
const LOOKED =
  "{ kind: check, id: looked, title: Somebody looked, owner: sre, check: looked, maxAge: 1 day, attestedBy: [ci] }";
const steps = (criteria: string) => `      steps:
        - { weight: 5%, hold: 15 minutes }
        - { weight: 50%, hold: 15 minutes, criteria: [${criteria}] }
        - { weight: 100%, hold: 1 hour }`;
const plan = (criteria: string) => parsePlan(text(steps(criteria)), "plans/small.yaml");
const mistakes = (canary: string, enter = ""): string => {
  try {
    parsePlan(text(canary, enter), "plans/small.yaml");
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

const PLAN = plan(LOOKED);
const NAME = { image: f.RELEASE.image, commit: f.RELEASE.commit };
const OTHER = { image: f.BASELINE.image, commit: f.BASELINE.commit };

const BEFORE = { release: OTHER, baseline: OTHER, request: f.hex("6") };

let serial = 0;
function waiver(who: string, role: string, criterion = "looked", obligation = "look at it"): Waiver {
  serial += 1;
  return {
    id: `${serial}`.padStart(64, "a"),
    file: `waivers/${serial}.json`,
    binding: { stack: "production", stage: "production", criterion, plan: PLAN.source.digest, ...NAME },
    reason: "nobody is awake",
    obligation,
    signer: { id: who, roles: [role] },
    grantedAt: f.NOW - f.HOUR,
    validFor: 4 * f.HOUR,
  };
}
const BOTH = [waiver("lea", "tech-lead"), waiver("cat", "cto")];

/** A canary at 5 %, with whatever stands in its record as promised. */
const world = (more: Partial<World> = {}, promised?: Promised): World =>
  f.canaryWorld(5, { waivers: [], ...more }, promised === undefined ? {} : { obligations: promised });
const step = (more: Partial<World> = {}, promised?: Promised, of = PLAN): Decision =>
  decideStep(of, "production", 50, world(more, promised));
const said = (decision: Decision): string[] =>
  decision.findings
    .filter(({ verdict }) => verdict !== "pass")
    .map(({ criterion, verdict, found }) => `${criterion} ${verdict}: ${found}`);

describe("a criterion of a step that people waive", () => {
  test("lets the step be taken, and is never told as passed", () => {
    const decision = step({ waivers: BOTH });
    expect(decision.outcome).toBe("GO");
    expect(said(decision)).toEqual([
      'looked waived: not met: no signed "looked"; waived until 2026-11-22 05:05 UTC by lea (nobody is awake) and cat (nobody is awake); promised: "look at it"',
    ]);
    expect(renderSummary(decision)).toMatch(/1 waived: looked$/);
  });
  test.each<[string, readonly Waiver[], RegExp]>([
    ["one signature of two", BOTH.slice(0, 1), /1 of 2 waivers/],
    ["people without the role", [waiver("a", "sre"), waiver("b", "sre")], /0 of 2 waivers/],
    [
      "the change's author",
      [BOTH[0] as Waiver, waiver(f.RELEASE.author, "cto")],
      /the author of a change never waives/,
    ],
    [
      "another release's",
      BOTH.map((one) => ({ ...one, binding: { ...one.binding, ...OTHER } })),
      /is for another release/,
    ],
    [
      "the canary's stack's",
      BOTH.map((one) => ({ ...one, binding: { ...one.binding, stack: "production-canary" } })),
      /is for stack production-canary/,
    ],
    ["what is over", BOTH.map((one) => ({ ...one, validFor: f.HOUR })), /expired just now/],
  ])("stays shut by %s", (_what, waivers, found) => {
    const decision = step({ waivers });
    expect(decision.outcome).toBe("NO-GO");
    expect(said(decision)[0]).toMatch(found);
  });
  test("is none of the judge's checks, of the triggers, or critical", () => {
    const errors = {
      canary: { requests: 1000, errors: 900, p95: 0.2, probes: { samples: 30, failures: 0 } },
      baseline: { requests: 9000, errors: 9, p95: 0.19 },
    };
    const judged = [waiver("lea", "tech-lead", "canary.error-rate"), waiver("cat", "cto", "canary.error-rate")];
    expect(said(step({ waivers: [...BOTH, ...judged], metrics: errors }))).toContainEqual(
      expect.stringMatching(/^canary\.error-rate fail/),
    );
    const critical = plan(LOOKED.replace("owner: sre", "owner: sre, severity: critical"));
    const waivers = BOTH.map((one) => ({ ...one, binding: { ...one.binding, plan: critical.source.digest } }));
    expect(said(step({ waivers }, undefined, critical))[0]).toMatch(/it can't be waived: it is critical$/);
  });
});

describe("what is promised for a step", () => {
  const obligation: Obligation = {
    criterion: "looked",
    obligation: "look at it",
    waivers: ["a".repeat(64)],
    release: OTHER,
  };
  const enter = (promised: Promised, more: Partial<World> = {}): Decision =>
    decideEnter(PLAN, "production", {
      ...world({}, promised),
      stages: {
        production: {
          ok: true,
          images: f.IMAGES,
          record: { current: BEFORE, usedApprovals: [], owed: { debts: [], obligations: [] } },
          canary: { weight: 0, routed: 0, since: 0, release: OTHER, obligations: promised },
        },
      },
      ...more,
    });

  test("stands in the canary's record after it, once however many signed", () => {
    expect(step({ waivers: BOTH }).promised).toEqual([
      { criterion: "looked", obligation: "look at it", waivers: BOTH.map(({ id }) => id), release: NAME },
    ]);
    expect(step({ evidence: [f.evidence("check", { check: "looked", outcome: "done" })] })).not.toHaveProperty(
      "promised",
    );
  });
  test("stays there over the next steps of the release, and goes with the next release's first", () => {
    const own = { ...obligation, release: NAME };
    expect(step({ waivers: BOTH }, [own]).promised).toMatchObject([
      { waivers: [...BOTH.map(({ id }) => id), ...own.waivers].toSorted() },
    ]);
    const met = { evidence: [f.evidence("check", { check: "looked", outcome: "done" })] };
    expect(step(met, [own]).promised).toEqual([own]);
    expect(step(met, [obligation])).not.toHaveProperty("promised");
  });
  test("keeps the next release out of the stage until it was attested as done", () => {
    const refused = enter([obligation]);
    expect(refused.outcome).toBe("NO-GO");
    expect(said(refused)[0]).toMatch(/^obligation\.looked\.1 fail: /);
    const done = f.evidence(
      "condition",
      { item: "look at it", approval: "a".repeat(64) },
      { stage: "production", signers: [{ id: "sam", roles: ["sre"] }] },
    );
    expect(enter([obligation], { evidence: [done] }).outcome).toBe("GO");
  });
  test("is not asked of the release that promised it, and stands in the stage's record from then on", () => {
    const own = { ...obligation, release: NAME };
    const entered = enter([own]);
    expect(said(entered)).toEqual([]);
    expect(entered.owed?.obligations).toEqual([own]);
  });
  test("that can't be read shuts the steps and the stage, and not the way back", () => {
    const unknown = { failure: "a canary's step with malformed obligations" };
    expect(said(step({}, unknown))).toContainEqual("owed fail: a canary's step with malformed obligations");
    expect(said(enter(unknown))[0]).toBe("owed fail: a canary's step with malformed obligations");
    expect(decideStep(PLAN, "production", 0, world({}, unknown)).outcome).toBe("GO");
    expect(step({ waivers: BOTH }, unknown).promised).toEqual(unknown);
  });
});

describe("what a step asks of the program and of other stages", () => {
  const DECLARED = plan(
    "{ kind: declared, id: guarded, title: Guarded, owner: sre, components: [waf/ddos, canary/fallback] }",
  );
  const declared = (features: readonly string[], canary: readonly string[]): Partial<World> => ({
    declared: { own: { features, alerts: [], dashboards: [], flags: [] }, canary: { features: canary }, others: {} },
  });
  test("is declared, or the step is not taken", () => {
    expect(step(declared(["waf/ddos"], ["canary", "canary/fallback"]), undefined, DECLARED).outcome).toBe("GO");
    expect(said(step(declared(["waf"], ["canary"]), undefined, DECLARED))).toEqual([
      "guarded fail: no component waf/ddos and canary/fallback",
    ]);
    const { declared: _, ...blind } = world();
    expect(said(decideStep(DECLARED, "production", 50, blind))).toEqual([
      "guarded fail: nobody looked at what the program declares",
    ]);
  });
  test("is done in the stage before, or the step is not taken", () => {
    const done = plan("{ kind: stage-done, id: rehearsed, title: Rehearsed, owner: sre, stage: staging }");
    const staging = (release: typeof NAME): Partial<World> => ({
      stages: {
        ...world().stages,
        staging: { ok: true, images: f.IMAGES, record: { current: { ...BEFORE, release }, usedApprovals: [] } },
      },
    });
    expect(step(staging(NAME), undefined, done).outcome).toBe("GO");
    expect(said(step(staging(OTHER), undefined, done))[0]).toMatch(/^rehearsed fail: release /);
    expect(said(step({}, undefined, done))).toEqual([
      'rehearsed fail: staging\'s state could not be read: the stage "staging" was not looked at',
    ]);
  });
});

describe("a mistake in a step's criteria", () => {
  test("is a key that a canary's program can't tell", () =>
    expect(mistakes(steps("{ kind: declared, id: seen, title: Seen, owner: sre, alerts: every }"))).toMatch(
      /"alerts" at a criterion of a canary, expected only "components" and "contacts"/,
    ));
  test("is a stage that does not come before", () =>
    expect(mistakes(steps("{ kind: stage-done, id: done, title: Done, owner: sre, stage: production }"))).toMatch(
      /criteria\[0\]\.stage: .*expected a stage that comes before this one/,
    ));
  test("is the name of a criterion of the stage's gates, or of its other canaries: a waiver names one", () => {
    expect(mistakes(steps(LOOKED.replace("id: looked", "id: at-rest")))).toMatch(
      /expected a name that no gate and no other canary of the stage uses/,
    );
    const twice = steps(LOOKED).replace(
      "{ weight: 100%, hold: 1 hour }",
      `{ weight: 100%, hold: 1 hour, criteria: [${LOOKED}] }`,
    );
    expect(mistakes(twice)).toBe("");
  });
});
