import { expect, test } from "vitest";
import { rightForm } from "../../rollout/right-form";
import { clockTime, duration, money, percent, ratio, weight } from "../../rollout/units";

const DURATION = 'a duration such as "15 minutes"';
const PERCENT = 'a percentage such as "5%", at most 100%';
const MONEY = 'an amount such as "$300" or "EUR 300"';
const TIME = 'a time of day such as "02:00"';

test.each([
  ["20m", DURATION, '"20 minutes"'],
  ["1h", DURATION, '"1 hour"'],
  ["1.5s", 'a time such as "500 ms", as which "p95" is measured', '"1.5 seconds"'],
  ["2 wk", DURATION, '"2 weeks"'],
  ["5 s", 'a number with its unit, such as "500 ms", "1%", "50 MB", "1000/s", "10" or "2x"', '"5 seconds"'],
  [5, PERCENT, '"5%"'],
  ["5 percent", PERCENT, '"5%"'],
  ["0,5%", PERCENT, '"0.5%"'],
  [0.95, PERCENT, '"95%" or "0.95%"'],
  [1, 'a whole percentage from "1%" to "100%"', '"1%"'],
  [10, 'a ratio such as "2x"', '"10x"'],
  ["x10", 'a ratio such as "2x"', '"10x"'],
  ["150%", 'a ratio such as "2x"', '"1.5x"'],
  [9000, MONEY, '"$9000"'],
  ["$9,000", MONEY, '"$9000"'],
  ["9000 USD", MONEY, '"USD 9000"'],
  ["8am", TIME, '"08:00"'],
  ["12 pm", TIME, '"12:00"'],
  ["9:30", TIME, '"09:30"'],
  ["18.12.2026", 'a date such as "2026-12-20"', '"2026-12-18"'],
  ["way_back", "a name of lower-case letters, digits and hyphens, at most 63", '"way-back"'],
  ["ci", "a list of names", "[ci]"],
])("%j is taken for what was meant", (found, expected, form) => expect(rightForm(found, expected)).toBe(form));

test.each([
  [60, DURATION],
  ["1 month", DURATION],
  ["PT1H", DURATION],
  ["soon", DURATION],
  [0, PERCENT],
  [250, PERCENT],
  ["2%", 'a ratio such as "2x"'],
  ["9k", MONEY],
  ["$300 USD", MONEY],
  ["24:00", TIME],
  ["13pm", TIME],
  ["12/11/2026", 'a date such as "2026-12-20"'],
  ["1. go", "a name of lower-case letters, digits and hyphens, at most 63"],
  [["ci"], "a list of names"],
  [undefined, DURATION],
  ["x", "text"],
])("%j may mean several things, or nothing", (found, expected) => expect(rightForm(found, expected)).toBeUndefined());

test("what is proposed is what the plan takes", () => {
  const proposed = (found: unknown, expected: string) =>
    (rightForm(found, expected) ?? "").split(" or ").map((form) => JSON.parse(form) as unknown);
  for (const [schema, found, expected] of [
    [duration, "20m", DURATION],
    [percent, 0.95, PERCENT],
    [weight, 25, 'a whole percentage from "1%" to "100%"'],
    [ratio, "x1.5", 'a ratio such as "2x"'],
    [money, "€1,000,000", MONEY],
    [clockTime, "8pm", TIME],
  ] as const) {
    for (const form of proposed(found, expected)) expect(schema.safeParse(form).success, String(form)).toBe(true);
  }
});
