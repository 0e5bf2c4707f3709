import { describe, expect, test } from "vitest";
import { askedRights } from "../../evidence/trust/asked-rights";
import { wantsOf } from "../../evidence/wants";
import { decideEnter } from "../../rollout/decide";
import type { Finding } from "../../rollout/decision";
import type { Evidence } from "../../rollout/evidence";
import { parsePlan } from "../../rollout/plan";
import type { CanaryRecord, StageRecord, StageState, World } from "../../rollout/world";
import { criterion, planText, smallPlan } from "./calendar-plan";
import * as f from "./world-factory";

const ASKS = criterion(
  "rollbacks-explained",
  "understood",
  "stage: production, check: root-cause-analysis, explainedBy: [cto]",
);
const PLAN = smallPlan({ criteria: ASKS });

const NAME = { image: f.RELEASE.image, commit: f.RELEASE.commit };
const OLD = { image: f.BASELINE.image, commit: f.BASELINE.commit };
const GONE = { image: `registry.example/omnihub@sha256:${f.hex("d")}`, commit: f.hex("d", 40) };

type Known = Extract<StageState, { ok: true }>;
const RECORD: StageRecord = {
  current: { release: OLD, baseline: OLD, request: f.hex("1") },
  usedApprovals: [],
  broughtBack: [],
};
const CANARY: CanaryRecord = { weight: 0, routed: 0, since: 0, release: OLD, reached: [] };

/** Another release wants to come in. */
const entering = (state: Partial<Known> = {}, evidence: readonly Evidence[] = []): World =>
  f.world({
    evidence,
    stages: {
      ...f.world().stages,
      production: { ok: true, images: f.IMAGES, record: RECORD, canary: CANARY, ...state },
    },
  });
const analysis = (facts: object = {}, more: object = {}): Evidence =>
  f.evidence(
    "check",
    { check: "root-cause-analysis", outcome: "done", ...facts },
    {
      subject: { commits: [GONE.commit], sha256: [] },
      stage: "production",
      signers: [{ id: "cora", roles: ["cto"] }],
      ...more,
    },
  );

function found(world: World, plan = PLAN): Finding {
  const [one] = decideEnter(plan, "production", world).findings.filter(({ criterion: id }) => id === "understood");
  if (one === undefined) throw new Error("not judged");
  return one;
}

const BACK: Partial<Known> = { record: { ...RECORD, broughtBack: [GONE] } };
const FELL: Partial<Known> = {
  canary: { ...CANARY, release: GONE, reached: [{ release: GONE, weight: 50, waysBack: 0 }] },
};

describe("a stage that nothing was brought back from", () => {
  test.each<[string, Partial<Known>]>([
    ["with records that say so", {}],
    ["that was never entered", { record: undefined as never, canary: undefined as never }],
    [
      "whose canary was emptied after its release became the baseline",
      { canary: { ...CANARY, reached: [{ release: OLD, weight: 100, waysBack: 2 }] } },
    ],
    [
      "whose canary is still on its way",
      {
        canary: {
          ...CANARY,
          weight: 50,
          routed: 50,
          release: NAME,
          reached: [{ release: NAME, weight: 50, waysBack: 0 }],
        },
      },
    ],
  ])("lets in: %s", (_what, state) => {
    expect(found(entering(state))).toMatchObject({ verdict: "pass", found: "production was never brought back" });
  });
});

