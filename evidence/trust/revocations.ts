/**
 * The list of revoked keys: a signed statement in a file of its own beside the trust file, numbered and dated. It only grows,
 * and it must be signed anew before it is too old: a list that is missing or stale may hide what was revoked since.
 */
import { z } from "zod";
import type { Digest } from "../../rollout/evidence";
import type { TrustProblem } from "../../rollout/trust";
import { showDuration } from "../../rollout/units";
import { decodeBase64 } from "../base64";
import { canonical, digest } from "../canonical";
import type { Envelope, PrivateKey } from "../dsse";
import { EnvelopeError, parseEnvelope, sign, STATEMENT_TYPE } from "../dsse";
import { ownType, sha256, utc, words } from "../predicates/shared";
import { distinct, verifySigned } from "../signed";
import { malformed, parseStatement, statementBody } from "../statement";
import { formatUtc } from "../time";
import type { Trust } from "../trust";
import { partakers } from "../trust";
import { accept } from "./accept";

/** Exact predicateType of the list. */
export const REVOCATIONS_TYPE = ownType("revocations");

/** Why something was revoked. After a compromise nothing counts that was ever signed; else what is of `since` or later. */
export const REVOCATION_REASONS = ["compromise", "left", "replaced"] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

/** One key, or everything of one person or machine. */
export interface RevocationEntry {
  /** Fingerprint: sha256 of its SubjectPublicKeyInfo. */
  readonly key?: Digest | undefined;
  /** Identity of the trust file, its keyless ones included. */
  readonly identity?: string | undefined;
  /** Machine time. */
  readonly since: number;
  readonly reason: RevocationReason;
}

/** A list that somebody of the trust file signed. */
export interface RevocationList {
  readonly serial: number;
  /** Machine time. */
  readonly issuedAt: number;
  readonly revoked: readonly RevocationEntry[];
  /** Those whose signatures count. */
  readonly signers: readonly string[];
  readonly envelope: Envelope;
  readonly body: Buffer;
}

/** What is known of the list. */
export interface Revocations {
  /** Absent where there is none that a holder of the roles signed. */
  readonly list?: RevocationList;
  /** Why it can't be relied on. */
  readonly problem?: TrustProblem;
}

/** A signer's clock may be ahead of ours by so much machine time. */
const SKEW = 60_000;
/** Bytes of the file. */
export const MAX_LIST_BYTES = 1024 * 1024;

const entry = z
  .object({
    key: sha256.optional(),
    identity: words.optional(),
    since: utc,
    reason: z.enum(REVOCATION_REASONS),
  })
  .refine(({ key, identity }) => (key === undefined) !== (identity === undefined), "either a key or an identity");
/** What its predicate must look like. */
export const revocationsSchema = z.object({ serial: z.int().min(1), issuedOn: utc, revoked: z.array(entry).max(5000) });

/** What a list says. */
export interface RevocationsSaid {
  readonly serial: number;
  /** Machine time. */
  readonly issuedAt: number;
  readonly revoked: readonly RevocationEntry[];
}

/** Writes and signs a list. Its subject is the digest of its entries. */
export function signRevocations({ serial, issuedAt, revoked }: RevocationsSaid, key: PrivateKey): Envelope {
  const entries = revoked.map(written);
  const predicate = { serial, issuedOn: formatUtc(issuedAt), revoked: entries };
  const body = statementBody({ sha256: digest(canonical(entries)), name: "revocations" }, REVOCATIONS_TYPE, predicate);
  parseList(body);
  return sign(STATEMENT_TYPE, body, [key]);
}

/** The same list with one more signature. */
export function cosignRevocations({ envelope, body }: RevocationList, key: PrivateKey): Envelope {
  const { signatures } = sign(STATEMENT_TYPE, body, [key]);
  return { ...envelope, signatures: [...envelope.signatures, ...signatures] };
}

function written({ key, identity, since, reason }: RevocationEntry): Record<string, string> {
  return {
    ...(key === undefined ? {} : { key }),
    ...(identity === undefined ? {} : { identity }),
    since: formatUtc(since),
    reason,
  };
}

/** What tells one entry from all others, as records keep it. */
export function entryDigest(one: RevocationEntry): Digest {
  return digest(canonical(written(one)));
}

