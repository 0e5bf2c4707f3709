/**
 * What an envelope says it is about, as names in the store: so that a gate reads what speaks to it and nothing else.
 * These names are hints that nobody signed. A wrong one leads to an envelope that is judged by its own content, a missing
 * one hides an envelope: they can close a gate, and add nothing to it.
 */
import { machineClock } from "../../rollout/clock";
import type { Digest } from "../../rollout/evidence";
import { decodeBase64 } from "../base64";
import type { Envelope } from "../dsse";
import { predicateOf } from "../predicates";
import { REFERENCE_TYPE } from "../reference";
import { parseStatement, type Statement } from "../statement";

/** What a name tells of an envelope. */
export interface Hint {
  readonly id: Digest;
  /** Kind of evidence, "approval" and its like, or "other". */
  readonly kind: string;
  readonly stage?: string;
}

/** Where an envelope is listed. The first is written last: where it is, all the others are. */
export interface Listing {
  readonly hint: Hint;
  readonly names: readonly [string, ...string[]];
}

/** Nothing of it is verified: the statement is read as it comes. */
export function listingOf(id: Digest, envelope: Envelope): Listing {
  const statement = statementOf(envelope);
  const kind = statement === undefined ? "other" : kindOf(statement.predicateType);
  const stage = stageOf(statement?.predicate);
  const hint = { id, kind, ...(stage === undefined ? {} : { stage }) };
  // A reference tells gates nothing that its attestation does not.
  const about = statement === undefined || kind === "reference" ? [] : subjectsOf(statement);
  return {
    hint,
    names: [
      `${kindFolder(kind)}/${newestFirst(statement)}~${id}`,
      ...about.map((subject) => `${aboutFolder(subject)}/${kind}~${stage ?? "-"}~${id}`),
    ],
  };
}

/** Names of a folder that tell of envelopes about one thing: a commit, a sha256, or `stackSubject`. */
export function aboutFolder(subject: string): string {
  return `index/about/${safe(subject)}`;
}

/** The folder of all envelopes of a kind, newest first. */
export function kindFolder(kind: string): string {
  return `index/kind/${safe(kind)}`;
}

/** What approvals are listed under: they name a stack, and an update plan that nobody can know beforehand. */
export function stackSubject(stack: string): string {
  return `stack.${stack}`;
}

/** Reads a name of `aboutFolder`; undefined for one that is none. */
export function hintOfAbout(name: string): Hint | undefined {
  const match = /^([A-Za-z0-9._-]{1,64})~([a-z0-9-]{1,63})~([0-9a-f]{64})$/.exec(name);
  const [, kind, stage, id] = match ?? [];
  if (kind === undefined || id === undefined) return undefined;
  return { id, kind, ...(stage === undefined || stage === "-" ? {} : { stage }) };
}

/** Reads a name of `kindFolder`. */
export function hintOfKind(kind: string, name: string): Hint | undefined {
  const id = /^\d{16}~([0-9a-f]{64})$/.exec(name)?.[1];
  return id === undefined ? undefined : { id, kind };
}

function statementOf(envelope: Envelope): Statement | undefined {
  try {
    return parseStatement(decodeBase64(envelope.payload) ?? Buffer.alloc(0));
  } catch {
    return undefined;
  }
}

/** "…/attestation/approval/v0.1" → "approval": kinds that are no evidence have the last word of their type. */
function kindOf(predicateType: string): string {
  if (predicateType === REFERENCE_TYPE) return "reference";
  const known = predicateOf(predicateType)?.kind;
  return (
    known ?? /^https:\/\/holdpoint\.dev\/attestation\/([a-z-]{1,40})\/v[\d.]+$/.exec(predicateType)?.[1] ?? "other"
  );
}

function subjectsOf({ subject, predicate }: Statement): string[] {
  const stack = member(member(predicate, "binding"), "stack");
  const named = typeof stack === "string" ? [stackSubject(stack)] : [];
  return [...new Set([...subject.commits, ...subject.sha256, ...named])];
}

function stageOf(predicate: unknown): string | undefined {
  const own = member(predicate, "stage");
  if (isStage(own)) return own;
  const configuration = member(predicate, "configuration");
  const run: unknown = Array.isArray(configuration) ? configuration[0] : undefined;
  const annotations = Object.values((member(run, "annotations") ?? {}) as object) as unknown[];
  return annotations.map((one) => member(one, "stage")).find(isStage);
}

function isStage(value: unknown): value is string {
  return typeof value === "string" && /^[a-z][a-z0-9-]{0,62}$/.test(value);
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

const FUTURE = 9_007_199_254_740_991;

/** Milliseconds that sort backwards. What says no time that we can read comes last. */
function newestFirst(statement: Statement | undefined): string {
  return String(FUTURE - finishedAt(statement)).padStart(16, "0");
}

function finishedAt(statement: Statement | undefined): number {
  if (statement === undefined) return 0;
  try {
    const finished = predicateOf(statement.predicateType)?.read(statement.predicate, machineClock).finishedAt ?? 0;
    return Number.isSafeInteger(finished) && finished > 0 ? finished : 0;
  } catch {
    return 0;
  }
}

/** It becomes part of a path: what has other characters is listed where nobody looks. */
function safe(text: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(text) && !text.includes("..") ? text : "unnamed";
}
