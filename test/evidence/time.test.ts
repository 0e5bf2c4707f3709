import { describe, expect, it } from "vitest";
import { formatUtc, parseInstant, parseUtc } from "../../evidence/time";

const NOON = Date.UTC(2026, 10, 21, 12);

describe("a statement's time", () => {
  it.each([
    ["2026-11-21T12:00:00Z", NOON],
    ["2026-11-21T12:00:00.5Z", NOON + 500],
    ["2026-11-21T12:00:00.123456789Z", NOON + 123],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
  ])("reads %s", (text, time) => {
    expect(parseUtc(text)).toBe(time);
  });

  it.each([
    ["no zone", "2026-11-21T12:00:00"],
    ["an offset", "2026-11-21T12:00:00+00:00"],
    ["a small z", "2026-11-21T12:00:00z"],
    ["a day that does not exist", "2026-02-30T12:00:00Z"],
    ["29 February of a common year", "2026-02-29T12:00:00Z"],
    ["a month that does not exist", "2026-13-01T12:00:00Z"],
    ["hour 24", "2026-11-21T24:00:00Z"],
    ["minute 60", "2026-11-21T12:60:00Z"],
    ["a leap second", "2026-12-31T23:59:60Z"],
    ["a space", "2026-11-21 12:00:00Z"],
    ["a date alone", "2026-11-21"],
    ["text after it", "2026-11-21T12:00:00Z\n"],
    ["text before it", " 2026-11-21T12:00:00Z"],
    ["nothing", ""],
    ["a number", "1764000000000"],
    ["a year of five digits", "+02026-11-21T12:00:00Z"],
  ])("refuses %s", (_name, text) => {
    expect(parseUtc(text)).toBeUndefined();
  });

  it("is written as it is read", () => {
    expect(formatUtc(NOON)).toBe("2026-11-21T12:00:00Z");
    expect(parseUtc(formatUtc(NOON + 7))).toBe(NOON + 7);
  });
});

describe("a report's time", () => {
  it("may have an offset", () => {
    expect(parseInstant("2026-11-21T14:30:00+02:30")).toBe(NOON);
    expect(parseInstant("2026-11-21T07:00:00-05:00")).toBe(NOON);
  });

  it.each(["2026-11-21T12:00:00", "2026-11-21T12:00:00+24:00", "2026-11-21T12:00:00+0200"])("refuses %s", (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});
