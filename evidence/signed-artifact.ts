/** Whose word a file is that a certificate signed, by a Sigstore bundle beside it. */
import { EnvelopeError } from "./dsse";
import { machineOf } from "./signed";
import type { Trust } from "./trust";
import { accept } from "./trust/accept";

/**
 * The identity of the certificate, where it is that of a machine of the trust file that counts.
 * @param now machine time
 * Throws EnvelopeError.
 */
export function verifyArtifact(bundle: unknown, file: Uint8Array, trust: Trust, now: number): string {
  if (trust.sigstore === undefined) {
    throw new EnvelopeError("signer-unknown", "signed with a certificate, and the trust file names no Sigstore root");
  }
  const certified = trust.sigstore.artifact(bundle, file);
  const [refused] = accept([machineOf(certified, trust)], trust, { signedAt: certified.signedAt, now }).refused;
  if (refused === undefined) return certified.signer.identity;
  throw new EnvelopeError("signer-unknown", refused.detail);
}
