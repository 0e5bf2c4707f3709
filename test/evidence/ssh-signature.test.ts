import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EnvelopeError, fingerprint, pae, verify } from "../../evidence/dsse";
import type { Envelope, PublicKey } from "../../evidence/dsse";
import { readPublicKey } from "../../evidence/public-key";
import { parseSshKey, SSH_ALGORITHMS } from "../../evidence/ssh-key";
import { armor, isSshSignature, unarmor, verifySsh } from "../../evidence/ssh-signature";
import { sshString } from "../../evidence/ssh-wire";
import type { Changes } from "./ssh";
import { makeKey, signSsh } from "./ssh";
import { ed25519, publicOf } from "./world";

const TYPE = "http://example.com/HelloWorld";
const BODY = Buffer.from("hello world");
const BYTES = pae(TYPE, BODY);
const FIXTURES = "test/fixtures/signatures/ssh";

function envelopeOf(sig: Buffer, keyid?: string): Envelope {
  return {
    payload: BODY.toString("base64"),
    payloadType: TYPE,
    signatures: [{ sig: sig.toString("base64"), ...(keyid === undefined ? {} : { keyid }) }],
  };
}

function fixture(name: string): string {
  return readFileSync(`${FIXTURES}/${name}`, "utf8");
}

function trusted(line: string): PublicKey {
  const key = readPublicKey(line);
  if (typeof key === "string") throw new Error(key);
  return key;
}

/** "verified", or the reason of the refusal. */
function fate(envelope: Envelope, keys: readonly PublicKey[]): string {
  try {
    return verify(envelope, keys).body.equals(BODY) ? "verified" : "another body";
  } catch (error) {
    if (error instanceof EnvelopeError) return error.reason;
    throw error;
  }
}

describe("a signature that OpenSSH made", () => {
  it.each([
    ["ed25519", "sha512"],
    ["ed25519", "sha256"],
    ["ecdsa", "sha512"],
    ["ecdsa", "sha256"],
    ["ed25519-sk", "sha512"],
    ["ecdsa-sk", "sha512"],
  ])("with %s and %s counts in an envelope", (key, hash) => {
    const envelope = envelopeOf(unarmor(fixture(`${key}.${hash}.sig`)));
    expect(fate(envelope, [trusted(fixture(`${key}.pub`))])).toBe("verified");
    expect(fate(envelope, [trusted(makeKey("ssh-ed25519").line)])).toBe("signer-unknown");
  });

  it("for git does not count, nor does one of a hardware key that nobody touched", () => {
    expect(fate(envelopeOf(unarmor(fixture("ed25519.git.sig"))), [trusted(fixture("ed25519.pub"))])).toBe(
      "signer-unknown",
    );
    const untouched = "ed25519-sk-untouched";
    expect(fate(envelopeOf(unarmor(fixture(`${untouched}.sha512.sig`))), [trusted(fixture(`${untouched}.pub`))])).toBe(
      "signer-unknown",
    );
  });

  it("with RSA does not count, and its key is refused by name", () => {
    expect(readPublicKey(fixture("rsa.pub"))).toBe("a key of type ssh-rsa");
    expect(verifySsh(parseSshKey(fixture("ed25519.pub")), BYTES, unarmor(fixture("rsa.sha512.sig")))).toBe(false);
  });
});

