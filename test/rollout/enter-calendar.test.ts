import { describe, expect, test } from "vitest";
import { decideEnter, decideStep } from "../../rollout/decide";
import type { Decision, Finding } from "../../rollout/decision";
import { renderOverview } from "../../rollout/explain";
import type { CalendarFile } from "../../rollout/freezes";
import type { Plan } from "../../rollout/plan";
import type { StageEntry, World } from "../../rollout/world";
import { criterion, smallPlan } from "./calendar-plan";
import * as f from "./world-factory";

const enter = (plan: Plan, world: World): Decision => decideEnter(plan, "production", world);
const finding = (decision: Decision, id: string): Finding => {
  const found = decision.findings.find((one) => one.criterion === id);
  if (found === undefined)
    throw new Error(`no finding ${id}: ${decision.findings.map((one) => one.criterion).join(", ")}`);
  return found;
};
const utc = (text: string): number => Date.parse(`${text}:00Z`);
const entry = (more: Partial<StageEntry> = {}): StageEntry => ({
  release: f.RELEASE,
  baseline: f.BASELINE,
  request: f.hex("7"),
  ...more,
});
const inStaging = (more: Partial<StageEntry>): World["stages"] => ({
  ...f.world().stages,
  staging: { ok: true, images: f.IMAGES, record: { current: entry(more), usedApprovals: [] } },
});

describe("a named window", () => {
  const plan = smallPlan({
    head: `windows:\n  train: { timeZone: UTC, days: [tuesday], everyWeeks: 2, since: 2026-11-24, from: "09:00", for: 8 hours }`,
    criteria: criterion("window", "train", "window: train"),
  });
  test("opens the gate while it is open", () => {
    const decided = enter(plan, f.world({ now: utc("2026-11-24T10:00") }));
    expect(decided.outcome).toBe("GO");
    expect(finding(decided, "train").found).toBe("open until Tuesday 2026-11-24 17:00 UTC");
  });
  test("shuts it in the weeks between, and says when it opens", () => {
    const decided = enter(plan, f.world({ now: utc("2026-12-01T10:00") }));
    expect(decided.outcome).toBe("NO-GO");
    expect(decided.opensAt).toBe(utc("2026-12-08T09:00"));
    expect(finding(decided, "train")).toMatchObject({
      verdict: "fail",
      found: "Tuesday 2026-12-01 10:00 UTC is outside the window; it opens next on Tuesday 2026-12-08 09:00 UTC",
      wanted: "every 2 weeks on Tuesday 09:00 UTC, for 8 hours",
    });
  });
  test("that the plan does not have shuts it", () => {
    const decided = enter({ ...plan, windows: {} }, f.world({ now: utc("2026-11-24T10:00") }));
    expect(finding(decided, "train")).toMatchObject({ verdict: "fail", found: 'no window "train" in the plan' });
  });
});

