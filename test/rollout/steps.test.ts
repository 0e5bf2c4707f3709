import { describe, expect, test } from "vitest";
import { decideEnter, decideStep } from "../../rollout/decide";
import { nextRecord } from "../../rollout/record";
import type { CanaryReading, CanaryRecord, World } from "../../rollout/world";
import * as f from "./world-factory";

/** Outcome and every check that is no pass. */
function step(from: number, to: number, more: Partial<World> = {}, canary: Partial<CanaryRecord> = {}): string {
  const decision = decideStep(f.PLAN, "production", to, f.canaryWorld(from, more, canary));
  const open = decision.findings.filter((finding) => finding.verdict !== "pass");
  return [decision.outcome, ...open.map((finding) => `${finding.criterion} ${finding.verdict}: ${finding.found}`)].join(
    "\n",
  );
}

describe("a canary's step", () => {
  test("goes 5, 25, 50, 100", () => {
    expect(step(0, 5)).toBe("GO");
    expect(step(5, 25)).toBe("GO");
    expect(step(25, 50)).toBe("GO");
    expect(step(50, 100)).toBe("GO");
  });
  test("answers for every check", () => {
    const { findings } = decideStep(f.PLAN, "production", 25, f.canaryWorld(5));
    expect(findings.map((finding) => finding.criterion)).toEqual([
      "canary.release",
      "canary.route",
      "canary.order",
      "canary.hold",
      "canary.window",
      "canary.error-rate",
      "canary.p95",
      "canary.health",
      "trigger.canary-error-rate",
      "trigger.canary-latency",
      "trigger.canary-health",
    ]);
  });
  test("is never skipped", () => {
    for (const [from, to] of [
      [0, 25],
      [0, 100],
      [5, 50],
      [5, 100],
      [25, 100],
      [5, 26],
      [0, 1],
    ] as const) {
      expect(step(from, to)).toMatch(new RegExp(`^NO-GO\\ncanary\\.order fail: ${from}% to ${to}%`));
    }
  });
  test("names the step that is next", () => {
    const finding = decideStep(f.PLAN, "production", 50, f.canaryWorld(5)).findings.find(
      (one) => one.criterion === "canary.order",
    );
    const line = f.PLAN_TEXT.split("\n").findIndex((text) => text.includes("weight: 50%, hold: 30")) + 1;
    expect(finding).toMatchObject({
      wanted: "25%, the step after 5%",
      command: "npx holdpoint canary production 25",
      line: `${f.PLAN_FILE}:${line}`,
      owner: "sre",
    });
  });
  test("waits for the hold of the step before it: 15, 15, 30 minutes", () => {
    const held = (minutes: number) => ({ since: f.NOW - minutes * f.MINUTE });
    expect(step(5, 25, {}, held(15))).toBe("GO");
    expect(step(5, 25, {}, held(14.5))).toBe(
      "NO-GO\ncanary.hold fail: held for 14 minutes 30 seconds, since 2026-11-22 01:50:30 UTC",
    );
    expect(step(25, 50, {}, held(14.5))).toMatch(/^NO-GO\ncanary\.hold/);
    expect(step(50, 100, {}, held(29))).toMatch(/^NO-GO\ncanary\.hold/);
    expect(step(50, 100, {}, held(30))).toBe("GO");
  });
  test("says when the hold is over", () => {
    const world = f.canaryWorld(5, {}, { since: f.NOW - f.MINUTE });
    const { findings } = decideStep(f.PLAN, "production", 25, world);
    expect(findings.find((one) => one.criterion === "canary.hold")).toMatchObject({
      opensAt: f.NOW + 14 * f.MINUTE,
      wanted: "5% held for 15 minutes",
      remedy: "wait until 2026-11-22 02:19 UTC",
    });
  });
  test("does not believe a step that began in the future or at no time", () => {
    expect(step(5, 25, {}, { since: f.NOW + 1 })).toMatch(/^NO-GO\ncanary\.hold fail: a step that began at/);
    expect(step(5, 25, {}, { since: Number.NaN })).toMatch(/^NO-GO\ncanary\.hold/);
  });
  test("is refused outside the window, and where its hold would end outside", () => {
    expect(step(5, 25, { now: f.NOW + 4 * f.HOUR })).toMatch(
      /^NO-GO\ncanary\.window fail: Sunday 2026-11-22 06:05 UTC is outside the window; it opens next on Sunday 2026-11-29 02:00 UTC/,
    );
    expect(step(50, 100, { now: Date.UTC(2026, 10, 22, 5, 0) })).toBe("GO");
    expect(step(50, 100, { now: Date.UTC(2026, 10, 22, 5, 0, 1) })).toBe(
      "NO-GO\ncanary.window fail: the step would end after the window, which closes on Sunday 2026-11-22 06:00 UTC",
    );
  });
  test("is refused for a release that the stage did not enter with", () => {
    expect(step(0, 5, { release: f.BASELINE })).toMatch(/^NO-GO\ncanary\.release fail: release 9999999 in production/);
    expect(step(0, 5, { stages: { production: { ok: true } } })).toMatch(
      /^NO-GO\ncanary\.release fail: nothing was ever rolled out to production/,
    );
  });
  test("begins at the first step for a new release, once the old one is at 0", () => {
    expect(step(5, 25, {}, { release: f.BASELINE })).toMatch(
      /^NO-GO\ncanary\.release fail: release 1111111 on the canary at 5%/,
    );
    expect(step(0, 5, {}, { release: f.BASELINE })).toBe("GO");
    expect(step(100, 50, {}, { release: f.BASELINE })).toMatch(/^NO-GO/);
  });
  test("counts from the lesser of what is recorded and what is routed", () => {
    expect(step(25, 50, {}, { routed: 0 })).toMatch(/^NO-GO\ncanary\.order fail: 0% to 50%/);
    expect(step(25, 5, {}, { routed: 0 })).toBe("GO");
    expect(step(5, 25, {}, { routed: 100 })).toBe("GO");
    expect(step(5, 50, {}, { routed: 100 })).toMatch(/^NO-GO\ncanary\.order fail: 5% to 50%/);
    expect(step(25, 50, {}, { routed: Number.NaN })).toMatch(/^NO-GO/);
  });
  test("is refused when the state can't be read", () => {
    expect(step(5, 25, { stages: { production: { ok: false, why: "timed out" } } })).toMatch(
      /^NO-GO\ncanary\.release fail: production's state could not be read: timed out\ncanary\.order fail: a canary whose weight is unknown/,
    );
    expect(step(5, 25, { stages: {} })).toMatch(/^NO-GO/);
  });
  test("is refused for a weight that is none", () => {
    for (const to of [Number.NaN, -1, 101, 5.5]) expect(step(5, to)).toBe(`NO-GO\nweight fail: a weight of ${to}`);
  });
  test("is refused for a stage without a canary", () => {
    const plan = { ...f.PLAN, stages: f.PLAN.stages.map(({ canary: _, ...stage }) => stage) };
    expect(decideStep(plan, "production", 5, f.canaryWorld(0)).findings[0]?.found).toBe(
      "production has no canary in the plan",
    );
  });
});

