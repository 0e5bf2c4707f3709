import { describe, expect, test } from "vitest";
import { decideStep } from "../../rollout/decide";
import type { Decision } from "../../rollout/decision";
import { renderDecision } from "../../rollout/explain";
import { NOTHING_OWED, type Owed } from "../../rollout/owed";
import { nextRecord } from "../../rollout/record";
import { isAskedOf, releaseTypeOf, wrongType } from "../../rollout/release-types";
import type { Release } from "../../rollout/release";
import type { StageRecord, World } from "../../rollout/world";
import * as f from "./world-factory";
import { enter, mistakesIn, plan, says, SCAN, signOff, SMOKE } from "./small-plan";

const TYPES = `releaseTypes:
  hotfix: { title: Hotfix }
  feature: { title: Feature, owes: feature }
  major: { title: Major }`;
const FULL = SMOKE.replace("id: smoke", "id: full, types: [feature, major]").replace("suite: smoke", "suite: full");
const LOAD = SMOKE.replace("id: smoke", "id: load, types: [major]").replace("suite: smoke", "suite: load");
const PLAN = plan([SMOKE, FULL, LOAD, signOff(", types: [feature]")], TYPES);

const release = (type: string | undefined, digit = "9"): Release => ({
  ...f.RELEASE,
  commit: f.hex(digit, 40),
  ...(type === undefined ? {} : { type }),
});
const run = (suite: string, of = release("hotfix"), more = {}) =>
  f.smoke(1, { suite, ...more }, { stage: "production", subject: { commits: [of.commit], sha256: [] } });
const record = (owed?: StageRecord["owed"]): World["stages"] => ({
  production: { ok: true, images: f.IMAGES, record: { usedApprovals: [], ...(owed === undefined ? {} : { owed }) } },
});
const deciding = (of: Release, evidence: World["evidence"], owed: StageRecord["owed"] = NOTHING_OWED): Decision =>
  enter(PLAN, { release: of, evidence, approvals: [], stages: record(owed) });
const debt = (criterion: string, of: Release) => ({
  criterion,
  release: { image: of.image, commit: of.commit },
  type: of.type ?? "",
});
const owing = (...debts: Owed["debts"][number][]): Owed => ({ debts, obligations: [] });

const CANARY = `    canary:
      owner: sre
      steps: [{ weight: 50%, hold: 5 minutes }, { weight: 100%, hold: 5 minutes }]
      judge:
        minRequests: 20
        errorRate: { below: 2x, of: baseline, floor: 0.1% }
        p95: { below: 1.5x, of: baseline }
        health: { passing: 100% }`;

describe("a release's type", () => {
  test("that is not known is asked for everything", () => {
    expect(isAskedOf({ types: ["feature"] }, undefined)).toBe(true);
    expect(isAskedOf({ types: ["feature"] }, "hotfix")).toBe(false);
  });
  test("is read from the world", () => expect(releaseTypeOf({ release: release("hotfix") })).toBe("hotfix"));
  test("must be there, and known, where the plan has types", () => {
    expect(wrongType(PLAN, "hotfix")).toBeUndefined();
    expect(wrongType(PLAN, "hotfx")).toBe('found the type "hotfx", expected "hotfix" (one of hotfix, feature, major)');
    expect(wrongType(PLAN, undefined)).toBe("found no type, expected one of hotfix, feature, major");
    expect(wrongType({}, undefined)).toBeUndefined();
    expect(wrongType({}, "hotfix")).toBe('found the type "hotfix", and the plan has no types of releases');
  });
  test("that is missing or unknown shuts the gate by itself", () => {
    for (const wrong of [release(undefined), release("hotfx"), release("constructor")]) {
      const all = ["smoke", "full", "load"].map((suite) => run(suite));
      const decision = deciding(wrong, all);
      expect(decision.outcome).toBe("NO-GO");
      expect(says(decision, "release-type")).toMatch(/^NO-GO; fail: found/);
    }
  });
  test("must be one of the plan's where a criterion or a debt names it", () => {
    expect(mistakesIn([SMOKE.replace("id: smoke", "id: smoke, types: [hotfx]")], TYPES)).toMatch(/"hotfix"/);
    expect(mistakesIn([SMOKE], "releaseTypes: { hotfix: { title: Hotfix, owes: feature } }")).toMatch(/release type/);
    expect(mistakesIn([SMOKE.replace("id: smoke", "id: smoke, types: [hotfix]")])).toMatch(/release type/);
  });
});

