/**
 * SSH signatures (OpenSSH's PROTOCOL.sshsig and PROTOCOL.u2f), verified with Node's crypto alone. In an envelope the `sig`
 * is the blob that `ssh-keygen -Y sign -n holdpoint` makes of the pre-authentication encoding, without its armor.
 */
import { createHash, verify as cryptoVerify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { decodeBase64 } from "./base64";
import type { SshKey } from "./ssh-key";
import { SshError, SshReader, sshString } from "./ssh-wire";

/** What a signature must have been made for: one for git commits or files never counts here. */
export const SSH_NAMESPACE = "holdpoint";

const MAGIC = Buffer.from("SSHSIG");
const VERSION = 1;
const BEGIN = "-----BEGIN SSH SIGNATURE-----";
const END = "-----END SSH SIGNATURE-----";

/** Bit of a hardware key's flags: somebody touched it (PROTOCOL.u2f). */
const USER_PRESENT = 0x01;

/** A signature as it was read, nothing of it verified. */
interface SshSignature {
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly reserved: Buffer;
  readonly hash: "sha256" | "sha512";
  readonly signature: Buffer;
}

/** Whether a signature's bytes are meant as an SSH signature. */
export function isSshSignature(bytes: Uint8Array): boolean {
  return MAGIC.equals(bytes.subarray(0, MAGIC.length));
}

/** The blob in the armored text that `ssh-keygen` prints. Throws SshError. */
export function unarmor(text: string): Buffer {
  const lines = text.trim().split(/\r?\n/);
  if (lines[0] !== BEGIN || lines.at(-1) !== END) throw new SshError("it is no SSH signature");
  const blob = decodeBase64(lines.slice(1, -1).join(""));
  if (blob === undefined || !isSshSignature(blob)) throw new SshError("it is no SSH signature");
  return blob;
}

/** A blob as `ssh-keygen -Y verify -s` takes it. */
export function armor(blob: Uint8Array): string {
  const lines =
    Buffer.from(blob)
      .toString("base64")
      .match(/.{1,70}/g) ?? [];
  return [BEGIN, ...lines, END, ""].join("\n");
}

/**
 * Whether this key signed exactly these bytes in the namespace, ours unless another is named. False, never thrown, for whatever else is in the blob:
 * another key, namespace, version, hash or signature scheme, trailing bytes, a hardware key that nobody touched.
 */
export function verifySsh(trusted: SshKey, bytes: Uint8Array, blob: Uint8Array, namespace = SSH_NAMESPACE): boolean {
  try {
    const signature = readSignature(blob);
    if (signature.namespace !== namespace || !signature.publicKey.equals(trusted.blob)) return false;
    return verifyWith(trusted, signedData(signature, bytes), signature.signature);
  } catch {
    return false;
  }
}

function readSignature(blob: Uint8Array): SshSignature {
  const reader = new SshReader(blob);
  if (!reader.take(MAGIC.length).equals(MAGIC)) throw new SshError("it is no SSH signature");
  if (reader.uint32() !== VERSION) throw new SshError("its version is not 1");
  const publicKey = reader.string();
  const namespace = reader.name();
  const reserved = reader.string();
  const hash = reader.name();
  if (hash !== "sha256" && hash !== "sha512") throw new SshError("its hash is neither sha256 nor sha512");
  const signature = reader.string();
  reader.end();
  return { publicKey, namespace, reserved, hash, signature };
}

/** What is really signed: the namespace and a digest of the message, so that no SSH login can be made of it. */
function signedData({ namespace, reserved, hash }: Omit<SshSignature, "publicKey" | "signature">, bytes: Uint8Array) {
  const message = createHash(hash).update(bytes).digest();
  return Buffer.concat([MAGIC, sshString(namespace), sshString(reserved), sshString(hash), sshString(message)]);
}

function verifyWith({ algorithm, key, application }: SshKey, data: Buffer, signature: Buffer): boolean {
  const reader = new SshReader(signature);
  if (reader.name() !== algorithm) return false;
  const raw = reader.string();
  const signed = application === undefined ? data : signedByHardware(reader, application, data);
  reader.end();
  return signed !== undefined && verifyRaw(key, signed, raw);
}

/** Hardware signs its application, whether it was touched, a counter, and a digest; undefined where nobody touched it. */
function signedByHardware(reader: SshReader, application: string, data: Buffer): Buffer | undefined {
  const state = reader.take(5);
  if (((state[0] ?? 0) & USER_PRESENT) === 0) return undefined;
  const sha256 = (bytes: Buffer | string): Buffer => createHash("sha256").update(bytes).digest();
  return Buffer.concat([sha256(application), state, sha256(data)]);
}

function verifyRaw(key: KeyObject, data: Buffer, raw: Buffer): boolean {
  if (key.asymmetricKeyType === "ed25519") return raw.length === 64 && cryptoVerify(null, data, key, raw);
  const reader = new SshReader(raw);
  const pair = Buffer.concat([scalar(reader.string()), scalar(reader.string())]);
  reader.end();
  return cryptoVerify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, pair);
}

/** A positive multiple-precision integer as 32 bytes; in SSH it has no needless zeros, and a zero byte where its top bit is set. */
function scalar(mpint: Buffer): Buffer {
  const first = mpint[0] ?? 0;
  if (mpint.length === 0 || first >= 0x80) throw new SshError("not a positive number");
  if (first === 0 && (mpint[1] ?? 0) < 0x80) throw new SshError("a number with needless zeros");
  const digits = first === 0 ? mpint.subarray(1) : mpint;
  if (digits.length > 32) throw new SshError("a number that is too large");
  return Buffer.concat([Buffer.alloc(32 - digits.length), digits]);
}