describe("freezes", () => {
  const plan = smallPlan({
    head: `releaseTypes:
  hotfix: { title: Mends production }
  feature: { title: Everything else }
freezes:
  - { id: christmas, title: Christmas, timeZone: Europe/Berlin, from: 2026-12-20, to: 2027-01-03, stages: [production], except: [hotfix] }
  - { id: holidays, title: Holidays, timeZone: Europe/Berlin, file: holidays.ics, stages: [production] }`,
    criteria: criterion("no-freeze", "no-freeze"),
  });
  const busy = [
    { from: utc("2026-11-26T00:00"), until: utc("2026-11-27T00:00"), title: "Thanksgiving", timeZone: "UTC" },
  ];
  const file = (now: number): CalendarFile => ({ ok: true, from: now - f.DAY, until: now + 900 * f.DAY, busy });
  const at = (now: number, type = "feature", calendars: World["calendars"] = { holidays: file(now) }) =>
    finding(enter(plan, f.world({ now, calendars, release: { ...f.RELEASE, type } })), "no-freeze");

  test("that are not on let the gate open", () =>
    expect(at(utc("2026-11-25T23:59"))).toMatchObject({
      verdict: "pass",
      found: "no freeze is on",
      wanted: "no freeze of production: christmas and holidays",
    }));
  test("include their first and their last day, in their own zone", () => {
    expect(at(utc("2026-12-19T22:59")).verdict).toBe("pass");
    expect(at(utc("2026-12-19T23:00")).verdict).toBe("fail");
    expect(at(utc("2027-01-03T22:59"))).toMatchObject({
      verdict: "fail",
      found: '"Christmas" is on until Monday 2027-01-04 00:00 Europe/Berlin (2027-01-03 23:00 UTC)',
      remedy: "wait until 2027-01-03 23:00 UTC",
      opensAt: utc("2027-01-03T23:00"),
    });
    expect(at(utc("2027-01-03T23:00")).verdict).toBe("pass");
  });
  test("out of a calendar's file count like the plan's own", () =>
    expect(at(utc("2026-11-26T00:00"))).toMatchObject({ verdict: "fail", opensAt: utc("2026-11-27T00:00") }));
  test("let a type of release through that they except, and say so", () => {
    expect(at(utc("2026-12-24T12:00"), "hotfix")).toMatchObject({
      verdict: "pass",
      found: '"Christmas" is on, in which a hotfix may go',
    });
    expect(at(utc("2026-11-26T12:00"), "hotfix").verdict).toBe("fail");
  });
  test("except nobody who does not say of what type the release is", () => {
    const decided = enter(
      plan,
      f.world({ now: utc("2026-12-24T12:00"), calendars: { holidays: file(utc("2026-12-24T12:00")) } }),
    );
    expect(finding(decided, "no-freeze").verdict).toBe("fail");
  });
  test("that can't be known shut the gate: not looked at, missing, read for another time", () => {
    const now = utc("2026-11-25T12:00");
    const found = (calendars: World["calendars"]) => at(now, "hotfix", calendars);
    expect(found({})).toMatchObject({
      verdict: "fail",
      found: "freezes that can't be known: holidays.ics was not looked at",
    });
    const unseen = enter(plan, f.world({ now, release: { ...f.RELEASE, type: "hotfix" } }));
    expect(finding(unseen, "no-freeze").verdict).toBe("fail");
    expect(found({ holidays: { ok: false, why: "holidays.ics is not there" } }).found).toBe(
      "freezes that can't be known: holidays.ics is not there",
    );
    expect(found({ holidays: { ...file(now), from: now + 1 } as CalendarFile }).found).toBe(
      "freezes that can't be known: holidays.ics was read for another time than now",
    );
    expect(found({ holidays: { ...file(now), until: now } as CalendarFile }).verdict).toBe("fail");
    expect(found(JSON.parse('{"__proto__": {"holidays": {"ok": true}}}') as World["calendars"]).verdict).toBe("fail");
  });
  test("shut the gate at a time that is none", () => expect(at(Number.NaN).verdict).toBe("fail"));
  test("of a plan that has none are no proof", () => {
    const decided = enter({ ...plan, freezes: [] }, f.world());
    expect(finding(decided, "no-freeze")).toMatchObject({ verdict: "fail", found: "a plan without freezes" });
  });
  test("stop a step of the canary too, and never a step back", () => {
    const now = utc("2026-12-24T12:00");
    const world = f.canaryWorld(50, { now, calendars: { holidays: file(now) } }, { since: now - f.DAY });
    const up = decideStep(plan, "production", 100, world);
    expect(finding(up, "canary.window")).toMatchObject({ verdict: "fail", opensAt: utc("2027-01-03T23:00") });
    expect(up.opensAt).toBe(utc("2027-01-03T23:00"));
    expect(decideStep(plan, "production", 0, world).outcome).toBe("GO");
    expect(decideStep(plan, "production", 10, world).outcome).toBe("GO");
    const after = { now: utc("2027-01-04T12:00"), calendars: { holidays: file(utc("2027-01-04T12:00")) } };
    const free = decideStep(plan, "production", 100, { ...world, ...after });
    expect(finding(free, "canary.window").verdict).toBe("pass");
  });
  test("do not stop the return to what ran before", () => {
    const stages = {
      ...f.world().stages,
      production: {
        ok: true,
        images: f.IMAGES,
        record: { previous: entry(), current: entry({ request: f.hex("8") }), usedApprovals: [] },
      } as const,
    };
    expect(enter(plan, f.world({ stages, calendars: {} })).wayBack).toMatch(/^back to exactly/);
  });
});

