/** The engine's lock on a stack, as the file backend writes it: who holds it, and whether that process still lives. */
import { readFileSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { processFacts, type ProcessFacts } from "./processes";

/** One lock file's content. */
export interface Lock {
  readonly file: string;
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  /** When it was taken, machine time. */
  readonly since: number;
}

/** Who holds a lock. */
export type Holder =
  /** A process of this machine, alive. */
  | { readonly lock: Lock; readonly is: "alive"; readonly facts: ProcessFacts }
  /** Its process has ended without releasing it. */
  | { readonly lock: Lock; readonly is: "gone" }
  /** Its process has ended, and another one has got its number since. */
  | { readonly lock: Lock; readonly is: "recycled"; readonly facts: ProcessFacts }
  /** A process of another machine, of which nothing can be known here. */
  | { readonly lock: Lock; readonly is: "elsewhere" };

/** Lock files are some 100 bytes. */
const LARGEST = 64 * 1024;
/** A process can't have taken a lock before it started; times of start are only known to the second. */
const START_SLACK = 2_000;

/** All locks in a folder of the file backend; none where the folder does not exist. */
export function readLocks(folder: string): Lock[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(folder, name))
    .flatMap((file) => readOne(file) ?? []);
}

/** What a lock file says; undefined where it is none, or a part of one. */
export function parseLock(text: string, file: string): Lock | undefined {
  try {
    const { pid, username, hostname: host, timestamp } = JSON.parse(text) as Record<string, unknown>;
    const since = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
    if (!Number.isInteger(pid) || typeof host !== "string" || Number.isNaN(since)) return undefined;
    return {
      file,
      pid: pid as number,
      username: typeof username === "string" ? username : "unknown",
      hostname: host,
      since,
    };
  } catch {
    return undefined;
  }
}

/** Who holds a lock, as far as this machine can tell. */
export function holderOf(lock: Lock, host: string = hostname(), factsOf = processFacts): Holder {
  if (lock.hostname !== host) return { lock, is: "elsewhere" };
  const facts = factsOf(lock.pid);
  if (facts === undefined) return { lock, is: "gone" };
  return { lock, is: hasAnotherOwner(lock, facts) ? "recycled" : "alive", facts };
}

/**
 * Whether a process is not the one that took the lock. Its start alone does not tell: a clock that was set since moves
 * it. An engine is therefore always taken for the owner.
 */
function hasAnotherOwner(lock: Lock, facts: ProcessFacts): boolean {
  const later = facts.startedAt !== undefined && facts.startedAt > lock.since + START_SLACK;
  return later && !/(^|[\\/])pulumi(\.exe)?\b/.test(facts.command);
}

/** One line for a person: who, which process, since when. */
export function describeHolder(holder: Holder, now: number = Date.now()): string {
  const { lock } = holder;
  const who = `${lock.username}@${lock.hostname}, pid ${lock.pid}`;
  const since = `since ${new Date(lock.since).toISOString().replace(/\.\d+Z$/, "Z")} (${age(now - lock.since)})`;
  switch (holder.is) {
    case "alive":
      return `${who}${holder.facts.command === "" ? "" : `, running "${shortened(holder.facts.command)}"`}, ${since}`;
    case "gone":
      return `${who}, ${since}, a process that has ended`;
    case "recycled":
      return `${who}, ${since}, a process that has ended (its number now belongs to "${shortened(holder.facts.command)}")`;
    case "elsewhere":
      return `${who}, ${since}, on another machine`;
  }
}

function readOne(file: string): Lock | undefined {
  try {
    const text = readFileSync(file, "utf8");
    return text.length > LARGEST ? undefined : parseLock(text, file);
  } catch {
    return undefined; // released since the folder was read
  }
}

function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3_600)} h ago`;
}

function shortened(command: string): string {
  return command.length <= 120 ? command : `${command.slice(0, 117)}...`;
}
