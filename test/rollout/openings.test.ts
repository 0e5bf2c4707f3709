import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Answer } from "../../rollout/criteria/answer";
import { agree, firstCommon, outsideTimes, sinceTimes, windowTimes } from "../../rollout/openings";
import type { Window } from "../../rollout/plan";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const window = (more: Partial<Window> = {}): Window => ({
  timeZone: "UTC",
  days: ["sunday"],
  from: { hour: 2, minute: 0 },
  for: 4 * HOUR,
  covers: [],
  ...more,
});
/** Friday. */
const NOW = Date.UTC(2026, 10, 20, 12);
const at = (day: number, hour: number): number => Date.UTC(2026, 10, day, hour);

describe("the first instant at which all hold", () => {
  test("is now where they all do", () =>
    expect(
      firstCommon([sinceTimes(NOW - 1), windowTimes(window({ days: ["friday"], from: { hour: 10, minute: 0 } }))], NOW),
    ).toBe(NOW));
  test("is the latest of least times", () =>
    expect(firstCommon([sinceTimes(NOW + 5), sinceTimes(NOW + 9)], NOW)).toBe(NOW + 9));
  test("is in the middle of a window that another opening falls into", () =>
    expect(firstCommon([windowTimes(window()), sinceTimes(at(22, 3))], NOW)).toBe(at(22, 3)));
  test("passes over windows that a freeze covers", () => {
    const frozen = outsideTimes([{ from: at(21, 0), until: at(28, 0) }]);
    expect(firstCommon([windowTimes(window()), frozen], NOW)).toBe(at(29, 2));
    const ends = outsideTimes([{ from: at(21, 0), until: at(22, 5) }]);
    expect(firstCommon([windowTimes(window()), ends], NOW)).toBe(at(22, 5));
  });
  test("passes over a window that closes before a step could end", () => {
    const late = [windowTimes(window(), HOUR), sinceTimes(at(22, 5) + 1)];
    expect(firstCommon(late, NOW)).toBe(at(29, 2));
    expect(firstCommon([windowTimes(window(), HOUR), sinceTimes(at(22, 5))], NOW)).toBe(at(22, 5));
    expect(firstCommon([windowTimes(window(), 4 * HOUR + 1)], NOW)).toBeUndefined();
  });
  test("is a train that is also in the maintenance window", () => {
    const train = windowTimes(window({ days: ["tuesday"], everyWeeks: 6, since: "2026-11-10", for: 10 * HOUR }));
    const maintenance = windowTimes(
      window({ days: ["tuesday"], everyWeeks: 4, since: "2026-11-03", from: { hour: 9, minute: 0 } }),
    );
    // 10 November and every 6 weeks; 3 November and every 4 weeks: never in the same week, for one is odd.
    expect(firstCommon([train, maintenance], NOW)).toBeUndefined();
    const even = windowTimes(
      window({ days: ["tuesday"], everyWeeks: 4, since: "2026-11-24", from: { hour: 9, minute: 0 } }),
    );
    expect(firstCommon([train, even], NOW)).toBe(Date.UTC(2026, 11, 22, 9));
  });
  test("is none where windows never meet, and the search ends", () =>
    expect(
      firstCommon([windowTimes(window()), windowTimes(window({ days: ["monday"], for: HOUR }))], NOW),
    ).toBeUndefined());
  test("is none where a time is none", () => {
    expect(firstCommon([sinceTimes(Number.NaN)], NOW)).toBeUndefined();
    expect(firstCommon([() => NOW - 1], NOW)).toBeUndefined();
    expect(firstCommon([() => Number.NaN], NOW)).toBeUndefined();
  });
  test("is outside of freezes that touch and overlap, in any order", () => {
    const spans = [
      { from: 50, until: 60 },
      { from: 0, until: 20 },
      { from: 10, until: 30 },
      { from: 30, until: 40 },
    ];
    expect([0, 5, 15, 30, 39, 40, 55, 60].map((from) => outsideTimes(spans)(from))).toEqual([
      40, 40, 40, 40, 40, 40, 60, 60,
    ]);
  });
});

