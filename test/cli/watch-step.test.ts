import { describe, expect, it } from "vitest";
import { liveLine, watchStep, type Eyes, type HeldStep } from "../../cli/watch-step";
import { HoldpointError } from "../../rollout/errors";
import type { CanaryReading, TrackReading } from "../../rollout/world";

const MINUTE = 60_000;
/** A clock on which each look is a minute later, so that no test waits. */
const clock = (looks = 0) => {
  let minutes = looks;
  return { now: () => (minutes += 1) * MINUTE, at: (time: number) => time, machineSpan: () => -49 };
};
const judge = {
  minRequests: 20,
  minProbes: 1,
  errorRate: { below: 2, of: "baseline", floor: 0.001, covers: [] },
  p95: { below: 1.5, of: "baseline", covers: [] },
  health: { passing: 1, covers: [] },
} as const;
const track = (change: Partial<TrackReading> = {}): TrackReading => ({
  requests: 1_000,
  errors: 5,
  p95: 0.04,
  probes: { samples: 60, failures: 0 },
  ...change,
});
const reading = (canary: Partial<TrackReading> = {}, baseline: Partial<TrackReading> = {}): CanaryReading => ({
  canary: track(canary),
  baseline: track(baseline),
});
const step = (change: Partial<HeldStep> = {}): HeldStep => ({
  of: { stage: "production" },
  weight: 5,
  since: 0,
  step: { weight: 5, hold: 3 * MINUTE, criteria: [], covers: [] },
  judge,
  clock: clock(),
  ...change,
});
const eyes = (change: Partial<Eyes> = {}): Eyes & { lines: string[] } => {
  const lines: string[] = [];
  return {
    read: () => Promise.resolve(reading()),
    unchanged: () => true,
    line: (text) => void lines.push(text),
    stop: new AbortController().signal,
    ...change,
    lines,
  };
};
const soon = (change: Partial<HeldStep> = {}) => step({ clock: { ...clock(), machineSpan: () => 1 }, ...change });

describe("a step of the canary", () => {
  it("passes once its hold is over and every check passes, not before", async () => {
    const looks = eyes();
    expect((await watchStep(soon(), looks)).outcome).toBe("passed");
    expect(looks.lines).toHaveLength(3);
  });

  it("fails at the first look at which a check does, before its hold is over", async () => {
    const looks = eyes({ read: () => Promise.resolve(reading({ errors: 200 })) });
    const end = await watchStep(soon(), looks);
    expect(end.outcome).toBe("failed");
    expect(end.answers.filter(({ verdict }) => verdict === "fail").map(({ check }) => check)).toEqual(["error-rate"]);
    expect(looks.lines).toHaveLength(1);
  });

  it.each([
    ["the metrics can't be read", () => Promise.reject(new HoldpointError("metrics-unreachable", "no answer"))],
    ["the reader has a defect", () => Promise.reject(new TypeError("x"))],
    ["there is no series", () => Promise.resolve({ canary: {}, baseline: {} })],
    ["the numbers are NaN", () => Promise.resolve(reading({ requests: Number.NaN, p95: Number.NaN }))],
    ["there are too few requests", () => Promise.resolve(reading({ requests: 3, errors: 0 }))],
  ])("never passes where %s: after twice its hold it has no verdict", async (_what, read) => {
    const looks = eyes({ read });
    expect((await watchStep(soon(), looks)).outcome).toBe("no-verdict");
    expect(looks.lines).toHaveLength(6);
  });

  it("has no verdict where the clock goes backwards", async () => {
    const end = await watchStep(
      soon({ since: 100 * MINUTE }),
      eyes({ read: () => Promise.resolve(reading({ requests: 3 })) }),
    );
    expect(end.outcome).toBe("no-verdict");
  });

  const trigger = (verdict: string) => ({ check: "trigger.bugs", verdict, found: "12 bugs", wanted: "never above 10" });
  it("fails as soon as a trigger has fired, whatever the judge says", async () => {
    const looks = eyes({ triggers: () => Promise.resolve([trigger("fail")]) });
    const end = await watchStep(soon(), looks);
    expect(end.outcome).toBe("failed");
    expect(end.answers.find(({ verdict }) => verdict === "fail")).toEqual(trigger("fail"));
    expect(looks.lines).toHaveLength(1);
  });

  it("does not pass while nobody knows whether a trigger has fired", async () => {
    const unknown = eyes({ triggers: () => Promise.resolve([trigger("inconclusive")]) });
    expect((await watchStep(soon(), unknown)).outcome).toBe("no-verdict");
    const broken = eyes({ triggers: () => Promise.reject(new TypeError("x")) });
    expect((await watchStep(soon(), broken)).outcome).toBe("no-verdict");
    const calm = eyes({ triggers: () => Promise.resolve([trigger("pass")]) });
    expect((await watchStep(soon(), calm)).outcome).toBe("passed");
  });

  it("ends where somebody else has lowered the weight, whatever the numbers say", async () => {
    const end = await watchStep(
      soon(),
      eyes({ unchanged: () => false, read: () => Promise.resolve(reading({ errors: 500 })) }),
    );
    expect(end.outcome).toBe("changed");
  });

  it("ends when it is told to stop, but a failure goes first", async () => {
    const stop = AbortSignal.abort();
    expect((await watchStep(soon(), eyes({ stop }))).outcome).toBe("stopped");
    const bad = () => Promise.resolve(reading({ errors: 500 }));
    expect((await watchStep(soon(), eyes({ stop, read: bad }))).outcome).toBe("failed");
  });

  it("rests on health alone at 100 %, where the baseline serves nobody", async () => {
    const none = { requests: 0, errors: 0 };
    const alone = eyes({ read: () => Promise.resolve(reading({}, none)) });
    expect((await watchStep(soon({ weight: 100 }), alone)).outcome).toBe("passed");
    const ill = eyes({ read: () => Promise.resolve(reading({ probes: { samples: 60, failures: 30 } }, none)) });
    expect((await watchStep(soon({ weight: 100 }), ill)).outcome).toBe("failed");
  });
});

