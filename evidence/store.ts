/**
 * The evidence store: a folder or a bucket to which is only ever added, each thing named by the sha256 of its content.
 *
 *   <store>/<sha256>.intoto.jsonl        one envelope on one line; the name is the digest of the line without its end
 *   <store>/raw/<sha256>                 the reports that statements rest on
 *   <store>/update-plans/<sha256>.json   canonical content of the update plans that people approve
 *   <store>/decisions/<sha256>.jsonl     the gates' decisions, and in inputs/ what they rested on
 *   <store>/index/, log/                 where to look for what (catalogue.ts), and what was added, in order (chain.ts)
 *
 * What is damaged, too large or not of the store is named and treated as absent. Writers at the same time lose nothing:
 * equal content has an equal name, and a name appears only when what it names is whole.
 */
import { HoldpointError } from "../rollout/errors";
import type { Digest, RejectedEvidence } from "../rollout/evidence";
import { canonical, digest } from "./canonical";
import type { Envelope } from "./dsse";
import { EnvelopeError } from "./dsse";
import { parseJson } from "./json";
import { parseSigned } from "./sigstore-bundle";
import { isUnreadable, type Blobs, type Unreadable } from "./store/blobs";
import { aboutFolder, hintOfAbout, hintOfKind, kindFolder, listingOf, type Hint } from "./store/catalogue";
import { openChain, type Chain } from "./store/chain";
import { folderBlobs } from "./store/folder";

/** Bytes of one envelope. A test run of 8,000 tests with long names fits; nothing honest is larger. */
export const MAX_ENVELOPE_BYTES = 1024 * 1024;
/** Bytes of a raw report that is kept, and of an update plan's content. */
export const MAX_REPORT_BYTES = 16 * 1024 * 1024;
/** Envelopes that are read at once. Beyond it the store can't be read in the time that a gate has: the gate stays closed. */
export const MAX_ENTRIES = 20_000;
/** Milliseconds of machine time for reading what a gate needs, unless the caller gives less. */
export const READ_DEADLINE = 20_000;

/** A whole envelope file, nothing of it verified. */
export interface StoredEnvelope {
  /** Digest of `bytes`, checked. */
  readonly id: Digest;
  readonly file: string;
  readonly bytes: Buffer;
}

/** What a store holds. */
export interface StoreContent {
  readonly envelopes: readonly StoredEnvelope[];
  readonly rejected: readonly RejectedEvidence[];
}

/** What of it was looked for. */
export interface FoundContent extends StoreContent {
  /** What is listed and no longer there as it was added, in words. */
  readonly gone: readonly string[];
}

/** What a gate needs of a store. */
export interface Wants {
  /** Everything about these: commits, sha256 digests, stacks (catalogue's `stackSubject`). */
  readonly about: readonly string[];
  /** Kinds that count whatever they are about. */
  readonly anywhere: readonly string[];
  /** Kinds that are asked for. Where there is nothing of one, the newest of others are read, so that messages can say so. */
  readonly kinds: readonly string[];
}

/** What is kept beside the evidence: decisions, and what they were made of. */
export type Kept = "decisions" | "inputs";

/** A store; see the head of this file. */
export interface Store {
  /** The folder, or "s3://bucket/prefix". */
  readonly folder: string;
  /** Adds an envelope, or the bundle with a certificate around it, and returns its address. Adding it again changes nothing. */
  put(envelope: Envelope, certified?: unknown): Promise<Digest>;
  /** Keeps a raw report and returns its digest. `file-too-large` beyond 16 MiB. */
  putRaw(report: Uint8Array): Promise<Digest>;
  /** A raw report; undefined where it is missing or no longer what its name says. */
  getRaw(id: Digest): Promise<Buffer | undefined>;
  /**
   * The envelopes that speak to what is wanted, in the order of their addresses; no other is read.
   * @throws HoldpointError `store-unreadable`, `deadline`.
   */
  find(wants: Wants, options?: { readonly deadline?: number }): Promise<FoundContent>;
  /** These envelopes; those that are missing are told as gone. Throws as `find`. */
  read(ids: readonly Digest[]): Promise<FoundContent>;
  /**
   * Of these envelopes, those that are not listed any more where gates look for them: whoever takes a listing away hides what
   * is there. Throws as `find`.
   */
  unlisted(envelopes: readonly StoredEnvelope[], options?: { readonly deadline?: number }): Promise<Digest[]>;
  /**
   * Every envelope, in the order of their addresses, and every foreign file; a missing folder is an empty store.
   * @throws HoldpointError `store-unreadable` where the folder is none or holds too much, `deadline`.
   */
  readAll(options?: { readonly deadline?: number }): Promise<StoreContent>;
  /** Keeps the content of an update plan. `update-plan-invalid` if it does not have this digest. */
  putUpdatePlan(id: Digest, content: unknown): Promise<void>;
  /** The content of an update plan; undefined where it is missing or no longer what its name says. */
  getUpdatePlan(id: Digest): Promise<unknown>;
  /** Keeps a text and returns its digest. */
  keep(what: Kept, text: string): Promise<Digest>;
  /** A text that was kept; undefined where it is missing or no longer what its name says. */
  kept(what: Kept, id: Digest): Promise<string | undefined>;
  /** Ids of what was kept. */
  keptIds(what: Kept): Promise<Digest[]>;
  /** What was added, in order. */
  readonly log: { readonly evidence: Chain; readonly decisions: Chain };
}

