import { describe, expect, test } from "vitest";
import { decideEnter, decideStep } from "../../rollout/decide";
import type { Finding } from "../../rollout/decision";
import { reachedAfter, REMEMBERED } from "../../rollout/reached";
import type { AllReached, Reached } from "../../rollout/reached";
import { nextRecord } from "../../rollout/record";
import type { CanaryRecord, ReleaseName, StageRecord, StageState, World } from "../../rollout/world";
import { criterion, planText, smallPlan } from "./calendar-plan";
import { parsePlan } from "../../rollout/plan";
import * as f from "./world-factory";

const NAME = { image: f.RELEASE.image, commit: f.RELEASE.commit };
const OLD = { image: f.BASELINE.image, commit: f.BASELINE.commit };
const OTHER = { image: `registry.example/omnihub@sha256:${f.hex("d")}`, commit: f.hex("d", 40) };

const asks = (more = "stage: production"): string =>
  `    finish:\n      after: 1 hour\n      criteria:\n${criterion("no-rollbacks", "no-rollbacks", more)}`;
const PLAN = smallPlan({ production: asks() });

type Known = Extract<StageState, { ok: true }>;
const climbed: Reached = { release: NAME, weight: 100, waysBack: 0 };
const canary = (more: Partial<CanaryRecord> = {}): CanaryRecord => ({
  weight: 100,
  routed: 100,
  since: f.NOW - f.DAY,
  release: NAME,
  reached: [climbed],
  ...more,
});
const RECORD: StageRecord = {
  current: { release: NAME, baseline: OLD, request: f.hex("1") },
  usedApprovals: [],
  broughtBack: [],
};
const finishing = (state: Partial<Known> = {}): World =>
  f.world({
    baseline: f.RELEASE,
    stages: {
      ...f.world().stages,
      production: { ok: true, images: f.IMAGES, record: RECORD, canary: canary(), ...state },
    },
  });

function found(world: World, plan = PLAN): Finding {
  const [one] = decideEnter(plan, "production", world).findings.filter(({ criterion: id }) => id === "no-rollbacks");
  if (one === undefined) throw new Error("not judged");
  return one;
}

describe("a release that was never brought back", () => {
  test("passes at the finish", () =>
    expect(found(finishing())).toMatchObject({
      verdict: "pass",
      found: "release 9999999 in production, never brought back",
    }));

  test.each<[string, Partial<Known>, string]>([
    [
      "a canary that was brought back once",
      { canary: canary({ reached: [{ ...climbed, waysBack: 1 }] }) },
      "the canary of production was brought back from release 9999999: 1 time",
    ],
    [
      "a stage that was",
      { record: { ...RECORD, broughtBack: [NAME] } },
      "production was brought back from release 9999999",
    ],
    [
      "a canary with less traffic than it had",
      { canary: canary({ weight: 50, routed: 50 }) },
      "the canary of production at 50%, brought back from 100%",
    ],
    [
      "a canary whose route says less than its record",
      { canary: canary({ routed: 0 }) },
      "the canary of production at 0%, brought back from 100%",
    ],
    [
      "a weight that is none",
      { canary: canary({ weight: Number.NaN }) },
      "the canary of production at NaN%, brought back from 100%",
    ],
    [
      "a number that is none",
      { canary: canary({ reached: [{ ...climbed, waysBack: Number.NaN }] }) },
      "the canary of production was brought back from release 9999999: NaN times",
    ],
    ["a canary that is gone", { canary: undefined as never }, "no step of production was ever taken"],
    ["a canary of another release", { canary: canary({ release: OTHER }) }, "100% of production on release ddddddd"],
    [
      "a canary's record of before this was written down",
      { canary: { weight: 100, routed: 100, since: 0, release: NAME } },
      "a canary of production that does not say how often release 9999999 was brought back",
    ],
    [
      "one that tells only of other releases",
      { canary: canary({ reached: [{ ...climbed, release: OTHER }] }) },
      "a canary of production that does not say how often release 9999999 was brought back",
    ],
    [
      "one that tells the weight and no number",
      { canary: canary({ reached: [{ release: NAME, weight: 100 }] }) },
      "a canary of production that does not say how often release 9999999 was brought back",
    ],
    ["one that can't be read", { canary: canary({ reached: { failure: "malformed" } }) }, "malformed"],
    [
      "a stage's record of before this was written down",
      { record: { current: RECORD.current as never, usedApprovals: [] } },
      "a record of production that does not say what was brought back",
    ],
    ["one that can't be read either", { record: { ...RECORD, broughtBack: { failure: "malformed" } } }, "malformed"],
  ])("does not pass with %s", (_what, state, words) => {
    expect(found(finishing(state))).toMatchObject({ verdict: "fail", found: words });
  });

  test("is asked for in the words of the plan", () =>
    expect(found(finishing({ record: { ...RECORD, broughtBack: [NAME] } }))).toMatchObject({
      wanted: "release 9999999 in production that was never brought back",
      remedy: "mend it, and roll out a release that needs no way back",
    }));

  test("is of this release where the plan does not say otherwise, and must be there", () => {
    const before = smallPlan({ criteria: criterion("no-rollbacks", "no-rollbacks", "stage: staging") });
    const any = smallPlan({ criteria: criterion("no-rollbacks", "no-rollbacks", "stage: staging, release: any") });
    const staging = (release: ReleaseName): World =>
      f.world({
        stages: {
          ...f.world().stages,
          staging: {
            ok: true,
            images: f.IMAGES,
            record: { current: { release, baseline: OLD, request: f.hex("1") }, usedApprovals: [], broughtBack: [] },
          },
        },
      });
    expect(found(staging(NAME), before).verdict).toBe("pass");
    expect(found(staging(OLD), before)).toMatchObject({ verdict: "fail", found: "release 1111111 in staging" });
    expect(found(staging(OLD), any).verdict).toBe("pass");
    const unread = f.world({ stages: { ...f.world().stages, staging: { ok: false, why: "no backend" } } });
    expect(found(unread, any)).toMatchObject({
      verdict: "fail",
      found: "staging's state could not be read: no backend",
    });
    expect(found(f.world({ stages: {} }), any).verdict).toBe("fail");
  });

  test("is asked about a stage that comes before, or at the finish about its own", () => {
    const own = planText({ criteria: criterion("no-rollbacks", "no-rollbacks", "stage: production") });
    expect(() => parsePlan(own, "plans/small.yaml")).toThrow(/a stage that comes before this one/);
  });
});

