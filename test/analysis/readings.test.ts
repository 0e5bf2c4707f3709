import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { askAll } from "../../analysis/readings";
import { HoldpointError } from "../../rollout/errors";

describe("all questions of a gate", () => {
  const sample = { labels: {}, value: 1 };
  test("are answered by key, the same query once", async () => {
    const asked: string[] = [];
    const readings = await askAll(
      async (promql) => (asked.push(promql), [sample]),
      [
        { key: "a", promql: "up" },
        { key: "b", promql: "up" },
        { key: "c", promql: "down" },
      ],
    );
    expect(readings).toEqual({ a: [sample], b: [sample], c: [sample] });
    expect(asked).toEqual(["up", "down"]);
  });

  test("fail each by itself", async () => {
    const readings = await askAll(
      (promql) =>
        promql === "up" ? Promise.resolve([]) : Promise.reject(new HoldpointError("metrics-unreachable", "refused")),
      [
        { key: "a", promql: "up" },
        { key: "b", promql: "x" },
      ],
    );
    expect(readings).toEqual({ a: [], b: { failure: "refused" } });
  });

  test("have one deadline together, and those behind a slow one are not waited for", async () => {
    const questions = Array.from({ length: 40 }, (_, index) => ({ key: `q${index}`, promql: `m${index}` }));
    const began = Date.now();
    const readings = await askAll(() => pause(60_000, [], { ref: false }), questions, 50);
    expect(Date.now() - began).toBeLessThan(2_000);
    expect(Object.keys(readings)).toHaveLength(40);
    for (const reading of Object.values(readings)) {
      expect(reading).toEqual({ failure: "no answer to all questions within 0.05 s" });
    }
  });
});
