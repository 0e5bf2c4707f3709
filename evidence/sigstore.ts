/**
 * Sigstore bundles whose signer is in a certificate: what CI signs with without a key. Verified by Sigstore's own library
 * against a root that comes from a file; the network is never asked. Loaded only where there is such a bundle.
 */
import { createHash } from "node:crypto";
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { z } from "zod";
import { EnvelopeError, pae } from "./dsse";
import { parseJson } from "./json";
import { formatUtc } from "./time";

/** Who a certificate says signed: exactly what the certificate authority checked. */
export interface CertificateIdentity {
  /** The certificate's subject alternative name: a workflow's URI, an e-mail address. */
  readonly identity: string;
  /** Who vouched for it: the OpenID Connect issuer. */
  readonly issuer: string;
}

/** Who signed, and when. */
export interface CertifiedBy {
  readonly signer: CertificateIdentity;
  /** Machine time at which the signature was there already, by the earliest log or timestamp authority that says so. */
  readonly signedAt: number;
}

/** The body of a verified bundle, its type and who signed it. */
export interface Certified extends CertifiedBy {
  readonly body: Buffer;
  readonly payloadType: string;
}

/**
 * Verifies bundles against one root. Throws EnvelopeError "malformed", "signature-invalid", "time-unproven" where nobody whom
 * the root names says when it was signed, "certificate-not-valid" where the certificate was not valid then; nothing else.
 */
export interface SigstoreVerifier {
  /** A bundle around a DSSE envelope. */
  envelope(bundle: unknown): Certified;
  /** A bundle beside a file that it signs. */
  artifact(bundle: unknown, file: Uint8Array): CertifiedBy;
}

/**
 * A verifier for the trusted root in a file's bytes, Sigstore's JSON of a TrustedRoot. What the root names must be there: an
 * entry in a transparency log (Rekor's v1 or v2) where it names logs, a certificate timestamp where it names certificate logs;
 * and always a time that a log (v1) or a timestamp authority (RFC 3161) signed, at which the certificate was valid.
 * Throws EnvelopeError "malformed" for a root that can't be read or names no certificate authority.
 */
export function sigstoreVerifier(root: Uint8Array): SigstoreVerifier {
  const trusted = readRoot(root);
  const verifier = new Verifier(toTrustMaterial(trusted), {
    ctlogThreshold: trusted.ctlogs.length === 0 ? 0 : 1,
    tlogThreshold: trusted.tlogs.length === 0 ? 0 : 1,
    timestampThreshold: 1,
  });
  const verify = (bundle: Bundle, entity: () => Entity): CertifiedBy => {
    // The library says it too, but a bundle without a log's time fails there for the time, which explains nothing.
    if (trusted.tlogs.length > 0 && bundle.verificationMaterial.tlogEntries.length === 0) {
      throw new EnvelopeError(
        "signature-invalid",
        "Sigstore: no entry in a transparency log, and the root names such logs",
      );
    }
    const signed = checked("malformed", entity);
    const times = checked("malformed", () => timesOf(signed));
    checkTimes(signed, times);
    const { identity } = checked("signature-invalid", () => verifier.verify(signed));
    return {
      signedAt: Math.min(...times),
      signer: {
        identity: exactText(identity?.subjectAlternativeName, identity, SUBJECT_ALTERNATIVE_NAME),
        issuer: exactText(identity?.extensions?.issuer, identity, ISSUER, ISSUER_BEFORE),
      },
    };
  };
  return {
    envelope(json) {
      const bundle = checked("malformed", () => bundleFromJSON(json));
      const { content } = bundle;
      if (content.$case !== "dsseEnvelope") throw new EnvelopeError("malformed", "no DSSE envelope in the bundle");
      const { payload: body, payloadType } = content.dsseEnvelope;
      return { body, payloadType, ...verify(bundle, () => envelopeEntity(bundle, payloadType, body)) };
    },
    artifact(json, file) {
      const bundle = checked("malformed", () => bundleFromJSON(json));
      const { content } = bundle;
      if (content.$case !== "messageSignature") throw new EnvelopeError("malformed", "no signature in the bundle");
      // The log's entry is of this digest; that it is the file's, the library does not ask.
      if (!content.messageSignature.messageDigest.digest.equals(createHash("sha256").update(file).digest())) {
        throw new EnvelopeError("signature-invalid", "Sigstore: the bundle is about another file");
      }
      return verify(bundle, () => toSignedEntity(bundle, Buffer.from(file)));
    },
  };
}

