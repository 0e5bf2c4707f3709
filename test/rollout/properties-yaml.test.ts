/**
 * The reader of plain YAML and the whole parser are of one opinion: on every plan of the project, on damaged pieces of
 * them, and on made-up documents. What the one reads, the other reads too, as the same data at the same places.
 */
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readPlain } from "../../rollout/plain-yaml";
import { readWhole, readYaml } from "../../rollout/yaml";
import type { Path, YamlSource } from "../../rollout/yaml";

const filesIn = (folder: string) => readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
const FILES = [...filesIn("plans").map((name) => `plans/${name}`), ...filesIn(".")];
const LINES = FILES.map((file) => readFileSync(file, "utf8").split("\n"));

/** What of YAML means something, or once did. */
const PIECES = [
  ...["- ", "-", ": ", ":", "#", " #", "{", "}", "[", "]", ",", ", ", "\n", "\n\n", "\n  ", "\n    ", " ", "  ", "?  "],
  ...[
    "&a ",
    "*a",
    "!t ",
    "|",
    "|\n",
    "|-\n",
    ">-\n",
    ">",
    "'",
    "''",
    '"',
    "\\",
    '\\"',
    "---\n",
    "...\n",
    "<<: ",
    "%",
    "@",
  ],
  ...[
    "~",
    "null",
    "true",
    "No",
    "0x1f",
    "0o7",
    "1e3",
    ".5",
    "-0",
    "+1",
    "01",
    "1.50",
    "-1.5",
    ".inf",
    "\t",
    "\r\n",
    "`",
  ],
  ...[
    "é",
    "😀",
    "\u2028",
    "\u00a0",
    "=",
    "a",
    "k: v",
    "__proto__: 1",
    '"1": x',
    "k:",
    "- a: 1\n",
    "# c\n",
    "    # c\n",
  ],
];
const words = fc.constantFrom(...PIECES);

/** Some lines of a file, moved to the margin so that they may stand alone. */
const parts = fc
  .tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 14 }), fc.boolean())
  .map(([file, from, count, under]) => {
    const lines = LINES[file % LINES.length] ?? [];
    const part = lines.slice(from % lines.length).slice(0, count);
    const margin = Math.min(...part.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)), 99);
    const text = part.map((line) => (under ? "  " : "") + line.slice(margin)).join("\n");
    return `${under ? "top:\n" : ""}${text}\n`;
  });

type Damage = (text: string) => string;
const at = (text: string, where: number) => where % (text.length + 1);
const damages: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(fc.nat(), words).map(
    ([where, word]) =>
      (text: string) =>
        text.slice(0, at(text, where)) + word + text.slice(at(text, where)),
  ),
  fc.tuple(fc.nat(), fc.nat(3)).map(
    ([where, count]) =>
      (text: string) =>
        text.slice(0, at(text, where)) + text.slice(at(text, where) + count),
  ),
  fc.tuple(fc.nat(), fc.integer({ min: -4, max: 4 })).map(([which, by]) =>
    onLines((lines) => {
      const index = which % lines.length;
      const line = lines[index] ?? "";
      lines[index] = by < 0 ? line.replace(new RegExp(`^ {0,${-by}}`), "") : " ".repeat(by) + line;
    }),
  ),
  fc
    .tuple(fc.nat(), fc.nat())
    .map(([from, to]) => onLines((lines) => lines.splice(to % lines.length, 0, lines[from % lines.length] ?? ""))),
);
function onLines(change: (lines: string[]) => void): Damage {
  return (text) => {
    const lines = text.split("\n");
    change(lines);
    return lines.join("\n");
  };
}

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...inner.flatMap(([key, one]: [PropertyKey, unknown]) => pathsOf(one, [...path, key]))];
}

/** The data as text, which tells the order of keys, and every place in it; also of what is not there. */
function told(source: YamlSource): unknown {
  return [
    JSON.stringify(source.data),
    pathsOf(source.data).flatMap((path) =>
      [path, [...path, "none"], [...path, 99]].map((one) => [
        source.position(one),
        source.lineOf(one),
        source.keyPosition(one, "none"),
      ]),
    ),
  ];
}

/** As the whole parser reads it; what it takes for a mistake, the reader of plain YAML may not have read. */
function understood(text: string): YamlSource {
  try {
    return readWhole(text, "x.yaml");
  } catch (cause) {
    throw new Error(`read as plain, and a mistake: ${JSON.stringify(text)}`, { cause });
  }
}

/** Whether a text was plain; fails where the two disagree. The whole parser throws for what is a mistake. */
function agree(text: string): boolean {
  if (readPlain(text) === undefined) return false;
  const [plain, whole] = [readYaml(text, "x.yaml"), understood(text)];
  expect(plain.data, JSON.stringify(text)).toStrictEqual(whole.data);
  expect(told(plain), JSON.stringify(text)).toEqual(told(whole));
  return true;
}

test.each(["omnihub", "omni", "marketplace", "sarvanom", "beta"])("the plan of %s is plain, and the same", (name) => {
  expect(agree(readFileSync(`plans/${name}.yaml`, "utf8"))).toBe(true);
});

test("pieces of the project's files, damaged in some places, are the same or not plain", () => {
  let plain = 0;
  fc.assert(
    fc.property(parts, fc.array(damages, { maxLength: 4 }), (part, all) => {
      if (agree(all.reduce((text, damage) => damage(text), part))) plain += 1;
    }),
    { numRuns: 6_000 },
  );
  // Else it would compare nothing.
  expect(plain).toBeGreaterThan(500);
});

test("any row of what means something in YAML is the same or not plain", () => {
  const soup = fc.tuple(
    fc.constantFrom("", "a: ", "a:\n  ", "- ", "a: [", "a: { b: "),
    fc.array(words, { maxLength: 8 }),
    fc.constantFrom("", "\n", "]\n", " }\n"),
  );
  fc.assert(
    fc.property(soup, ([head, all, tail]) => {
      agree(head + all.join("") + tail);
    }),
    { numRuns: 6_000 },
  );
});
