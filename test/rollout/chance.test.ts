import { describe, expect, it } from "vitest";
import { atLeast } from "../../rollout/chance";

describe("the chance of so many", () => {
  // Summed in exact fractions by another program.
  it.each([
    [2, 120, 0.002, 0.02443759002898779],
    [4, 120, 0.002, 0.00010923184048670409],
    [15, 100, 0.05, 0.00013585423899229105],
    [6, 6, 0.05, 1.5625e-8],
    [40, 1000, 0.02, 4.33987589474642e-5],
    [60, 500, 0.05, 5.712717167998082e-10],
  ])("of %d in %d at %d is right to 8 digits", (hits, trials, probability, expected) => {
    expect(Math.abs(atLeast(hits, trials, probability) / expected - 1)).toBeLessThan(1e-8);
  });

  it("is no surprise at or below the mean, with none, or where everything happens", () => {
    expect([atLeast(5, 100, 0.05), atLeast(0, 100, 0.05), atLeast(3, 3, 1)]).toEqual([1, 1, 1]);
  });

  it("is nil for what can't happen", () => {
    expect([atLeast(4, 3, 0.5), atLeast(1, 10, 0)]).toEqual([0, 0]);
  });

  it("falls with each further hit, for many as for few", () => {
    for (const trials of [20, 2000, 2_000_000]) {
      const from = Math.ceil(trials * 0.05) + 1;
      expect(atLeast(from + 1, trials, 0.05)).toBeLessThan(atLeast(from, trials, 0.05));
    }
  });
});
