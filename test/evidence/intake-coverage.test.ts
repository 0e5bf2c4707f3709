import { describe, expect, it } from "vitest";
import { cut, edited, fixture, intake, STATED_TIME, text } from "./intake-support";
import { refusal } from "./world";

const UNIT = { suite: "unit", root: "/build/omni-cart" };
const STATED = { ...UNIT, finishedAt: STATED_TIME };
/** What all of vitest's reports say of the same run. */
const SAME = {
  suite: "unit",
  lines: { covered: 11, total: 14 },
  modules: [
    { name: "src/cart.js", covered: 3, total: 5 },
    { name: "src/pay/card.js", covered: 8, total: 9 },
  ],
};

describe("coverage of vitest", () => {
  it.each(["vitest-lcov.info", "vitest-summary.json", "vitest-final.json"])("in %s is read", (name) => {
    expect(intake([fixture(`coverage/${name}`)], STATED)).toEqual({
      kind: "coverage",
      facts: SAME,
      finishedAt: "2026-11-21T11:00:00.000Z",
      statedBy: true,
      summary: "unit: 11 of 14 lines (78.57%) in 2 files",
    });
  });
  it("in Cobertura's XML is read, with the time that it carries", () => {
    expect(intake([fixture("coverage/vitest-cobertura.xml")], UNIT)).toMatchObject({
      facts: SAME,
      finishedAt: "2026-11-21T15:25:39.297Z",
      statedBy: false,
    });
  });
});

describe("coverage of other tools", () => {
  it("c8 says the same in both of its formats", () => {
    const facts = ["c8-lcov.info", "c8-summary.json"].map(
      (name) => intake([fixture(`coverage/${name}`)], STATED).facts,
    );
    expect(facts[0]).toMatchObject({
      modules: expect.arrayContaining([expect.objectContaining({ name: "src/cart.js" })]) as unknown,
    });
    expect((facts[0] as typeof SAME).lines).toEqual((facts[1] as typeof SAME).lines);
  });
  it("pytest-cov says the same in both of its formats", () => {
    const wanted = { lines: { covered: 7, total: 10 }, modules: [{ name: "calc.py", covered: 7, total: 10 }] };
    expect(intake([fixture("coverage/pytest-lcov.info")], STATED).facts).toMatchObject(wanted);
    expect(intake([fixture("coverage/pytest-cobertura.xml")], UNIT)).toMatchObject({
      facts: wanted,
      finishedAt: "2026-11-21T15:26:37.877Z",
    });
  });
});

