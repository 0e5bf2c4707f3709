import fc from "fast-check";
import { canonicalize } from "json-canonicalize";
import { describe, expect, it } from "vitest";
import { canonical, digest } from "../../evidence/canonical";

describe("canonical JSON", () => {
  it("writes the example of RFC 8785, section 3.2.2", () => {
    const value: unknown = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    );
    expect(canonical(value)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it("sorts members by UTF-16 code units, as RFC 8785 section 3.2.3 shows", () => {
    const keys = ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6"];
    const sorted = Object.keys(JSON.parse(canonical(Object.fromEntries(keys.map((key) => [key, 0])))) as object);
    expect(sorted.filter((key) => key !== "1")).toEqual(["\r", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"]);
  });

  it("agrees with json-canonicalize on any parsed JSON", () => {
    // Any character; fast-check's own "binary" takes most of a second to make its table.
    const stringUnit = fc
      .integer({ min: 0, max: 0x10f7ff })
      .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, stringUnit }), (value) => {
        const parsed: unknown = JSON.parse(JSON.stringify(value));
        expect(canonical(parsed)).toBe(canonicalize(parsed));
      }),
    );
  });

  it("sorts an object that has a member named toJSON, too", () => {
    expect(canonical({ toJSON: "x", a: 1 })).toBe('{"a":1,"toJSON":"x"}');
  });

  it("takes one object at two places for two values, not for a circle", () => {
    const shared = { x: 1 };
    expect(canonical({ a: shared, ab: shared })).toBe('{"a":{"x":1},"ab":{"x":1}}');
  });

  it.each([
    ["a lone surrogate", { a: "\ud800" }, "$.a holds a lone surrogate"],
    ["a lone surrogate in a name", { "\udc00": 1 }, "$ holds a lone surrogate"],
    ["NaN", [NaN], "$[0] is not a JSON number: NaN"],
    ["undefined", { a: undefined }, "$.a is not JSON: undefined"],
    ["a date", { a: new Date(0) }, "$.a is not JSON: object"],
    ["a bigint", 1n, "$ is not JSON: bigint"],
  ])("refuses %s", (_name, value, message) => {
    expect(() => canonical(value)).toThrow(new TypeError(message));
  });

  it("refuses what is nested too deeply instead of running out of stack", () => {
    const deep: unknown = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
    expect(() => canonical(deep)).toThrow("nested deeper than 200 levels");
  });
});

describe("digest", () => {
  it("is sha256 of bytes, of a string's UTF-8, and of a value's canonical text", () => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(digest("abc")).toBe(abc);
    expect(digest(Buffer.from("abc"))).toBe(abc);
    expect(digest({ b: 1, a: 2 })).toBe(digest('{"a":2,"b":1}'));
  });
});
