import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { daysInZone, nextOpening, openingAt, showInZone, showWindow } from "../../rollout/calendar";
import type { Window } from "../../rollout/plan";
import { instantAt, wallAt } from "./zones";

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

const WEEK = 7 * 24 * HOUR;
const train = (more: Partial<Window> = {}) =>
  window({ days: ["tuesday"], everyWeeks: 2, since: "2026-11-24", from: { hour: 9, minute: 0 }, ...more });

describe("a window of every few weeks", () => {
  test("opens on its first date, and then in every so many weeks of it", () => {
    expect(openingAt(train(), iso("2026-11-24T09:00:00Z"))).toBeDefined();
    expect(openingAt(train(), iso("2026-12-01T09:00:00Z"))).toBeUndefined();
    expect(openingAt(train(), iso("2026-12-08T09:00:00Z"))).toBeDefined();
    expect(times(nextOpening(train(), iso("2026-11-24T09:00:00Z")))?.[0]).toBe("2026-12-08T09:00:00.000Z");
  });
  test("does not open before its first date, however long before", () => {
    for (const before of ["2026-11-10T09:00:00Z", "2026-11-17T09:30:00Z", "1999-01-01T00:00:00Z"]) {
      expect(openingAt(train(), iso(before))).toBeUndefined();
      expect(times(nextOpening(train(), iso(before)))?.[0]).toBe("2026-11-24T09:00:00.000Z");
    }
  });
  test("counts weeks from Monday, whatever day its first date is", () => {
    const both = train({ days: ["monday", "sunday"], since: "2026-11-29" });
    expect(times(nextOpening(both, iso("2026-11-01T00:00:00Z")))?.[0]).toBe("2026-11-29T09:00:00.000Z");
    expect(times(nextOpening(both, iso("2026-11-29T09:00:00Z")))?.[0]).toBe("2026-12-07T09:00:00.000Z");
  });
  test("runs every 4 and every 52 weeks", () => {
    for (const everyWeeks of [4, 52]) {
      const far = train({ everyWeeks });
      expect(nextOpening(far, iso("2026-11-24T09:00:00Z"))?.from).toBe(iso("2026-11-24T09:00:00Z") + everyWeeks * WEEK);
    }
  });
  test("keeps its time of day across daylight saving and the turn of the year", () => {
    const berlinTrain = train({ timeZone: "Europe/Berlin", since: "2026-03-17" });
    const starts = [iso("2026-03-17T08:00:00Z"), iso("2026-03-31T07:00:00Z"), iso("2026-04-14T07:00:00Z")];
    let now = iso("2026-03-01T00:00:00Z");
    for (const start of starts) {
      now = nextOpening(berlinTrain, now)?.from ?? Number.NaN;
      expect(now).toBe(start);
    }
  });
  test("is told in words", () => expect(showWindow(train())).toBe("every 2 weeks on Tuesday 09:00 UTC"));
});

test("whole days of a zone begin with its first moment, and end with the first after them", () => {
  const hours = (zone: string, first: string, last = first) => {
    const { from, until } = daysInZone(zone, first, last);
    return [new Date(from).toISOString(), (until - from) / HOUR];
  };
  expect(hours("UTC", "2026-12-24", "2026-12-26")).toEqual(["2026-12-24T00:00:00.000Z", 72]);
  expect(hours("Europe/Berlin", "2026-03-29")).toEqual(["2026-03-28T23:00:00.000Z", 23]);
  expect(hours("Australia/Lord_Howe", "2026-04-05")).toEqual(["2026-04-04T13:00:00.000Z", 24.5]);
  // Egypt's clocks skip the first hour of the last Friday of April.
  expect(hours("Africa/Cairo", "2026-04-24")).toEqual(["2026-04-23T22:00:00.000Z", 23]);
  // Samoa had no 30 December 2011.
  expect(hours("Pacific/Apia", "2011-12-29", "2011-12-31")).toEqual(["2011-12-29T10:00:00.000Z", 48]);
});

const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Africa/Cairo",
  "Asia/Kathmandu",
] as const;
const ALL_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
const windows: fc.Arbitrary<Window> = fc
  .record({
    timeZone: fc.constantFrom(...ZONES),
    days: fc.subarray([...ALL_DAYS], { minLength: 1 }),
    hour: fc.oneof(fc.constantFrom(0, 1, 2, 3, 23), fc.nat(23)),
    minute: fc.constantFrom(0, 15, 30, 59),
    for: fc.integer({ min: 1, max: 24 * 4 }).map((quarters) => (quarters * HOUR) / 4),
    every: fc.constantFrom(undefined, 2, 3, 6),
    since: fc.integer({ min: 0, max: 500 }).map((days) => new Date(iso("2026-01-01") + days * 24 * HOUR)),
  })
  .map(({ hour, minute, every, since, ...rest }) => ({
    ...rest,
    from: { hour, minute },
    covers: [],
    ...(every === undefined ? {} : { everyWeeks: every, since: since.toISOString().slice(0, 10) }),
  }));
/** Around the changes of the clocks of these zones, and anywhere. */
const instants = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        "2026-03-08",
        "2026-03-29",
        "2026-04-05",
        "2026-04-24",
        "2026-10-04",
        "2026-10-25",
        "2026-10-29",
        "2026-11-01",
        "2011-12-30",
        "2027-01-01",
      ),
      fc.integer({ min: -3000, max: 3000 }),
    )
    .map(([day, minutes]) => iso(day) + minutes * 60_000),
  fc.integer({ min: iso("2026-01-01") / 60_000, max: iso("2028-01-01") / 60_000 }).map((minutes) => minutes * 60_000),
);

/** Every start of a window on the dates around an instant, by Intl alone. */
function startsAround(it: Window, now: number, days: number): number[] {
  const midnight = Math.floor(wallAt(it.timeZone, now) / (24 * HOUR)) * 24 * HOUR;
  const monday = (date: number) => date - ((new Date(date).getUTCDay() + 6) % 7) * 24 * HOUR;
  const first = it.since === undefined ? undefined : iso(it.since);
  return Array.from({ length: days + 4 }, (_, index) => midnight + (index - 3) * 24 * HOUR)
    .filter((date) => it.days.includes(ALL_DAYS[(new Date(date).getUTCDay() + 6) % 7] ?? "monday"))
    .filter((date) => first === undefined || date >= first)
    .filter((date) => first === undefined || ((monday(date) - monday(first)) / WEEK) % (it.everyWeeks ?? 1) === 0)
    .map((date) => instantAt(it.timeZone, date + (it.from.hour * 60 + it.from.minute) * 60_000));
}

test("any window is open and opens next when a second way to work it out says so", () => {
  fc.assert(
    fc.property(windows, instants, (it, now) => {
      const starts = startsAround(it, now, 7 * (it.everyWeeks ?? 1) + 7);
      const open = starts.some((start) => start <= now && now < start + it.for);
      expect(openingAt(it, now) !== undefined).toBe(open);
      const later = starts.filter((start) => start > now);
      const far = it.since !== undefined && iso(it.since) > now + 5 * 24 * HOUR;
      if (later.length > 0) expect(nextOpening(it, now)?.from).toBe(Math.min(...later));
      else expect(far).toBe(true);
    }),
    { numRuns: 80 },
  );
});
