/**
 * Sigstore bundles (protobuf-specs, v0.1 to v0.3, as JSON) around a DSSE envelope. One that names a public key is an
 * envelope like any other; one with a certificate is for sigstore.ts.
 */
import { z } from "zod";
import { decodeBase64 } from "./base64";
import type { Envelope } from "./dsse";
import { EnvelopeError, envelopeOf } from "./dsse";
import { JsonError, parseJson } from "./json";
import { isSshSignature } from "./ssh-signature";

/** What we write. */
const MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const MEDIA_TYPES = /^application\/vnd\.dev\.sigstore\.bundle(?:\+json;version=0\.[123]|\.v0\.3\+json)$/;

/** A signed file as it was parsed, nothing of it verified. */
export interface SignedFile {
  readonly envelope: Envelope;
  /** The whole bundle, where its signer is named by a certificate in it and not by a key of the trust file. */
  readonly certified?: unknown;
}

const bundleSchema = z.object({
  mediaType: z.string().regex(MEDIA_TYPES, "a Sigstore bundle of v0.1, v0.2 or v0.3"),
  verificationMaterial: z
    .object({
      publicKey: z.unknown().optional(),
      certificate: z.unknown().optional(),
      x509CertificateChain: z.unknown().optional(),
    })
    .refine(
      ({ publicKey, certificate, x509CertificateChain }) =>
        [publicKey, certificate, x509CertificateChain].filter((one) => one != null).length === 1,
      "exactly one of publicKey, certificate and x509CertificateChain",
    ),
  dsseEnvelope: z.unknown().refine((value) => value != null, "a DSSE envelope"),
});

/** Reads an envelope's text, or that of a Sigstore bundle around one. Throws EnvelopeError "malformed", nothing else. */
export function parseSigned(text: Uint8Array | string): SignedFile {
  const json = readJson(text);
  if (!isBundle(json)) return { envelope: envelopeOf(json) };
  const result = bundleSchema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new EnvelopeError("malformed", `the bundle's ${issue?.path.join(".")}: wanted ${issue?.message}`);
  }
  const { dsseEnvelope, verificationMaterial } = result.data;
  const envelope = envelopeOf(dsseEnvelope);
  return verificationMaterial.publicKey == null ? { envelope, certified: json } : { envelope };
}

/** An envelope may have members that we don't know, so its media type alone tells a bundle. */
function isBundle(json: unknown): json is object {
  if (typeof json !== "object" || json === null || !("mediaType" in json)) return false;
  return typeof json.mediaType === "string" && json.mediaType.startsWith("application/vnd.dev.sigstore.bundle");
}

function readJson(text: Uint8Array | string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) throw new EnvelopeError("malformed", `the envelope is ${error.message}`);
    throw error;
  }
}

/** Files of JSON Lines with more lines are refused: each costs a check per key. */
export const MAX_LINES = 10_000;

/** One line of a bundle in JSON Lines, or why it is none. */
export interface Line {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

/**
 * The lines of an in-toto bundle (`*.intoto.jsonl`): an envelope, or a Sigstore bundle, on each; their order means nothing,
 * empty lines are passed over. One envelope written over several lines is one. Throws EnvelopeError "malformed".
 */
export function linesOf(text: string): readonly Line[] {
  if (isJson(text)) return [{ line: 1, text }];
  const lines = text.split(/\r?\n/).map((one, index) => ({ line: index + 1, text: one }));
  const filled = lines.filter((one) => one.text.trim() !== "");
  if (filled.length === 0) throw new EnvelopeError("malformed", "the file is empty");
  if (filled.length > MAX_LINES) {
    throw new EnvelopeError("malformed", `the file has ${filled.length} envelopes, at most ${MAX_LINES} are read`);
  }
  return filled;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * An envelope as a Sigstore bundle that `cosign verify-blob-attestation --key` reads: signed by one key, whose id is the hint.
 * Throws EnvelopeError "malformed" for more signatures than the one that the format allows, and for one of OpenSSH's.
 */
export function toSigstoreBundle(envelope: Envelope): object {
  const [signature, ...others] = envelope.signatures;
  if (signature === undefined || others.length > 0) {
    throw new EnvelopeError("malformed", `a Sigstore bundle has one signature, not ${envelope.signatures.length}`);
  }
  if (isSshSignature(decodeBase64(signature.sig) ?? Buffer.alloc(0))) {
    throw new EnvelopeError("malformed", "a Sigstore bundle has no place for a signature of OpenSSH's");
  }
  const { payload, payloadType } = envelope;
  return {
    mediaType: MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint: signature.keyid ?? "" } },
    dsseEnvelope: { payload, payloadType, signatures: [{ sig: signature.sig }] },
  };
}