/** Opens a store, a folder or "s3://bucket/prefix"; nothing is read or written before it is used. */
export function openStore(place: string): Store {
  return storeOn(place.startsWith("s3://") ? lateBlobs(place) : folderBlobs(place));
}

/** AWS's client takes longer to load than all the rest of a gate: only a store that is a bucket pays for it. */
function lateBlobs(place: string): Blobs {
  let opened: Promise<Blobs> | undefined;
  const blobs = (): Promise<Blobs> => (opened ??= import("./store/s3").then(({ s3Blobs }) => s3Blobs(place)));
  const clean = place.replace(/\?.*$/, "").replace(/\/+$/, "");
  return {
    place: clean,
    locate: (name) => `${clean}/${name}`,
    add: async (name, content) => (await blobs()).add(name, content),
    mend: async (name, content) => (await blobs()).mend(name, content),
    read: async (name, limit) => (await blobs()).read(name, limit),
    list: async (folder, atMost) => (await blobs()).list(folder, atMost),
  };
}

/** A store on any blobs. */
export function storeOn(blobs: Blobs): Store {
  const log = { evidence: openChain(blobs, "evidence"), decisions: openChain(blobs, "decisions") };
  const planName = (id: Digest): string => `update-plans/${requireDigest(id)}.json`;
  const keptName = (what: Kept, id: Digest): string => `${what}/${requireDigest(id)}.${ENDINGS[what]}`;
  return {
    folder: blobs.place,
    log,
    put: (envelope, certified) => put(blobs, log.evidence, envelope, certified),
    async putRaw(report) {
      checkSize(report.length, MAX_REPORT_BYTES, "the report");
      const id = digest(report);
      await addAs(blobs, `raw/${id}`, report, id);
      return id;
    },
    getRaw: (id) => readAs(blobs, `raw/${requireDigest(id)}`, id),
    find: ({ about, anywhere, kinds }, options) =>
      withDeadline(blobs, options, async (inTime) => {
        const hints = await hintsFor(blobs, { about, anywhere, kinds });
        return readEnvelopes(blobs, hints, inTime);
      }),
    read: (ids) =>
      withDeadline(blobs, undefined, (inTime) =>
        readEnvelopes(
          blobs,
          ids.map((id) => ({ id, kind: "" })),
          inTime,
        ),
      ),
    unlisted: (envelopes, options) => withDeadline(blobs, options, (inTime) => unlisted(blobs, envelopes, inTime)),
    readAll: (options) => withDeadline(blobs, options, (inTime) => readEverything(blobs, inTime)),
    async putUpdatePlan(id, content) {
      const text = canonical(content);
      checkSize(Buffer.byteLength(text), MAX_REPORT_BYTES, "the update plan");
      if (digest(text) !== id) {
        throw new HoldpointError(
          "update-plan-invalid",
          `the update plan's content has digest ${digest(text)}, not ${id}`,
        );
      }
      await addAs(blobs, planName(id), Buffer.from(text), id);
    },
    async getUpdatePlan(id) {
      const bytes = await readAs(blobs, planName(id), id);
      return bytes === undefined ? undefined : parseJson(bytes);
    },
    async keep(what, text) {
      checkSize(Buffer.byteLength(text), MAX_REPORT_BYTES, what === "decisions" ? "the decision" : "its input");
      const id = digest(text);
      await addAs(blobs, keptName(what, id), Buffer.from(text), id);
      return id;
    },
    kept: async (what, id) => (await readAs(blobs, keptName(what, id), id))?.toString("utf8"),
    async keptIds(what) {
      const names = await blobs.list(what, MAX_ENTRIES);
      return names.flatMap((name) => /^([0-9a-f]{64})\.[a-z]+$/.exec(name)?.[1] ?? []);
    },
  };
}

const ENDINGS = { decisions: "jsonl", inputs: "txt" } as const satisfies Record<Kept, string>;

function requireDigest(id: string): string {
  // It becomes part of a path.
  if (!/^[0-9a-f]{64}$/.test(id)) throw new TypeError("not a sha256 digest");
  return id;
}

