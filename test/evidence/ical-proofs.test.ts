import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { busyTimes } from "../../evidence/ical";
import { instantAt } from "../rollout/zones";
import { READING, calendar, DAY, event, HOUR, refusal, refused, utc } from "./ical-support";

interface Rule {
  readonly freq: "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY";
  readonly interval: number;
  readonly days: readonly number[];
  readonly monthDays: readonly number[];
}
const NAMES = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const weekday = (day: number) => (new Date(day).getUTCDay() + 6) % 7;
function repeats(rule: Rule, start: number, day: number): boolean {
  const [a, b] = [new Date(start), new Date(day)];
  const months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();
  const days = (day - start) / DAY;
  const weeks = (day - weekday(day) * DAY - (start - weekday(start) * DAY)) / (7 * DAY);
  const turn = { DAILY: days, WEEKLY: weeks, MONTHLY: months, YEARLY: b.getUTCFullYear() - a.getUTCFullYear() }[
    rule.freq
  ];
  if (turn % rule.interval !== 0) return false;
  const inDays = rule.days.length === 0 || rule.days.includes(weekday(day));
  const inMonth = rule.monthDays.length === 0 || rule.monthDays.includes(b.getUTCDate());
  switch (rule.freq) {
    case "DAILY":
      return inDays;
    case "WEEKLY":
      return rule.days.length === 0 ? weekday(day) === weekday(start) : inDays;
    case "MONTHLY":
      return rule.monthDays.length === 0 && rule.days.length === 0
        ? b.getUTCDate() === a.getUTCDate()
        : inDays && inMonth;
    case "YEARLY":
      return b.getUTCDate() === a.getUTCDate() && b.getUTCMonth() === a.getUTCMonth();
  }
}

test("a rule repeats on the days that a second way to work it out says, in every zone", async () => {
  const rules: fc.Arbitrary<Rule> = fc
    .record({
      freq: fc.constantFrom("DAILY", "WEEKLY", "MONTHLY", "YEARLY"),
      interval: fc.integer({ min: 1, max: 4 }),
      days: fc.subarray([0, 1, 2, 3, 4, 5, 6]),
      monthDays: fc.subarray([1, 2, 13, 15, 28, 31]),
    })
    .map((rule) => ({
      ...rule,
      days: rule.freq === "YEARLY" ? [] : rule.days,
      monthDays: rule.freq === "MONTHLY" && rule.days.length === 0 ? rule.monthDays : [],
    }));
  const zones = fc.constantFrom("UTC", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia");
  await fc.assert(
    fc.asyncProperty(rules, zones, fc.nat(400), fc.constantFrom(0, 2, 9, 23), async (rule, zone, after, hour) => {
      const start = utc("2026-11-01") + after * DAY;
      const stamp = `${new Date(start).toISOString().slice(0, 10).replaceAll("-", "")}T${String(hour).padStart(2, "0")}3000`;
      const parts = [
        `FREQ=${rule.freq};INTERVAL=${rule.interval}`,
        ...(rule.days.length === 0 ? [] : [`BYDAY=${rule.days.map((day) => NAMES[day]).join(",")}`]),
        ...(rule.monthDays.length === 0 ? [] : [`BYMONTHDAY=${rule.monthDays.join(",")}`]),
      ];
      const text = calendar(event(`DTSTART;TZID=${zone}:${stamp}`, "DURATION:PT1H", `RRULE:${parts.join(";")}`));
      const until = start + 400 * DAY;
      const busy = await busyTimes(text, { ...READING, from: 0, until });
      const wanted = Array.from({ length: 402 }, (_, index) => start + index * DAY)
        .filter((day) => day === start || repeats(rule, start, day))
        .map((day) => instantAt(zone, day + hour * HOUR + HOUR / 2))
        .filter((instant) => instant < until);
      expect(busy.map(({ from }) => from)).toEqual(wanted);
    }),
    { numRuns: 25 },
  );
});

describe("a file that would keep the gate busy is refused in time", () => {
  const first = "DTSTART;VALUE=DATE:00010101";
  test("by repetitions without end", async () => {
    expect(await refusal(calendar(event(first, "RRULE:FREQ=DAILY")))).toMatch(
      /^calendar-invalid: holidays\.ics: (found more than 100000 repetitions|it takes longer)/,
    );
  }, 20_000);
  test("by many events", async () => {
    const one = event("DTSTART;VALUE=DATE:20261224");
    expect(await refusal(calendar(...Array.from({ length: 5_001 }, () => one)))).toMatch(
      /found 5001 events, expected at most 5000|takes longer/,
    );
  }, 20_000);
  test("by a rule that the library searches for ever", async () => {
    const started = Date.now();
    const found = await refused("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=MONTHLY;BYDAY=6MO");
    expect(Date.now() - started).toBeLessThan(15_000);
    expect(found).toMatch(/^calendar-invalid: /);
  }, 20_000);
});

test("no text at all makes it throw anything but a refusal, or miss its time", async () => {
  const lines = fc.constantFrom(
    "DTSTART;VALUE=DATE:20261224",
    "DTSTART:20261224T090000Z",
    "DTEND:20261224T100000Z",
    "DURATION:PT1H",
    "RRULE:FREQ=WEEKLY;BYDAY=1MO",
    "RRULE:FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU",
    "EXDATE:20261224T090000Z",
    "RDATE;VALUE=PERIOD:x/y",
    "RECURRENCE-ID:20261224T090000Z",
    "BEGIN:VALARM",
    "END:VALARM",
    ";:",
    'X-A;B="',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(lines, fc.string({ maxLength: 40 })), { maxLength: 8 }), async (all) => {
      await refusal(calendar(event(...all)));
    }),
    { numRuns: 40 },
  );
}, 30_000);
