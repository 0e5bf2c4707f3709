import { describe, expect, test } from "vitest";
import { mistakesIn, plan } from "./small-plan";

const flag = (keys: string): string => `flags: { new-search: { title: New search, owner: sre, ${keys} } }`;
const mistakes = (keys: string, criteria: readonly string[] = []): string => mistakesIn(criteria, flag(keys));

describe("a flag", () => {
  test("is on or off unless it says otherwise", () => {
    const { flags } = plan([], flag('type: release, serves: "off"'));
    expect(flags["new-search"]).toMatchObject({ variants: { on: true, off: false }, serves: "off", stages: {} });
  });

  test.each([
    ["a type that there is not", 'type: toggle, serves: "on"', /a type of flag: release, experiment, configuration/],
    [
      "a variant that it has not",
      "type: release, serves: maybe",
      /serves: .*expected a variant of the flag: .*on, off/,
    ],
    [
      "such a variant in a stage",
      "type: release, serves: on, stages: { production: blue }",
      /production: .*variant of the flag/,
    ],
    [
      "a stage that there is not",
      "type: release, serves: on, stages: { beta: on }",
      /beta: .*expected a defined stage: "production"/,
    ],
    [
      "variants of two types",
      'type: configuration, serves: a, variants: { a: 1, b: "2" }',
      /expected variants of one type/,
    ],
    ["one variant only", "type: configuration, serves: a, variants: { a: 1 }", /expected at least two variants/],
    ["nobody who takes it out", "type: release, serves: on, owner: nobody", /./],
    [
      "an experiment without its shares",
      "type: experiment, serves: on",
      /found an experiment without, expected "split"/,
    ],
    [
      "shares, and no experiment",
      "type: release, serves: on, split: { on: 100% }",
      /found a split, expected no "split": it is a release flag/,
    ],
    [
      "shares that are not all users",
      "type: experiment, serves: on, split: { on: 50%, off: 49% }",
      /expected shares that are 100% together/,
    ],
    [
      "a share of a variant that it has not",
      "type: experiment, serves: on, split: { on: 50%, blue: 50% }",
      /blue: .*expected a variant: on, off/,
    ],
  ])("is refused with %s", (_what, keys, expected) => expect(mistakes(keys)).toMatch(expected));

  test("may be an experiment", () => {
    expect(mistakes("type: experiment, serves: on, split: { on: 10%, off: 90% }")).toBe("");
  });
});

describe("a criterion that asks for flags", () => {
  const asks = (flags: string): string =>
    mistakes("type: release, serves: on", [`{ kind: declared, id: flags, title: Flags, owner: sre, flags: ${flags} }`]);
  test.each([
    ["every", ""],
    ["{ new-search: on }", ""],
    ["{ old-search: on }", /expected a defined flag: "new-search"/],
    ["{ new-search: blue }", /expected a variant of the flag: .*on, off/],
    ["some", /./],
  ])("%s", (flags, expected) => {
    if (expected === "") expect(asks(flags)).toBe("");
    else expect(asks(flags)).toMatch(expected);
  });
});
