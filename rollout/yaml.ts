/**
 * YAML that people write, read with positions: a mistake names file, line and column, what was found and what was
 * expected, with the nearest right word; all mistakes of a file come in one error.
 *
 * Refused because they hide what a reader of the file sees: anchors, aliases, merge keys, tags, duplicate keys,
 * several documents in one file.
 */
import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from "yaml";
import type { Document, Node } from "yaml";
import type { z } from "zod";
import { HoldpointError } from "./errors";
import type { ErrorCode } from "./errors";
import { rightForm } from "./right-form";
import { wordedSyntax } from "./yaml-syntax";
import { readPlain } from "./plain-yaml";
import type { PlainYaml, Spot } from "./plain-yaml";

/** Bytes; a rollout plan is some 20 KB. */
export const MAX_YAML_BYTES = 1024 * 1024;

/** Where in a document: keys and indexes from its root. */
export type Path = readonly PropertyKey[];

/** A position in a file, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A file that was read: its data and where each part of it stands. */
export interface YamlSource {
  readonly file: string;
  /** Plain JSON data. */
  readonly data: unknown;
  /** Position of the value at a path, or of its nearest parent that exists. */
  position(path: Path): Position;
  /** Position of a key of the map at a path. */
  keyPosition(path: Path, key: string): Position;
  /** Line of the item at a path, from 1: of its key where it has one. For findings: "plans/omnihub.yaml:41". */
  lineOf(path: Path): number;
}

/** One mistake in a file. */
export interface Mistake {
  readonly path: Path;
  /** What was expected, in words that follow "expected ". */
  readonly expected: string;
  /** What was found, in words that follow "found "; by default the value at the path. */
  readonly found?: string;
  /** Points at this key of the map at `path` in place of the map. */
  readonly key?: string;
}

/**
 * Reads YAML into data with positions.
 * @throws HoldpointError `yaml-syntax`, with every syntax mistake, or `file-too-large`.
 */
export function readYaml(text: string, file: string): YamlSource {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) {
    throw new HoldpointError(
      "file-too-large",
      `${file}: found ${Buffer.byteLength(text)} bytes, expected at most 1 MiB`,
    );
  }
  const deep = tooDeep(text);
  if (deep !== undefined) throw refused(file, [{ at: place(text, deep), text: TOO_DEEP }]);
  const plain = readPlain(text);
  if (plain !== undefined) return plainSource(plain, text, file);
  return readWhole(text, file);
}

/** Reads any YAML that is not nested too deeply. Only it says what a mistake is. */
export function readWhole(text: string, file: string): YamlSource {
  const unreadable = unreadableIn(text);
  if (unreadable.length > 0) throw refused(file, unreadable);
  const lines = new LineCounter();
  const document = parse(text, file, lines);
  const syntax = wordedSyntax(document.errors, text).map(({ at: offset, text: words }) => ({
    at: position(lines, offset),
    text: words,
  }));
  // What a text hides can be told once its structure is certain.
  const mistakes = syntax.length > 0 ? syntax : hidingMistakes(document, lines);
  if (mistakes.length > 0) throw refused(file, mistakes);
  return wholeSource(document, lines, file);
}

/** Deeper than any plan; far below where the recursive parser would end the process, which nothing can catch. */
const MAX_DEPTH = 100;

const TOO_DEEP = `found nesting deeper than ${MAX_DEPTH}, expected what people can read`;

/**
 * Where a text may be nested deeper than allowed. Counts brackets wherever they stand, and what a line begins with:
 * block structure can't be nested deeper than it is indented.
 */
function tooDeep(text: string): number | undefined {
  const indented = text.search(/^[ \t?:-]{200}/m);
  if (indented >= 0) return indented;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === OPEN || code === OPEN_MAP) depth += 1;
    else if ((code === CLOSE || code === CLOSE_MAP) && depth > 0) depth -= 1;
    if (depth > MAX_DEPTH) return at;
  }
  return undefined;
}

const [OPEN, CLOSE, OPEN_MAP, CLOSE_MAP] = [91, 93, 123, 125];

