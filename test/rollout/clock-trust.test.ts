import { describe, expect, test } from "vitest";
import { doubt, jump, TOLERANCE } from "../../rollout/clock-trust";

const NOW = Date.UTC(2026, 10, 22, 2, 5);
const past = (at: number, what = "a record") => ({ what, is: "past", at }) as const;
const present = (at: number) => ({ what: "Prometheus", is: "present", at }) as const;

describe("a clock is doubted", () => {
  test("where something that has happened lies in its future", () => {
    expect(doubt(NOW, [past(NOW - 1), past(NOW + TOLERANCE + 1_000)])).toBe(
      "the machine's clock says 2026-11-22 02:05 UTC, but a record says 2026-11-22 02:10:01 UTC: 5 minutes 1 second later, more than the 5 minutes that clocks may differ",
    );
    expect(doubt(NOW, [past(NOW + TOLERANCE)])).toBeUndefined();
  });
  test("where another clock is further off than allowed, either way", () => {
    expect(doubt(NOW, [present(NOW + TOLERANCE + 1)])).toMatch(/but Prometheus says 2026-11-22 02:10/);
    expect(doubt(NOW, [present(NOW - TOLERANCE - 1)])).toMatch(/earlier/);
    expect(doubt(NOW, [present(NOW + TOLERANCE), present(NOW - TOLERANCE)])).toBeUndefined();
  });
  test("by the witness that is furthest off", () =>
    expect(
      doubt(NOW, [past(NOW + TOLERANCE * 2, "a"), past(NOW + TOLERANCE * 9, "b"), past(NOW + TOLERANCE * 3, "c")]),
    ).toMatch(/but b says/));
  test("by nobody who knows no time, and not for what is long past", () =>
    expect(doubt(NOW, [past(Number.NaN), present(Number.NaN), past(0)])).toBeUndefined());
  test("where it was set while the gate was being decided", () => {
    expect(jump(62_500, 500)).toBe(
      "the machine's clock was set forward by 1 minute 2 seconds while the gate was being decided",
    );
    expect(jump(-59_500, 500)).toBe("the machine's clock was set back by 1 minute while the gate was being decided");
    for (const drift of [-2_000, 0, 2_000]) expect(jump(500 + drift, 500)).toBeUndefined();
  });
});