describe.each(SSH_ALGORITHMS)("a signature of %s", (algorithm) => {
  const key = makeKey(algorithm);
  const other = makeKey(algorithm);
  const good = signSsh(key, BYTES);
  const hardware = key.application !== undefined;

  it("counts for the bytes that it is of, and for no other", () => {
    expect(verifySsh(key.ssh, BYTES, good)).toBe(true);
    expect(verifySsh(key.ssh, Buffer.concat([BYTES, Buffer.of(0)]), good)).toBe(false);
    expect(fate({ ...envelopeOf(good), payloadType: `${TYPE}2` }, [trusted(key.line)])).toBe("signer-unknown");
  });

  it("does not count for another key of the same type", () => {
    expect(verifySsh(other.ssh, BYTES, good)).toBe(false);
    expect(verifySsh(other.ssh, BYTES, signSsh(key, BYTES, { publicKey: other.ssh.blob }))).toBe(false);
    expect(verifySsh(key.ssh, BYTES, signSsh(key, BYTES, { publicKey: other.ssh.blob }))).toBe(false);
  });

  it("does not count with any one byte altered", () => {
    for (let index = 0; index < good.length; index++) {
      const altered = Buffer.from(good);
      altered[index] = (altered[index] ?? 0) ^ 1;
      expect(verifySsh(key.ssh, BYTES, altered)).toBe(false);
    }
  });

  it("does not count cut off anywhere", () => {
    for (let length = 0; length < good.length; length++) {
      expect(verifySsh(key.ssh, BYTES, good.subarray(0, length))).toBe(false);
    }
  });

  const wrong: [string, Changes][] = [
    ["another magic", { magic: "SSHSIX" }],
    ["another version", { version: 2 }],
    ["another namespace", { namespace: "git" }],
    ["a namespace that only begins like ours", { namespace: "holdpoint2" }],
    ["our namespace, signed for another", { namespace: "git", claimedNamespace: "holdpoint" }],
    ["no namespace", { namespace: "" }],
    ["a weak hash", { hash: "sha1" }],
    ["an unknown hash", { hash: "sha3" }],
    ["another signature scheme", { scheme: "rsa-sha2-512" }],
    ["something after it", { after: Buffer.of(0) }],
    ["something after its signature", { afterSignature: Buffer.of(0) }],
  ];
  const wrongHardware: [string, Changes][] = [
    ["nobody's touch", { flags: 0 }],
    ["a PIN but no touch", { flags: 4 }],
    ["a touch that was not signed", { flags: 0, claimedFlags: 1 }],
    ["a counter that was not signed", { claimedCounter: 8 }],
  ];
  it.each([...wrong, ...(hardware ? wrongHardware : [])])("does not count with %s", (_name, changes) => {
    expect(verifySsh(key.ssh, BYTES, signSsh(key, BYTES, changes))).toBe(false);
  });

  it("counts with something reserved in it, as the format asks, if that is signed too", () => {
    expect(verifySsh(key.ssh, BYTES, signSsh(key, BYTES, { reserved: "later" }))).toBe(true);
  });

  if (hardware) {
    it("does not count for the same key with another application", () => {
      const blob = Buffer.concat([key.ssh.blob.subarray(0, -8), sshString("ssh:other")]);
      const renamed = parseSshKey(`${algorithm} ${blob.toString("base64")}`);
      expect(renamed.application).toBe("ssh:other");
      expect(verifySsh(renamed, BYTES, good)).toBe(false);
      expect(verifySsh(renamed, BYTES, signSsh(key, BYTES, { publicKey: blob }))).toBe(false);
    });
  }
});

describe("the two ways to sign with one key", () => {
  it("are not mixed: a PEM key does not count in OpenSSH's way, an OpenSSH key in no other", () => {
    const plain = ed25519();
    const ssh = makeKey("ssh-ed25519");
    const asPem: PublicKey = { id: fingerprint(ssh.ssh.key), key: ssh.ssh.key };
    expect(fate(envelopeOf(signSsh(ssh, BYTES)), [asPem])).toBe("signer-unknown");
    expect(fate(envelopeOf(signSsh(ssh, BYTES)), [publicOf(plain), trusted(ssh.line)])).toBe("verified");
  });

  it("count as one key, however it is written", () => {
    const ssh = makeKey("ecdsa-sha2-nistp256");
    expect(trusted(ssh.line).id).toBe(fingerprint(ssh.secret));
  });
});

describe("an ECDSA signature", () => {
  const key = makeKey("ecdsa-sha2-nistp256");

  /** The blob with r and s written in another way. */
  function rewritten(change: (number: Buffer) => Buffer): Buffer {
    const good = signSsh(key, BYTES);
    // Cut the signature off, take r and s out of it, and write them anew.
    const head = good.length - (good.length - good.indexOf("sha512") - 6);
    const inner = good.subarray(head + 4);
    const pair = inner.subarray(4 + key.algorithm.length + 4);
    const r = pair.subarray(4, 4 + pair.readUInt32BE());
    const s = pair.subarray(8 + r.length);
    const raw = sshString(Buffer.concat([sshString(change(r)), sshString(change(s))]));
    return Buffer.concat([good.subarray(0, head), sshString(Buffer.concat([sshString(key.algorithm), raw]))]);
  }

  it("counts in the one form that there is", () => {
    expect(
      verifySsh(
        key.ssh,
        BYTES,
        rewritten((number) => number),
      ),
    ).toBe(true);
  });

  it.each<[string, (number: Buffer) => Buffer]>([
    ["needless zeros", (number) => Buffer.concat([Buffer.of(0, 0), number])],
    ["a negative number", (number) => Buffer.concat([Buffer.of(0xff), number])],
    ["an empty number", () => Buffer.alloc(0)],
    ["a zero", () => Buffer.of(0)],
    ["33 bytes", () => Buffer.alloc(33, 1)],
  ])("does not count with %s", (_name, change) => {
    expect(verifySsh(key.ssh, BYTES, rewritten(change))).toBe(false);
  });
});