/**
 * Characters that a reader does not see, or that move what he sees: control characters but tabs and line ends, those that
 * turn the direction of writing, a mark of byte order within the text; and what stands for a byte that is no UTF-8.
 */
const UNREADABLE = /(?![\t\n\r])\p{Cc}|[\u202a-\u202e\u2066-\u2069\ufffd]|(?!^)\ufeff/gu;
/** More of them only say that the file is something else than text. */
const MOST_UNREADABLE = 5;

function unreadableIn(text: string): Placed[] {
  const found: Placed[] = [];
  for (const match of text.matchAll(UNREADABLE)) {
    if (found.push({ at: place(text, match.index), text: unreadableWords(match[0]) }) === MOST_UNREADABLE) break;
  }
  return found;
}

function unreadableWords(character: string): string {
  if (character === "\ufffd") return "found a byte that is no UTF-8 text, expected the file saved as UTF-8";
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return `found the character U+${code}, which nobody sees, expected text that people can read`;
}

function place(text: string, offset: number): Position {
  return position(lineStarts(text), offset);
}

function refused(file: string, mistakes: readonly Placed[]): HoldpointError {
  return new HoldpointError("yaml-syntax", listed(mistakes.map((mistake) => at(file, mistake.at, mistake.text))));
}

function parse(text: string, file: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter, version: "1.2", schema: "core", merge: false, prettyErrors: false });
  } catch (cause) {
    throw new HoldpointError("yaml-syntax", `${file}: cannot be read`, { cause });
  }
}

interface Placed {
  readonly at: Position;
  readonly text: string;
}

/** What YAML allows and a plan does not: everything that makes the data differ from what is read on the page. */
function hidingMistakes(document: Document.Parsed, lines: LineCounter): Placed[] {
  const found: Placed[] = [];
  const add = (node: Node, what: string, expected: string): void => {
    found.push({ at: position(lines, node.range?.[0] ?? 0), text: `found ${what}, expected ${expected}` });
  };
  visit(document, {
    Alias: (_key, node) => {
      const text = /[*./]/.test(node.source) ? ", or the text in quotes" : "";
      add(node, `the alias "*${node.source}"`, `the value itself${text}`);
    },
    Node: (_key, node) => {
      if (node.anchor !== undefined) add(node, `the anchor "&${node.anchor}"`, "a plain value");
      if (node.tag !== undefined) add(node, `the tag "${node.tag}"`, "a plain value");
      const [hidden] = isScalar(node) ? (String(node.value).match(UNREADABLE) ?? []) : [];
      if (hidden !== undefined)
        found.push({ at: position(lines, node.range?.[0] ?? 0), text: unreadableWords(hidden) });
    },
    Pair: (_key, pair) => {
      if (!isNode(pair.key)) return;
      if (!isScalar(pair.key)) add(pair.key, "a collection as a key", "a word as a key");
      else if (pair.key.value === "<<") add(pair.key, 'the merge key "<<"', "the values themselves");
      else if (pair.key.value === "__proto__") add(pair.key, 'the key "__proto__"', "a key of the plan");
    },
  });
  return found;
}

/** What a source is made of: its data, and offsets of values and keys. */
interface Parts {
  readonly file: string;
  readonly data: unknown;
  place(offset: number): Position;
  /** Of the value at a path, or of its nearest parent that exists. */
  valueAt(path: Path): number;
  keyAt(path: Path, key: string): number | undefined;
}

function sourceOf({ file, data, place, valueAt, keyAt }: Parts): YamlSource {
  const positionOf = (path: Path): Position => place(valueAt(path));
  const keyPosition = (path: Path, key: string): Position => {
    const offset = keyAt(path, key);
    return offset === undefined ? positionOf(path) : place(offset);
  };
  return {
    file,
    data,
    position: positionOf,
    keyPosition,
    lineOf: (path) => {
      const last = path.at(-1);
      const spot = typeof last === "string" ? keyPosition(path.slice(0, -1), last) : positionOf(path);
      return spot.line;
    },
  };
}