// The library takes what is no list for an empty one, and an empty list of logs asks for no log.
const rootSchema = z.object({
  mediaType: z.string().regex(/^application\/vnd\.dev\.sigstore\.trustedroot[.+]/, "Sigstore's trusted root"),
  certificateAuthorities: z.array(z.unknown()).min(1, "at least one certificate authority"),
  tlogs: z.array(z.unknown()).optional(),
  ctlogs: z.array(z.unknown()).optional(),
  timestampAuthorities: z.array(z.unknown()).optional(),
});

function readRoot(bytes: Uint8Array): TrustedRoot {
  const json = checked("malformed", () => parseJson(bytes));
  const shape = rootSchema.safeParse(json);
  if (!shape.success) {
    const issue = shape.error.issues[0];
    throw new EnvelopeError("malformed", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  }
  return checked("malformed", () => {
    const root = TrustedRoot.fromJSON(json);
    toTrustMaterial(root);
    return root;
  });
}

type Bundle = ReturnType<typeof bundleFromJSON>;
type Entity = ReturnType<typeof toSignedEntity>;

/**
 * What the library verifies. Rekor v2 logs an envelope as the digest of what was signed, the pre-authentication encoding; this
 * version of the library looks for the payload's alone, as v1 logged it.
 */
function envelopeEntity(bundle: Bundle, payloadType: string, payload: Buffer): Entity {
  const entity = toSignedEntity(bundle);
  if (!entity.tlogEntries.every(({ kindVersion }) => kindVersion?.kind === "hashedrekord")) return entity;
  const signed = createHash("sha256").update(pae(payloadType, payload)).digest();
  const { signature: own } = entity;
  const signature: Entity["signature"] = {
    signature: own.signature,
    compareSignature: (other) => own.compareSignature(other),
    compareDigest: (logged) => signed.equals(logged),
    verifySignature: (key) => own.verifySignature(key),
  };
  return { ...entity, signature };
}

/** The times in a bundle that the library verifies, machine time. A log's time without its promise is nobody's word. */
function timesOf({ timestamps }: Entity): number[] {
  return timestamps.flatMap((one) => {
    if (one.$case === "timestamp-authority") return real(one.timestamp.signingTime.getTime());
    return one.tlogEntry.inclusionPromise === undefined ? [] : real(Number(one.tlogEntry.integratedTime) * 1000);
  });
}

/** A time that a date can hold. */
function real(time: number): number {
  if (Number.isNaN(new Date(time).getTime())) throw new RangeError("a time that is none");
  return time;
}

/** The library refuses the same, in words that explain nothing. */
function checkTimes({ key }: Entity, times: readonly number[]): void {
  if (times.length === 0) {
    throw new EnvelopeError(
      "time-unproven",
      "Sigstore: no log and no timestamp authority says when it was signed, so nobody can tell whether the certificate was valid",
    );
  }
  if (key.$case !== "certificate") return;
  const [from, until] = checked("malformed", () => {
    const { notBefore, notAfter } = key.certificate;
    return [real(notBefore.getTime()), real(notAfter.getTime())];
  });
  const outside = times.find((time) => !(time >= from && time <= until));
  if (outside === undefined) return;
  throw new EnvelopeError(
    "certificate-not-valid",
    `Sigstore: signed at ${formatUtc(outside)}, and the certificate was valid from ${formatUtc(from)} to ${formatUtc(until)}`,
  );
}

/** Damaged certificates and proofs end in errors of any class: all are refusals. */
function checked<T>(reason: EnvelopeError["reason"], work: () => T): T {
  try {
    return work();
  } catch (error) {
    const said = error instanceof Error ? error.message.replace(/[^\x20-\x7e]/g, "").slice(0, 200) : "unknown error";
    throw new EnvelopeError(reason, `Sigstore: ${said}`);
  }
}

const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
const ISSUER = "1.3.6.1.4.1.57264.1.8";
/** Where older certificates have it. */
const ISSUER_BEFORE = "1.3.6.1.4.1.57264.1.1";

type Signer = NonNullable<ReturnType<Verifier["verify"]>["identity"]>;

/**
 * The library reads names as ASCII and drops the eighth bit of what is none, so that a foreign character could become one of a
 * trusted name. The name must stand in its extension byte for byte.
 */
function exactText(text: string | undefined, signer: Signer | undefined, ...oids: readonly string[]): string {
  const extensions = signer?.oids?.filter(({ oid }) => oids.includes(oid?.id.join(".") ?? "")) ?? [];
  if (
    text !== undefined &&
    /^[\x21-\x7e]+$/.test(text) &&
    extensions.some(({ value }) => Buffer.from(value).includes(Buffer.from(text, "latin1")))
  ) {
    return text;
  }
  throw new EnvelopeError("signature-invalid", "Sigstore: the certificate names no identity and issuer in plain ASCII");
}