describe("a canary's numbers", () => {
  const reading = (canary: CanaryReading["canary"], baseline: CanaryReading["baseline"] = {}): string =>
    step(5, 25, {
      metrics: {
        canary: { requests: 1000, errors: 1, p95: 0.2, probes: { samples: 30, failures: 0 }, ...canary },
        baseline: { requests: 9000, errors: 9, p95: 0.2, probes: { samples: 30, failures: 0 }, ...baseline },
      },
    });
  test("pass under twice the error rate, not at twice", () => {
    expect(reading({ errors: 19 }, { errors: 90 })).toBe("GO");
    expect(reading({ errors: 20 }, { errors: 90 })).toBe(
      "NO-GO\ncanary.error-rate inconclusive: 2% of 1000 requests, the baseline 1% of 9000: over the limit, but it can be chance",
    );
  });
  test("fail where the errors over the limit are more than chance explains", () => {
    expect(reading({ errors: 40 }, { errors: 90 })).toBe(
      "NO-GO\ncanary.error-rate fail: 4% of 1000 requests, the baseline 1% of 9000",
    );
  });
  test("are compared with the floor where the baseline has no error", () => {
    expect(reading({ errors: 1 }, { errors: 0 })).toBe("GO");
    expect(reading({ errors: 2 }, { errors: 0 })).toBe(
      "NO-GO\ncanary.error-rate inconclusive: 0.2% of 1000 requests, the baseline 0% of 9000: over the limit, but it can be chance",
    );
    expect(reading({ errors: 11 }, { errors: 0 })).toBe(
      "NO-GO\ncanary.error-rate fail: 1.1% of 1000 requests, the baseline 0% of 9000",
    );
  });
  test("fail over the p95 only where more requests are that slow than chance explains", () => {
    const slower = (slow: number) => [
      { le: 0.375, count: 1000 - slow },
      { le: Number.POSITIVE_INFINITY, count: 1000 },
    ];
    const over = "375 ms, the baseline 250 ms";
    expect(reading({ p95: 0.375, latency: slower(55) }, { p95: 0.25 })).toBe(
      `NO-GO\ncanary.p95 inconclusive: ${over}: over the limit, but it can be chance`,
    );
    expect(reading({ p95: 0.375, latency: slower(90) }, { p95: 0.25 })).toBe(`NO-GO\ncanary.p95 fail: ${over}`);
    expect(reading({ p95: 0.375, latency: [{ le: 0.375, count: Number.NaN }] }, { p95: 0.25 })).toBe(
      `NO-GO\ncanary.p95 fail: ${over}`,
    );
  });
  test("pass under one and a half times the p95, not at it", () => {
    expect(reading({ p95: 0.374 }, { p95: 0.25 })).toBe("GO");
    expect(reading({ p95: 0.375 }, { p95: 0.25 })).toBe("NO-GO\ncanary.p95 fail: 375 ms, the baseline 250 ms");
  });
  test("fail with one health probe that failed", () => {
    expect(reading({ probes: { samples: 30, failures: 1 } })).toBe(
      "NO-GO\ncanary.health fail: 29 of 30 health probes answered well",
    );
  });
  test("are inconclusive with too few requests on either side", () => {
    expect(reading({ requests: 19, errors: 0 })).toBe(
      "NO-GO\ncanary.error-rate inconclusive: 19 requests on the canary\ncanary.p95 inconclusive: 19 requests on the canary",
    );
    expect(reading({}, { requests: 19, errors: 0 })).toMatch(
      /canary\.error-rate inconclusive: 19 requests on the baseline/,
    );
    expect(reading({ probes: { samples: 0, failures: 0 } })).toBe(
      "NO-GO\ncanary.health inconclusive: 0 health probes of the canary",
    );
  });
  test("are inconclusive where there is none, or none that is a number", () => {
    for (const nothing of [undefined, Number.NaN, Number.POSITIVE_INFINITY, -1]) {
      const none = nothing as number;
      expect(reading({ requests: none })).toMatch(
        /^NO-GO\ncanary\.error-rate inconclusive: no count of the canary's requests/,
      );
      expect(reading({ errors: none })).toBe("NO-GO\ncanary.error-rate inconclusive: no count of the canary's errors");
      expect(reading({ p95: none })).toBe("NO-GO\ncanary.p95 inconclusive: no p95 of the canary");
      expect(reading({}, { p95: none })).toBe("NO-GO\ncanary.p95 inconclusive: no p95 of the baseline");
      expect(reading({}, { errors: none })).toBe(
        "NO-GO\ncanary.error-rate inconclusive: no count of the baseline's errors",
      );
      expect(reading({ probes: { samples: none, failures: 0 } })).toBe(
        "NO-GO\ncanary.health inconclusive: no health probes of the canary",
      );
      expect(reading({ probes: { samples: 30, failures: none } })).toBe(
        "NO-GO\ncanary.health inconclusive: no health probes of the canary",
      );
    }
  });
  test("are inconclusive when the source fails or was not asked", () => {
    const all = ["error-rate", "p95", "health"];
    expect(step(5, 25, { metrics: { failure: "connection refused" } })).toBe(
      [
        "NO-GO",
        ...all.map((check) => `canary.${check} inconclusive: the metrics could not be read: connection refused`),
      ].join("\n"),
    );
    const { metrics: _, ...silent } = f.canaryWorld(5);
    expect(decideStep(f.PLAN, "production", 25, silent).outcome).toBe("NO-GO");
  });
  test("are not asked for at the first step", () =>
    expect(step(0, 5, { metrics: { failure: "connection refused" } })).toBe("GO"));
});