const quarter = 15 * MINUTE;
const someWindow: fc.Arbitrary<Window> = fc
  .record({
    days: fc.subarray(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const, {
      minLength: 2,
    }),
    hour: fc.nat(23),
    hours: fc.integer({ min: 1, max: 12 }),
    timeZone: fc.constantFrom("UTC", "Europe/Berlin", "Africa/Cairo"),
  })
  .map(({ days, hour, hours, timeZone }) => window({ days, from: { hour, minute: 0 }, for: hours * HOUR, timeZone }));

test("it is the first quarter of an hour at which each holds, tried one after the other", () => {
  const spans = fc.array(
    fc
      .tuple(fc.nat(80), fc.integer({ min: 1, max: 30 }))
      .map(([from, hours]) => ({ from: NOW + from * HOUR, until: NOW + (from + hours) * HOUR })),
    { maxLength: 4 },
  );
  fc.assert(
    fc.property(someWindow, someWindow, spans, fc.nat(40), (a, b, frozen, hours) => {
      const all = [windowTimes(a), windowTimes(b, HOUR), outsideTimes(frozen), sinceTimes(NOW + hours * HOUR)];
      const tried = Array.from({ length: (14 * DAY) / quarter }, (_, index) => NOW + index * quarter);
      const first = tried.find((instant) => all.every((times) => times(instant) === instant));
      const found = firstCommon(all, NOW);
      if (first === undefined) expect(found === undefined || found >= NOW + 14 * DAY).toBe(true);
      else expect(found).toBe(first);
    }),
    { numRuns: 10 },
  );
});

describe("answers of one gate", () => {
  const shut = (opensAt: number, more: Partial<Answer> = {}): Answer => ({
    verdict: "fail",
    found: "f",
    wanted: "w",
    remedy: "wait until then",
    opensAt,
    times: sinceTimes(opensAt),
    ...more,
  });
  const evidence: Answer = { verdict: "fail", found: "f", wanted: "w", remedy: "attest" };

  test("all name the instant at which they agree; what time does not mend is left alone", () => {
    const [early, other, late] = agree([shut(NOW + HOUR), evidence, shut(NOW + DAY)], NOW);
    expect(early).toMatchObject({
      opensAt: NOW + DAY,
      remedy: "wait until 2026-11-21 12:00 UTC: the first time at which all that this gate waits for holds",
    });
    expect(late).toMatchObject({ opensAt: NOW + DAY, remedy: "wait until then" });
    expect(other).toBe(evidence);
  });
  test("a window that is open now and shut by then counts too", () => {
    const open: Answer = {
      ...evidence,
      verdict: "pass",
      times: windowTimes(window({ days: ["friday"], from: { hour: 12, minute: 0 } })),
    };
    const [, found] = agree([open, shut(NOW + 5 * HOUR)], NOW);
    expect(found?.opensAt).toBe(at(27, 12));
  });
  test("name no instant where one of them is not known", () => {
    const [found] = agree([shut(NOW + HOUR), { ...evidence, times: "unknown" }], NOW);
    expect(found).toMatchObject({ remedy: "wait until then" });
    expect(found).not.toHaveProperty("opensAt");
  });
  test("say so where waiting never helps", () => {
    const never: Answer = { ...evidence, verdict: "pass", times: () => undefined };
    const [found] = agree([shut(NOW + HOUR), never], NOW);
    expect(found?.remedy).toBe("waiting does not help: the times that this gate asks for never meet; mend the plan");
    expect(found).not.toHaveProperty("opensAt");
  });
  test("name no instant at a time that is none", () =>
    expect(agree([shut(NOW)], Number.NaN)[0]).not.toHaveProperty("opensAt"));
});
