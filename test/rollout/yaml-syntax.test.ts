import { expect, test } from "vitest";
import { HoldpointError } from "../../rollout/errors";
import { readYaml } from "../../rollout/yaml";

function refusal(text: string): string {
  try {
    readYaml(text, "x.yaml");
  } catch (error) {
    if (error instanceof HoldpointError) return error.message;
    throw error;
  }
  throw new Error("read");
}

test.each([
  ["a tab that indents", "a:\n\tb: 1\n  c: 2\n", "x.yaml:2:1: found a tab, expected spaces: nothing else indents"],
  [
    'text with ": "',
    "title: Errors: high\n",
    'x.yaml:1:8: found a second ": " in the value, expected text with ": " in it in quotes',
  ],
  [
    "a key that stands too deep",
    "severity: warning\n  owner: sre\n",
    "x.yaml:1:11: found a key that stands deeper than the one before it, expected the keys of one map in one column",
  ],
  [
    "a key that stands between two columns",
    "a:\n    b: 1\n  c: 2\n",
    "x.yaml:3:1: found a key that stands between two columns, expected the keys of one map in one column, and those of an inner map further right",
  ],
  [
    "a key in a list",
    "stages:\n  - name: a\n   window: b\n",
    'x.yaml:3:1: found a key where a list goes on, expected "- " before it, or the column of the key that it belongs beside',
  ],
  [
    "a list under a key that has a value",
    "stages:\n  name: beta\n  - name: group\n",
    'x.yaml:3:1: found "- " where the map goes on with a key, expected the items of one list under one key',
  ],
  [
    "a comment in place of a word",
    "sre: { contact: #sre }\nb: 1\n",
    'x.yaml:2:1: found "{" without "}", expected "}"; text with "#", "," or a bracket in it belongs in quotes',
  ],
  [
    "a quote that stays open",
    'from: "08:00\n',
    "x.yaml:1:7: found text without its closing quote, expected it on the same line",
  ],
  [
    "money with a comma",
    "monthly: { min: $9,000, max: $14,000 }\n",
    'x.yaml:1:34: found the key "000" twice, expected every key once; a "," in { } ends a value: write 9000, not 9,000',
  ],
  [
    "a no-break space",
    "a: 1\ntitle:\u00a0Memory\nb: 2\n",
    "x.yaml:2:1: found a no-break space, which looks like a space and is none, expected a space",
  ],
  [
    "a pattern",
    "files: [**/sql]\n",
    'x.yaml:1:9: found the alias "**/sql", expected the value itself, or the text in quotes',
  ],
])("%s is told by what to write", (_what, text, expected) => {
  expect(refusal(text)).toBe(expected);
});

test("mistakes on several lines come at once, what only follows from another of its line does not", () => {
  expect(refusal("a: b: c\nd: 1\ne: f: g\n")).toBe(
    '2 mistakes\n  x.yaml:1:4: found a second ": " in the value, expected text with ": " in it in quotes\n  x.yaml:3:4: found a second ": " in the value, expected text with ": " in it in quotes',
  );
});