describe("a hotfix", () => {
  const hotfix = release("hotfix");
  test("is asked for less, and it is said what it is not asked for", () => {
    const decision = deciding(hotfix, [run("smoke")]);
    expect(decision.outcome).toBe("GO");
    expect(decision.findings.map(({ criterion }) => criterion)).toEqual(["window", "smoke"]);
    expect(decision.notAsked?.map(({ criterion, why }) => `${criterion}: ${why}`)).toEqual([
      "full: asked of feature and major, and this is a hotfix; the next release is asked for it",
      "load: asked of major, and this is a hotfix; the next release is asked for it",
      "sign-off: asked of feature, and this is a hotfix",
    ]);
    expect(renderDecision(decision)).toMatch(/^ {2}full +not asked +asked of feature and major/m);
  });
  test("is still asked for what every release is", () => expect(deciding(hotfix, []).outcome).toBe("NO-GO"));
  test("owes what it was not asked for, but no approval", () =>
    expect(deciding(hotfix, [run("smoke")]).owed).toEqual(owing(debt("full", hotfix), debt("load", hotfix))));
  test("does not owe it to itself: the same release under another configuration enters the same way", () => {
    const owed = owing(debt("full", hotfix), debt("load", hotfix));
    const again = deciding(hotfix, [run("smoke")], owed);
    expect(again).toMatchObject({ outcome: "GO", owed });
  });
  test("after another is stopped by what that one left undone", () => {
    const second = release("hotfix", "8");
    const owed = owing(debt("full", hotfix), debt("load", hotfix));
    const decision = deciding(second, [run("smoke", second)], owed);
    expect(decision.outcome).toBe("NO-GO");
    expect(says(decision, "full")).toBe("NO-GO; fail: no run");
    expect(decision.findings.find(({ criterion }) => criterion === "full")?.wanted).toMatch(
      /; left undone by the hotfix 9999999$/,
    );
    expect(decision.notAsked?.map(({ criterion }) => criterion)).toEqual(["sign-off"]);
  });
  test("after another pays its debts by meeting them, and then owes nothing", () => {
    const second = release("hotfix", "8");
    const all = ["smoke", "full", "load"].map((suite) => run(suite, second));
    expect(deciding(second, all, owing(debt("full", hotfix), debt("load", hotfix)))).toMatchObject({
      outcome: "GO",
      owed: NOTHING_OWED,
    });
  });
  test("pays only what it meets itself: evidence of the release before is not its own", () => {
    const second = release("hotfix", "8");
    const evidence = [run("smoke", second), run("full", hotfix)];
    expect(says(deciding(second, evidence, owing(debt("full", hotfix))), "full")).toMatch(
      /^NO-GO; fail: 1 run for commit 9999999/,
    );
  });
  test("of the same commit in another image is another release", () => {
    const rebuilt = { ...hotfix, image: f.BASELINE.image };
    expect(deciding(rebuilt, [run("smoke")], owing(debt("full", hotfix))).outcome).toBe("NO-GO");
  });
});

describe("other types", () => {
  const feature = release("feature", "8");
  const approvals = [f.approval("tech-lead")];
  const entering = (owed: Owed, ...suites: string[]): Decision =>
    enter(PLAN, {
      release: feature,
      evidence: suites.map((suite) => run(suite, feature)),
      approvals,
      stages: record(owed),
    });
  test("owe only what the type that they name would have been asked for", () =>
    expect(entering(NOTHING_OWED, "smoke", "full")).toMatchObject({ outcome: "GO", owed: NOTHING_OWED }));
  test("are asked for what a release before left undone", () => {
    const owed = owing(debt("load", release("hotfix")));
    expect(entering(owed, "smoke", "full").outcome).toBe("NO-GO");
    expect(entering(owed, "smoke", "full", "load")).toMatchObject({ outcome: "GO", owed: NOTHING_OWED });
  });
});

