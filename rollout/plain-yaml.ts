/**
 * The plain part of YAML, read by a parser that takes a tenth of the time of the one that explains mistakes. What is
 * written in an unusual way is not read here at all, and the other parser decides: it alone says what a mistake is. So
 * this reader may only ever be too modest, never of another opinion (test/rollout/properties-yaml.test.ts compares the
 * two on damaged plans, data and positions).
 */
import {
  boolCoreTag,
  EVENT_ID,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  NOT_RESOLVED,
  nullCoreTag,
  parseEvents,
  SCALAR_STYLE,
} from "js-yaml";

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

/** A text as data, or undefined where it is not plain: no mistake yet, but nothing that is understood here. */
export function readPlain(text: string): PlainYaml | undefined {
  if (UNUSUAL.test(text)) return undefined;
  try {
    return new Reader(text).document();
  } catch {
    // A mistake, or nothing plain: told by the other parser alone.
    return undefined;
  }
}

/**
 * Tabs and other control characters but line ends, also written as escapes, what turns the direction of writing, marks
 * of byte order and of documents, what is beyond 16 bits; and a comment at the margin in the midst of a flow, which only one of the parsers takes.
 */
const UNUSUAL =
  /[^\P{Cc}\n]|[\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffd\ufffe\uffff\p{Cs}\u{10000}-\u{10ffff}]|^ *(?:(?:---|\.\.\.)(?:\s|$)|%)|[[{][^\]}]*\n#|\\[0abefvxuUNLP_]/mu;
/** Keys that are no text, that would hide others, or that would change the order of the keys. */
const NO_KEY = /^(?:__proto__|<<|\d+)$/;
/** The header of a block of text: nothing else on its line. */
const BLOCK_HEADER = /[|>][-+]?\n$/;
/** Numbers that are too large for one parser and endless for the other. */
const EXPONENT = /^[-+]?[.\d]+[eE][-+]?\d+$/;
/** What the core schema of YAML 1.2 reads as something else than text. */
const OTHER_THAN_TEXT = [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag];

type Event = ReturnType<typeof parseEvents>[number];
type Scalar = Extract<Event, { valueStart: number }>;
interface Value {
  readonly value: unknown;
  readonly at: number;
}

class NotPlain extends Error {}

class Reader {
  private readonly text: string;
  private readonly events: readonly Event[];
  private readonly spots = new Map<object, Spot>();
  private index = 0;

  constructor(text: string) {
    this.text = text;
    this.events = parseEvents(text, {});
  }

  document(): PlainYaml {
    const head = this.next();
    if (head.type !== EVENT_ID.DOCUMENT) throw new NotPlain();
    const { value } = this.value(this.next());
    const ended = this.next().type === EVENT_ID.POP && this.index === this.events.length;
    if (!ended || typeof value !== "object" || value === null || Array.isArray(value)) throw new NotPlain();
    return { data: value, spots: this.spots };
  }

  private next(): Event {
    const event = this.events[this.index];
    if (event === undefined) throw new NotPlain();
    this.index += 1;
    return event;
  }

  private value(event: Event): Value {
    if ("anchorStart" in event && event.anchorStart !== -1) throw new NotPlain();
    if ("tagStart" in event && event.tagStart !== -1) throw new NotPlain();
    if (event.type === EVENT_ID.SCALAR) return this.scalar(event);
    if (event.type === EVENT_ID.MAPPING) return this.map(event.start);
    if (event.type === EVENT_ID.SEQUENCE) return this.list(event.start);
    throw new NotPlain();
  }

  private map(at: number): Value {
    const data: Record<string, unknown> = {};
    const [keys, values] = [new Map<string, number>(), new Map<PropertyKey, number>()];
    for (let event = this.next(); event.type !== EVENT_ID.POP; event = this.next()) {
      const key = this.value(event);
      if (typeof key.value !== "string" || NO_KEY.test(key.value) || keys.has(key.value)) throw new NotPlain();
      const { value, at: place } = this.value(this.next());
      data[key.value] = value;
      keys.set(key.value, key.at);
      values.set(key.value, place);
    }
    this.spots.set(data, { at, keys, values });
    return { value: data, at };
  }

  private list(at: number): Value {
    const data: unknown[] = [];
    const values = new Map<PropertyKey, number>();
    for (let event = this.next(); event.type !== EVENT_ID.POP; event = this.next()) {
      const item = this.value(event);
      values.set(data.length, item.at);
      data.push(item.value);
    }
    this.spots.set(data, { at, keys: new Map(), values });
    return { value: data, at };
  }

  private scalar(event: Scalar): Value {
    const { style, valueStart } = event;
    // Nothing at all stands nowhere.
    if (valueStart < 0) throw new NotPlain();
    const value = getScalarValue(this.text, event);
    if (style === SCALAR_STYLE.PLAIN) return { value: resolved(value), at: valueStart };
    const isBlock = style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK;
    return { value, at: isBlock ? this.headerOf(value, valueStart) : valueStart - 1 };
  }

  /** A block of text stands where its header does. */
  private headerOf(value: string, at: number): number {
    const header = BLOCK_HEADER.exec(this.text.slice(Math.max(0, at - 3), at));
    if (header === null || value === "") throw new NotPlain();
    return at - header[0].length;
  }
}

function resolved(text: string): unknown {
  if (EXPONENT.test(text)) throw new NotPlain();
  for (const tag of OTHER_THAN_TEXT) {
    const value: unknown = tag.resolve(text, false, tag.tagName);
    if (value !== NOT_RESOLVED) return value;
  }
  return text;
}
