/** The public keys of the trust file: a PEM block, or the line that OpenSSH writes. */
import { createPublicKey } from "node:crypto";
import type { PublicKey } from "./dsse";
import { fingerprint, isSupported } from "./dsse";
import { looksLikeSshKey, parseSshKey } from "./ssh-key";
import { SshError } from "./ssh-wire";
import { isWeakPoint, WEAK_KEY } from "./weak-point";

/** What `readPublicKey` reads, for messages. */
export const PUBLIC_KEY_FORMS = "an Ed25519 or ECDSA P-256 public key as PEM or as OpenSSH's line";

/** The key, or what was found in its place. A private key must not be there, and is not named by its content. */
export function readPublicKey(text: string): PublicKey | string {
  if (text.includes("PRIVATE KEY")) return "a private key";
  return looksLikeSshKey(text) ? readLine(text) : readPem(text);
}

function readLine(text: string): PublicKey | string {
  try {
    const ssh = parseSshKey(text);
    return { id: fingerprint(ssh.key), key: ssh.key, ssh };
  } catch (error) {
    if (error instanceof SshError) return error.message;
    throw error;
  }
}

function readPem(text: string): PublicKey | string {
  // createPublicKey also takes certificates and derives public keys from private ones: only the one form is meant.
  if (!/^\s*-----BEGIN PUBLIC KEY-----[\sA-Za-z0-9+/=]+-----END PUBLIC KEY-----\s*$/.test(text)) {
    return "neither a PEM block PUBLIC KEY nor an OpenSSH key";
  }
  try {
    const key = createPublicKey(text);
    if (!isSupported(key)) return `a key of type ${key.asymmetricKeyType ?? "unknown"}`;
    const { x = "" } = key.asymmetricKeyType === "ed25519" ? key.export({ format: "jwk" }) : {};
    return x !== "" && isWeakPoint(Buffer.from(x, "base64url")) ? WEAK_KEY : { id: fingerprint(key), key };
  } catch {
    return "a key that cannot be read";
  }
}
