/** The YAML library's syntax mistakes in words that say what to write: its own tell how its grammar came to them. */

/** What of the library's error is read here. */
export interface YamlError {
  readonly code: string;
  readonly message: string;
  /** Offsets into the text. */
  readonly pos: readonly [number, number];
}

/** One of them in words, in place of the library's. */
export interface Worded {
  readonly at: number;
  readonly text: string;
}

/**
 * All syntax mistakes of a text, one a line: what comes after the first of a line only follows from it. Where tabs
 * indent, everything else may follow from them.
 */
export function wordedSyntax(errors: readonly YamlError[], text: string): Worded[] {
  const tabs = errors.filter(({ code }) => code === "TAB_AS_INDENT");
  const telling = tabs.length > 0 ? tabs : errors;
  const lines = new Set<number>();
  return telling
    .toSorted((a, b) => a.pos[0] - b.pos[0])
    .filter(({ pos: [offset] }) => {
      const line = lineStart(text, offset);
      return !lines.has(line) && lines.add(line);
    })
    .map((error) => ({ at: beginning(error, text), text: worded(error, text) }));
}

const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/^Tabs are not allowed/, "found a tab, expected spaces: nothing else indents"],
  [
    /^All mapping items/,
    "found a key that stands between two columns, expected the keys of one map in one column, and those of an inner map further right",
  ],
  [/^All sequence items/, 'found a "-" that stands between two columns, expected the "-" of one list in one column'],
  [
    /^Sequence item without/,
    'found a key where a list goes on, expected "- " before it, or the column of the key that it belongs beside',
  ],
  [
    /^A block sequence may not/,
    'found "- " where the map goes on with a key, expected the items of one list under one key',
  ],
  [/^Implicit map keys need/, 'found a word alone, expected "key: value", or "- " before an item of a list'],
  [/^Missing closing/, "found text without its closing quote, expected it on the same line"],
  [
    /^Flow map .* end with a/i,
    'found "{" without "}", expected "}"; text with "#", "," or a bracket in it belongs in quotes',
  ],
  [
    /^Flow sequence .* end with a/i,
    'found "[" without "]", expected "]"; text with "#", "," or a bracket in it belongs in quotes',
  ],
  [/^Source contains multiple documents/, "found a second document, expected one in a file"],
  [/^Plain value cannot start/, "found a sign that words can't begin with, expected the text in quotes"],
];

const NESTED = /^Nested mappings|^Implicit keys need/;

/** Where it begins: what is not closed is noticed at its end. */
function beginning({ message, pos: [offset] }: YamlError, text: string): number {
  const quote = /^Missing closing (["'])/.exec(message)?.[1];
  return quote === undefined ? offset : Math.max(0, text.lastIndexOf(quote, offset - 1));
}

function worded({ code, message, pos: [offset] }: YamlError, text: string): string {
  if (code === "DUPLICATE_KEY") return duplicate(text, offset);
  if (lineAt(text, offset).includes("\u00a0")) {
    return "found a no-break space, which looks like a space and is none, expected a space";
  }
  if (NESTED.test(message)) {
    return lineAt(text, offset)
      .slice(offset - lineStart(text, offset) - 1)
      .includes(": ")
      ? 'found a second ": " in the value, expected text with ": " in it in quotes'
      : "found a key that stands deeper than the one before it, expected the keys of one map in one column";
  }
  const words = MESSAGES.find(([pattern]) => pattern.test(message))?.[1];
  return words ?? message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, "");
}

/** Names the key that begins there; in `{ min: $9,000 }` that is what the comma cut off. */
function duplicate(text: string, offset: number): string {
  const found = /^(?:"[^"\n]{1,60}"|'[^'\n]{1,60}'|[^:,{}[\]\n]{1,60})/.exec(text.slice(offset))?.[0].trim() ?? "";
  const key = found === "" ? "a key" : `the key ${JSON.stringify(found.replace(/^["']|["']$/g, ""))}`;
  const cut = /^\d+$/.test(found) ? '; a "," in { } ends a value: write 9000, not 9,000' : "";
  return `found ${key} twice, expected every key once${cut}`;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1);
}

function lineAt(text: string, offset: number): string {
  const end = text.indexOf("\n", offset);
  return text.slice(lineStart(text, offset) + 1, end < 0 ? undefined : end);
}
