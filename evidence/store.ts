/**
 * The evidence store: a folder to which files are only ever added, each named by the sha256 of its content.
 *
 *   <store>/<sha256>.intoto.jsonl        one envelope on one line; the name is the digest of the line without its end
 *   <store>/raw/<sha256>                 the reports that statements rest on
 *   <store>/update-plans/<sha256>.json   canonical content of the update plans that people approve
 *
 * A file that is damaged, too large, no regular file or not of the store is named and treated as absent. Writers at the
 * same time lose nothing: equal content has an equal name, and a name appears only when its file is whole.
 */
import { constants } from "node:fs";
import { chmod, lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { HoldpointError } from "../rollout/errors";
import type { Digest, RejectedEvidence } from "../rollout/evidence";
import { canonical, digest } from "./canonical";
import type { Envelope } from "./dsse";
import { parseJson } from "./json";

/** Bytes of one envelope. A test run of 8,000 tests with long names fits; nothing honest is larger. */
export const MAX_ENVELOPE_BYTES = 1024 * 1024;
/** Bytes of a raw report that is kept, and of an update plan's content. */
export const MAX_REPORT_BYTES = 16 * 1024 * 1024;
/** Entries of the folder. Beyond it the store can't be read in the time that a gate has: the gate stays closed. */
export const MAX_ENTRIES = 20_000;
/** Milliseconds of machine time for reading a whole store, unless the caller gives less. */
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

/** A folder store; see the head of this file. */
export interface Store {
  readonly folder: string;
  /** Adds an envelope and returns its address. Adding it again changes nothing. */
  put(envelope: Envelope): Promise<Digest>;
  /** Keeps a raw report and returns its digest. `file-too-large` beyond 16 MiB. */
  putRaw(report: Uint8Array): Promise<Digest>;
  /** A raw report; undefined where it is missing or no longer what its name says. */
  getRaw(id: Digest): Promise<Buffer | undefined>;
  /**
   * Every envelope, in the order of their addresses; a missing folder is an empty store.
   * @throws HoldpointError `store-unreadable` where the folder is none or holds too much, `deadline`.
   */
  readAll(options?: { readonly deadline?: number }): Promise<StoreContent>;
  /** Keeps the content of an update plan. `update-plan-invalid` if it does not have this digest. */
  putUpdatePlan(id: Digest, content: unknown): Promise<void>;
  /** The content of an update plan; undefined where it is missing or no longer what its name says. */
  getUpdatePlan(id: Digest): Promise<unknown>;
}

/** Opens a store; nothing is read or written before it is used. */
export function openStore(folder: string): Store {
  const rawFile = (id: Digest): string => join(folder, "raw", requireDigest(id));
  const planFile = (id: Digest): string => join(folder, "update-plans", `${requireDigest(id)}.json`);
  return {
    folder,
    async put(envelope) {
      const line = JSON.stringify(envelope);
      checkSize(Buffer.byteLength(line), MAX_ENVELOPE_BYTES, "the envelope");
      const id = digest(line);
      await write(join(folder, `${id}.intoto.jsonl`), `${line}\n`);
      return id;
    },
    async putRaw(report) {
      checkSize(report.length, MAX_REPORT_BYTES, "the report");
      const id = digest(report);
      await write(rawFile(id), report);
      return id;
    },
    getRaw: (id) => readAs(rawFile(id), id),
    readAll: (options) => withDeadline(folder, options?.deadline ?? READ_DEADLINE),
    async putUpdatePlan(id, content) {
      const text = canonical(content);
      checkSize(Buffer.byteLength(text), MAX_REPORT_BYTES, "the update plan");
      if (digest(text) !== id) {
        throw new HoldpointError(
          "update-plan-invalid",
          `the update plan's content has digest ${digest(text)}, not ${id}`,
        );
      }
      await write(planFile(id), text);
    },
    async getUpdatePlan(id) {
      const bytes = await readAs(planFile(id), id);
      return bytes === undefined ? undefined : parseJson(bytes);
    },
  };
}

function requireDigest(id: string): string {
  // It becomes part of a path.
  if (!/^[0-9a-f]{64}$/.test(id)) throw new TypeError("not a sha256 digest");
  return id;
}

function checkSize(bytes: number, limit: number, what: string): void {
  if (bytes <= limit) return;
  throw new HoldpointError("file-too-large", `${what} has ${bytes} bytes, at most ${limit} are kept`);
}

/** Beside, flushed, renamed: a killed writer leaves a temporary file, never half of a real one. */
async function write(file: string, content: string | Uint8Array): Promise<void> {
  const folder = join(file, "..");
  try {
    await mkdir(folder, { recursive: true });
    const beside = join(folder, `.${randomUUID()}.tmp`);
    try {
      const handle = await open(beside, "wx", 0o600);
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      // Evidence is read by CI and by people of other accounts; only its raw reports stay private.
      if (!folder.endsWith("raw")) await chmod(beside, 0o644);
      await rename(beside, file);
    } finally {
      await rm(beside, { force: true });
    }
    await syncFolder(folder);
  } catch (cause) {
    throw new HoldpointError("store-unwritable", `can't write to the evidence store ${folder}: ${codeOf(cause)}`, {
      cause,
    });
  }
}

/** Makes the new name itself durable; Windows has no such call, and says so. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readFolder(folder: string, inTime: () => void): Promise<StoreContent> {
  const names = (await list(folder)).filter((name) => !isOwn(name)).sort();
  if (names.length > MAX_ENTRIES) {
    throw new HoldpointError(
      "store-unreadable",
      `${folder} holds ${names.length} files, at most ${MAX_ENTRIES} are read`,
      {
        remedy: "move evidence of old releases out of the store",
      },
    );
  }
  const envelopes: StoredEnvelope[] = [];
  const rejected: RejectedEvidence[] = [];
  const AT_ONCE = 32;
  for (let from = 0; from < names.length; from += AT_ONCE) {
    inTime();
    const read = await Promise.all(names.slice(from, from + AT_ONCE).map((name) => readEnvelope(folder, name)));
    for (const item of read) {
      if ("bytes" in item) envelopes.push(item);
      else rejected.push(item);
    }
  }
  return { envelopes, rejected };
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return [];
    throw new HoldpointError("store-unreadable", `can't read the evidence store ${folder}: ${codeOf(cause)}`, {
      cause,
    });
  }
}

/** Folders of the store itself, and what a killed writer left. */
function isOwn(name: string): boolean {
  return name === "raw" || name === "update-plans" || name === "decisions" || /^\.[0-9a-f-]{36}\.tmp$/.test(name);
}

async function readEnvelope(folder: string, name: string): Promise<StoredEnvelope | RejectedEvidence> {
  const file = join(folder, name);
  const reject = (detail: string): RejectedEvidence => ({ file, claims: {}, reason: "unreadable", detail });
  const id = /^([0-9a-f]{64})\.intoto\.jsonl$/.exec(name)?.[1];
  if (id === undefined) return reject("not a file of the evidence store: wanted <sha256>.intoto.jsonl");
  const bytes = await readRegular(file, MAX_ENVELOPE_BYTES + 1);
  if (typeof bytes === "string") return reject(bytes);
  const line = bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
  const found = digest(line);
  if (found !== id)
    return reject(`damaged: its content has digest ${found.slice(0, 12)}…, its name says ${id.slice(0, 12)}…`);
  return { id, file, bytes: line };
}

/**
 * Content of a regular file within a size limit, or why there is none. Looked at before it is opened, opened without
 * waiting and without following links, and looked at again: a FIFO, a device or a link swapped in can't hang it.
 */
async function readRegular(file: string, limit: number): Promise<Buffer | string> {
  const NOT_REGULAR = "not a regular file";
  try {
    if (!(await lstat(file)).isFile()) return NOT_REGULAR;
    // Windows has neither flag.
    const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
    const handle = await open(file, flags);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) return NOT_REGULAR;
      if (stat.size > limit) return `${stat.size} bytes, at most ${limit} are read`;
      const buffer = Buffer.alloc(stat.size);
      const { bytesRead } = await handle.read(buffer, 0, stat.size, 0);
      return bytesRead === stat.size ? buffer : "changed while it was read";
    } finally {
      await handle.close();
    }
  } catch (error) {
    return `can't be read: ${codeOf(error)}`;
  }
}

async function readAs(file: string, id: Digest): Promise<Buffer | undefined> {
  const bytes = await readRegular(file, MAX_REPORT_BYTES);
  return typeof bytes !== "string" && digest(bytes) === id ? bytes : undefined;
}

/** Ends at the deadline, whether the reading is merely long or a network drive does not answer at all. */
async function withDeadline(folder: string, milliseconds: number): Promise<StoreContent> {
  const late = (): HoldpointError =>
    new HoldpointError("deadline", `reading the evidence store ${folder} took longer than ${milliseconds / 1000} s`);
  const end = performance.now() + milliseconds;
  const work = readFolder(folder, () => {
    if (performance.now() >= end) throw late();
  });
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
    // The loser must not become an unhandled rejection.
    work.catch(() => undefined);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
