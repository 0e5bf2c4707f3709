import { describe, expect, test } from "vitest";
import { nextOpening, openingAt, showInZone, showWindow } from "../../rollout/calendar";
import type { Window } from "../../rollout/plan";

const HOUR = 3_600_000;
const window = (more: Partial<Window> = {}): Window => ({
  timeZone: "UTC",
  days: ["sunday"],
  from: { hour: 2, minute: 0 },
  for: 4 * HOUR,
  covers: [],
  ...more,
});
const berlin = (more: Partial<Window> = {}) => window({ timeZone: "Europe/Berlin", ...more });
const iso = (text: string): number => Date.parse(text);
const times = (opening: { from: number; until: number } | undefined) =>
  opening && [new Date(opening.from).toISOString(), new Date(opening.until).toISOString()];

describe("a weekly window", () => {
  test("includes its start and excludes its end", () => {
    expect(openingAt(window(), iso("2026-11-22T02:00:00Z"))).toBeDefined();
    expect(openingAt(window(), iso("2026-11-22T01:59:59.999Z"))).toBeUndefined();
    expect(openingAt(window(), iso("2026-11-22T05:59:59.999Z"))).toBeDefined();
    expect(openingAt(window(), iso("2026-11-22T06:00:00Z"))).toBeUndefined();
  });
  test("opens next a week later, seen from inside and from its start", () => {
    for (const now of [
      "2026-11-22T02:00:00Z",
      "2026-11-22T03:00:00Z",
      "2026-11-22T06:00:00Z",
      "2026-11-29T01:59:59Z",
    ]) {
      expect(times(nextOpening(window(), iso(now)))).toEqual(["2026-11-29T02:00:00.000Z", "2026-11-29T06:00:00.000Z"]);
    }
  });
  test("goes on past midnight", () => {
    const late = window({ from: { hour: 22, minute: 0 } });
    expect(times(openingAt(late, iso("2026-11-23T01:00:00Z")))).toEqual([
      "2026-11-22T22:00:00.000Z",
      "2026-11-23T02:00:00.000Z",
    ]);
    expect(openingAt(late, iso("2026-11-22T01:00:00Z"))).toBeUndefined();
  });
  test("follows the zone's clocks, in summer and in winter", () => {
    expect(times(nextOpening(berlin(), iso("2026-07-01T00:00:00Z")))?.[0]).toBe("2026-07-05T00:00:00.000Z");
    expect(times(nextOpening(berlin(), iso("2026-12-01T00:00:00Z")))?.[0]).toBe("2026-12-06T01:00:00.000Z");
  });
  test("moves forward with the clocks when its start is skipped (29 March 2026, 02:00 to 03:00)", () => {
    expect(times(nextOpening(berlin({ from: { hour: 2, minute: 30 } }), iso("2026-03-28T12:00:00Z")))).toEqual([
      "2026-03-29T01:30:00.000Z",
      "2026-03-29T05:30:00.000Z",
    ]);
  });
  test("opens at the first of two starts and stays open for its elapsed time (25 October 2026, 03:00 to 02:00)", () => {
    const early = berlin({ from: { hour: 2, minute: 30 } });
    expect(times(nextOpening(early, iso("2026-10-24T12:00:00Z")))).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-25T04:30:00.000Z",
    ]);
    expect(times(openingAt(early, iso("2026-10-25T01:45:00Z")))?.[0]).toBe("2026-10-25T00:30:00.000Z");
  });
  test("knows the day of its own zone, not of UTC", () => {
    const auckland = window({ timeZone: "Pacific/Auckland", from: { hour: 1, minute: 0 } });
    expect(times(nextOpening(auckland, iso("2026-11-20T00:00:00Z")))?.[0]).toBe("2026-11-21T12:00:00.000Z");
  });
  test("has the nearest of several days", () => {
    const week = window({ days: ["tuesday", "thursday"] });
    expect(times(nextOpening(week, iso("2026-11-22T12:00:00Z")))?.[0]).toBe("2026-11-24T02:00:00.000Z");
    expect(times(nextOpening(week, iso("2026-11-24T12:00:00Z")))?.[0]).toBe("2026-11-26T02:00:00.000Z");
  });
  test("is shut at a time that is none", () => {
    for (const none of [Number.NaN, Infinity, 9e15]) {
      expect(openingAt(window(), none)).toBeUndefined();
      expect(nextOpening(window(), none)).toBeUndefined();
    }
  });
  test("is told in words", () => {
    expect(showWindow(window())).toBe("Sunday 02:00 UTC");
    expect(showInZone(berlin(), iso("2026-07-05T00:00:00Z"))).toBe(
      "Sunday 2026-07-05 02:00 Europe/Berlin (2026-07-05 00:00 UTC)",
    );
  });
});
