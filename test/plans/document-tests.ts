/** The tests that every document's plan gets; `<document>.test.ts` calls this with its cases. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parsePlan } from "../../rollout/plan";
import { whyNot } from "./cases";
import type { Document } from "./cases";
import { decide, gatesOf, goodWorld } from "./good-world";
import { itemsOf } from "./mutants";
import { runMutants } from "./mutation-run";

/** Each gate opens in its good world, each case is refused, and plans/coverage/<document>.json is true. */
export function testDocument(document: Document): void {
  const { name, cases } = document;
  const file = `plans/${name}.yaml`;
  const plan = parsePlan(readFileSync(file, "utf8"), file);
  describe(`the plan of ${name}`, () => {
    test.each(gatesOf(plan))("opens in its good world: %o", (ask) => {
      const { outcome, findings } = decide(plan, ask, goodWorld(plan, ask));
      expect(findings.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
      expect(outcome).toBe("GO");
    });
    test.each(cases)("refuses, because $title", (one) => expect(whyNot(one, plan)).toBeUndefined());
    test("has every case once, and each is about what the plan claims", () => {
      const titles = cases.map(({ title }) => title);
      expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
      const claimed = new Set(itemsOf(plan).flatMap(({ covers }) => covers));
      expect(cases.flatMap(({ rows }) => rows).filter((row) => !claimed.has(row))).toEqual([]);
    });
    test("has the coverage that a mutation run finds now (npm run mutate writes it)", async () => {
      const found = `${JSON.stringify(runMutants(plan, cases), null, 2)}\n`;
      await expect(found).toMatchFileSnapshot(`../../plans/coverage/${name}.json`);
    });
  });
}
