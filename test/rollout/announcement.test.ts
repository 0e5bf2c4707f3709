import { describe, expect, test } from "vitest";
import { asItBegins, onceHeld } from "../../rollout/announcement";

const MINUTE = 60_000;
const SINCE = Date.UTC(2026, 10, 22, 2);
const step = {
  weight: 25,
  hold: 15 * MINUTE,
  criteria: [],
  covers: [],
  announce: { begins: "One request in four goes to 2.4.0", held: "Canary 25% healthy", covers: [] },
};
const at = (minutes: number) => ({ stage: "production", since: SINCE, now: SINCE + minutes * MINUTE });

describe("a step's announcement", () => {
  test("that it is healthy comes with the end of its hold, to the millisecond, and not before", () => {
    expect(onceHeld(step, at(0))).toBeUndefined();
    expect(onceHeld(step, { ...at(15), now: SINCE + 15 * MINUTE - 1 })).toBeUndefined();
    expect(onceHeld(step, at(15))?.text).toBe("Canary 25% healthy");
    expect(onceHeld(step, { ...at(15), now: Number.NaN })).toBeUndefined();
    expect(onceHeld({ ...step, hold: Number.NaN }, at(15))).toBeUndefined();
  });
  test("that it began is told at once", () => {
    expect(asItBegins(step, at(0))).toEqual({
      id: "production 25% begins 2026-11-22T02:00:00.000Z",
      stage: "production",
      weight: 25,
      moment: "begins",
      text: "One request in four goes to 2.4.0",
      at: SINCE,
    });
  });
  test("has the same id however often and late it is looked at, and another one for the same step taken again", () => {
    expect(onceHeld(step, at(15))?.id).toBe(onceHeld(step, at(500))?.id);
    expect(onceHeld(step, { ...at(15), since: SINCE - MINUTE })?.id).not.toBe(onceHeld(step, at(15))?.id);
    expect(onceHeld(step, { ...at(15), operation: "search" })?.id).toBe(
      "production search 25% held 2026-11-22T02:00:00.000Z",
    );
  });
  test("is none where the plan has no words", () => {
    const { announce: _, ...silent } = step;
    expect([asItBegins(silent, at(0)), onceHeld(silent, at(15))]).toEqual([undefined, undefined]);
  });
});