function checkSize(bytes: number, limit: number, what: string): void {
  if (bytes <= limit) return;
  throw new HoldpointError("file-too-large", `${what} has ${bytes} bytes, at most ${limit} are kept`);
}

const LINE_END = Buffer.from("\n");
const NO_CONTENT = Buffer.alloc(0);

/**
 * The envelope first, then the log, then the index: what is listed is there, and what a killed writer left unlisted is
 * listed when it is put again.
 */
async function put(blobs: Blobs, log: Chain, envelope: Envelope, certified?: unknown): Promise<Digest> {
  const line = Buffer.from(JSON.stringify(certified ?? envelope));
  checkSize(line.length, MAX_ENVELOPE_BYTES, "the envelope");
  const id = digest(line);
  await addAs(blobs, fileOf(id), Buffer.concat([line, LINE_END]), id);
  const { hint, names } = listingOf(id, envelope);
  const [first, ...others] = names;
  if (isUnreadable(await blobs.read(first, 0))) await log.append({ ...hint });
  // Also where the first is there: the others may have been taken away since.
  for (const name of others) await blobs.add(name, NO_CONTENT);
  await blobs.add(first, NO_CONTENT);
  return id;
}

async function unlisted(blobs: Blobs, envelopes: readonly StoredEnvelope[], inTime: () => void): Promise<Digest[]> {
  const found = await inBatches(envelopes, inTime, async ({ id, bytes }) => {
    const [byKind, ...others] = namesOf(id, bytes);
    const isThere = await Promise.all(others.map((name) => isListed(blobs, name)));
    if (isThere.includes(false)) return [id];
    return byKind === undefined || (await isListed(blobs, byKind)) || (await isOfKind(blobs, byKind, id)) ? [] : [id];
  });
  return found.flat();
}

async function isListed(blobs: Blobs, name: string): Promise<boolean> {
  const found = await blobs.read(name, 0);
  return !isUnreadable(found) || !found.missing;
}

/** Under another time, as another version of us read it. */
async function isOfKind(blobs: Blobs, name: string, id: Digest): Promise<boolean> {
  const all = await blobs.list(name.slice(0, name.lastIndexOf("/")), MAX_ENTRIES + 1);
  return all.some((one) => one.endsWith(`~${id}`));
}

/** Where an envelope is listed; nowhere, where it is none: then nothing of it can be hidden. */
function namesOf(id: Digest, bytes: Buffer): readonly string[] {
  try {
    return listingOf(id, parseSigned(bytes).envelope).names;
  } catch (error) {
    if (error instanceof EnvelopeError) return [];
    throw error;
  }
}

const fileOf = (id: Digest): string => `${id}.intoto.jsonl`;

/** Where the name is taken by something else, that was damaged: it counts as absent, and is mended. */
async function addAs(blobs: Blobs, name: string, content: Uint8Array, id: Digest): Promise<void> {
  if (await blobs.add(name, content)) return;
  const found = await blobs.read(name, content.length);
  if (isUnreadable(found) || digest(withoutEnd(name, found)) !== id) await blobs.mend(name, content);
}

async function readAs(blobs: Blobs, name: string, id: Digest): Promise<Buffer | undefined> {
  const found = await blobs.read(name, MAX_REPORT_BYTES);
  return !isUnreadable(found) && digest(found) === id ? found : undefined;
}

/** An envelope's line ends with its line end, which is no part of what its name is the digest of. */
function withoutEnd(name: string, bytes: Buffer): Buffer {
  return name.endsWith(".intoto.jsonl") && bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
}

/** How many of others' evidence is read for a message. */
const SAMPLES = 5;

async function hintsFor(blobs: Blobs, { about, anywhere, kinds }: Wants): Promise<Hint[]> {
  const own = await Promise.all(
    [...new Set(about)].map(async (subject) => {
      const names = await blobs.list(aboutFolder(subject), MAX_ENTRIES + 1);
      return names.flatMap((name) => hintOfAbout(name) ?? []);
    }),
  );
  const there = new Set(own.flat().map(({ kind }) => kind));
  const all = new Set(anywhere);
  const samples = kinds.filter((kind) => !there.has(kind) && !all.has(kind));
  const others = await Promise.all([
    ...[...all].map((kind) => newestOf(blobs, kind, MAX_ENTRIES + 1)),
    ...[...new Set(samples)].map((kind) => newestOf(blobs, kind, SAMPLES)),
  ]);
  // What is listed under several subjects is one envelope; the first listing of it knows its stage.
  return [...new Map([...others.flat(), ...own.flat()].map((hint) => [hint.id, hint])).values()];
}

