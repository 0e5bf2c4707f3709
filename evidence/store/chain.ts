/**
 * A log that only grows: numbered entries, each of which names the digest of the one before. Two writers can't take
 * the same number, and an entry that is changed or taken away breaks the chain after it. Whoever may delete anything
 * can cut off its end, or write all of it anew: what the newest entry was is therefore kept elsewhere too, in decisions.
 */
import type { Digest } from "../../rollout/evidence";
import { canonical, digest } from "../canonical";
import { JsonError, parseJson } from "../json";
import { isUnreadable, unwritable, type Blobs } from "./blobs";

/** Bytes of one entry. */
const MAX_ENTRY = 16 * 1024;
/** Another writer takes a number at most so often before we give up. */
const MAX_TRIES = 1000;

/** The newest entry of a chain. */
export interface Head {
  /** 0: nothing was ever added. */
  readonly n: number;
  /** Digest of that entry's bytes; of nothing, for the first. */
  readonly digest: Digest;
}

/** An entry as it was read. */
export interface Entry {
  readonly n: number;
  /** Digest of its bytes. */
  readonly digest: Digest;
  /** What the entry before it had for a digest, as this one says. */
  readonly before: Digest;
  readonly what: Readonly<Record<string, unknown>>;
}

/** What a chain holds, and what is wrong with it, in words. */
export interface Walk {
  readonly entries: readonly Entry[];
  readonly problems: readonly string[];
}

/** One chain of a store. */
export interface Chain {
  append(what: Readonly<Record<string, unknown>>): Promise<Head>;
  head(): Promise<Head>;
  /** One entry; undefined where it is missing or damaged. */
  entry(n: number): Promise<Entry | undefined>;
  /** Every entry, checked. */
  walk(): Promise<Walk>;
}

/** So often the number of an entry is kept as a mark, in a folder of its own: the search for the newest begins there. */
const MARK_EVERY = 64;
/** Numbers are kept as what is left of this, so that the newest is listed first. */
const FAR = 9_999_999_999;

/** Before the first entry. */
const NOTHING: Head = { n: 0, digest: digest("") };

/** The chain of this name: "evidence", "decisions". */
export function openChain(blobs: Blobs, name: string): Chain {
  /** Where the search for the newest entry begins: chains only grow. */
  let known = NOTHING;

  const bytesOf = async (n: number): Promise<Buffer | undefined> => {
    const found = await blobs.read(nameOf(name, n), MAX_ENTRY);
    if (!isUnreadable(found)) return found;
    // Something is in its place: it counts as an entry, and `walk` says what is wrong with it.
    return found.missing ? undefined : Buffer.from(found.why);
  };
  /** The entry that was marked last: nobody has to believe the mark, for the entry itself is read. */
  const marked = async (): Promise<Head> => {
    const [newest] = await blobs.list(marksOf(name), 1).catch(() => []);
    const n = newest !== undefined && /^\d{10}$/.test(newest) ? FAR - Number(newest) : 0;
    const found = n > 0 ? await bytesOf(n) : undefined;
    return found === undefined ? NOTHING : { n, digest: digest(found) };
  };
  const mark = async (n: number): Promise<void> => {
    // The entry is there already: without its mark the search only takes longer.
    if (n % MARK_EVERY === 0)
      await blobs.add(`${marksOf(name)}/${padded(FAR - n)}`, new Uint8Array()).catch(() => false);
  };
  const added = async (n: number, bytes: Buffer): Promise<Head> => {
    await mark(n);
    return (known = { n, digest: digest(bytes) });
  };
  const head = async (): Promise<Head> => {
    let low = known.n === 0 ? await marked() : known;
    // A store that was put back to an earlier state ends earlier.
    if (known.n !== 0 && (await bytesOf(known.n)) === undefined) low = NOTHING;
    let step = 1;
    // Doubling, then halving: some 2 log2(n) reads, not a list of everything.
    let high = low.n + step;
    for (let found = await bytesOf(high); found !== undefined; found = await bytesOf(high)) {
      low = { n: high, digest: digest(found) };
      step *= 2;
      high += step;
    }
    while (high - low.n > 1) {
      const middle = Math.floor((low.n + high) / 2);
      const found = await bytesOf(middle);
      if (found === undefined) high = middle;
      else low = { n: middle, digest: digest(found) };
    }
    return (known = low);
  };
  return {
    head,
    async append(what) {
      let last = await head();
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const n = last.n + 1;
        const bytes = Buffer.from(`${canonical({ ...what, before: last.digest, n })}\n`);
        if (await blobs.add(nameOf(name, n), bytes)) return added(n, bytes);
        const theirs = await bytesOf(n);
        // A service that was asked twice, because its first answer got lost, says that the number is taken: by us.
        if (theirs?.equals(bytes) === true) return added(n, bytes);
        // Taken and gone again: look for the end anew.
        last = theirs === undefined ? await head() : { n, digest: digest(theirs) };
      }
      throw unwritable(blobs.place, `others added to the log ${MAX_TRIES} times meanwhile`, undefined);
    },
    async entry(n) {
      const bytes = await bytesOf(n);
      return bytes === undefined ? undefined : parse(bytes, n);
    },
    walk: async () => walk(bytesOf, (await head()).n, name),
  };
}

/** Reads 32 at a time. */
async function walk(bytesOf: (n: number) => Promise<Buffer | undefined>, last: number, name: string): Promise<Walk> {
  const entries: Entry[] = [];
  const problems: string[] = [];
  const AT_ONCE = 32;
  let before: Digest | undefined = NOTHING.digest;
  for (let from = 1; from <= last; from += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, last - from + 1) }, (_, index) => from + index);
    const read = await Promise.all(numbers.map(bytesOf));
    for (const [index, bytes] of read.entries()) {
      const n = from + index;
      const entry = bytes === undefined ? undefined : parse(bytes, n);
      if (bytes === undefined) problems.push(`entry ${n} of the log "${name}" was taken away`);
      else if (entry === undefined) problems.push(`entry ${n} of the log "${name}" is damaged`);
      else if (before !== undefined && entry.before !== before) {
        problems.push(`entry ${n} of the log "${name}" does not follow entry ${n - 1}: one of them was changed`);
      }
      if (entry !== undefined) entries.push(entry);
      before = bytes === undefined ? undefined : digest(bytes);
    }
  }
  return { entries, problems };
}

function parse(bytes: Buffer, n: number): Entry | undefined {
  try {
    const json = parseJson(bytes);
    if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
    const { before, n: own, ...what } = json as Record<string, unknown>;
    if (own !== n || typeof before !== "string") return undefined;
    return { n, digest: digest(bytes), before, what };
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

function nameOf(chain: string, n: number): string {
  return `log/${chain}/${padded(n)}.json`;
}

function marksOf(chain: string): string {
  return `log/${chain}/marks`;
}

function padded(n: number): string {
  return String(n).padStart(10, "0");
}