describe("window, maintenance, train and freeze of one gate", () => {
  const plan = smallPlan({
    head: `windows:
  train: { timeZone: UTC, days: [sunday], everyWeeks: 2, since: 2026-11-29, from: "00:00", for: 24 hours }
  maintenance: { timeZone: Europe/Berlin, days: [sunday, tuesday], from: "04:00", for: 1 hour }
freezes:
  - { id: audit, title: The audit, timeZone: UTC, from: 2026-11-24, to: 2026-11-30, stages: [production] }`,
    production: `    window: { timeZone: UTC, days: [sunday], from: "02:00", for: 4 hours }`,
    criteria: [
      criterion("window", "own"),
      criterion("window", "train", "window: train"),
      criterion("window", "maintenance", "window: maintenance"),
      criterion("no-freeze", "no-freeze"),
    ].join("\n"),
  });
  test("say together when it opens: the first instant at which all of them hold", () => {
    const decided = enter(plan, f.world({ now: utc("2026-11-22T12:00") }));
    // 29 November is a train, frozen; 6 December is no train; 13 December at 04:00 in Berlin is all of them.
    expect(decided.opensAt).toBe(utc("2026-12-13T03:00"));
    for (const id of ["own", "train", "maintenance"]) {
      expect(finding(decided, id), id).toMatchObject({
        verdict: "fail",
        opensAt: utc("2026-12-13T03:00"),
        remedy: "wait until 2026-12-13 03:00 UTC: the first time at which all that this gate waits for holds",
      });
    }
    expect(renderOverview(decided)).toContain(
      "\ndecided 2026-11-22 12:00 UTC; opens at 2026-12-13 03:00 UTC at the earliest\n",
    );
    expect(finding(decided, "no-freeze").verdict).toBe("pass");
    expect(enter(plan, f.world({ now: utc("2026-12-13T03:00") })).outcome).toBe("GO");
    expect(enter(plan, f.world({ now: utc("2026-12-13T02:59") })).outcome).toBe("NO-GO");
  });
  test("name no time where one of them can't be known", () => {
    const without: Plan = { ...plan, windows: Object.fromEntries(Object.entries(plan.windows).slice(0, 1)) };
    const decided = enter(without, f.world({ now: utc("2026-11-22T12:00") }));
    expect(decided.opensAt).toBeUndefined();
    expect(decided.outcome).toBe("NO-GO");
  });
});

describe("a stage that must have lasted", () => {
  const plan = smallPlan({
    criteria: criterion("stage-lasted", "soaked", "stage: staging, atLeast: 1 week, atMost: 2 weeks"),
  });
  const since = (at: number | undefined) =>
    finding(enter(plan, f.world({ stages: inStaging(at === undefined ? {} : { since: at }) })), "soaked");
  test("opens the gate from its least time to its greatest, both included", () => {
    expect(since(f.NOW - 7 * f.DAY)).toMatchObject({
      verdict: "pass",
      wanted: "release 9999999 in staging for 7 days to 14 days",
    });
    expect(since(f.NOW - 14 * f.DAY).verdict).toBe("pass");
  });
  test("shuts it before, and says when it opens", () =>
    expect(since(f.NOW - 6 * f.DAY)).toMatchObject({
      verdict: "fail",
      found: "for 6 days, since 2026-11-16 02:05 UTC",
      remedy: "wait until 2026-11-23 02:05 UTC",
      opensAt: f.NOW + f.DAY,
    }));
  test("is stale afterwards, and then no time is named", () => {
    const found = since(f.NOW - 14 * f.DAY - 1);
    expect(found.verdict).toBe("stale");
    expect(found).not.toHaveProperty("opensAt");
  });
  test("shuts it where since when is not known, not a time, or in the future", () => {
    expect(since(undefined)).toMatchObject({ verdict: "fail", found: "a record that does not say since when" });
    expect(since(Number.NaN).verdict).toBe("fail");
    expect(since(f.NOW + 1)).toMatchObject({ verdict: "fail", remedy: "set the machine's clock" });
  });
  test("shuts it for another release, for none, and for a state that can't be read", () => {
    const of = (stages: World["stages"]) => finding(enter(plan, f.world({ stages })), "soaked");
    expect(of(inStaging({ release: f.BASELINE, since: f.NOW - 8 * f.DAY }))).toMatchObject({
      verdict: "fail",
      found: "release 1111111 in staging",
    });
    expect(of({ ...f.world().stages, staging: { ok: true } }).found).toBe("nothing was ever rolled out to staging");
    expect(of({ production: { ok: true } }).verdict).toBe("fail");
  });
});