async function newestOf(blobs: Blobs, kind: string, atMost: number): Promise<Hint[]> {
  const names = await blobs.list(kindFolder(kind), atMost);
  return names.flatMap((name) => hintOfKind(kind, name) ?? []);
}

async function readEnvelopes(blobs: Blobs, hints: readonly Hint[], inTime: () => void): Promise<FoundContent> {
  checkCount(blobs, hints.length);
  const sorted = hints.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const read = await inBatches(sorted, inTime, async (hint) => ({ hint, found: await readEnvelope(blobs, hint.id) }));
  const envelopes: StoredEnvelope[] = [];
  const rejected: RejectedEvidence[] = [];
  const gone: string[] = [];
  for (const { hint, found } of read) {
    if ("bytes" in found) {
      envelopes.push(found);
      continue;
    }
    gone.push(`${describe(hint)} ${found.missing ? "was taken away" : "was damaged"}`);
    // What nobody can read any more may have been anything: only what is missing is believed to be what was listed.
    const claims = found.missing && hint.kind !== "" ? claimsOf(hint) : {};
    rejected.push({ file: blobs.locate(fileOf(hint.id)), claims, reason: "unreadable", detail: found.why });
  }
  return { envelopes, rejected, gone };
}

function describe({ id, kind, stage }: Hint): string {
  const what = [kind, stage].filter((word) => word !== undefined && word !== "").join(", ");
  return what === "" ? id.slice(0, 12) : `${id.slice(0, 12)} (${what})`;
}

function claimsOf({ kind, stage }: Hint): RejectedEvidence["claims"] {
  return { kind, ...(stage === undefined ? {} : { stage }) };
}

function checkCount(blobs: Blobs, count: number): void {
  if (count <= MAX_ENTRIES) return;
  throw new HoldpointError(
    "store-unreadable",
    `${blobs.place} holds more than ${MAX_ENTRIES} envelopes that would have to be read`,
    { remedy: "move evidence of old releases out of the store" },
  );
}

async function readEverything(blobs: Blobs, inTime: () => void): Promise<StoreContent> {
  const names = (await blobs.list("", MAX_ENTRIES + OWN.size + 1)).filter((name) => !OWN.has(name));
  checkCount(blobs, names.length);
  const read = await inBatches(names, inTime, async (name): Promise<StoredEnvelope | RejectedEvidence> => {
    const file = blobs.locate(name);
    const id = /^([0-9a-f]{64})\.intoto\.jsonl$/.exec(name)?.[1];
    const found =
      id === undefined
        ? { why: "not a file of the evidence store: wanted <sha256>.intoto.jsonl" }
        : await readEnvelope(blobs, id);
    return "bytes" in found ? found : { file, claims: {}, reason: "unreadable", detail: found.why };
  });
  const envelopes = read.flatMap((item) => ("bytes" in item ? item : []));
  return { envelopes, rejected: read.flatMap((item) => ("bytes" in item ? [] : item)) };
}

/** Folders of the store itself. */
const OWN: ReadonlySet<string> = new Set(["raw", "update-plans", "decisions", "inputs", "index", "log"]);

async function readEnvelope(blobs: Blobs, id: Digest): Promise<StoredEnvelope | Unreadable> {
  const name = fileOf(id);
  const bytes = await blobs.read(name, MAX_ENVELOPE_BYTES + 1);
  if (isUnreadable(bytes)) return bytes.missing ? { missing: true, why: "was added, and is gone" } : bytes;
  const line = withoutEnd(name, bytes);
  const found = digest(line);
  if (found === id) return { id, file: blobs.locate(name), bytes: line };
  const why = `damaged: its content has digest ${found.slice(0, 12)}…, its name says ${id.slice(0, 12)}…`;
  return { missing: false, why };
}

const AT_ONCE = 32;

/** So many at a time, and none after the deadline. */
async function inBatches<T, R>(items: readonly T[], inTime: () => void, work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    inTime();
    done.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  }
  return done;
}

/** Ends at the deadline, whether the reading is merely long or a network drive does not answer at all. */
async function withDeadline<T>(
  { place }: Blobs,
  { deadline = READ_DEADLINE }: { readonly deadline?: number } = {},
  read: (inTime: () => void) => Promise<T>,
): Promise<T> {
  const late = (): HoldpointError =>
    new HoldpointError("deadline", `reading the evidence store ${place} took longer than ${deadline / 1000} s`);
  const end = performance.now() + deadline;
  const work = read(() => {
    if (performance.now() >= end) throw late();
  });
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), deadline);
  });
  try {
    return await Promise.race([work, overdue]);
  } finally {
    clearTimeout(timer);
    // The loser must not become an unhandled rejection.
    work.catch(() => undefined);
  }
}