function wholeSource(document: Document.Parsed, lines: LineCounter, file: string): YamlSource {
  return sourceOf({
    file,
    data: document.toJS({ maxAliasCount: 0 }) as unknown,
    place: (offset) => position(lines, offset),
    valueAt: (path) => offsetOf(document, path),
    keyAt: (path, key) => keyOffset(path.length === 0 ? document.contents : document.getIn(path, true), key),
  });
}

function plainSource({ data, spots }: PlainYaml, text: string, file: string): YamlSource {
  const root = spots.get(data);
  const spotOf = (path: Path): Spot | undefined => {
    const value = valueAt(data, path);
    return typeof value === "object" && value !== null ? spots.get(value) : undefined;
  };
  let lines: LineCounter | undefined;
  return sourceOf({
    file,
    data,
    place: (offset) => position((lines ??= lineStarts(text)), offset),
    valueAt: (path) => {
      for (let length = path.length; length > 0; length--) {
        const offset = spotOf(path.slice(0, length - 1))?.values.get(path[length - 1] ?? "");
        if (offset !== undefined) return offset;
      }
      return root?.at ?? 0;
    },
    keyAt: (path, key) => spotOf(path)?.keys.get(key),
  });
}

function lineStarts(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  return lines;
}

function offsetOf(document: Document.Parsed, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range[0] ?? 0;
}

function keyOffset(map: unknown, key: string): number | undefined {
  if (!isMap(map)) return undefined;
  const pair = map.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
  return pair && isNode(pair.key) ? pair.key.range?.[0] : undefined;
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/**
 * Every issue that zod found, as mistakes; the schema is asked for the nearest right key. A schema's own messages are read as what was expected: write
 * `z.string().regex(…, 'a duration such as "15 minutes"')`.
 */
export function mistakesOf(error: z.ZodError, from: YamlSource, schema: z.ZodType): Mistake[] {
  return error.issues.flatMap((issue) => mistakesOfIssue(issue, from, schema, []));
}

type Issue = z.core.$ZodIssue;

/** @param schema of the value at `base`, which the issue's path begins at */
function mistakesOfIssue(issue: Issue, from: YamlSource, schema: unknown, base: Path): Mistake[] {
  const path = [...base, ...issue.path];
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = keysOf(schemaAt(schema, valueAt(from.data, base), issue.path), valueAt(from.data, path));
      return issue.keys.map((key) => unknownKey(path, key, known));
    }
    case "invalid_union":
      return unionMistakes(issue, from, schemaAt(schema, valueAt(from.data, base), issue.path), path);
    case "invalid_value": {
      if (!issue.message.startsWith("Invalid ")) return [{ path, expected: issue.message }];
      return [wrongValue(from, path, choice(issue.values.map(String), valueAt(from.data, path)))];
    }
    case "invalid_type":
      return [
        wrongValue(
          from,
          path,
          issue.message.startsWith("Invalid input")
            ? typeWords(issue.expected, schemaAt(schema, valueAt(from.data, base), issue.path))
            : issue.message,
        ),
      ];
    case "invalid_key":
      return issue.issues.map((inner) => ({
        path: path.slice(0, -1),
        key: String(path.at(-1)),
        found: `the key "${String(path.at(-1))}"`,
        expected: inner.message,
      }));
    default:
      return [wrongValue(from, path, issue.message)];
  }
}

/** A value that is not what was expected; where it is not there at all, the map that lacks the key is pointed at. */
function wrongValue(from: YamlSource, path: Path, expected: string): Mistake {
  const key = path.at(-1);
  if (valueAt(from.data, path) !== undefined || typeof key !== "string") return { path, expected };
  return { path: path.slice(0, -1), found: "nothing", expected: `the key "${key}" (${expected})` };
}

/** "a map with within, tell": the keys that it can't do without. */
function typeWords(expected: string, schema: unknown): string {
  const shape = Object.entries(definition(bare(schema))?.shape ?? {});
  const needed = shape.filter(([, value]) => !OPTIONAL.has(String(definition(value)?.type))).map(([key]) => key);
  const words = TYPE_WORDS[expected] ?? expected;
  return expected === "object" && needed.length > 0 ? `${words} with ${needed.join(", ")}` : words;
}

