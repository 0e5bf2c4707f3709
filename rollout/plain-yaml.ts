/**
 * The plain part of YAML, read in a tenth of the time that a whole parser takes: block maps and lists, flow maps and
 * lists, words and quoted text on one line, comments. What is written in any other way is not read here at all, and the
 * whole parser decides: it alone says what a mistake is. So this reader may only ever be too modest, never of another
 * opinion (test/rollout/plain-yaml.test.ts compares the two on damaged plans, data and positions).
 */

/** Data, and where each part of it stands: offsets from 0. */
export interface PlainYaml {
  readonly data: object;
  readonly spots: Spots;
}

/** Where the parts of each map and list stand. */
export type Spots = ReadonlyMap<object, Spot>;

export interface Spot {
  /** Offset of the map or list itself. */
  readonly at: number;
  /** Of a map: offsets of its keys. */
  readonly keys: ReadonlyMap<string, number>;
  /** Offsets of the values, by key or index. */
  readonly values: ReadonlyMap<PropertyKey, number>;
}

/**
 * A text as data, or undefined where it is not plain: no mistake yet, but nothing that is understood here.
 * @param text not nested deeper than a call stack bears
 */
export function readPlain(text: string): PlainYaml | undefined {
  if (UNUSUAL.test(text)) return undefined;
  try {
    return new Reader(text).document();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

/** Tabs and all other control characters but line ends, marks of byte order, characters beyond the 16-bit ones. */
const UNUSUAL = /[^\P{Cc}\n]|[\u2028\u2029\ufeff\ufffe\uffff\p{Cs}\u{10000}-\u{10ffff}]/u;

class NotPlain extends Error {}

const [LINE, SPACE, DASH, COLON, COMMA, HASH] = [10, 32, 45, 58, 44, 35];
const [QUOTE, TICK, OPEN, CLOSE, OPEN_MAP, CLOSE_MAP] = [34, 39, 91, 93, 123, 125];

/** A key with its colon: a word that is no number, or one line of quoted text without escapes. */
const KEY = /(?:([A-Za-z_][\w./-]{0,100}(?::[\w./-]{1,100})?)|"([^"\\\n]{1,200})"|'([^'\n]{1,200})'):(?=[ \n]|$)/y;
/** Words that are no text as keys, or that would hide others; numbers would change the order of the keys. */
const NO_KEY = /^(?:null|true|false|__proto__|<<|\d+)$/i;
/** How a word without quotes begins here; all that means something else in YAML is left out. */
const WORD = /^(?:[A-Za-z0-9_/(.<$\u00a1-\ud7ff\ue000-\ufffd]|-[0-9])/;
/** What YAML's core schema reads as something else than text. */
const NOTHING = /^(?:~|null|Null|NULL)$/;
const TRUTH = /^(?:true|True|TRUE|false|False|FALSE)$/;
const NUMBER =
  /^(?:0o[0-7]+|[-+]?[0-9]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)$/;
/** Numbers that everybody reads alike. */
const PLAIN_NUMBER = /^(?:0|-?[1-9][0-9]{0,14})(?:\.[0-9]{1,10})?$/;

class Reader {
  private readonly text: string;
  private readonly spots = new Map<object, Spot>();
  private at = 0;
  /** Of the content that begins at `at`, from 0; -1 after the last. */
  private column = 0;

  constructor(text: string) {
    this.text = text;
  }

  document(): PlainYaml {
    this.findContent(0);
    if (this.column !== 0) throw new NotPlain();
    const data = this.map(0);
    if (!this.isAtEnd()) throw new NotPlain();
    return { data, spots: this.spots };
  }

  private isAtEnd(): boolean {
    return this.column === -1;
  }

  private code(offset = this.at): number {
    return this.text.charCodeAt(offset);
  }

  /** Moves to the next content, from the start of a line. */
  private findContent(from: number): void {
    let start = from;
    for (;;) {
      this.at = start;
      this.skipSpaces();
      if (this.at >= this.text.length) {
        this.column = -1;
        return;
      }
      const code = this.code();
      if (code !== LINE && code !== HASH) {
        this.column = this.at - start;
        return;
      }
      start = this.lineAfter();
    }
  }

  private lineAfter(): number {
    const end = this.text.indexOf("\n", this.at);
    return end < 0 ? this.text.length : end + 1;
  }

  private skipSpaces(): void {
    while (this.code() === SPACE) this.at += 1;
  }

  /** Whether nothing but a comment is left of the line. */
  private atLineEnd(): boolean {
    this.skipSpaces();
    const code = this.code();
    return Number.isNaN(code) || code === LINE || (code === HASH && this.code(this.at - 1) === SPACE);
  }

  /** From the end of a value to the next content. */
  private endLine(): void {
    if (!this.atLineEnd()) throw new NotPlain();
    this.findContent(this.lineAfter());
  }

  private isItem(): boolean {
    const after = this.code(this.at + 1);
    return this.code() === DASH && (after === SPACE || after === LINE || Number.isNaN(after));
  }

  private map(column: number): object {
    const data: Record<string, unknown> = {};
    const [keys, values] = [new Map<string, number>(), new Map<PropertyKey, number>()];
    this.spots.set(data, { at: this.at, keys, values });
    do {
      const at = this.at;
      const key = this.key();
      if (keys.has(key)) throw new NotPlain();
      keys.set(key, at);
      data[key] = this.atLineEnd()
        ? this.below(column, (place) => values.set(key, place))
        : this.onLine(column, (place) => values.set(key, place));
    } while (this.column === column);
    if (this.column > column) throw new NotPlain();
    return data;
  }

  /** The value of a key that stands under it: deeper, or a list beside it. */
  private below(column: number, found: (at: number) => void): unknown {
    this.findContent(this.lineAfter());
    found(this.at);
    if (this.column > column) return this.block();
    if (this.column === column && this.isItem()) return this.list(column);
    throw new NotPlain();
  }

  private onLine(column: number, found: (at: number) => void): unknown {
    found(this.at);
    return this.toLineEnd(column);
  }

  /** A value that begins on this line, and is the last on its own. */
  private toLineEnd(column: number): unknown {
    if (this.text.startsWith(">-\n", this.at)) return this.lines(column, false).join(" ");
    if (this.text.startsWith("|\n", this.at)) return `${this.lines(column, true).join("\n")}\n`;
    const value = this.inline(column, false);
    this.endLine();
    return value;
  }

  /** The lines of a text that stands under its key: all of one indent, or some deeper. */
  private lines(column: number, deeper: boolean): readonly string[] {
    const lines: string[] = [];
    let indent = 0;
    let from = this.lineAfter();
    for (; from < this.text.length; from = this.at) {
      this.at = from;
      this.at = this.lineAfter();
      const line = this.text.slice(from, this.at).replace(/\n$/, "");
      const depth = line.search(/[^ ]/);
      if (lines.length === 0) indent = depth;
      if (depth < 0 || line.endsWith(" ")) throw new NotPlain();
      if (depth < indent) break;
      if (depth > indent && !deeper) throw new NotPlain();
      lines.push(line.slice(indent));
    }
    if (indent <= column || lines.length === 0 || this.code(from - 1) !== LINE) throw new NotPlain();
    this.findContent(from);
    return lines;
  }

  private block(): unknown {
    return this.isItem() ? this.list(this.column) : this.map(this.column);
  }

  private list(column: number): unknown[] {
    const data: unknown[] = [];
    const values = new Map<PropertyKey, number>();
    this.spots.set(data, { at: this.at, keys: NO_KEYS, values });
    while (this.column === column && this.isItem()) {
      const start = this.at - column;
      this.at += 1;
      if (this.atLineEnd()) {
        this.findContent(this.lineAfter());
        if (this.column <= column) throw new NotPlain();
        values.set(data.length, this.at);
        data.push(this.block());
        continue;
      }
      values.set(data.length, this.at);
      if (this.isItem()) throw new NotPlain();
      if (this.isKey()) {
        this.column = this.at - start;
        data.push(this.map(this.column));
      } else {
        data.push(this.toLineEnd(column));
      }
    }
    if (this.column > column) throw new NotPlain();
    return data;
  }

  private isKey(): boolean {
    KEY.lastIndex = this.at;
    return KEY.test(this.text);
  }

  private key(): string {
    KEY.lastIndex = this.at;
    const [whole, word, quoted, ticked] = KEY.exec(this.text) ?? [];
    const key = word ?? quoted ?? ticked;
    if (whole === undefined || key === undefined || NO_KEY.test(key)) throw new NotPlain();
    this.at += whole.length;
    return key;
  }

  /** A value that begins here. @param column of the map or list that it is in, which its further lines must be right of */
  private inline(column: number, inFlow: boolean): unknown {
    switch (this.code()) {
      case QUOTE:
        return this.quoted();
      case TICK:
        return this.ticked();
      case OPEN:
        return this.flowList(column);
      case OPEN_MAP:
        return this.flowMap(column);
      default:
        return inFlow ? this.flowWord() : this.lineWord();
    }
  }

  private quoted(): string {
    const start = ++this.at;
    let escaped = false;
    for (;;) {
      const code = this.code();
      if (code === QUOTE) break;
      if (code === LINE || Number.isNaN(code)) throw new NotPlain();
      if (code === 92) {
        const next = this.code(this.at + 1);
        if (next !== QUOTE && next !== 92) throw new NotPlain();
        escaped = true;
        this.at += 1;
      }
      this.at += 1;
    }
    const text = this.text.slice(start, this.at);
    this.at += 1;
    return escaped ? text.replace(/\\(["\\])/g, "$1") : text;
  }

  private ticked(): string {
    const start = ++this.at;
    let doubled = false;
    for (;;) {
      const code = this.code();
      if (code === LINE || Number.isNaN(code)) throw new NotPlain();
      if (code === TICK) {
        if (this.code(this.at + 1) !== TICK) break;
        doubled = true;
        this.at += 1;
      }
      this.at += 1;
    }
    const text = this.text.slice(start, this.at);
    this.at += 1;
    return doubled ? text.replaceAll("''", "'") : text;
  }

  /** A word that goes to the end of its line, or to a comment. */
  private lineWord(): unknown {
    const end = this.lineAfter();
    const line = this.text.slice(this.at, this.code(end - 1) === LINE ? end - 1 : end);
    const comment = line.indexOf(" #");
    const word = (comment < 0 ? line : line.slice(0, comment)).trimEnd();
    if (word.includes(": ") || word.endsWith(":")) throw new NotPlain();
    this.at += word.length;
    return scalar(word);
  }

  /** A word that goes to the next comma or bracket of its line. */
  private flowWord(): unknown {
    const start = this.at;
    for (; ; this.at += 1) {
      const code = this.code();
      if (code === COMMA || code === CLOSE || code === CLOSE_MAP || code === LINE) break;
      if (code === HASH && this.code(this.at - 1) === SPACE) break;
      if (code === OPEN || code === OPEN_MAP || Number.isNaN(code)) throw new NotPlain();
      if (code === COLON && ENDS_KEY.has(this.code(this.at + 1))) throw new NotPlain();
    }
    const word = this.text.slice(start, this.at).trimEnd();
    this.at = start + word.length;
    return scalar(word);
  }

  private flowList(column: number): unknown[] {
    const data: unknown[] = [];
    const values = new Map<PropertyKey, number>();
    this.spots.set(data, { at: this.at, keys: NO_KEYS, values });
    for (this.open(column); this.code() !== CLOSE; this.separate(column, CLOSE)) {
      values.set(data.length, this.at);
      data.push(this.inline(column, true));
    }
    this.at += 1;
    return data;
  }

  private flowMap(column: number): object {
    const data: Record<string, unknown> = {};
    const [keys, values] = [new Map<string, number>(), new Map<PropertyKey, number>()];
    this.spots.set(data, { at: this.at, keys, values });
    for (this.open(column); this.code() !== CLOSE_MAP; this.separate(column, CLOSE_MAP)) {
      const at = this.at;
      const key = this.key();
      if (keys.has(key)) throw new NotPlain();
      keys.set(key, at);
      this.skipSpaces();
      values.set(key, this.at);
      data[key] = this.inline(column, true);
    }
    this.at += 1;
    return data;
  }

  private open(column: number): void {
    this.at += 1;
    this.skipInFlow(column);
  }

  /** Between two values of a flow: one comma, which the last may have, too. */
  private separate(column: number, close: number): void {
    this.skipInFlow(column);
    if (this.code() === COMMA) {
      this.at += 1;
      this.skipInFlow(column);
    } else if (this.code() !== close) throw new NotPlain();
  }

  /** Spaces, comments and line ends. */
  private skipInFlow(column: number): void {
    if (!this.atLineEnd()) return;
    this.findContent(this.lineAfter());
    if (this.column <= column) throw new NotPlain();
  }
}

const NO_KEYS: ReadonlyMap<string, number> = new Map();

/** What makes a colon inside a flow the end of a key. */
const ENDS_KEY = new Set([SPACE, LINE, COMMA, OPEN, CLOSE, OPEN_MAP, CLOSE_MAP, Number.NaN]);

function scalar(word: string): unknown {
  if (!WORD.test(word)) throw new NotPlain();
  if (NOTHING.test(word)) return null;
  if (TRUTH.test(word)) return word.length === 4;
  if (!NUMBER.test(word)) return word;
  if (!PLAIN_NUMBER.test(word)) throw new NotPlain();
  return Number(word);
}
