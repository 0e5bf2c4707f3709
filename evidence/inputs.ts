/**
 * What a decision was made of, as data: kept beside it, so that it can be made again elsewhere. Evidence is there by
 * digest and is read and judged anew; secrets are in none of it, and what looks like one keeps all of it back.
 */
import type { Clock } from "../rollout/clock";
import { machineClock } from "../rollout/clock";
import type { Digest, RejectedEvidence } from "../rollout/evidence";
import type { Asked } from "../rollout/decision";
import type { World } from "../rollout/world";
import type { EvidenceRead } from "./read";
import type { StandingOf } from "./trust/changes";

/** A file that a decision was made by. */
export interface KeptFile {
  /** As messages name it. */
  readonly file: string;
  /** Digest of its text, under which the store keeps it. */
  readonly digest: Digest;
}

/** How evidence was read. */
export interface KeptReading {
  /** The store as it was named: it stands in messages. */
  readonly place: string;
  /** Machine time. */
  readonly now: number;
  /** Envelopes that were read. */
  readonly read: readonly Digest[];
  /** What could not be read. */
  readonly unreadable: readonly RejectedEvidence[];
  /** Plan time of the machine's times that were asked for; absent where they are the same. */
  readonly clock?: ClockTable;
  /** Digest of the list of revoked keys, under which the store keeps its text; absent where there was none. */
  readonly revocations?: Digest;
  /** What the trust file's own standing was judged from. */
  readonly standing?: {
    readonly stage: string;
    /** Absent where the stage had no record. */
    readonly record?: Exclude<StandingOf["record"], undefined>;
    /** Envelopes of the changes that were read. */
    readonly read: readonly Digest[];
  };
}

/** Everything that a decision rested on. */
export interface Inputs {
  readonly asked: Asked;
  readonly plan: KeptFile;
  /** With `reading`: who was trusted. */
  readonly trust?: KeptFile;
  readonly reading?: KeptReading;
  /** The world without what `reading` gives. */
  readonly world: Omit<World, EvidenceKeys> & Partial<Pick<World, EvidenceKeys>>;
}

/** What of the world evidence gives. */
export type EvidenceKeys = "evidence" | "approvals" | "rejected" | "waivers";

/** The part of the world that evidence gives; replay makes it by the same words as the gate. */
export function evidenceOf({ evidence, approvals, rejected, waivers }: EvidenceRead): Pick<World, EvidenceKeys> {
  return { evidence, approvals, rejected, waivers };
}

/** As text. Numbers that JSON has no word for are kept as words: a metric that is none must be none again. */
export function writeInputs(inputs: Inputs): string {
  return `${JSON.stringify(inputs, (_key, value: unknown) => (isOddNumber(value) ? { $number: String(value) } : value))}\n`;
}

function isOddNumber(value: unknown): boolean {
  return typeof value === "number" && !Number.isFinite(value);
}

/** The inputs of a text that `writeInputs` made and whose digest was checked. Throws SyntaxError. */
export function readInputs(text: string): Inputs {
  return JSON.parse(text, (_key, value: unknown) => {
    const word =
      typeof value === "object" && value !== null && Object.keys(value).length === 1
        ? (value as { $number?: unknown }).$number
        : undefined;
    return typeof word === "string" ? Number(word) : value;
  }) as Inputs;
}

/** What a clock answered, by what it was asked. */
export interface ClockTable {
  readonly at: Readonly<Record<string, number>>;
  readonly spans: Readonly<Record<string, number>>;
}

/** A clock that remembers what it was asked, unless it is the machine's own. */
export function recording(clock: Clock): { readonly clock: Clock; readonly table: () => ClockTable | undefined } {
  if (clock === machineClock) return { clock, table: () => undefined };
  const at: Record<string, number> = {};
  const spans: Record<string, number> = {};
  return {
    clock: {
      ...clock,
      now: () => clock.now(),
      at: (machine) => (at[machine] = clock.at(machine)),
      machineSpan: (span) => (spans[span] = clock.machineSpan(span)),
    },
    table: () => ({ at, spans }),
  };
}

/** A clock that answers as it did before. */
export function replayed(table: ClockTable | undefined): Clock {
  if (table === undefined) return machineClock;
  const answer = (from: Readonly<Record<string, number>>, asked: number): number => {
    const known = from[String(asked)];
    if (known === undefined) throw new Error(`the clock was never asked for ${asked}`);
    return known;
  };
  return {
    now: () => Number.NaN,
    at: (machine) => answer(table.at, machine),
    machineSpan: (span) => answer(table.spans, span),
  };
}
