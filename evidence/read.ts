/**
 * From a store's files to evidence that counts, in named steps: verify the envelope, read the statement, find its kind,
 * resolve who signed, ask whether they may, judge its times. What fails a step is named with the reason and left out,
 * which can only close a gate.
 */
import { z } from "zod";
import type { Clock } from "../rollout/clock";
import type { Approval, Digest, Evidence, RejectedEvidence, Signer, Waiver } from "../rollout/evidence";
import { stackName } from "../rollout/stacks";
import { APPROVAL_TYPE, parseApproval } from "./approval";
import { digest } from "./canonical";
import { EnvelopeError, STATEMENT_TYPE } from "./dsse";
import { decodeBase64 } from "./base64";
import { predicateOf } from "./predicates";
import { REFERENCE_TYPE } from "./reference";
import type { SignedFile } from "./sigstore-bundle";
import { parseSigned } from "./sigstore-bundle";
import type { Signed, SignedBy } from "./signed";
import { verifySigned } from "./signed";
import { allowed, named, quoted, Rejection, valid, withThresholds } from "./signers";
import type { Statement } from "./statement";
import { malformed, parseStatement } from "./statement";
import type { Store, StoreContent, StoredEnvelope, Wants } from "./store";
import type { Trust } from "./trust";
import { parseWaiver, WAIVER_TYPE } from "./waiver";

/** Machine time by which a signer's clock may be ahead of ours. */
export const CLOCK_SKEW = 60_000;

/** What a store says to a gate. */
export interface EvidenceRead {
  readonly evidence: readonly Evidence[];
  readonly approvals: readonly Approval[];
  readonly waivers: readonly Waiver[];
  readonly rejected: readonly RejectedEvidence[];
  /** What was added to the store and is no longer there as it was, in words: only where `wants` told what to look for. */
  readonly gone: readonly string[];
  /** Every envelope that was read, by address: whether it counts or not. */
  readonly read: readonly Digest[];
  /** Of these, what counts. */
  readonly counted: readonly Counted[];
}

/** An envelope that counts, as decisions list it. */
export interface Counted {
  readonly id: Digest;
  /** Digest of what was signed: an approval's id. */
  readonly body: Digest;
  readonly kind: string;
  readonly stage?: string;
  readonly signers: readonly string[];
}

/** What the steps need to know. */
interface Context {
  readonly trust: Trust;
  readonly clock: Clock;
  /** Machine time. */
  readonly now: number;
}

/** What a readable envelope turned out to be; `body` is its identity, for one body can be enveloped in many ways. */
type Item =
  | { readonly body: string; readonly evidence: Evidence }
  | { readonly body: string; readonly approval: Approval }
  | { readonly body: string; readonly waiver: Waiver };

/** How a store is read. */
export interface ReadOptions {
  /** Machine time, by default this machine's. */
  readonly now?: number;
  /** Milliseconds. */
  readonly deadline?: number;
  /** What is needed; without it the whole store is read. */
  readonly wants?: Wants;
}

/**
 * Reads of a store what is wanted, or all of it. `now` is the machine's time, `clock` turns machine time into plan time.
 * @throws HoldpointError `store-unreadable`, `deadline`: only where the store itself can't be read, never for an item.
 */
export async function readEvidence(
  store: Store,
  trust: Trust,
  clock: Clock,
  { now = Date.now(), deadline, wants }: ReadOptions = {},
): Promise<EvidenceRead> {
  const limits = deadline === undefined ? {} : { deadline };
  const content = wants === undefined ? await store.readAll(limits) : await store.find(wants, limits);
  return judgeEnvelopes(content, trust, clock, now);
}

/** What envelopes say to a gate at a time of the machine's; the same envelopes always say the same. */
export function judgeEnvelopes(
  content: StoreContent & { readonly gone?: readonly string[] },
  trust: Trust,
  clock: Clock,
  now: number,
): EvidenceRead {
  const rejected = [...content.rejected];
  const counted: Counted[] = [];
  const bodies = new Map<string, [Enveloped, ...Enveloped[]]>();
  const context = { trust, clock, now };
  for (const stored of content.envelopes) {
    const item = readItem(stored, context);
    if (item === undefined) continue;
    if ("reason" in item) rejected.push(item);
    else {
      const before = bodies.get(item.body);
      if (before === undefined) bodies.set(item.body, [{ stored, item }]);
      else before.push({ stored, item });
    }
  }
  const read: Item[] = [];
  for (const enveloped of bodies.values()) {
    const whole = together(enveloped, trust);
    if (typeof whole === "string") rejected.push(...enveloped.map((one) => tooFew(one, whole)));
    else {
      read.push(whole);
      counted.push(...enveloped.map(({ stored, item }) => countedAs(stored.id, item)));
    }
  }
  return {
    evidence: read.flatMap((item) => ("evidence" in item ? item.evidence : [])),
    approvals: read.flatMap((item) => ("approval" in item ? item.approval : [])),
    waivers: read.flatMap((item) => ("waiver" in item ? item.waiver : [])),
    rejected,
    gone: content.gone ?? [],
    read: content.envelopes.map(({ id }) => id),
    counted,
  };
}

