/** OpenSSH public keys: the line that `ssh-keygen` writes beside a private key, and what Node's crypto makes of it. */
import { createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { decodeBase64 } from "./base64";
import { SshError, SshReader } from "./ssh-wire";
import { isWeakPoint, WEAK_KEY } from "./weak-point";

/** The key types that count. RSA is not among them: one more signature scheme to get right, for keys that are leaving. */
export const SSH_ALGORITHMS = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
] as const;

export type SshAlgorithm = (typeof SSH_ALGORITHMS)[number];

/** A public key as OpenSSH knows it. */
export interface SshKey {
  readonly algorithm: SshAlgorithm;
  /** The same key for Node: Ed25519 or ECDSA P-256. */
  readonly key: KeyObject;
  /** The key in SSH's own encoding; two keys are the same exactly if these bytes are. */
  readonly blob: Buffer;
  /** Of a hardware key: what it was made for, "ssh:" unless told otherwise; part of what the hardware signs. */
  readonly application?: string;
}

/** Whether a text is meant as an OpenSSH public key, well-formed or not. */
export function looksLikeSshKey(text: string): boolean {
  return /^(?:ssh-|sk-ssh-|sk-ecdsa-|ecdsa-sha2-|rsa-sha2-|webauthn-sk-)/.test(text.trimStart());
}

/**
 * Reads one line `<type> <base64> [comment]`. Options before the type, as authorized_keys has them, are refused.
 * @throws SshError with what was found: "a key of type ssh-rsa", "a key that cannot be read".
 */
export function parseSshKey(line: string): SshKey {
  const [algorithm = "", text = ""] = line.trim().split(/[ \t]+/);
  if (/[\r\n]/.test(line.trim())) throw new SshError("more than one line");
  if (!isAlgorithm(algorithm)) throw new SshError(`a key of type ${algorithm.slice(0, 60)}`);
  const blob = decodeBase64(text);
  if (blob === undefined || blob.length === 0) throw new SshError("a key that cannot be read");
  const key = readSshKey(blob);
  if (key.algorithm !== algorithm) throw new SshError(`a key of type ${key.algorithm} that says ${algorithm}`);
  return key;
}

/** Reads a key in SSH's own encoding. Throws SshError as `parseSshKey` does. */
export function readSshKey(blob: Buffer): SshKey {
  try {
    const reader = new SshReader(blob);
    const algorithm = reader.name();
    if (!isAlgorithm(algorithm)) throw new SshError(`a key of type ${algorithm.slice(0, 60)}`);
    const key = algorithm.includes("ed25519") ? readEd25519(reader) : readP256(reader);
    const application = algorithm.startsWith("sk-") ? reader.name() : undefined;
    reader.end();
    return { algorithm, key, blob: Buffer.from(blob), ...(application === undefined ? {} : { application }) };
  } catch (error) {
    if (error instanceof SshError && (error.message.startsWith("a key of type") || error.message === WEAK_KEY))
      throw error;
    throw new SshError("a key that cannot be read");
  }
}

function isAlgorithm(name: string): name is SshAlgorithm {
  return SSH_ALGORITHMS.some((one) => one === name);
}

function readEd25519(reader: SshReader): KeyObject {
  const point = reader.string();
  if (point.length !== 32) throw new SshError("not 32 bytes");
  if (isWeakPoint(point)) throw new SshError(WEAK_KEY);
  return createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x: point.toString("base64url") } });
}

/** Only the uncompressed form exists in SSH (RFC 5656, section 3.1). Node refuses a point that is not on the curve. */
function readP256(reader: SshReader): KeyObject {
  if (reader.name() !== "nistp256") throw new SshError("another curve");
  const point = reader.string();
  if (point.length !== 65 || point[0] !== 4) throw new SshError("not an uncompressed point");
  const x = point.subarray(1, 33).toString("base64url");
  const y = point.subarray(33).toString("base64url");
  return createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x, y } });
}
