/**
 * What a store rests on: named blobs in a folder or a bucket, to which is only ever added. A name is a path of plain
 * segments, "raw/<digest>"; what it means is the store's own business.
 */
import { HoldpointError } from "../../rollout/errors";

/** Why a blob can't be had: in words, and whether there simply is none. */
export interface Unreadable {
  readonly missing: boolean;
  readonly why: string;
}

/** A folder or a bucket. Every method has a deadline of its own, and throws HoldpointErrors only. */
export interface Blobs {
  /** The folder, or "s3://bucket/prefix". */
  readonly place: string;
  /** Where a blob is, for messages. */
  locate(name: string): string;
  /**
   * Adds a blob; false where the name is taken, which changes nothing. It is there whole or not at all, whoever else
   * writes or is killed. `store-unwritable`, `deadline`.
   */
  add(name: string, content: Uint8Array): Promise<boolean>;
  /** Puts the right content in the place of a blob that is not what its name says. Throws as `add`. */
  mend(name: string, content: Uint8Array): Promise<void>;
  /** A whole blob of at most `limit` bytes, or why there is none. Throws `store-unreadable` where the place itself fails. */
  read(name: string, limit: number): Promise<Buffer | Unreadable>;
  /** The first `atMost` names of a folder in their order; none where there is no such folder. `store-unreadable`, `deadline`. */
  list(folder: string, atMost: number): Promise<string[]>;
}

/** Whether a read gave no blob. */
export function isUnreadable(found: Buffer | Unreadable): found is Unreadable {
  return !Buffer.isBuffer(found);
}

/** The system's or the service's word for what went wrong: "ENOENT", "AccessDenied". */
export function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.name : "unknown error";
}

/** The refusal of a place that can't be written. */
export function unwritable(place: string, why: string, cause: unknown, remedy?: string): HoldpointError {
  const more = remedy === undefined ? {} : { remedy };
  return new HoldpointError("store-unwritable", `can't write to the evidence store ${place}: ${why}`, {
    cause,
    ...more,
  });
}

/** The refusal of a place that can't be read. */
export function unreadable(place: string, why: string, cause: unknown, remedy?: string): HoldpointError {
  const more = remedy === undefined ? {} : { remedy };
  return new HoldpointError("store-unreadable", `can't read the evidence store ${place}: ${why}`, { cause, ...more });
}