describe("after a way back", () => {
  test.each<[string, Partial<Known>]>([
    ["of the stage", BACK],
    ["of its canary, at 0 now", FELL],
    [
      "of its canary, by hand on the route",
      {
        canary: {
          ...CANARY,
          weight: 50,
          routed: 0,
          release: GONE,
          reached: [{ release: GONE, weight: 50, waysBack: 0 }],
        },
      },
    ],
    [
      "of its canary, which has another release now",
      { canary: { ...CANARY, reached: [{ release: GONE, weight: 5, waysBack: 0 }] } },
    ],
    [
      "of its canary, which has climbed again",
      {
        canary: {
          ...CANARY,
          weight: 50,
          routed: 50,
          release: GONE,
          reached: [{ release: GONE, weight: 50, waysBack: 1 }],
        },
      },
    ],
    ["of which nobody knows", { canary: { ...CANARY, reached: [{ release: GONE, weight: 50 }] } }],
  ])("nothing new comes in until it is explained: %s", (_what, state) => {
    const { found: what } = found(entering(state));
    expect(what).toMatch(/production was brought back from release ddddddd: no signed "root-cause-analysis"$/);
    expect(found(entering(state))).toMatchObject({
      verdict: "fail",
      wanted: '"root-cause-analysis" signed by cto of whatever production was brought back from',
      command: `npx holdpoint attest --stage production --commit ${GONE.commit} --check root-cause-analysis`,
    });
    expect(found(entering(state, [analysis()]))).toMatchObject({
      verdict: "pass",
      found: "the way back from ddddddd is explained",
    });
  });

  test("neither does what was brought back", () => {
    const again = entering({ record: { ...RECORD, broughtBack: [NAME] } });
    expect(found(again).verdict).toBe("fail");
    expect(decideEnter(PLAN, "production", again).outcome).toBe("NO-GO");
  });

  test.each([
    [
      "by somebody without the role",
      [analysis({}, { signers: [{ id: "eve", roles: ["sre"] }] })],
      /without the role cto/,
    ],
    ["of another release", [analysis({}, { subject: { commits: [NAME.commit], sha256: [] } })], /for commit 9999999/],
    ["of nothing", [analysis({}, { subject: { commits: [], sha256: [] } })], /no release/],
    ["of another stage", [analysis({}, { stage: "staging" })], /from stage staging, wanted production/],
    ["as not done", [analysis({ outcome: "not-done", note: "on it" })], /signed as not done: on it$/],
    [
      "and withdrawn since",
      [analysis(), analysis({ outcome: "not-done" }, { finishedAt: f.NOW - f.MINUTE })],
      /signed as not done$/,
    ],
    ["as another check", [analysis({ check: "looked" })], /no signed "root-cause-analysis"$/],
    ["after now", [analysis({}, { finishedAt: f.NOW + f.HOUR })], /not before now: a clock is off$/],
  ])("it is not explained %s", (_what, evidence, words) => {
    const { verdict, found: what } = found(entering(BACK, evidence));
    expect(verdict).toBe("fail");
    expect(what).toMatch(words);
  });

  test("each release is explained by itself", () => {
    const other = { ...GONE, image: `i@sha256:${f.hex("e")}`, commit: f.hex("e", 40) };
    const both = { record: { ...RECORD, broughtBack: [GONE, other] } };
    expect(found(entering(both, [analysis()])).found).toMatch(/^production was brought back from release eeeeeee: /);
    const image = analysis({}, { subject: { commits: [], sha256: [f.hex("e")] } });
    expect(found(entering(both, [analysis(), image]))).toMatchObject({
      verdict: "pass",
      found: "the way back from ddddddd and eeeeeee is explained",
    });
  });

  test.each<[string, StageState, string]>([
    [
      "a stage's record that can't be read",
      { ok: true, record: { ...RECORD, broughtBack: { failure: "malformed" } } },
      "malformed",
    ],
    [
      "a canary's record that can't be read",
      { ok: true, canary: { ...CANARY, reached: { failure: "malformed" } } },
      "malformed",
    ],
    ["no state", { ok: false, why: "no backend" }, "production's state could not be read: no backend"],
  ])("what can't be read is not explained: %s", (_what, production, words) => {
    const world = f.world({ evidence: [analysis()], stages: { ...f.world().stages, production } });
    expect(found(world)).toMatchObject({ verdict: "fail", found: words });
  });

  test("of a record of before this was written down each release that it names is explained, and then it is known", () => {
    const older = {
      current: RECORD.current as never,
      previous: { ...(RECORD.current as object), release: GONE } as never,
    };
    const world = (evidence: readonly Evidence[]) =>
      entering({ record: { ...older, usedApprovals: [] }, canary: { weight: 0, since: 0, release: OLD } }, evidence);
    expect(found(world([analysis()])).found).toMatch(/^a record that does not say whether .* from release 1111111: /);
    const old = analysis({}, { subject: { commits: [OLD.commit], sha256: [] } });
    expect(found(world([old])).found).toMatch(/^a record that does not say whether .* from release ddddddd: /);
    expect(found(world([old, analysis()])).verdict).toBe("pass");
  });

  test("a store that can't be read explains nothing, and the way back stays open", () => {
    const world = { ...entering(BACK, [analysis()]), evidenceFailure: "no store" };
    expect(found(world).found).toMatch(/the evidence could not be read: no store$/);
    const back = { ...world, release: f.BASELINE, request: f.hex("1") };
    expect(decideEnter(PLAN, "production", back).outcome).toBe("GO");
  });
});

describe("the criterion in a plan", () => {
  test("is read with all checks of the store, and its roles may sign them", () => {
    expect(wantsOf(PLAN, "production", []).anywhere).toContain("check");
    expect(wantsOf(PLAN, "production", []).kinds).toContain("check");
    expect(askedRights(PLAN)["cto"]).toEqual(["check"]);
  });
  test("is about the stage that is entered, or one before it, and by roles that there are", () => {
    const staging = planText({ stagingCriteria: ASKS });
    expect(() => parsePlan(staging, "plans/small.yaml")).toThrow(/expected this stage, or one before it/);
    const nobody = planText({ criteria: ASKS.replace("[cto]", "[cxo]") });
    expect(() => parsePlan(nobody, "plans/small.yaml")).toThrow(/found "cxo", expected a defined role: "cto"/);
  });
});
