import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { countCoverage, parseDemands, parsePlanCoverage } from "../../rollout/coverage";
import type { PlanCoverage } from "../../rollout/coverage";

const HEAD = "id\tdocument\tkind\thow\tdemand\n";
const TABLE = `${HEAD}A-01\ta\ttest\tevidence\tOne\nA-02\ta\talert\tdriver\tTwo\nA-03\ta\tstage\tout-of-scope: slogan\tThree\nB-01\tb\ttest\tevidence\tFour\n`;
const plan = (rows: PlanCoverage["rows"]): PlanCoverage => ({
  plan: "plans/a.yaml",
  digest: "0",
  rows,
  claimedOnly: {},
  unnoticed: [],
});
const noticed = { "A-01": { "stages.x": ["it is refused"] } };

describe("the count of demands", () => {
  test("is by document and kind: covered, open by name, narrative", () => {
    const { documents, total } = countCoverage(parseDemands(TABLE), [plan(noticed)], []);
    expect(documents["a"]).toEqual({
      covered: ["A-01"],
      open: ["A-02"],
      narrative: ["A-03"],
      kinds: {
        test: { covered: ["A-01"], open: [], narrative: [] },
        alert: { covered: [], open: ["A-02"], narrative: [] },
        stage: { covered: [], open: [], narrative: ["A-03"] },
      },
    });
    expect(total).toEqual({ covered: 1, open: 2, narrative: 1 });
  });
  test("takes rows of sources only where breaking them was noticed", () => {
    const source = { rows: ["A-02"], by: "cli/x.ts + test/x.test.ts", digest: "0", noticed: true };
    const of = (one: typeof source) => countCoverage(parseDemands(TABLE), [], [one]).total.covered;
    expect(of(source)).toBe(1);
    expect(of({ ...source, noticed: false })).toBe(0);
  });
  test("takes no row that a plan only claims", () =>
    expect(
      countCoverage(parseDemands(TABLE), [{ ...plan({}), claimedOnly: { "A-01": ["x"] } }], []).total.covered,
    ).toBe(0));
  test("refuses rows that no document has, and tables that are none", () => {
    expect(() => countCoverage(parseDemands(TABLE), [plan({ "Z-99": { x: ["y"] } })], [])).toThrow(
      '"Z-99" is covered, and plans/requirements.tsv has no such demand',
    );
    expect(() => parseDemands("id\n")).toThrow("no table of demands");
    expect(() => parseDemands(`${HEAD}A-01\ta\tt\te\tx\nA-01\ta\tt\te\tx\n`)).toThrow("each once");
    expect(() => parsePlanCoverage("{}", "plans/coverage/a.json")).toThrow("is not what a mutation run writes");
  });
});

test("plans/requirements.tsv has the demands of five documents, each once", () => {
  const demands = parseDemands(readFileSync("plans/requirements.tsv", "utf8"));
  expect(demands).toHaveLength(801);
  expect(demands.filter(({ how }) => how.startsWith("out-of-scope"))).toHaveLength(8);
});
