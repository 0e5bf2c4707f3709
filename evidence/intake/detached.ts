/**
 * Detached signatures of a file: OpenSSH's (`ssh-keygen -Y sign -n file`), minisign's, the bare base64 of an Ed25519 or
 * ECDSA P-256 signature over SHA-256, as openssl writes it, and Sigstore's bundles (`cosign sign-blob --bundle`), of a key or of
 * a certificate.
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { z } from "zod";
import { decodeBase64 } from "../base64";
import { EnvelopeError, fingerprint } from "../dsse";
import type { ArtifactsPredicate } from "../predicates/artifacts";
import { parseSshKey } from "../ssh-key";
import { unarmor, verifySsh } from "../ssh-signature";
import { SshError } from "../ssh-wire";
import type { ReportFile, Stated } from "./report";
import { isRecord, refuse, required } from "./report";
import { readAs } from "./schema";

type Signature = NonNullable<ArtifactsPredicate["artifacts"][number]["signature"]>;

/** Namespace that OpenSSH's manual names for files. */
const SSH_NAMESPACE = "file";
const MINISIGN = /^untrusted comment: .*\r?\n([A-Za-z0-9+/=]+)\r?\ntrusted comment: (.*)\r?\n([A-Za-z0-9+/=]+)\s*$/;

/** Whether a file is meant as a detached signature. */
export function isSignature({ text, json }: Pick<ReportFile, "text" | "json">): boolean {
  return (
    (isRecord(json) && isRecord(json["messageSignature"])) ||
    text.startsWith("-----BEGIN SSH SIGNATURE-----") ||
    MINISIGN.test(text) ||
    /^[A-Za-z0-9+/]{84,100}={0,2}\s*$/.test(text)
  );
}

/** A file that is signed. */
export interface Signable {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Verifies the signature of a file: by the public key that was stated, or, of a certificate, by the trust file.
 * @throws HoldpointError `intake-inconsistent` where it does not verify, `key-unusable`, `intake-missing-field`
 */
export function verifyDetached(file: Signable, signature: ReportFile, stated: Stated): Signature {
  const { name, text } = signature;
  const bundle = isRecord(signature.json)
    ? readAs(bundleSchema, signature.json, signature, "a Sigstore bundle")
    : undefined;
  if (bundle !== undefined && bundle.verificationMaterial.publicKey == null)
    return byCertificate(file, signature, stated);
  const key = required(stated.publicKey, "with which key the signature must verify", "--public-key <file>");
  const found =
    bundle !== undefined
      ? byBundle(file, bundle, key)
      : text.startsWith("-----BEGIN SSH")
        ? bySsh(file, text, key)
        : text.startsWith("untrusted comment:")
          ? byMinisign(file, text, key)
          : byPem(file, text, key);
  if (found !== undefined) return found;
  throw refuse("intake-inconsistent", `${name} is no signature of ${file.name} by this key`);
}

const bundleSchema = z.object({
  mediaType: z.string().regex(/^application\/vnd\.dev\.sigstore\.bundle/, "a Sigstore bundle's"),
  verificationMaterial: z.object({ publicKey: z.unknown().optional() }),
  messageSignature: z.object({
    messageDigest: z.object({ algorithm: z.literal("SHA2_256"), digest: z.string() }),
    signature: z.string(),
  }),
});

/** What the bundle says of logs and times is not looked at: it is a key's signature like any other. */
function byBundle(
  file: Signable,
  { messageSignature }: z.output<typeof bundleSchema>,
  pem: string,
): Signature | undefined {
  const { signature, messageDigest } = messageSignature;
  const digest = createHash("sha256").update(file.bytes).digest();
  if (decodeBase64(messageDigest.digest)?.equals(digest) !== true) return undefined;
  return byPem(file, signature, pem);
}

function byCertificate(file: Signable, { name, json }: ReportFile, { certified, publicKey }: Stated): Signature {
  if (publicKey !== undefined) throw refuse("usage", `${name} was signed with a certificate, not with a key`);
  if (certified === undefined)
    throw refuse("usage", `${name} was signed with a certificate, and nothing says whom to trust`);
  try {
    return { format: "sigstore", key: certified(json, file.bytes) };
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    throw refuse("intake-inconsistent", `${name} is no signature of ${file.name} that counts: ${error.message}`);
  }
}

function bySsh(file: Signable, text: string, line: string): Signature | undefined {
  try {
    const key = parseSshKey(line);
    if (!verifySsh(key, file.bytes, unarmor(text), SSH_NAMESPACE)) return undefined;
    return {
      format: "ssh",
      key: `SHA256:${createHash("sha256").update(key.blob).digest("base64").replace(/=+$/, "")}`,
    };
  } catch (error) {
    if (!(error instanceof SshError)) throw error;
    throw refuse("key-unusable", `the public key is ${error.message}`);
  }
}

/** minisign's own format: "Ed" over the file, "ED" over its BLAKE2b; a second signature covers the trusted comment. */
function byMinisign(file: Signable, text: string, keyText: string): Signature | undefined {
  const [, first = "", comment = "", second = ""] = MINISIGN.exec(text) ?? [];
  const [signature, all] = [decodeBase64(first), decodeBase64(second)];
  const key = decodeBase64(keyText.trim().split(/\r?\n/).at(-1) ?? "");
  if (key?.length !== 42 || key.subarray(0, 2).toString("latin1") !== "Ed")
    throw refuse("key-unusable", "the public key is none of minisign's");
  if (signature?.length !== 74 || all?.length !== 64 || !signature.subarray(2, 10).equals(key.subarray(2, 10)))
    return undefined;
  const algorithm = signature.subarray(0, 2).toString("latin1");
  if (algorithm !== "Ed" && algorithm !== "ED") return undefined;
  const raw = signature.subarray(10);
  const message = algorithm === "Ed" ? file.bytes : createHash("blake2b512").update(file.bytes).digest();
  const publicKey = ed25519Key(key.subarray(10));
  const good =
    verify(null, message, publicKey, raw) && verify(null, Buffer.concat([raw, Buffer.from(comment)]), publicKey, all);
  const id = Buffer.from(key.subarray(2, 10)).reverse().toString("hex").toUpperCase();
  return good ? { format: "minisign", key: id } : undefined;
}

function ed25519Key(raw: Buffer): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk" });
}

function byPem(file: Signable, text: string, pem: string): Signature | undefined {
  const raw = decodeBase64(text.trim());
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw refuse("key-unusable", "the public key is no PEM");
  }
  if (raw === undefined) return undefined;
  const type = key.asymmetricKeyType;
  if (type === "ed25519")
    return verify(null, file.bytes, key, raw) ? { format: "ed25519", key: fingerprint(key) } : undefined;
  if (type !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1")
    throw refuse("key-unusable", `the public key is ${type}; wanted Ed25519 or ECDSA P-256`);
  return verify("sha256", file.bytes, key, raw) ? { format: "ecdsa", key: fingerprint(key) } : undefined;
}