describe("what is told of a step", () => {
  const announce = { begins: "Canary at 5%", held: "Canary 5% healthy", covers: [] };
  const announced = { weight: 5, hold: 3 * MINUTE, criteria: [], covers: [], announce };
  const end = async (change: Partial<HeldStep> = {}, looks: Partial<Eyes> = {}) =>
    watchStep(soon({ step: announced, ...change }), eyes(looks));

  it("is told once its hold was passed, with the time at which it was", async () => {
    expect((await end()).announcement).toEqual({
      id: "production 5% held 1970-01-01T00:00:00.000Z",
      stage: "production",
      weight: 5,
      moment: "held",
      text: "Canary 5% healthy",
      at: 3 * MINUTE,
    });
    const install = await end({ of: { stage: "production", operation: "install" } });
    expect(install.announcement?.id).toBe("production install 5% held 1970-01-01T00:00:00.000Z");
  });

  it.each<[string, Partial<HeldStep>, Partial<Eyes>]>([
    ["a check fails", {}, { read: () => Promise.resolve(reading({ errors: 200 })) }],
    ["there is no verdict", {}, { read: () => Promise.resolve(reading({ requests: 3 })) }],
    ["somebody has lowered the weight", {}, { unchanged: () => false }],
    ["the watch is stopped", {}, { stop: AbortSignal.abort() }],
    ["the plan says nothing", { step: { weight: 5, hold: 3 * MINUTE, criteria: [], covers: [] } }, {}],
    ["there is less weight than the step's", { weight: 3 }, {}],
  ])("is not told where %s", async (_what, change, looks) => {
    expect(await end(change, looks)).not.toHaveProperty("announcement");
  });
});

describe("the live line", () => {
  const line = (metrics: CanaryReading | { failure: string }, verdict = "pass"): string =>
    liveLine(step(), MINUTE, metrics, [{ check: "p95", verdict, found: "", wanted: "" }]);

  it("shows both tracks and how long the step was held", () => {
    expect(line(reading())).toBe(
      "5 %, held 1 minute of 3 minutes: canary 0.5% of 1000 failed, p95 40 ms; baseline 0.5% of 1000 failed, p95 40 ms: all checks pass",
    );
  });

  it("shows what is open, and that there are no numbers", () => {
    expect(line(reading({ requests: 0 }), "inconclusive")).toContain("canary no requests; ");
    expect(line(reading(), "inconclusive")).toMatch(/: p95 inconclusive$/);
    expect(line({ failure: "no answer" })).toBe("5 %, held 1 minute of 3 minutes: no numbers (no answer)");
  });
});