describe("a public key's line", () => {
  const { line, ssh } = makeKey("ssh-ed25519");
  const blob = (...parts: (string | Buffer)[]): string => Buffer.concat(parts.map(sshString)).toString("base64");

  it("is read with and without a comment", () => {
    expect(parseSshKey(line).blob).toEqual(ssh.blob);
    expect(parseSshKey(`  ${line.split(" ").slice(0, 2).join(" ")}\n`).blob).toEqual(ssh.blob);
  });

  it.each([
    ["an RSA key", "ssh-rsa AAAA", "a key of type ssh-rsa"],
    ["a DSA key", "ssh-dss AAAA", "a key of type ssh-dss"],
    ["a P-384 key", "ecdsa-sha2-nistp384 AAAA", "a key of type ecdsa-sha2-nistp384"],
    ["a certificate", "ssh-ed25519-cert-v01@openssh.com AAAA", "a key of type ssh-ed25519-cert-v01@openssh.com"],
    ["two lines", `${line}\n${line}`, "more than one line"],
    ["no key", "ssh-ed25519", "a key that cannot be read"],
    ["no base64", "ssh-ed25519 !!!!", "a key that cannot be read"],
    ["a key that is cut off", line.split(" ").slice(0, 2).join(" ").slice(0, -8), "a key that cannot be read"],
    ["a key of 31 bytes", `ssh-ed25519 ${blob("ssh-ed25519", Buffer.alloc(31))}`, "a key that cannot be read"],
    ["more after it", `ssh-ed25519 ${blob("ssh-ed25519", Buffer.alloc(32, 1), "x")}`, "a key that cannot be read"],
    [
      "another type inside",
      `ecdsa-sha2-nistp256 ${ssh.blob.toString("base64")}`,
      "a key of type ssh-ed25519 that says ecdsa-sha2-nistp256",
    ],
    [
      "a point that is not on the curve",
      `ecdsa-sha2-nistp256 ${blob("ecdsa-sha2-nistp256", "nistp256", Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]))}`,
      "a key that cannot be read",
    ],
    [
      "a compressed point",
      `ecdsa-sha2-nistp256 ${blob("ecdsa-sha2-nistp256", "nistp256", Buffer.concat([Buffer.of(2), Buffer.alloc(32, 1)]))}`,
      "a key that cannot be read",
    ],
    [
      "another curve inside",
      `ecdsa-sha2-nistp256 ${blob("ecdsa-sha2-nistp256", "nistp384", Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]))}`,
      "a key that cannot be read",
    ],
    ["options before it", `restrict ${line}`, "neither a PEM block PUBLIC KEY nor an OpenSSH key"],
    ["a private key", "-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"],
  ])("with %s is refused", (_name, text, why) => {
    expect(readPublicKey(text)).toBe(why);
  });
});

describe("armor", () => {
  it("is read as OpenSSH writes it, and written so that it is read again", () => {
    const text = fixture("ed25519.sha512.sig");
    expect(armor(unarmor(text))).toBe(text);
    expect(isSshSignature(unarmor(text))).toBe(true);
    expect(
      createHash("sha256")
        .update(unarmor(text.replaceAll("\n", "\r\n")))
        .digest("hex"),
    ).toBe(createHash("sha256").update(unarmor(text)).digest("hex"));
  });

  it.each([
    ["nothing", ""],
    ["no end", "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n"],
    ["another block", "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"],
    ["foreign characters", "-----BEGIN SSH SIGNATURE-----\nU1NI!U0lH\n-----END SSH SIGNATURE-----\n"],
  ])("around %s is refused", (_name, text) => {
    expect(() => unarmor(text)).toThrow("it is no SSH signature");
  });
});
