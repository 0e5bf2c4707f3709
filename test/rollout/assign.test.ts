import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assign, type Need } from "../../rollout/criteria/assign";

const need = (id: string, able: string, more: Partial<Need> = {}): Need => ({
  id,
  count: 1,
  able: [...able],
  differentFrom: [],
  ...more,
});
/** "a:x b:y": who serves what. */
const served = (...needs: Need[]): string =>
  [...assign(needs)].map(([id, people]) => `${id}:${people.join("")}`).join(" ");

describe("people are assigned to approvals", () => {
  test("one person serves several where nothing bars it", () => {
    expect(served(need("a", "x"), need("b", "x"))).toBe("a:x b:x");
  });
  test("nobody serves two that are kept apart", () => {
    expect(served(need("a", "x", { differentFrom: ["b"] }), need("b", "x"))).toMatch(/^a:x b:$|^a: b:x$/);
  });
  test("it holds both ways, whichever of the two says it", () => {
    expect(served(need("a", "x"), need("b", "x", { differentFrom: ["a"] }))).toMatch(/^a:x b:$|^a: b:x$/);
  });
  test("whoever can serve both leaves the place to whom only one is open", () => {
    expect(served(need("a", "xy", { differentFrom: ["b"] }), need("b", "x"))).toBe("a:y b:x");
    expect(served(need("a", "x", { differentFrom: ["b"] }), need("b", "xy"))).toBe("a:x b:y");
    expect(served(need("a", "yx", { differentFrom: ["b"] }), need("b", "y"))).toBe("a:x b:y");
  });
  test("a chain of three is solved, where taking the first who comes fails", () => {
    const apart = { differentFrom: ["a", "b", "c"] };
    expect(served(need("a", "xyz", apart), need("b", "xy", apart), need("c", "x", apart))).toBe("a:z b:y c:x");
  });
  test("who is apart from the second may still serve the first and the third", () => {
    expect(served(need("a", "x", { differentFrom: ["b"] }), need("b", "y"), need("c", "x"))).toBe("a:x b:y c:x");
  });
  test("two places need two people", () => {
    expect(served(need("a", "x", { count: 2 }))).toBe("a:x");
    expect(served(need("a", "xy", { count: 2 }))).toBe("a:xy");
    expect(served(need("a", "xyz", { count: 2, differentFrom: ["b"] }), need("b", "y"))).toBe("a:xz b:y");
  });
  test("as many needs as can be are served, where not all can", () => {
    expect(served(need("a", "xy", { count: 2, differentFrom: ["b"] }), need("b", "x"))).toMatch(/^a:xy b:$|^a:y b:x$/);
  });

  test("it is always as good as trying everything", () => {
    const needs = fc.array(
      fc.record({
        count: fc.integer({ min: 1, max: 2 }),
        able: fc.uniqueArray(fc.constantFrom("u", "v", "w", "x"), { maxLength: 4 }),
        apart: fc.uniqueArray(fc.nat(2), { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(needs, (drawn) => {
        const all = drawn.map(({ count, able, apart }, index): Need => ({
          id: String(index),
          count,
          able,
          differentFrom: apart.filter((other) => other !== index && other < drawn.length).map(String),
        }));
        const found = assign(all);
        for (const one of all) {
          const people = found.get(one.id) ?? [];
          expect(new Set(people).size).toBe(people.length);
          expect(people.every((person) => one.able.includes(person))).toBe(true);
          for (const other of one.differentFrom)
            expect(people.filter((person) => found.get(other)?.includes(person))).toEqual([]);
        }
        const met = all.every(({ id, count }) => (found.get(id) ?? []).length === count);
        expect(met).toBe(canAll(all));
      }),
      { numRuns: 300 },
    );
  });
});

/** Whether all can be met, by trying every set of people for every need. */
function canAll(needs: readonly Need[], chosen: readonly { need: Need; people: readonly string[] }[] = []): boolean {
  const [first, ...rest] = needs;
  if (first === undefined) return true;
  return subsets(first.able, first.count).some((people) => {
    const barred = chosen.some(
      ({ need: other, people: others }) =>
        (first.differentFrom.includes(other.id) || other.differentFrom.includes(first.id)) &&
        others.some((person) => people.includes(person)),
    );
    return !barred && canAll(rest, [...chosen, { need: first, people }]);
  });
}

function subsets(people: readonly string[], size: number): string[][] {
  if (size === 0) return [[]];
  return people.flatMap((person, index) => subsets(people.slice(index + 1), size - 1).map((rest) => [person, ...rest]));
}
