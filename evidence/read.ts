/**
 * From a store's files to evidence that counts, in named steps: verify the envelope, read the statement, find its kind,
 * resolve who signed, ask whether they may, judge its times. What fails a step is named with the reason and left out,
 * which can only close a gate.
 */
import { z } from "zod";
import type { Clock } from "../rollout/clock";
import type { Approval, Evidence, EvidenceKind, RejectedEvidence, Signer } from "../rollout/evidence";
import { APPROVAL_TYPE, parseApproval } from "./approval";
import { digest } from "./canonical";
import type { Envelope, Verified } from "./dsse";
import { EnvelopeError, parseEnvelope, STATEMENT_TYPE, verify } from "./dsse";
import { decodeBase64 } from "./base64";
import { predicateOf } from "./predicates";
import type { Statement } from "./statement";
import { malformed, parseStatement } from "./statement";
import type { Store, StoredEnvelope } from "./store";
import type { Identity, Right, Trust } from "./trust";

/** Machine time by which a signer's clock may be ahead of ours. */
export const CLOCK_SKEW = 60_000;

/** What a store says to a gate. */
export interface EvidenceRead {
  readonly evidence: readonly Evidence[];
  readonly approvals: readonly Approval[];
  readonly rejected: readonly RejectedEvidence[];
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
  { readonly body: string; readonly evidence: Evidence } | { readonly body: string; readonly approval: Approval };

/**
 * Reads a whole store. `now` is the machine's time, `clock` turns machine time into plan time.
 * @throws HoldpointError `store-unreadable`, `deadline`: only where the store itself can't be read, never for an item.
 */
export async function readEvidence(
  store: Store,
  trust: Trust,
  clock: Clock,
  options: { readonly now?: number; readonly deadline?: number } = {},
): Promise<EvidenceRead> {
  const { deadline, now = Date.now() } = options;
  const content = await store.readAll(deadline === undefined ? {} : { deadline });
  const rejected = [...content.rejected];
  const items = new Map<string, Item>();
  for (const stored of content.envelopes) {
    const item = readItem(stored, { trust, clock, now });
    if ("reason" in item) rejected.push(item);
    else items.set(item.body, together(items.get(item.body), item));
  }
  const read = [...items.values()];
  return {
    evidence: read.flatMap((item) => ("evidence" in item ? item.evidence : [])),
    approvals: read.flatMap((item) => ("approval" in item ? item.approval : [])),
    rejected,
  };
}

/**
 * Whoever can write to the store can envelope a signed body anew, without any key: it must not count twice. Where people
 * signed the same body in envelopes of their own, they have all signed it.
 */
function together(before: Item | undefined, item: Item): Item {
  if (before === undefined || !("evidence" in before) || !("evidence" in item)) return before ?? item;
  const signers = distinct([...before.evidence.signers, ...item.evidence.signers]);
  return { ...before, evidence: { ...before.evidence, signers } };
}

/** One envelope, judged. Never throws for what is in it. */
function readItem(stored: StoredEnvelope, context: Context): Item | RejectedEvidence {
  let envelope: Envelope | undefined;
  try {
    envelope = parseEnvelope(stored.bytes);
    const verified = verifyStatement(envelope, context.trust);
    return judge(stored, verified, context);
  } catch (error) {
    const refusal = asRejection(error);
    return { file: stored.file, claims: claimsOf(envelope), ...refusal };
  }
}

/** An item that does not count, while it is being judged. */
class Rejection extends Error {
  readonly reason: RejectedEvidence["reason"];

