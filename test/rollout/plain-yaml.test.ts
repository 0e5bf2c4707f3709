import { describe, expect, test } from "vitest";
import { readPlain } from "../../rollout/plain-yaml";

const data = (text: string) => readPlain(text)?.data;

describe("plain YAML", () => {
  test("is read: maps, lists, flows over several lines, text, numbers, comments", () =>
    expect(
      data(`# head
a: 1 # one
b: { c: [x y, "z: # \\"1\\"", 'it''s'], d: -2.5 }
list:
- plain - text, [with] {brackets}
- k: 5%
  l: 2026-11-21 # a day
-
  m: [
    true,
    null, # none
    [10:00, a#b],
   ]
say: >-
  one
  # two
all: |
  -----BEGIN
    two
holdpoint:release: v1
`),
    ).toEqual({
      a: 1,
      b: { c: ["x y", 'z: # "1"', "it's"], d: -2.5 },
      list: ["plain - text, [with] {brackets}", { k: "5%", l: "2026-11-21" }, { m: [true, null, ["10:00", "a#b"]] }],
      say: "one # two",
      all: "-----BEGIN\n  two\n",
      "holdpoint:release": "v1",
    }));

  test("stands at offsets: keys, values, items", () => {
    const read = readPlain("a:\n  - b: 1\n");
    const [item] = (read?.data as { a: object[] }).a;
    expect(read?.spots.get(read.data)).toEqual({ at: 0, keys: new Map([["a", 0]]), values: new Map([["a", 5]]) });
    expect(read?.spots.get(item as object)).toEqual({ at: 7, keys: new Map([["b", 7]]), values: new Map([["b", 10]]) });
  });
});

describe("left to the whole parser is", () => {
  test.each([
    ["nothing at all", ""],
    ["a comment alone", "# a\n"],
    ["a list as a document", "- a\n"],
    ["an anchor", "a: &x 1\n"],
    ["an alias", "a: *x\n"],
    ["an alias in a flow", "a: [*x]\n"],
    ["a tag", "a: !x y\n"],
    ["a merge key", "<<: { a: 1 }\n"],
    ["a key twice", "a: 1\na: 2\n"],
    ["a key twice, once in quotes", 'a: 1\n"a": 2\n'],
    ["a key twice in a flow", "a: { b: 1, b: 2 }\n"],
    ["a prototype", "__proto__: { a: 1 }\n"],
    ["a prototype in quotes", '"__proto__": { a: 1 }\n'],
    ["a key that is a number", "1: a\n"],
    ["a key that is a number in quotes", '"1": a\n'],
    ["a key that is nothing", "null: a\n"],
    ["a collection as a key", "? [a]\n: 1\n"],
    ["a flow as a key", "{ a: 1 }: 1\n"],
    ["a number with an exponent", "a: 1e330\n"],
    ["a comment at the margin in a flow", "a: [b\n# c\n  ]\n"],
    ["a document's mark where none is", " ---\nk: v"],
    ["two documents", "a: 1\n---\nb: 1\n"],
    ["the end of a document", "a: 1\n...\n"],
    ["a directive", "%YAML 1.1\n---\na: 1\n"],
    ["a key without a value", "a:\nb: 1\n"],
    ["a key without a value in a flow", "a: { b }\n"],
    ["a map behind a word", "a: b: c\n"],
    ["a tab", "a:\t1\n"],
    ["another line end", "a: 1\r\nb: 2\n"],
    ["a mark of byte order", "\ufeffa: 1\n"],
    ["a flow that is not indented", "a:\n  b: [\n  c]\n"],
    ["a flow that is open", "a: [b\n"],
    ["a flow with two commas", "a: [b,, c]\n"],
    ["a comment without a space", "a: [b,#c\n  d]\n"],
    ["a column that is neither in nor out", "a:\n    b: 1\n  c: 2\n"],
  ])("%s", (_what, text) => expect(readPlain(text)).toBeUndefined());
});