function countedAs(id: Digest, item: Item): Counted {
  if ("approval" in item) {
    const { signer, binding } = item.approval;
    return { id, body: item.body, kind: "approval", stage: stageOf(binding.stack), signers: [signer.id] };
  }
  if ("waiver" in item) {
    const { signer, binding } = item.waiver;
    return { id, body: item.body, kind: "waiver", stage: binding.stage, signers: [signer.id] };
  }
  const { kind, stage, signers } = item.evidence;
  const where = stage === undefined ? {} : { stage };
  return { id, body: item.body, kind, ...where, signers: signers.map((signer) => signer.id) };
}

/** An item with the envelope that it was read from. */
interface Enveloped {
  readonly stored: StoredEnvelope;
  readonly item: Item;
}

/**
 * Whoever can write to the store can envelope a signed body anew, without any key: it must not count twice. Where people
 * signed the same body in envelopes of their own, they have all signed it. In words, why too few have.
 */
function together([{ item: first }, ...others]: readonly [Enveloped, ...Enveloped[]], trust: Trust): Item | string {
  if (!("evidence" in first)) return first;
  const evidence = withThresholds(others.length === 0 ? first.evidence : signedByAll(first.evidence, others), trust);
  return typeof evidence === "string" ? evidence : { body: first.body, evidence };
}

function signedByAll(evidence: Evidence, others: readonly Enveloped[]): Evidence {
  const more = others.flatMap(({ item }) => ("evidence" in item ? item.evidence.signers : []));
  return { ...evidence, signers: distinct([...evidence.signers, ...more]) };
}

function tooFew({ stored, item }: Enveloped, detail: string): RejectedEvidence {
  const { kind, stage } = "evidence" in item ? item.evidence : {};
  const claims = { ...(kind === undefined ? {} : { kind }), ...(stage === undefined ? {} : { stage }) };
  return { file: stored.file, claims, reason: "too-few-signers", detail };
}

/** One envelope, judged; undefined for one that only points to reports. Never throws for what is in it. */
function readItem(stored: StoredEnvelope, context: Context): Item | RejectedEvidence | undefined {
  let file: SignedFile | undefined;
  try {
    file = parseSigned(stored.bytes);
    return judge(stored, verifyStatement(file, context.trust), context);
  } catch (error) {
    const refusal = asRejection(error);
    return { file: stored.file, claims: claimsOf(file), ...refusal };
  }
}

function asRejection(error: unknown): Pick<RejectedEvidence, "reason" | "detail"> {
  if (error instanceof EnvelopeError || error instanceof Rejection)
    return { reason: error.reason, detail: error.message };
  if (error instanceof z.ZodError) return { reason: "malformed", detail: malformed("the predicate", error).message };
  // A defect of ours must close the gate for this item, not end the pack; the class tells us where to look.
  return { reason: "malformed", detail: `can't be read: ${error instanceof Error ? error.name : "unknown error"}` };
}

function verifyStatement(file: SignedFile, trust: Trust): Signed {
  const signed = verifySigned(file, trust);
  if (signed.payloadType !== STATEMENT_TYPE) {
    throw new Rejection("kind-unknown", `payload type ${quoted(signed.payloadType)}, wanted ${STATEMENT_TYPE}`);
  }
  return signed;
}

function judge(stored: StoredEnvelope, { body, by }: Signed, context: Context): Item | undefined {
  const statement = parseStatement(body);
  const id = digest(body);
  switch (statement.predicateType) {
    case APPROVAL_TYPE:
      return { body: id, approval: readApproval(stored, id, statement, by, context) };
    case REFERENCE_TYPE:
      return undefined;
    case WAIVER_TYPE:
      return { body: id, waiver: readWaiver(stored, id, statement, by, context) };
    default:
      return { body: id, evidence: readOne(stored, statement, by, context) };
  }
}

/** One person with two keys is one identity. */
function distinct<T extends { readonly id: string }>(all: readonly T[]): T[] {
  return [...new Map(all.map((one) => [one.id, one])).values()];
}