const OPTIONAL: ReadonlySet<string> = new Set(["optional", "default", "prefault"]);

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

function unionMistakes(
  issue: Issue & { code: "invalid_union" },
  from: YamlSource,
  schema: unknown,
  path: Path,
): Mistake[] {
  const value = valueAt(from.data, path);
  const tags = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : undefined;
  if (tags !== undefined) return [wrongValue(from, path, choice(tags, value))];
  const meant = memberMeant(issue.errors, definition(bare(schema))?.options ?? [], value);
  if (meant === undefined) return [wrongValue(from, path, issue.message)];
  return meant.issues.flatMap((inner) => mistakesOfIssue(inner, from, meant.schema, path));
}

interface Member {
  readonly schema: unknown;
  readonly issues: readonly Issue[];
}

/**
 * The member of a union of maps that was probably meant: the one that knows most of the written keys, then the one with
 * the fewest mistakes, then the first. Undefined where no written key tells the members apart: then the union's own
 * words say more than any one member's mistakes.
 */
function memberMeant(
  issues: readonly (readonly Issue[])[],
  options: readonly unknown[],
  value: unknown,
): Member | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const written = Object.keys(value);
  const members = options.map((schema, index) => {
    const known = keysOf(schema, value);
    const mistakes = issues[index] ?? [];
    return {
      schema,
      issues: mistakes,
      known,
      unknown: written.filter((key) => !known.includes(key)).length,
      // A tag that is not written tells nothing.
      wrongTags: mistakes.filter((one) => isWrongTag(one) && written.includes(String(one.path[0]))).length,
    };
  });
  const telling = written.some(
    (key) => members.some(({ known }) => known.includes(key)) && members.some(({ known }) => !known.includes(key)),
  );
  const tagged = members.some(({ wrongTags }) => wrongTags === 0) && members.some(({ wrongTags }) => wrongTags > 0);
  if (!telling && !tagged) return undefined;
  return members.toSorted(
    (a, b) => a.unknown - b.unknown || a.issues.length - b.issues.length || a.wrongTags - b.wrongTags,
  )[0];
}

/** A key whose one right word differs between the members of a union. */
function isWrongTag(issue: Issue): boolean {
  return issue.code === "invalid_value" && issue.path.length === 1 && issue.values.length === 1;
}

/** The schema of the value at a path below a schema's; the data chooses among the members of a union. */
function schemaAt(schema: unknown, data: unknown, path: Path): unknown {
  const [step, ...rest] = path;
  const def = definition(bare(schema));
  if (step === undefined || def === undefined) return schema;
  const inner = valueAt(data, [step]);
  switch (def.type) {
    case "object":
      return schemaAt(def.shape?.[step], inner, rest);
    case "array":
      return schemaAt(def.element, inner, rest);
    case "record":
      return schemaAt(def.valueType, inner, rest);
    case "union":
      return schemaAt(taggedMember(def, data), data, path);
    default:
      return undefined;
  }
}

/** Keys that a schema of a map allows in this map. */
function keysOf(schema: unknown, data: unknown): readonly string[] {
  const def = definition(bare(schema));
  return def?.type === "union" ? keysOf(taggedMember(def, data), data) : Object.keys(def?.shape ?? {});
}

/** A schema without what is wrapped around it: optional, default, readonly, transformed. */
function bare(schema: unknown): unknown {
  const def = definition(schema);
  const inner = def?.type === "pipe" ? def.in : def?.innerType;
  return inner === undefined ? schema : bare(inner);
}

/** The member of a discriminated union that the data's tag names. */
function taggedMember(def: Definition, data: unknown): unknown {
  const key = def.discriminator;
  if (key === undefined) return undefined;
  return def.options?.find((option) =>
    (definition(definition(option)?.shape?.[key])?.values ?? []).includes(valueAt(data, [key])),
  );
}