/** A canary that is taken from weight to weight, as the gate and the program write it. */
class Climb {
  state: CanaryRecord | undefined;
  baseline: ReleaseName = OLD;

  /** A step up, which the gate judges. */
  up(to: number, release = NAME): this {
    const canaries = this.state === undefined ? {} : { canary: this.state };
    const record = { current: { release, baseline: this.baseline, request: f.hex("1") }, usedApprovals: [] };
    const world = f.canaryWorld(0, {
      release: { ...f.RELEASE, ...release },
      stages: { production: { ok: true, images: f.IMAGES, record, ...canaries } },
    });
    const { reached } = decideStep(PLAN, "production", to, world);
    this.state = this.at(to, release, reached ?? this.state?.reached);
    return this;
  }

  /** A way down, which nobody judges: with the pack or without, what was reached stays as it is. */
  down(to: number, release = this.state?.release ?? NAME): this {
    this.state = this.at(to, release, this.state?.reached);
    return this;
  }

  /** Somebody moved the route by hand. */
  byHand(routed: number): this {
    if (this.state !== undefined) this.state = { ...this.state, routed };
    return this;
  }

  get waysBack(): Readonly<Record<string, number | undefined>> {
    const { reached = [] } = this.state ?? {};
    if ("failure" in reached) return {};
    return Object.fromEntries(reached.map(({ release, waysBack }) => [release.commit.slice(0, 1), waysBack]));
  }

  private at(weight: number, release: ReleaseName, reached: AllReached | undefined): CanaryRecord {
    return { weight, routed: weight, since: 0, release, ...(reached === undefined ? {} : { reached }) };
  }
}

