/**
 * DSSE v1 envelopes (secure-systems-lab/dsse): a signed body of a stated type. Signatures cover the pre-authentication
 * encoding; what is verified is handed on as bytes and never read from the envelope a second time.
 */
import { createPublicKey, sign as cryptoSign, verify as cryptoVerify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { z } from "zod";
import { decodeBase64 } from "./base64";
import { digest } from "./canonical";
import { JsonError, parseJson } from "./json";
import type { SshKey } from "./ssh-key";
import { verifySsh } from "./ssh-signature";

/** What in-toto statements are signed as. */
export const STATEMENT_TYPE = "application/vnd.in-toto+json";

/** A key that may verify. `id` is compared with the envelope's keyid only to try the likely key first. */
export interface PublicKey {
  readonly id: string;
  readonly key: KeyObject;
  /** Of an OpenSSH key, which signs in OpenSSH's way and no other. */
  readonly ssh?: SshKey;
}

/** A key that signs; `id` goes into the envelope as the hint. */
export interface PrivateKey {
  readonly id: string;
  /** The private half; the public one where `sign` is given. */
  readonly key: KeyObject;
  /** Signs where the private half is not ours to see: an SSH agent's, a hardware key's. */
  readonly sign?: (bytes: Uint8Array) => Uint8Array;
}

/** An envelope as it was parsed, nothing of it verified. */
export interface Envelope {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly { readonly keyid?: string | undefined; readonly sig: string }[];
}

/** Why an envelope does not count. */
export class EnvelopeError extends Error {
  override readonly name = "EnvelopeError";
  readonly reason: "malformed" | "signature-invalid" | "signer-unknown" | "time-unproven" | "certificate-not-valid";

  constructor(reason: EnvelopeError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** More signatures than any of our files has people; each costs a check per key. */
const MAX_SIGNATURES = 32;

/** What an envelope must look like. Unknown members are ignored, as the protocol demands. */
export const envelopeSchema = z.object({
  payload: z.string(),
  payloadType: z.string().min(1),
  signatures: z
    .array(z.object({ keyid: z.string().nullish(), sig: z.string() }))
    .min(1)
    .max(MAX_SIGNATURES),
});

/** The bytes that are signed: "DSSEv1", type and body, each with its length in bytes. */
export function pae(payloadType: string, body: Uint8Array): Buffer {
  const head = Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${body.length} `);
  return Buffer.concat([head, body]);
}

/**
 * Signs a body. Ed25519, ECDSA P-256 with SHA-256 and DER signatures as cosign and in-toto write them, or OpenSSH's way
 * (ssh-signature.ts).
 */
export function sign(payloadType: string, body: Uint8Array, keys: readonly PrivateKey[]): Envelope {
  const bytes = pae(payloadType, body);
  return {
    payload: Buffer.from(body).toString("base64"),
    payloadType,
    signatures: keys.map((key) => ({ keyid: key.id, sig: signWith(key, bytes).toString("base64") })),
  };
}

function signWith({ key, sign: signs }: PrivateKey, bytes: Buffer): Buffer {
  return signs === undefined ? cryptoSign(algorithm(key), bytes, key) : Buffer.from(signs(bytes));
}

/** Reads an envelope's text. Throws EnvelopeError "malformed", nothing else. */
export function parseEnvelope(text: Uint8Array | string): Envelope {
  try {
    return envelopeOf(parseJson(text));
  } catch (error) {
    if (error instanceof JsonError) throw new EnvelopeError("malformed", `the envelope is ${error.message}`);
    throw error;
  }
}

/** The envelope that parsed JSON is. Throws EnvelopeError "malformed", nothing else. */
export function envelopeOf(json: unknown): Envelope {
  const plain = plainEnvelope(json);
  if (plain !== undefined) return plain;
  const result = envelopeSchema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new EnvelopeError("malformed", `the envelope's ${issue?.path.join(".") || "content"}: ${issue?.message}`);
  }
  const { payload, payloadType, signatures } = result.data;
  return {
    payload,
    payloadType,
    signatures: signatures.map(({ keyid, sig }) => ({ ...(keyid == null ? {} : { keyid }), sig })),
  };
}

/**
 * What `envelopeSchema` makes of an envelope with nothing unusual about it, in a tenth of its time; undefined for any other,
 * which the schema reads or refuses.
 */
function plainEnvelope(json: unknown): Envelope | undefined {
  if (!isPlain(json)) return undefined;
  const { payload, payloadType, signatures: found } = json;
  if (typeof payload !== "string" || typeof payloadType !== "string" || payloadType === "") return undefined;
  if (!Array.isArray(found) || found.length < 1 || found.length > MAX_SIGNATURES) return undefined;
  const signatures: { keyid: string; sig: string }[] = [];
  for (const one of found as unknown[]) {
    if (!isPlain(one) || typeof one["keyid"] !== "string" || typeof one["sig"] !== "string") return undefined;
    signatures.push({ keyid: one["keyid"], sig: one["sig"] });
  }
  return { payload, payloadType, signatures };
}

/** An object of JSON's, no list and not null. */
export function isPlain(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** The body of a verified envelope and the keys that verified it, each once however often it signed. */
export interface Verified {
  readonly body: Buffer;
  readonly keys: readonly PublicKey[];
}

/**
 * Verifies an envelope: at least `threshold` different keys of `trusted` must have signed exactly this type and body.
 * Key ids only order the attempts. Throws EnvelopeError: "malformed"; "signature-invalid" where a key that the envelope
 * names did not sign it, or fewer than the threshold did; "signer-unknown" where no named key is known here.
 */
export function verify(envelope: Envelope, trusted: readonly PublicKey[], threshold = 1): Verified {
  if (!Number.isInteger(threshold) || threshold < 1) throw new RangeError(`threshold ${threshold} is not a count`);
  const body = decodeBase64(envelope.payload);
  if (body === undefined) throw new EnvelopeError("malformed", "the envelope's payload is not base64");
  const bytes = pae(envelope.payloadType, body);
  const keys = new Map<string, PublicKey>();
  for (const { keyid, sig } of envelope.signatures) {
    const signature = decodeBase64(sig);
    if (signature === undefined) throw new EnvelopeError("malformed", "a signature of the envelope is not base64");
    const key = signerOf(bytes, signature, trusted, keyid);
    if (key !== undefined) keys.set(fingerprint(key.key), key);
  }
  if (keys.size >= threshold) return { body, keys: [...keys.values()] };
  throw refusal(envelope, trusted, keys.size, threshold);
}

/** The likely key first, then all the others. */
function signerOf(
  bytes: Uint8Array,
  signature: Uint8Array,
  trusted: readonly PublicKey[],
  keyid: string | undefined,
): PublicKey | undefined {
  const signs = (key: PublicKey): boolean => verifies(key, bytes, signature);
  return trusted.find((key) => key.id === keyid && signs(key)) ?? trusted.find((key) => key.id !== keyid && signs(key));
}

function refusal(envelope: Envelope, trusted: readonly PublicKey[], found: number, threshold: number): EnvelopeError {
  if (found > 0) {
    return new EnvelopeError(
      "signature-invalid",
      `signed by ${found} of the ${threshold} different keys that it needs`,
    );
  }
  const named = envelope.signatures.find(({ keyid }) => trusted.some((key) => key.id === keyid));
  return named === undefined
    ? new EnvelopeError("signer-unknown", "signed by no key of the trust file")
    : new EnvelopeError("signature-invalid", `the signature does not fit key ${named.keyid} that it names`);
}

function verifies({ key, ssh }: PublicKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (ssh !== undefined) return verifySsh(ssh, bytes, signature);
  try {
    return cryptoVerify(algorithm(key), bytes, key, signature) || verifiesRaw(key, bytes, signature);
  } catch {
    return false;
  }
}

/** The specification's own test vector has ECDSA signatures as the bare pair r, s; other tools write DER. */
function verifiesRaw(key: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (key.asymmetricKeyType !== "ec" || signature.length !== 64) return false;
  return cryptoVerify("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }, signature);
}

function algorithm(key: KeyObject): "sha256" | null {
  return key.asymmetricKeyType === "ec" ? "sha256" : null;
}

/** Whether Holdpoint signs and verifies with this kind of key: Ed25519 or ECDSA P-256. */
export function isSupported(key: KeyObject): boolean {
  return (
    key.asymmetricKeyType === "ed25519" ||
    (key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1")
  );
}

/** sha256 of the public key's SubjectPublicKeyInfo, its point uncompressed: what tells two keys apart, and the keyid that we write. */
export function fingerprint(key: KeyObject): string {
  const known = fingerprints.get(key);
  if (known !== undefined) return known;
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  const print = digest(oneForm(publicKey).export({ type: "spki", format: "der" }));
  fingerprints.set(key, print);
  return print;
}

/** A point of a curve may be written in three forms, and OpenSSL exports the one that it read: one key would be two. */
function oneForm(key: KeyObject): KeyObject {
  if (!isSupported(key) || key.asymmetricKeyType !== "ec") return key;
  return createPublicKey({ format: "jwk", key: key.export({ format: "jwk" }) });
}

const fingerprints = new WeakMap<KeyObject, string>();
