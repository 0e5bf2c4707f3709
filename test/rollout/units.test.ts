import { describe, expect, test } from "vitest";
import {
  clockTime,
  duration,
  money,
  parseDuration,
  parseQuantity,
  percent,
  ratio,
  showDuration,
  showMoney,
  showPercent,
  showQuantity,
  showTime,
  weight,
} from "../../rollout/units";

describe("units", () => {
  test("of what is measured, to the fraction: half a millisecond is half as long as one", () => {
    expect(parseQuantity("0.5 ms")).toEqual({ value: 0.5, unit: "ms" });
    expect(parseQuantity("0.0005 seconds")).toEqual({ value: 0.5, unit: "ms" });
    expect(showQuantity({ value: 0.5, unit: "ms" })).toBe("0.5 ms");
    expect(parseDuration("0.6 ms")).toBe(1);
  });
  test("of durations", () => {
    expect(
      ["15 minutes", "1 minute", "4 hours", "30 days", "2 weeks", "500 ms", "1.5 hours", "60 seconds"].map((text) =>
        duration.parse(text),
      ),
    ).toEqual([900_000, 60_000, 14_400_000, 2_592_000_000, 1_209_600_000, 500, 5_400_000, 60_000]);
    for (const wrong of [
      "15",
      "15 min",
      "-1 minutes",
      "15  minutes",
      " 15 minutes",
      "15 minutes\n",
      "1e3 ms",
      "0 ms",
      "Infinity days",
      15,
      null,
    ]) {
      expect(duration.safeParse(wrong).success, String(wrong)).toBe(false);
    }
    expect(parseDuration(undefined)).toBeUndefined();
  });
  test("of percentages and weights", () => {
    expect([percent.parse("5%"), percent.parse("0.1%"), percent.parse("100%"), weight.parse("5%")]).toEqual([
      0.05, 0.001, 1, 5,
    ]);
    for (const wrong of ["5", "101%", "%", "-1%"]) expect(percent.safeParse(wrong).success, wrong).toBe(false);
    for (const wrong of ["0%", "2.5%", "101%", "5"]) expect(weight.safeParse(wrong).success, wrong).toBe(false);
  });
  test("of ratios", () => {
    expect([ratio.parse("2x"), ratio.parse("1.5x")]).toEqual([2, 1.5]);
    for (const wrong of ["2", "0x", "x", "2xx"]) expect(ratio.safeParse(wrong).success, wrong).toBe(false);
  });
  test("of money", () => {
    expect([money.parse("$300"), money.parse("EUR 12.50"), money.parse("€5")]).toEqual([
      { amount: 300, currency: "USD" },
      { amount: 12.5, currency: "EUR" },
      { amount: 5, currency: "EUR" },
    ]);
    for (const wrong of ["300", "$-1", "$1.234", "USD300"]) expect(money.safeParse(wrong).success, wrong).toBe(false);
  });
  test("of times of day", () => {
    expect(clockTime.parse("02:30")).toEqual({ hour: 2, minute: 30 });
    for (const wrong of ["24:00", "2:00", "02:60"]) expect(clockTime.safeParse(wrong).success, wrong).toBe(false);
  });
});

describe("showing", () => {
  test("durations in two units at most", () => {
    expect([0, 999, 1000, 61_000, 3_600_000, 3_661_000, 90_061_000, -60_000].map(showDuration)).toEqual([
      "0 ms",
      "999 ms",
      "1 second",
      "1 minute 1 second",
      "1 hour",
      "1 hour 1 minute",
      "1 day 1 hour",
      "1 minute",
    ]);
    expect(showDuration(Number.NaN)).toBe("an unknown time");
  });
  test("times in UTC, unknown ones as such", () => {
    expect(showTime(Date.UTC(2026, 10, 22, 2))).toBe("2026-11-22 02:00 UTC");
    expect(showTime(Date.UTC(2026, 10, 22, 2, 0, 7))).toBe("2026-11-22 02:00:07 UTC");
    for (const none of [Number.NaN, Infinity, 9e15]) expect(showTime(none)).toBe("an unknown time");
  });
  test("percentages and money", () => {
    expect([
      showPercent(0.05),
      showPercent(0.001),
      showPercent(1 / 3),
      showMoney(412, "USD"),
      showMoney(5, "CHF"),
    ]).toEqual(["5%", "0.1%", "33.33%", "$412", "CHF 5"]);
  });
});