describe("how often a canary went back", () => {
  test("is never on the way up, however often a step is asked for", () =>
    expect(new Climb().up(50).up(50).up(100).waysBack).toEqual({ 9: 0 }));

  test.each([
    ["to 0", (climb: Climb) => climb.up(50).down(0).up(50)],
    ["to a lower step", (climb: Climb) => climb.up(50).up(100).down(50).up(100)],
    ["by hand on the route", (climb: Climb) => climb.up(50).byHand(0).up(50)],
    ["to 0, under another release's name", (climb: Climb) => climb.up(50).down(0, OTHER).up(50)],
    ["and another release was tried", (climb: Climb) => climb.up(50).down(0).up(50, OTHER).down(0).up(50)],
  ])("is counted: %s", (_how, go) => {
    expect(go(new Climb()).waysBack).toMatchObject({ 9: 1 });
  });

  test("adds up, and only for the release that it was", () => {
    const climb = new Climb().up(50).down(0).up(50).down(0).up(50).down(0).up(50, OTHER);
    expect(climb.waysBack).toEqual({ 9: 2, d: 0 });
  });

  test("is forgotten once the release was made the baseline: it has arrived", () => {
    const climb = new Climb().up(50).down(0).up(50).up(100).down(0);
    climb.baseline = NAME;
    expect(climb.up(50, OTHER).waysBack).toEqual({ d: 0 });
  });

  test("stays unknown of the release on a record that does not say it, and is known of the next one", () => {
    const climb = new Climb();
    climb.state = { weight: 50, routed: 50, since: 0, release: NAME };
    expect(climb.up(100).state?.reached).toBeUndefined();
    expect(climb.down(0).up(50, OTHER).waysBack).toEqual({ d: 0 });
    const unread = { failure: "malformed" };
    climb.state = { weight: 50, routed: 50, since: 0, release: NAME, reached: unread };
    expect(climb.up(100).state?.reached).toEqual(unread);
    const unnumbered = [{ release: NAME, weight: 50 }];
    climb.state = { weight: 50, routed: 50, since: 0, release: NAME, reached: unnumbered };
    expect(climb.up(100).state?.reached).toEqual([{ release: NAME, weight: 100 }]);
  });

  test("is remembered of so many releases", () => {
    const many = Array.from({ length: REMEMBERED + 5 }, (_, at) => ({
      release: { image: "i", commit: String(at) },
      weight: 5,
      waysBack: 0,
    }));
    const state = canary({ weight: 0, routed: 0, release: OTHER, reached: many });
    const after = reachedAfter(finishing({ canary: state }), "production", 50) as readonly Reached[];
    expect(after).toHaveLength(REMEMBERED);
    expect(after.at(-1)).toEqual({ release: NAME, weight: 50, waysBack: 0 });
  });
});

describe("what a stage was brought back from", () => {
  const go = decideEnter(PLAN, "production", finishing());
  const made = (release: ReleaseName, request: string, baseline = OLD) => ({ release, baseline, request });
  const first = nextRecord(undefined, made(OLD, "0"), go);
  const second = nextRecord(first, made(NAME, "1"), go);
  const back = nextRecord(second, made(OLD, "0"), go);

  test("is nothing while it only goes forward", () => {
    expect(first.broughtBack).toEqual([]);
    expect(second.broughtBack).toEqual([]);
    expect(nextRecord(second, made(NAME, "1"), go).broughtBack).toEqual([]);
  });
  test("is the release that ran until then, also once it has come in again", () => {
    expect(back.broughtBack).toEqual([NAME]);
    expect(nextRecord(back, made(NAME, "2"), go).broughtBack).toEqual([NAME]);
  });
  test("is the same release where only its configuration went back", () => {
    const changed = nextRecord(second, made(NAME, "2"), go);
    expect(nextRecord(changed, made(NAME, "1"), go).broughtBack).toEqual([NAME]);
  });
  test("is forgotten once it was made the baseline", () => {
    const again = nextRecord(back, made(NAME, "2"), go);
    expect(nextRecord(again, made(NAME, "3", NAME), go).broughtBack).toEqual([]);
  });
  test("stays unknown of the releases that an older record names, and is known of the next one", () => {
    const { broughtBack: _, ...older } = second;
    expect(nextRecord(older, made(NAME, "2"), go).broughtBack).toBeUndefined();
    expect(nextRecord(older, made(OLD, "0"), go).broughtBack).toBeUndefined();
    expect(nextRecord(older, made(OTHER, "3"), go).broughtBack).toEqual([]);
    const unread = { failure: "malformed" };
    expect(nextRecord({ ...older, broughtBack: unread }, made(OTHER, "3"), go).broughtBack).toEqual(unread);
  });
  test("is remembered of so many releases, the newest", () => {
    const broughtBack = Array.from({ length: REMEMBERED }, (_, at) => ({ image: "i", commit: String(at) }));
    const after = nextRecord({ ...second, broughtBack }, made(OLD, "0"), go).broughtBack as readonly ReleaseName[];
    expect(after).toHaveLength(REMEMBERED);
    expect(after.at(-1)).toEqual(NAME);
  });
});