describe("the way back", () => {
  const dark: Partial<World> = { now: f.NOW + 3 * f.DAY, evidenceFailure: "gone", metrics: { failure: "down" } };
  test("to 0 is open whatever is known", () => {
    for (const more of [
      dark,
      { ...dark, stages: {} },
      { ...dark, stages: { production: { ok: false, why: "?" } as const } },
      { ...dark, clockFailure: "off" },
      { ...dark, release: f.BASELINE },
    ]) {
      const decision = decideStep(f.PLAN, "production", 0, f.canaryWorld(50, more));
      expect(decision).toMatchObject({
        outcome: "GO",
        wayBack: "to 0%: all traffic to the baseline, always allowed",
        findings: [],
      });
    }
    expect(decideStep(f.PLAN, "gone-from-the-plan", 0, f.world()).outcome).toBe("GO");
  });
  test("to any lower weight is open for the same release", () => {
    expect(decideStep(f.PLAN, "production", 37, f.canaryWorld(50, dark))).toMatchObject({
      outcome: "GO",
      wayBack: "from 50% to 37%: less traffic on the canary, always allowed",
    });
    expect(decideStep(f.PLAN, "production", 37, f.canaryWorld(50, dark, { release: f.BASELINE })).outcome).toBe(
      "NO-GO",
    );
  });
  test("does not give back what the kill switch took", () => {
    expect(decideStep(f.PLAN, "production", 50, f.canaryWorld(50, {}, { routed: 0 })).outcome).toBe("NO-GO");
  });
  test("by kill switch is open at any weight, by safe mode at no more than now", () => {
    const controls = { killSwitch: true, safeMode: false };
    expect(decideStep(f.PLAN, "production", 100, f.canaryWorld(5, { ...dark, controls })).outcome).toBe("GO");
    const safe = { killSwitch: false, safeMode: true };
    expect(decideStep(f.PLAN, "production", 5, f.canaryWorld(5, { ...dark, controls: safe })).wayBack).toBe(
      "safe mode on at 5%, always allowed",
    );
    expect(decideStep(f.PLAN, "production", 25, f.canaryWorld(5, { ...dark, controls: safe })).outcome).toBe("NO-GO");
  });
  test("of a stage leads to exactly what ran before", () => {
    const back = { ...dark, release: f.BASELINE, request: f.hex("6"), approvals: [] };
    const world = f.canaryWorld(0, back);
    expect(decideEnter(f.PLAN, "production", world)).toMatchObject({
      outcome: "GO",
      wayBack: "back to exactly what ran there before, always allowed",
    });
    expect(decideEnter(f.PLAN, "production", { ...world, request: f.hex("0") }).outcome).toBe("NO-GO");
    expect(decideEnter(f.PLAN, "production", { ...world, release: f.RELEASE }).outcome).toBe("NO-GO");
    const { request: _, ...unknown } = world;
    expect(decideEnter(f.PLAN, "production", unknown).outcome).toBe("NO-GO");
  });
  test("does not lead forward again", () => {
    const state = f.canaryWorld(0).stages["production"];
    if (state?.ok !== true || state.record?.previous === undefined) throw new Error("factory");
    const { record } = state;
    const back = decideEnter(f.PLAN, "production", f.canaryWorld(0, { release: f.BASELINE, request: f.hex("6") }));
    const after = nextRecord(record, state.record.previous, back);
    expect(after).toMatchObject({ current: { request: f.hex("6") }, usedApprovals: [] });
    expect(after.previous).toBeUndefined();
    const forward = f.world({ ...dark, stages: { production: { ok: true, images: f.IMAGES, record: after } } });
    expect(decideEnter(f.PLAN, "production", forward).outcome).toBe("NO-GO");
  });
});

test("the record keeps what ran before and every approval that was used", () => {
  const decision = decideEnter(f.PLAN, "production", f.world());
  const made = { release: { ...f.RELEASE }, baseline: f.BASELINE, request: f.hex("7") };
  const name = ({ image, commit }: typeof f.RELEASE) => ({ image, commit });
  const first = nextRecord(undefined, made, decision);
  expect(first).toEqual({
    current: { release: name(f.RELEASE), baseline: name(f.BASELINE), request: f.hex("7") },
    usedApprovals: [f.hex("d"), f.hex("e")],
    owed: { debts: [], obligations: [] },
    broughtBack: [],
  });
  const second = nextRecord(first, { ...made, request: f.hex("8") }, { ...decision, approvals: [f.hex("a")] });
  expect(second).toMatchObject({ previous: first.current, usedApprovals: [f.hex("a"), f.hex("d"), f.hex("e")] });
  expect(nextRecord(second, { ...made, request: f.hex("8") }, { ...decision, approvals: [] })).toEqual(second);
});