  constructor(reason: RejectedEvidence["reason"], detail: string) {
    super(detail);
    this.reason = reason;
  }
}

function asRejection(error: unknown): Pick<RejectedEvidence, "reason" | "detail"> {
  if (error instanceof EnvelopeError || error instanceof Rejection)
    return { reason: error.reason, detail: error.message };
  if (error instanceof z.ZodError) return { reason: "malformed", detail: malformed("the predicate", error).message };
  // A defect of ours must close the gate for this item, not end the pack; the class tells us where to look.
  return { reason: "malformed", detail: `can't be read: ${error instanceof Error ? error.name : "unknown error"}` };
}

function verifyStatement(envelope: Envelope, trust: Trust): Verified {
  const verified = verify(envelope, trust.keys);
  if (envelope.payloadType !== STATEMENT_TYPE) {
    throw new Rejection("kind-unknown", `payload type ${quoted(envelope.payloadType)}, wanted ${STATEMENT_TYPE}`);
  }
  return verified;
}

function judge(stored: StoredEnvelope, { body, keys }: Verified, context: Context): Item {
  const statement = parseStatement(body);
  const identities = distinct(keys.flatMap(({ key }) => context.trust.owner(key) ?? []));
  const id = digest(body);
  return statement.predicateType === APPROVAL_TYPE
    ? { body: id, approval: readApproval(stored, id, statement, identities, context) }
    : { body: id, evidence: readOne(stored, statement, identities, context) };
}

/** One person with two keys is one identity. */
function distinct<T extends { readonly id: string }>(all: readonly T[]): T[] {
  return [...new Map(all.map((one) => [one.id, one])).values()];
}

function readOne(
  stored: StoredEnvelope,
  statement: Statement,
  identities: readonly Identity[],
  { trust, clock, now }: Context,
): Evidence {
  const predicate = predicateOf(statement.predicateType);
  if (predicate === undefined) {
    throw new Rejection("kind-unknown", `predicate type ${quoted(statement.predicateType)} is not one that gates read`);
  }
  const { facts, finishedAt, stage, past } = predicate.read(statement.predicate, clock);
  const signers = allowed(identities, predicate.kind, stage, trust);
  rejectFuture(past, now);
  const head = { id: stored.id, file: stored.file, subject: statement.subject, signers };
  const times = { finishedAt: clock.at(finishedAt), ...(stage === undefined ? {} : { stage }) };
  // The table of predicates pairs kind and facts; the compiler can't follow that through a union.
  return { ...head, ...times, kind: predicate.kind, facts } as Evidence;
}

function readApproval(
  stored: StoredEnvelope,
  id: string,
  statement: Statement,
  identities: readonly Identity[],
  { trust, clock, now }: Context,
): Approval {
  const { approver, binding, decision, items, reason, approvedAt } = parseApproval(statement);
  const identity = identities.find((one) => one.id === approver);
  if (identity === undefined) {
    const signed = identities.map((one) => one.id).join(", ");
    throw new Rejection("signature-invalid", `approval of ${quoted(approver)}, but signed by ${signed}`);
  }
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
  };
}

/** A stage's two stacks are `<stage>` and `<stage>-canary`. */
function stageOf(stack: string): string {
  return stack.replace(/-canary$/, "");
}

/** Those who may, at least one. */
function allowed(
  identities: readonly Identity[],
  right: Right,
  stage: string | undefined,
  trust: Trust,
): readonly Signer[] {
  const signers = identities.flatMap((identity) => trust.signer(identity, right, stage) ?? []);
  if (signers.length > 0) return signers;
  const who = identities.map(({ id, roles }) => `${id} (${roles.join(", ")})`).join(", ");
  const what = right === "approval" ? "approve" : `attest ${right}`;
  throw new Rejection(
    "signer-lacks-role",
    `${who} may not ${what} ${stage === undefined ? "without a stage" : `for ${stage}`}`,
  );
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

/** What a rejected item says of itself, for the message beside the criterion; nothing of it is believed. */
function claimsOf(envelope: Envelope | undefined): RejectedEvidence["claims"] {
  try {
    const statement = parseStatement(decodeBase64(envelope?.payload ?? "") ?? Buffer.alloc(0));
    const kind: EvidenceKind | "approval" | undefined =
      statement.predicateType === APPROVAL_TYPE ? "approval" : predicateOf(statement.predicateType)?.kind;
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

function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text);
}