describe("a coverage report is refused", () => {
  const vitest = "coverage/vitest-";
  it.each([
    [
      "LCOV that was cut off",
      () => cut(`${vitest}lcov.info`, 150),
      "intake-truncated: vitest-lcov.info: line 14 is not as LCOV writes it",
    ],
    [
      "LCOV cut at a record's end that is missing",
      () => edited(`${vitest}lcov.info`, "end_of_record\nTN:\n", ""),
      "intake-truncated: vitest-lcov.info: the record of src/cart.js has no end: it was cut off",
    ],
    [
      "LCOV with a line taken out",
      () => edited(`${vitest}lcov.info`, "DA:5,0\n", ""),
      "intake-inconsistent: vitest-lcov.info: src/cart.js states 3 of 5 lines and lists 3 of 4: it was cut or edited",
    ],
    [
      "LCOV with a line made covered",
      () => edited(`${vitest}lcov.info`, "DA:5,0\n", "DA:5,1\n"),
      "intake-inconsistent: vitest-lcov.info: src/cart.js states 3 of 5 lines and lists 4 of 5: it was cut or edited",
    ],
    [
      "LCOV with a count that is no number",
      () => edited(`${vitest}lcov.info`, "DA:5,0\n", "DA:5,-1\n"),
      "intake-truncated: vitest-lcov.info: line 13 is not as LCOV writes it",
    ],
    [
      "LCOV of no line",
      () => text("TN:\nSF:a.js\nend_of_record\n"),
      "intake-empty: report: not one line that could be run; coverage of nothing proves nothing",
    ],
    [
      "Cobertura that was cut off",
      () => cut(`${vitest}cobertura.xml`, 900),
      /^intake-truncated: vitest-cobertura\.xml: not well-formed XML/,
    ],
    [
      "Cobertura with a line taken out",
      () => edited(`${vitest}cobertura.xml`, '<line number="5" hits="0" branch="false"/>', ""),
      "intake-inconsistent: vitest-cobertura.xml states 11 of 14 lines and lists 11 of 13: it was cut or edited",
    ],
    [
      "Cobertura without totals",
      () => edited(`${vitest}cobertura.xml`, 'lines-valid="14"', ""),
      'intake-missing-field: vitest-cobertura.xml: no usable "lines-valid" and "lines-covered"',
    ],
    [
      "Cobertura with an odd hit count",
      () => edited(`${vitest}cobertura.xml`, '<line number="5" hits="0"', '<line number="5" hits="NaN"'),
      'intake-missing-field: vitest-cobertura.xml: a line of src/cart.js without a usable "number" and "hits"',
    ],
    [
      "Cobertura with a time of no kind",
      () => edited(`${vitest}cobertura.xml`, /timestamp="\d+"/, 'timestamp="12"'),
      'intake-missing-field: vitest-cobertura.xml: "timestamp" is neither seconds nor milliseconds since 1970',
    ],
    [
      "Cobertura with declarations of its own",
      () =>
        edited(
          `${vitest}cobertura.xml`,
          /<!DOCTYPE[^>]*>/,
          '<!DOCTYPE coverage [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        ),
      /^intake-not-allowed: vitest-cobertura\.xml has a DOCTYPE/,
    ],
    [
      "Cobertura of nothing",
      () => text('<coverage lines-valid="0" lines-covered="0" timestamp="1795274739297"/>'),
      /^intake-empty: /,
    ],
    [
      "a summary with a file taken out",
      () => edited(`${vitest}summary.json`, /,"\/build\/omni-cart\/src\/pay[^\n]*/, ""),
      "intake-inconsistent: vitest-summary.json states 11 of 14 lines and lists 3 of 5: it was cut or edited",
    ],
    ["a summary of nothing", () => text('{"total":{"lines":{"total":0,"covered":0}}}'), /^intake-empty: /],
    [
      "a summary with half a line",
      () => edited(`${vitest}summary.json`, '"total":14', '"total":14.5'),
      /^intake-missing-field: vitest-summary\.json: Istanbul json-summary without a usable "total\.lines\.total"/,
    ],
    [
      "statements that were not counted",
      () => edited(`${vitest}final.json`, '"s":{"0":1,', '"s":{'),
      /^intake-inconsistent: vitest-final\.json: statement 0 of .* was not counted$/,
    ],
    ["JSON that was cut off", () => cut(`${vitest}final.json`, 700), /^intake-truncated: /],
  ])("as %s", async (_name, file, message) => {
    const found = await refusal(() =>
      intake([file()], { ...UNIT, ...(/xml|Cobertura/.test(_name) ? {} : { finishedAt: STATED_TIME }) }),
    );
    if (typeof message === "string") expect(found).toBe(message);
    else expect(found).toMatch(message);
  });
  it("without the suite, without a time, or with one that it carries itself", async () => {
    expect(await refusal(() => intake([fixture("coverage/vitest-lcov.info")], { finishedAt: STATED_TIME }))).toBe(
      "intake-missing-field: no report says which suite of the plan was run",
    );
    expect(await refusal(() => intake([fixture("coverage/vitest-lcov.info")], UNIT))).toBe(
      "intake-missing-field: vitest-lcov.info does not say when it was made: its format carries no time",
    );
    expect(await refusal(() => intake([fixture("coverage/vitest-cobertura.xml")], STATED))).toMatch(
      /^intake-not-allowed: /,
    );
  });
});

it("files of other folders than the root keep their whole path, so that no module is taken for another", () => {
  const { facts } = intake([fixture("coverage/vitest-summary.json")], { ...STATED, root: "/build/omni" });
  expect(facts).toMatchObject({
    modules: [{ name: "/build/omni-cart/src/cart.js" }, { name: "/build/omni-cart/src/pay/card.js" }],
  });
});

it("very many files are told by folder", () => {
  const records = Array.from({ length: 2001 }, (_, n) => `SF:src/${n % 3}/f${n}.js\nDA:1,${n % 2}\nend_of_record\n`);
  expect(intake([text(records.join(""))], STATED).facts).toMatchObject({
    lines: { covered: 1000, total: 2001 },
    modules: [{ name: "src/0", total: 667 }, { name: "src/1" }, { name: "src/2" }],
  });
});