function readOne(
  stored: StoredEnvelope,
  statement: Statement,
  by: readonly SignedBy[],
  { trust, clock, now }: Context,
): Evidence {
  const predicate = predicateOf(statement.predicateType);
  if (predicate === undefined) {
    throw new Rejection("kind-unknown", `predicate type ${quoted(statement.predicateType)} is not one that gates read`);
  }
  const provenAt = by[0]?.provenAt;
  const { facts, finishedAt, stage, past } = predicate.read(statement.predicate, clock, provenAt);
  const signers = allowed(valid(by, finishedAt, { trust, now }), predicate.kind, stage, trust);
  rejectFuture(past, now);
  if (provenAt !== undefined) rejectForetold(past, provenAt);
  const head = { id: stored.id, file: stored.file, subject: statement.subject, signers };
  const times = { finishedAt: clock.at(finishedAt), ...(stage === undefined ? {} : { stage }) };
  // The table of predicates pairs kind and facts; the compiler can't follow that through a union.
  return { ...head, ...times, kind: predicate.kind, facts } as Evidence;
}

function readApproval(
  stored: StoredEnvelope,
  id: string,
  statement: Statement,
  by: readonly SignedBy[],
  { trust, clock, now }: Context,
): Approval {
  const { approver, binding, decision, items, reason, saw, approvedAt } = parseApproval(statement);
  const identity = named("approval", approver, by, approvedAt, { trust, now });
  const signer = allowed([identity], "approval", stageOf(binding.stack), trust)[0] as Signer;
  rejectFuture([approvedAt], now);
  return {
    // The body's digest, not the envelope's: an approval that was enveloped anew is still the one used before.
    id,
    file: stored.file,
    binding,
    decision,
    items,
    signer,
    approvedAt: clock.at(approvedAt),
    ...(reason === undefined ? {} : { reason }),
    ...(saw === undefined ? {} : { saw }),
  };
}

function readWaiver(
  stored: StoredEnvelope,
  id: string,
  statement: Statement,
  by: readonly SignedBy[],
  { trust, clock, now }: Context,
): Waiver {
  const { signer: grantor, binding, reason, obligation, grantedAt, validFor } = parseWaiver(statement);
  const identity = named("waiver", grantor, by, grantedAt, { trust, now });
  const signer = allowed([identity], "waiver", binding.stage, trust)[0] as Signer;
  rejectFuture([grantedAt], now);
  const head = { id, file: stored.file, binding, reason, obligation, signer };
  return { ...head, grantedAt: clock.at(grantedAt), validFor };
}

/** The stage that a stack is of; what is no stack's name is no stage's either. */
function stageOf(stack: string): string {
  return stackName(stack)?.stage ?? stack;
}

function rejectFuture(times: readonly number[], now: number): void {
  const latest = Math.max(...times);
  if (latest <= now + CLOCK_SKEW) return;
  const ahead = Math.round((latest - now) / 1000);
  throw new Rejection(
    "from-the-future",
    `${new Date(latest).toISOString()} is ${ahead} s ahead of this machine's clock`,
  );
}

/** What was signed before it happened was made up. */
function rejectForetold(times: readonly number[], provenAt: number): void {
  const latest = Math.max(...times);
  if (latest <= provenAt + CLOCK_SKEW) return;
  throw new Rejection(
    "signed-before",
    `it tells of ${new Date(latest).toISOString()}, and was signed at ${new Date(provenAt).toISOString()} already`,
  );
}

/** What a rejected item says of itself, for the message beside the criterion; nothing of it is believed. */
function claimsOf(file: SignedFile | undefined): RejectedEvidence["claims"] {
  try {
    const statement = parseStatement(decodeBase64(file?.envelope.payload ?? "") ?? Buffer.alloc(0));
    const own = { [APPROVAL_TYPE]: "approval", [WAIVER_TYPE]: "waiver" }[statement.predicateType];
    const kind = own ?? predicateOf(statement.predicateType)?.kind;
    const stage = claimedStage(statement.predicate);
    return { ...(kind === undefined ? {} : { kind }), ...(stage === undefined ? {} : { stage }) };
  } catch {
    return {};
  }
}

const claims = z.object({
  stage: z.string().max(63).optional().catch(undefined),
  binding: z
    .object({ stack: z.string().max(63) })
    .optional()
    .catch(undefined),
  configuration: z
    .tuple([z.object({ annotations: z.record(z.string(), z.object({ stage: z.string().max(63) })) })])
    .rest(z.unknown())
    .optional()
    .catch(undefined),
});

function claimedStage(predicate: unknown): string | undefined {
  const { stage, binding, configuration } = claims.parse(predicate);
  const run = Object.values(configuration?.[0].annotations ?? {})[0];
  return stage ?? (binding === undefined ? undefined : stageOf(binding.stack)) ?? run?.stage;
}
