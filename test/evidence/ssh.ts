/** OpenSSH keys and signatures for tests, made with Node's crypto: whatever can be wrong with one is one changed field. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { SshAlgorithm, SshKey } from "../../evidence/ssh-key";
import { parseSshKey } from "../../evidence/ssh-key";
import { sshString, sshUint32 } from "../../evidence/ssh-wire";

/** A private key with what OpenSSH would write beside it. */
export interface MadeKey {
  readonly algorithm: SshAlgorithm;
  readonly secret: KeyObject;
  readonly application: string | undefined;
  readonly line: string;
  readonly ssh: SshKey;
}

export function makeKey(algorithm: SshAlgorithm, application = "ssh:"): MadeKey {
  const ed25519 = algorithm.includes("ed25519");
  const { publicKey, privateKey: secret } = ed25519
    ? generateKeyPairSync("ed25519")
    : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const bytes = (text: string): Buffer => Buffer.from(text, "base64url");
  const point = ed25519 ? [bytes(x)] : ["nistp256", Buffer.concat([Buffer.of(4), bytes(x), bytes(y)])];
  const hardware = algorithm.startsWith("sk-");
  const blob = Buffer.concat([algorithm, ...point, ...(hardware ? [application] : [])].map(sshString));
  const line = `${algorithm} ${blob.toString("base64")} somebody@somewhere`;
  return { algorithm, secret, line, ssh: parseSshKey(line), application: hardware ? application : undefined };
}

/** What a signature may lie about. */
export interface Changes {
  readonly magic?: string;
  readonly version?: number;
  readonly namespace?: string;
  readonly reserved?: string;
  readonly hash?: string;
  readonly scheme?: string;
  readonly publicKey?: Buffer;
  /** Of hardware: 1 touched, 4 verified by PIN. */
  readonly flags?: number;
  readonly claimedFlags?: number;
  readonly claimedCounter?: number;
  readonly claimedNamespace?: string;
  readonly after?: Buffer;
  readonly afterSignature?: Buffer;
}

/** A signature's blob, signed over exactly what the changes say, so that only the check of that field can refuse it. */
export function signSsh(key: MadeKey, message: Uint8Array, changes: Changes = {}): Buffer {
  const { magic = "SSHSIG", version = 1, namespace = "holdpoint", reserved = "", hash = "sha512" } = changes;
  const { scheme = key.algorithm, flags = 1, after = Buffer.alloc(0), afterSignature = Buffer.alloc(0) } = changes;
  const known = ["sha256", "sha512", "sha1"].includes(hash) ? hash : "sha512";
  const hashed = createHash(known).update(message).digest();
  const data = Buffer.concat([Buffer.from(magic), ...[namespace, reserved, hash, hashed].map(sshString)]);
  const state = (bits: number, counter: number): Buffer => Buffer.concat([Buffer.of(bits), sshUint32(counter)]);
  const sha256 = (bytes: Buffer | string): Buffer => createHash("sha256").update(bytes).digest();
  const signed =
    key.application === undefined ? data : Buffer.concat([sha256(key.application), state(flags, 7), sha256(data)]);
  const tail =
    key.application === undefined ? Buffer.alloc(0) : state(changes.claimedFlags ?? flags, changes.claimedCounter ?? 7);
  const signature = Buffer.concat([sshString(scheme), sshString(raw(key, signed)), tail, afterSignature]);
  return Buffer.concat([
    Buffer.from(magic),
    sshUint32(version),
    sshString(changes.publicKey ?? key.ssh.blob),
    ...[changes.claimedNamespace ?? namespace, reserved, hash].map(sshString),
    sshString(signature),
    after,
  ]);
}

function raw({ secret }: MadeKey, data: Buffer): Buffer {
  if (secret.asymmetricKeyType === "ed25519") return sign(null, data, secret);
  const pair = sign("sha256", data, { key: secret, dsaEncoding: "ieee-p1363" });
  return Buffer.concat([pair.subarray(0, 32), pair.subarray(32)].map((half) => sshString(mpint(half))));
}

/** A positive number as SSH writes it. */
export function mpint(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(first);
  return (digits[0] ?? 0) < 0x80 ? digits : Buffer.concat([Buffer.of(0), digits]);
}
