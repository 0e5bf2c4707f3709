/** Whose word a signed file is: by keys of the trust file, or by a certificate of its Sigstore root. */
import { EnvelopeError, fingerprint, verify } from "./dsse";
import type { CertifiedBy } from "./sigstore";
import type { SignedFile } from "./sigstore-bundle";
import type { Identity, Trust } from "./trust";

/** One signature that verified. */
export interface SignedBy {
  readonly identity: Identity;
  /** The key's fingerprint; absent where a certificate signed. */
  readonly key?: string;
  /** Machine time at which the signature was there already, on the word of a log or a timestamp authority; only of certificates. */
  readonly provenAt?: number;
}

/** A verified body, its type, and who signed it. Whether a key counted at that time is judged by `trust/accept.ts`. */
export interface Signed {
  readonly body: Buffer;
  readonly payloadType: string;
  /** Each once. */
  readonly identities: readonly Identity[];
  /** With which keys. */
  readonly by: readonly SignedBy[];
}

/**
 * Verifies a file as `parseSigned` read it. Throws EnvelopeError: "malformed", "signature-invalid", and "signer-unknown" for a
 * signature or a certificate that is nobody's of the trust file; for a certificate also "time-unproven", "certificate-not-valid".
 */
export function verifySigned({ envelope, certified }: SignedFile, trust: Trust): Signed {
  if (certified !== undefined) return verifyCertified(certified, trust);
  const { body, keys } = verify(envelope, trust.keys);
  const by = keys.flatMap(({ key }): SignedBy[] => {
    const identity = trust.owner(key);
    return identity === undefined ? [] : [{ identity, key: fingerprint(key) }];
  });
  return { body, payloadType: envelope.payloadType, identities: distinct(by), by };
}

/** One person with two keys is one identity. */
export function distinct(by: readonly SignedBy[]): readonly Identity[] {
  const [first, ...others] = by;
  if (first !== undefined && others.length === 0) return [first.identity];
  return [...new Map(by.map(({ identity }) => [identity.id, identity])).values()];
}

function verifyCertified(bundle: unknown, trust: Trust): Signed {
  if (trust.sigstore === undefined) {
    throw new EnvelopeError("signer-unknown", "signed with a certificate, and the trust file names no Sigstore root");
  }
  const { body, payloadType, ...certified } = trust.sigstore.envelope(bundle);
  const by = machineOf(certified, trust);
  return { body, payloadType, identities: [by.identity], by: [by] };
}

/** The one machine that a verified certificate is of. Throws EnvelopeError "signer-unknown". */
export function machineOf({ signer, signedAt }: CertifiedBy, trust: Trust): SignedBy {
  const identity = trust.keyless(signer);
  if (identity !== undefined) return { identity, provenAt: signedAt };
  throw new EnvelopeError(
    "signer-unknown",
    `signed by ${shortened(signer.identity)} on the word of ${shortened(signer.issuer)}, which the trust file gives to no one machine`,
  );
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
