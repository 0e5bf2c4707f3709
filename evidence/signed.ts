/** Whose word a signed file is: by keys of the trust file, or by a certificate of its Sigstore root. */
import { EnvelopeError, verify } from "./dsse";
import type { SignedFile } from "./sigstore-bundle";
import type { Identity, Trust } from "./trust";

/** A verified body, its type, and who signed it, each once. */
export interface Signed {
  readonly body: Buffer;
  readonly payloadType: string;
  readonly identities: readonly Identity[];
}

/**
 * Verifies a file as `parseSigned` read it. Throws EnvelopeError: "malformed", "signature-invalid", and "signer-unknown" for a
 * signature or a certificate that is nobody's of the trust file.
 */
export function verifySigned({ envelope, certified }: SignedFile, trust: Trust): Signed {
  if (certified !== undefined) return verifyCertified(certified, trust);
  const { body, keys } = verify(envelope, trust.keys);
  const owners = keys.flatMap(({ key }) => trust.owner(key) ?? []);
  // One person with two keys is one identity.
  const identities = [...new Map(owners.map((one) => [one.id, one])).values()];
  return { body, payloadType: envelope.payloadType, identities };
}

function verifyCertified(bundle: unknown, trust: Trust): Signed {
  if (trust.sigstore === undefined) {
    throw new EnvelopeError("signer-unknown", "signed with a certificate, and the trust file names no Sigstore root");
  }
  const { body, payloadType, signer } = trust.sigstore(bundle);
  const identity = trust.keyless(signer);
  if (identity !== undefined) return { body, payloadType, identities: [identity] };
  throw new EnvelopeError(
    "signer-unknown",
    `signed by ${shortened(signer.identity)} on the word of ${shortened(signer.issuer)}, which the trust file gives to no one machine`,
  );
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