describe("what is owed", () => {
  const second = release("hotfix", "8");
  const good = [run("smoke", second), run("full", second), run("load", second)];
  test("and can't be known shuts the gate", () => {
    const silent = enter(PLAN, { release: second, evidence: good, stages: record() });
    expect(says(silent, "owed")).toBe("NO-GO; fail: a record of production that does not say it");
    const broken = enter(PLAN, { release: second, evidence: good, stages: record({ failure: "a malformed record" }) });
    expect(says(broken, "owed")).toBe("NO-GO; fail: a malformed record");
    const unread = { production: { ok: false, why: "denied" } } as const;
    expect(says(enter(PLAN, { release: second, evidence: good, stages: unread }), "owed")).toBe(
      "NO-GO; fail: production's state could not be read: denied",
    );
    expect(says(enter(PLAN, { release: second, evidence: good, stages: {} }), "owed")).toMatch(/^NO-GO; fail/);
  });
  test("is nothing in a record of before there were types, and unknown in one that could have told it", () => {
    const old = { release: f.RELEASE, baseline: f.BASELINE, request: f.hex("7") };
    const entering = (current: object, more: object = {}): Decision["outcome"] => {
      const before = { usedApprovals: [], current: { ...old, ...current }, ...more };
      return enter(PLAN, {
        release: second,
        evidence: good,
        stages: { production: { ok: true, images: f.IMAGES, record: before } },
      }).outcome;
    };
    expect(entering({})).toBe("GO");
    expect(entering({ type: "hotfix" })).toBe("NO-GO");
    expect(entering({ content: f.hex("c") })).toBe("NO-GO");
    expect(entering({}, { previous: { ...old, type: "hotfix" } })).toBe("NO-GO");
    expect(entering({}, { trust: f.TRUST.mark })).toBe("NO-GO");
  });
  test("is nothing where nothing was ever rolled out", () =>
    expect(enter(PLAN, { release: second, evidence: good, stages: { production: { ok: true } } }).outcome).toBe("GO"));
  test("of a criterion that the plan has no more shuts the gate until it is back", () => {
    const decision = deciding(second, good, owing(debt("fuzz", release("hotfix"))));
    expect(says(decision, "owed.fuzz")).toBe(
      'NO-GO; fail: the hotfix 9999999 left "fuzz" undone, which the gate no longer has',
    );
  });
  test("of a finish is asked for at the next finish, and no entry is shut by it", () => {
    const finish = `    finish: { after: 5 minutes, criteria: [${LOAD}] }\n`;
    const finished = plan([SMOKE], TYPES, `${CANARY}\n${finish}`);
    const owed = owing(debt("load", release("hotfix")));
    const entered = enter(finished, { release: second, evidence: [run("smoke", second)], stages: record(owed) });
    expect(entered).toMatchObject({ outcome: "GO", owed });
    const current = {
      release: second,
      baseline: f.BASELINE,
      request: f.hex("8"),
      since: f.NOW - f.DAY,
      type: "hotfix",
    };
    const canary = { release: second, weight: 100, routed: 100, since: f.NOW - f.HOUR };
    const finishing = (...suites: string[]): Decision =>
      enter(finished, {
        release: second,
        baseline: second,
        evidence: suites.map((suite) => run(suite, second)),
        stages: { production: { ok: true, images: f.IMAGES, canary, record: { current, usedApprovals: [], owed } } },
      });
    expect(says(finishing("smoke"), "load")).toBe("NO-GO; fail: no run");
    expect(finishing("smoke", "load")).toMatchObject({ outcome: "GO", owed: NOTHING_OWED });
  });
  test("is asked for in a plan without types, too", () => {
    const plain = plan([SCAN]);
    const owed = owing(debt("scan", release("hotfix")));
    expect(enter(plain, { release: release(undefined, "8"), evidence: [], stages: record(owed) }).outcome).toBe(
      "NO-GO",
    );
    expect(enter(plan([SMOKE]), { evidence: [run("smoke")], stages: record(owed) }).outcome).toBe("GO");
    const other = { release: release(undefined, "8"), evidence: [run("smoke", second)], stages: record(owed) };
    expect(says(enter(plan([SMOKE]), other), "owed.scan")).toMatch(/^NO-GO/);
  });
  test("is written into the record, and a way back pays nothing", () => {
    const made = { release: second, baseline: f.BASELINE, request: f.hex("7") };
    const entered = deciding(second, [run("smoke", second)]);
    const first = nextRecord(undefined, made, entered);
    expect(first.owed).toEqual(owing(debt("full", second), debt("load", second)));
    const { owed: _, ...back } = entered;
    const after = nextRecord(
      first,
      { ...made, release: f.BASELINE, request: f.hex("6") },
      { ...back, wayBack: "back" },
    );
    expect(after.owed).toEqual(first.owed);
    const unknown = { usedApprovals: [], owed: { failure: "malformed" } };
    expect(nextRecord(unknown, made, { ...back, wayBack: "back" }).owed).toEqual({ failure: "malformed" });
  });
  test("tells with which type a release entered, and the canary can't take it as another", () => {
    const entered = nextRecord(
      undefined,
      { release: second, baseline: f.BASELINE, request: f.hex("7"), type: "hotfix" },
      deciding(second, good),
    );
    expect(entered.current).toMatchObject({ type: "hotfix" });
    const laddered = plan([SMOKE], TYPES, CANARY);
    const step = (type: string | undefined): Decision => {
      const of = release(type, "8");
      const worldOf = f.canaryWorld(0, {
        release: of,
        stages: { production: { ok: true, images: f.IMAGES, record: entered } },
      });
      return decideStep(laddered, "production", 50, worldOf);
    };
    expect(step("hotfix").outcome).toBe("GO");
    expect(says(step("feature"), "canary.release")).toBe(
      "NO-GO; fail: it entered production as a hotfix, and its canary takes it as a feature",
    );
    expect(step(undefined).outcome).toBe("NO-GO");
  });
  test("does not shut the way back", () => {
    const stages: World["stages"] = {
      production: {
        ok: true,
        images: f.IMAGES,
        record: {
          current: { release: second, baseline: f.BASELINE, request: f.hex("8") },
          previous: { release: f.RELEASE, baseline: f.BASELINE, request: f.hex("7") },
          usedApprovals: [],
          owed: { failure: "malformed" },
        },
      },
    };
    expect(enter(PLAN, { release: f.RELEASE, evidence: [], stages })).toMatchObject({ outcome: "GO" });
  });
  test("is not decided where the gate is shut", () => expect(deciding(second, []).owed).toBeUndefined());
});