describe("the exit of the stage before", () => {
  const plan = smallPlan({
    staging: `    exit:
      criteria:
${criterion("stage-lasted", "stayed", "stage: staging, atLeast: 1 week")}
${criterion("sign-off", "left", "from: [cto], validFor: 24 hours, itemsAttestedBy: [cto]")}`,
  });
  const stages = inStaging({ since: f.NOW - 8 * f.DAY });
  const cto = f.approval("cto", { id: f.hex("f") });
  test("is asked for by the gate of the stage after it, with its line", () => {
    const decided = enter(plan, f.world({ stages, approvals: [cto] }));
    expect(decided.outcome).toBe("GO");
    expect(decided.approvals).toEqual([f.hex("f")]);
    expect(finding(decided, "stayed").line).toBe("plans/small.yaml:19");
    expect(finding(decided, "left").line).toBe("plans/small.yaml:20");
  });
  test("shuts that gate where it does not hold", () => {
    expect(enter(plan, f.world({ stages: inStaging({ since: f.NOW }), approvals: [cto] })).outcome).toBe("NO-GO");
    expect(enter(plan, f.world({ stages, approvals: [] })).outcome).toBe("PENDING");
  });
  test("counts an approval once, as every gate does", () => {
    const used = {
      ...stages,
      production: {
        ok: true,
        images: f.IMAGES,
        record: { current: entry({ release: f.BASELINE, request: f.hex("6") }), usedApprovals: [f.hex("f")] },
      } as const,
    };
    expect(enter(plan, f.world({ stages: used, approvals: [cto] })).outcome).toBe("PENDING");
  });
  test("has the window of the stage that it stands under", () => {
    const leaving = smallPlan({
      staging: `    window: { timeZone: UTC, days: [monday], from: "02:00", for: 4 hours }
    exit:
      criteria:
${criterion("window", "leaving")}`,
      production: `    window: { timeZone: UTC, days: [sunday], from: "02:00", for: 4 hours }`,
      criteria: criterion("window", "own"),
      stagingCriteria: criterion("window", "staging-own"),
    });
    const decided = enter(leaving, f.world());
    expect(finding(decided, "own").verdict).toBe("pass");
    expect(finding(decided, "leaving")).toMatchObject({ verdict: "fail", wanted: "Monday 02:00 UTC, for 4 hours" });
  });
  test("is not asked of the stage itself", () =>
    expect(
      decideEnter(plan, "staging", f.world({ stack: "staging", stages, request: f.hex("8") })).findings.map(
        ({ criterion: id }) => id,
      ),
    ).toEqual(["staging-at-rest"]));
});