/** What of zod's definitions is read here. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<PropertyKey, unknown>>;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly innerType?: unknown;
  readonly in?: unknown;
  readonly options?: readonly unknown[];
  readonly discriminator?: string;
  readonly values?: readonly unknown[];
}

function definition(schema: unknown): Definition | undefined {
  return (schema as { _zod?: { def?: Definition } } | undefined)?._zod?.def;
}

function unknownKey(path: Path, key: string, known: readonly string[]): Mistake {
  const near = nearest(key, known);
  const list = known.length === 0 ? "no such key" : `one of ${known.join(", ")}`;
  return { path, key, found: `the unknown key "${key}"`, expected: near === undefined ? list : `"${near}"` };
}

/** Words that were possible, with the nearest to what was written first in mind: `"smoke" (one of …)`. */
export function choice(words: readonly string[], found: unknown): string {
  if (words.length === 1) return `"${words[0]}"`;
  const list = `one of ${words.join(", ")}`;
  const near = typeof found === "string" ? nearest(found, words) : undefined;
  return near === undefined ? list : `"${near}" (${list})`;
}

/** The word that was probably meant, or undefined where none is near. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const begun = words.filter((candidate) => word.length >= 3 && candidate.startsWith(word.toLowerCase()));
  if (begun.length === 1) return begun[0];
  const limit = Math.max(1, Math.floor(word.length / 3));
  const ranked = words
    .map((candidate) => ({ candidate, away: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.away - b.away);
  const best = ranked[0];
  return best !== undefined && best.away <= limit ? best.candidate : undefined;
}

/** Edits between two words: insert, drop, change, swap two neighbours. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? cell(i - 2, j - 2) + 1 : changed;
      rows[i]?.push(Math.min(changed, swapped, cell(i - 1, j) + 1, cell(i, j - 1) + 1));
    }
  }
  return cell(a.length, b.length);
}

/** The value at a path of plain data, or undefined. */
export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

/** One error that names all mistakes, each "file:line:column: path: found X, expected Y", in the file's order. */
export function mistakesError(
  code: ErrorCode,
  mistakes: readonly Mistake[],
  from: YamlSource,
  options: { remedy?: string } = {},
): HoldpointError {
  const placed = mistakes
    .map((mistake) => {
      const spot =
        mistake.key === undefined ? from.position(mistake.path) : from.keyPosition(mistake.path, mistake.key);
      return { spot, text: at(from.file, spot, mistakeText(mistake, from)) };
    })
    .toSorted((a, b) => a.spot.line - b.spot.line || a.spot.column - b.spot.column);
  return new HoldpointError(code, listed([...new Set(placed.map((mistake) => mistake.text))]), options);
}

function mistakeText(mistake: Mistake, from: YamlSource): string {
  const value = valueAt(from.data, mistake.path);
  const form = mistake.found === undefined ? rightForm(value, mistake.expected) : undefined;
  const expected = form === undefined ? mistake.expected : `${form} (${mistake.expected})`;
  const where = pathText(mistake.path);
  return `${where === "" ? "" : `${where}: `}found ${mistake.found ?? shown(value)}, expected ${expected}`;
}

/** All mistakes of the zod error in one HoldpointError. */
export function describeIssues(
  error: z.ZodError,
  from: YamlSource,
  schema: z.ZodType,
  code: ErrorCode,
): HoldpointError {
  return mistakesError(code, mistakesOf(error, from, schema), from);
}

/** Data by schema, or one error with all mistakes. */
export function parseWith<T extends z.ZodType>(schema: T, from: YamlSource, code: ErrorCode): z.output<T> {
  const result = schema.safeParse(from.data);
  if (!result.success) throw describeIssues(result.error, from, schema, code);
  return result.data;
}

/** A path as a reader writes it: `stages[1].enter.criteria[0].maxAge`. */
export function pathText(path: Path): string {
  return path
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${String(step)}`))
    .join("");
}

/** A value for a message: short, quoted, never a whole tree. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return "a map";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}

function at(file: string, spot: Position, text: string): string {
  return `${file}:${spot.line}:${spot.column}: ${text}`;
}

function listed(lines: readonly string[]): string {
  return lines.length === 1 ? (lines[0] ?? "") : `${lines.length} mistakes\n  ${lines.join("\n  ")}`;
}