function parseList(body: Buffer): RevocationsSaid {
  const statement = parseStatement(body);
  if (statement.predicateType !== REVOCATIONS_TYPE) {
    throw new EnvelopeError("malformed", `a statement of another type than ${REVOCATIONS_TYPE}`);
  }
  const result = revocationsSchema.safeParse(statement.predicate);
  if (!result.success) throw malformed("the list", result.error);
  const { serial, issuedOn, revoked } = result.data;
  return { serial, issuedAt: issuedOn, revoked };
}

/**
 * Reads a list, by what the trust file says of it, at a machine time.
 * @param text of the file; undefined: there is none
 * @param now "its own time" for who renews it: whoever signed it may have a key that has ended since
 */
export function readRevocations(text: string | undefined, trust: Trust, now: number | "its own time"): Revocations {
  const { file } = trust.revocation;
  if (text === undefined) return { problem: problem(trust, `no list of revoked keys: "${file}" is missing`) };
  try {
    return judge(text, trust, now);
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    return { problem: problem(trust, `the list of revoked keys "${file}" does not count: ${error.message}`) };
  }
}

function judge(text: string, trust: Trust, at: number | "its own time"): Revocations {
  const envelope = parseEnvelope(text.trim());
  if (envelope.payloadType !== STATEMENT_TYPE) throw new EnvelopeError("malformed", "not a statement");
  const { body, by } = verifySigned({ envelope }, trust);
  const said = parseList(body);
  const now = at === "its own time" ? said.issuedAt : at;
  // Who is revoked can't vouch for the list that says so, nor for one that leaves it out.
  const { identities, refused } = accept(by, trust, { signedAt: said.issuedAt, now }, said.revoked);
  const signers = partakers(trust.revocation, identities).map(({ id }) => id);
  if (signers.length === 0) {
    const [why] = refused;
    const who = distinct(by).map(({ id }) => id);
    throw new EnvelopeError("signature-invalid", why?.detail ?? `signed by ${who.join(", ")}, who may not sign it`);
  }
  const list = { ...said, signers, envelope, body };
  const found = wrong(list, trust, now);
  return found === undefined ? { list } : { list, problem: problem(trust, found) };
}

function wrong({ serial, issuedAt, signers }: RevocationList, trust: Trust, now: number): string | undefined {
  const { file, count, maxAge } = trust.revocation;
  const name = `list ${serial} of revoked keys ("${file}")`;
  if (signers.length < count) return `${name} is signed by ${signers.join(", ")}: ${signers.length} of ${count}`;
  if (!(issuedAt <= now + SKEW)) return `${name} is of ${formatUtc(issuedAt)}, which is ahead of this machine's clock`;
  if (now - issuedAt > maxAge) return `${name} is of ${formatUtc(issuedAt)}: ${showDuration(now - issuedAt)} old`;
  return undefined;
}

/** What a list says, whoever signed it. Throws EnvelopeError. */
export function unverifiedRevocations(text: string): RevocationsSaid {
  return parseList(decodeBase64(parseEnvelope(text.trim()).payload) ?? Buffer.alloc(0));
}

/** A problem of the list, with how to mend it. */
export function problem({ file, revocation }: Trust, found: string): TrustProblem {
  const { from, count, maxAge } = revocation;
  const who = from.join(" or ");
  return {
    id: "trust.revocations",
    found,
    wanted: `a list of revoked keys beside ${file}, at most ${showDuration(maxAge)} old, signed by ${count} of ${who}`,
    remedy: `have ${who} look at it and sign it anew, then put the file beside ${file} by review`,
    command: "npx holdpoint trust renew --as <identity> --key <file>",
    owner: who,
  };
}

/** What a record has seen of a list, beside the list that is there: it may only have grown. */
export function shrunk(
  list: RevocationList,
  seen: { readonly serial: number; readonly revoked: readonly Digest[] },
): string | undefined {
  const there = new Set(list.revoked.map(entryDigest));
  const gone = seen.revoked.filter((one) => !there.has(one)).length;
  if (list.serial < seen.serial) {
    return `list ${list.serial} of revoked keys, and list ${seen.serial} was seen before: an older one was put back`;
  }
  if (gone > 0)
    return `list ${list.serial} of revoked keys lacks ${gone} of ${seen.revoked.length} entries that were seen before`;
  return undefined;
}
