import { describe, expect, test } from "vitest";
import { z } from "zod";
import { HoldpointError } from "../../rollout/errors";
import { nearest, parseWith, readYaml } from "../../rollout/yaml";

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof HoldpointError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("read");
}
const read = (text: string) => refusal(() => readYaml(text, "x.yaml"));

describe("reading YAML", () => {
  test("gives data and the lines of its parts", () => {
    const source = readYaml("a: 1\nb:\n  - c: 2\n  - d\n", "x.yaml");
    expect(source.data).toEqual({ a: 1, b: [{ c: 2 }, "d"] });
    expect([
      source.lineOf(["a"]),
      source.lineOf(["b"]),
      source.lineOf(["b", 0, "c"]),
      source.lineOf(["b", 1]),
      source.lineOf(["gone"]),
    ]).toEqual([1, 2, 3, 4, 1]);
    expect(source.position(["b", 0, "c"])).toEqual({ line: 3, column: 8 });
  });
  test("reads words as words: no, 02:00 and 5% are text", () => {
    expect(readYaml("a: no\nb: 02:00\nc: 5%\nd: 2026-01-01\n", "x.yaml").data).toEqual({
      a: "no",
      b: "02:00",
      c: "5%",
      d: "2026-01-01",
    });
  });
  test("refuses what hides the data from its reader", () => {
    expect(read("a: &x 1\nb: *x\n")).toBe(
      'yaml-syntax: 2 mistakes\n  x.yaml:1:7: found the anchor "&x", expected a plain value\n  x.yaml:2:4: found the alias "*x", expected the value itself',
    );
    expect(read("a: 1\n<<: { b: 2 }\n")).toBe(
      'yaml-syntax: x.yaml:2:1: found the merge key "<<", expected the values themselves',
    );
    expect(read("a: !!binary aGk=\n")).toMatch(
      /^yaml-syntax: x\.yaml:1:\d+: found the tag "tag:yaml.org,2002:binary", expected a plain value$/,
    );
    expect(read("a: !secret x\n")).toMatch(/found the tag "!secret", expected a plain value$/);
    expect(read("__proto__: { x: 1 }\n")).toBe(
      'yaml-syntax: x.yaml:1:1: found the key "__proto__", expected a key of the plan',
    );
    expect(read("? [a]\n: 1\n")).toBe("yaml-syntax: x.yaml:1:3: found a collection as a key, expected a word as a key");
  });
  test("refuses a key that is there twice", () =>
    expect(read("a: 1\nb: 2\na: 3\n")).toBe(
      'yaml-syntax: x.yaml:3:1: found the key "a" twice, expected every key once',
    ));
  test("refuses two documents, tells all syntax mistakes", () => {
    expect(read("a: 1\n---\nb: 2\n")).toBe("yaml-syntax: x.yaml:2:1: found a second document, expected one in a file");
    expect(read("a: [1\nb: }")).toMatch(/^yaml-syntax: /);
  });
  test("refuses characters that nobody sees, as they are and as escapes", () => {
    const words = (code: string): string =>
      `found the character U+${code}, which nobody sees, expected text that people can read`;
    const cases = [
      ["name: omni\0hub\n", "1:11", "0000"],
      ["a: 1\nb: \u001b[2K\n", "2:4", "001B"],
      ["a: only \u202eecno\n", "1:9", "202E"],
      ["a: 1\n\ufeffb: 2\n", "2:1", "FEFF"],
      ['a: "\\e[2K"\n', "1:4", "001B"],
      ['a: "\\u202e"\n', "1:4", "202E"],
      ['"\\0": 1\n', "1:1", "0000"],
    ] as const;
    for (const [text, where, code] of cases)
      expect(read(text), text).toBe(`yaml-syntax: x.yaml:${where}: ${words(code)}`);
    expect(readYaml("\ufeffa: x\ty\r\nb: ≥ 1\r\n", "x.yaml").data).toEqual({ a: "x\ty", b: "≥ 1" });
  });
  test("refuses a file in another encoding, where it is seen first", () => {
    const latin1 = Buffer.from("a: 1\nb: caf\u00e9\n", "latin1").toString("utf8");
    expect(read(latin1)).toBe(
      "yaml-syntax: x.yaml:2:7: found a byte that is no UTF-8 text, expected the file saved as UTF-8",
    );
    const utf16 = Buffer.from("\ufeffa: 1\n".repeat(1000), "utf16le").toString("utf8");
    expect(read(utf16).split("\n").slice(0, 2)).toEqual([
      "yaml-syntax: 5 mistakes",
      "  x.yaml:1:1: found a byte that is no UTF-8 text, expected the file saved as UTF-8",
    ]);
  });
  test("refuses a file of more than 1 MiB", () =>
    expect(read(`a: "${"x".repeat(1024 * 1024)}"`)).toBe(
      "file-too-large: x.yaml: found 1048581 bytes, expected at most 1 MiB",
    ));
  test("refuses what is nested too deeply, before the parser's recursion could end the process", () => {
    const deep = "found nesting deeper than 100, expected what people can read";
    const openings = [
      ["[", "1:101"],
      ["{a: ", "1:401"],
      ["- ", "1:1"],
      ["? ", "1:1"],
      ["[\n", "101:1"],
    ] as const;
    for (const [opening, where] of openings) {
      expect(read(opening.repeat(100_000)), opening).toBe(`yaml-syntax: x.yaml:${where}: ${deep}`);
    }
    const stairs = Array.from({ length: 1000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n");
    expect(read(stairs)).toBe(`yaml-syntax: x.yaml:201:1: ${deep}`);
    expect(readYaml(`${"[".repeat(100)}${"]".repeat(100)}`, "x.yaml").data).toBeDefined();
  });
});

describe("mistakes by schema", () => {
  const schema = z.strictObject({
    name: z.string(),
    mode: z.enum(["fast", "slow"]).optional(),
    count: z.int().min(1, "a number from 1").optional(),
    on: z.boolean().optional(),
    parts: z.record(z.string(), z.strictObject({ size: z.number() })).optional(),
    one: z
      .discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("a"), alpha: z.string() }),
        z.strictObject({ kind: z.literal("b"), beta: z.string().optional() }),
      ])
      .optional(),
  });
  const check = (text: string) => refusal(() => parseWith(schema, readYaml(text, "x.yaml"), "config-invalid"));
  test("name place, what was found and what was expected", () => {
    expect(check("name: 1")).toBe("config-invalid: x.yaml:1:7: name: found 1, expected text");
    expect(check("name: x\nmode: fats")).toBe(
      'config-invalid: x.yaml:2:7: mode: found "fats", expected "fast" (one of fast, slow)',
    );
    expect(check("name: x\ncount: 0")).toBe("config-invalid: x.yaml:2:8: count: found 0, expected a number from 1");
    expect(check("name: x\non: yes")).toBe('config-invalid: x.yaml:2:5: on: found "yes", expected true or false');
    expect(check("name: x\non:")).toBe("config-invalid: x.yaml:2:4: on: found nothing, expected true or false");
    expect(check("mode: fast")).toBe('config-invalid: x.yaml:1:1: found nothing, expected the key "name" (text)');
  });
  test("find the nearest key in records and unions", () => {
    expect(check("name: x\nparts: { p: { size: 1, sizes: 2 } }")).toBe(
      'config-invalid: x.yaml:2:24: parts.p: found the unknown key "sizes", expected "size"',
    );
    expect(check("name: x\none: { kind: b, betta: x }")).toBe(
      'config-invalid: x.yaml:2:17: one: found the unknown key "betta", expected "beta"',
    );
    expect(check("name: x\none: { kind: b, zzz: x }")).toBe(
      'config-invalid: x.yaml:2:17: one: found the unknown key "zzz", expected one of kind, beta',
    );
  });
  test("are those of the member of a union that was meant", () => {
    const size = z.union(
      [
        z.strictObject({ min: z.number(), max: z.number() }),
        z.strictObject({ exactly: z.number(), unit: z.enum(["kB", "MB"]) }),
        z.strictObject({ like: z.literal("before"), plus: z.number() }),
        z.strictObject({ like: z.literal("after"), plus: z.string() }),
      ],
      "min and max; exactly and unit; or like and plus",
    );
    const sized = (text: string) =>
      refusal(() => parseWith(z.strictObject({ size }), readYaml(`size: ${text}`, "x.yaml"), "config-invalid"));
    expect(sized("{ min: 1, maxx: 2 }")).toBe(
      'config-invalid: 2 mistakes\n  x.yaml:1:7: size: found nothing, expected the key "max" (a number)\n  x.yaml:1:17: size: found the unknown key "maxx", expected "max"',
    );
    expect(sized("{ exactly: 1, unit: MG }")).toBe(
      'config-invalid: x.yaml:1:27: size.unit: found "MG", expected "MB" (one of kB, MB)',
    );
    expect(sized("{ like: after, plus: 1 }")).toBe("config-invalid: x.yaml:1:28: size.plus: found 1, expected text");
    expect(sized("{ like: befor, plus: 1 }")).toBe(
      'config-invalid: x.yaml:1:15: size.like: found "befor", expected "before"',
    );
    // Nothing that is written belongs to one member more than to another.
    const all = "expected min and max; exactly and unit; or like and plus";
    expect(sized("{ mean: 1 }")).toBe(`config-invalid: x.yaml:1:7: size: found a map, ${all}`);
    expect(sized("5 MB")).toBe(`config-invalid: x.yaml:1:7: size: found "5 MB", ${all}`);
  });
  test("never print a whole tree", () =>
    expect(check(`name: { a: ["secret"] }`)).toBe("config-invalid: x.yaml:1:7: name: found a map, expected text"));
});

test("the nearest word is near", () => {
  expect(nearest("smok", ["smoke", "load"])).toBe("smoke");
  expect(nearest("Staging", ["staging"])).toBe("staging");
  expect(nearest("xyz", ["smoke", "load"])).toBeUndefined();
  expect(nearest("a", [])).toBeUndefined();
});