describe("the finish of a canary", () => {
  const plan = smallPlan({
    criteria: criterion("canary-at-rest", "at-rest"),
    production: `    finish:
      after: 24 hours
      criteria:
${criterion("sign-off", "finished", "from: [cto], validFor: 24 hours, itemsAttestedBy: [cto]")}`,
  });
  const cto = f.approval("cto", { id: f.hex("f") });
  const canary = { weight: 100, since: f.NOW - f.DAY, release: f.RELEASE, routed: 100 };
  const stages = (more: object = {}): World["stages"] => ({
    ...f.world().stages,
    production: {
      ok: true,
      images: f.IMAGES,
      record: { current: entry({ request: f.hex("2") }), usedApprovals: [] },
      canary: { ...canary, ...more },
    },
  });
  const finishing = (more: Partial<World> = {}) =>
    enter(plan, f.world({ baseline: f.RELEASE, stages: stages(), approvals: [cto], ...more }));

  test("makes the new baseline of what had all traffic for the watch, and what it asks for", () => {
    const decided = finishing();
    expect(decided.outcome).toBe("GO");
    expect(finding(decided, "finish.watch")).toMatchObject({
      verdict: "pass",
      found: "for 1 day, since 2026-11-21 02:05 UTC",
      wanted: "all traffic (100%) on release 9999999 for 1 day before it is the baseline",
      owner: "sre",
    });
  });
  test("waits for the end of the watch", () => {
    const decided = finishing({ stages: stages({ since: f.NOW - f.DAY + 1 }) });
    expect(decided).toMatchObject({ outcome: "NO-GO", opensAt: f.NOW + 1 });
  });
  test("asks its own criteria", () => expect(finishing({ approvals: [] }).outcome).toBe("PENDING"));
  test("is shut for less traffic, another release, no canary, a time that is none, and a state that can't be read", () => {
    for (const more of [
      { weight: 50 },
      { routed: 99 },
      { release: f.BASELINE },
      { since: Number.NaN },
      { since: f.NOW + 1 },
    ]) {
      expect(finding(finishing({ stages: stages(more) }), "finish.watch").verdict, JSON.stringify(more)).toBe("fail");
    }
    const none = {
      ...f.world().stages,
      production: {
        ok: true,
        images: f.IMAGES,
        record: { current: entry({ request: f.hex("2") }), usedApprovals: [] },
      } as const,
    };
    expect(finding(finishing({ stages: none }), "finish.watch")).toMatchObject({
      verdict: "fail",
      found: "no canary of production",
    });
    const unknown = finishing({ stages: { ...stages(), production: { ok: false, why: "gone" } } });
    expect(finding(unknown, "finish.watch").verdict).toBe("fail");
    expect(unknown.outcome).toBe("NO-GO");
  });
  test("is not asked where the baseline stays, or where there was none", () => {
    const same = enter(plan, f.world());
    expect(same.findings.map(({ criterion: id }) => id)).not.toContain("finish.watch");
    expect(same.outcome).toBe("GO");
    const first = enter(
      plan,
      f.world({ baseline: f.RELEASE, stages: { ...f.world().stages, production: { ok: true } } }),
    );
    expect(first.findings.map(({ criterion: id }) => id)).not.toContain("finish.watch");
  });
  test("does not stop the way back", () => {
    const record = {
      current: entry({ request: f.hex("2") }),
      previous: entry({ baseline: f.RELEASE }),
      usedApprovals: [],
    };
    const back = finishing({
      stages: { ...stages(), production: { ok: true, images: f.IMAGES, record } },
      approvals: [],
    });
    expect(back).toMatchObject({ outcome: "GO", wayBack: "back to exactly what ran there before, always allowed" });
  });
});

test("the last step of a train's window may start only if it can end inside it", () => {
  const plan = smallPlan({
    production: `    window: { timeZone: UTC, days: [tuesday], everyWeeks: 2, since: 2026-11-24, from: "09:00", for: 2 hours }`,
    criteria: criterion("window", "own"),
  });
  const at = (time: string) => {
    const now = utc(time);
    return finding(
      decideStep(plan, "production", 100, f.canaryWorld(50, { now }, { since: now - f.DAY })),
      "canary.window",
    );
  };
  expect(at("2026-11-24T10:00").verdict).toBe("pass");
  expect(at("2026-11-24T10:01")).toMatchObject({ verdict: "fail", opensAt: utc("2026-12-08T09:00") });
  expect(at("2026-12-01T09:00")).toMatchObject({ verdict: "fail", opensAt: utc("2026-12-08T09:00") });
});

test("a hold that ends after the window waits for the next window", () => {
  const plan = smallPlan({
    production: `    window: { timeZone: UTC, days: [sunday], from: "02:00", for: 2 hours }`,
    criteria: criterion("window", "own"),
  });
  const now = utc("2026-11-22T02:50");
  const decided = decideStep(plan, "production", 100, f.canaryWorld(50, { now }, { since: now - 15 * f.MINUTE }));
  // Held until 03:05: an hour at 100% would end at 04:05, after the window.
  expect(finding(decided, "canary.hold").opensAt).toBe(utc("2026-11-29T02:00"));
  expect(decided.opensAt).toBe(utc("2026-11-29T02:00"));
});
