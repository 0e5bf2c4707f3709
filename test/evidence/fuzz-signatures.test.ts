import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digest } from "../../evidence/canonical";
import { EnvelopeError, pae } from "../../evidence/dsse";
import { readPublicKey } from "../../evidence/public-key";
import { JsonError, parseJson } from "../../evidence/json";
import { sigstoreVerifier } from "../../evidence/sigstore";
import { SSH_ALGORITHMS } from "../../evidence/ssh-key";
import { armor, unarmor, verifySsh } from "../../evidence/ssh-signature";
import { SshError } from "../../evidence/ssh-wire";
import { fakeSigstore } from "./fake-sigstore";
import type { Json, Signing } from "./fake-sigstore";
import { makeKey, signSsh } from "./ssh";
import { NOW } from "./world";

const RUNS = { numRuns: 150 };
const BYTES = pae("t", Buffer.from("body"));

/** Bytes with a run of them replaced, dropped, or with foreign ones put in. */
function damaged(original: Buffer): fc.Arbitrary<Buffer> {
  const place = fc.nat(original.length);
  return fc
    .tuple(place, fc.nat(12), fc.uint8Array({ maxLength: 12 }))
    .map(([at, length, put]) =>
      Buffer.concat([original.subarray(0, at), put, original.subarray(Math.min(at + length, original.length))]),
    )
    .filter((bytes) => !bytes.equals(original));
}

describe("a damaged SSH signature", () => {
  it.each(SSH_ALGORITHMS)("of %s never verifies, and never throws", (algorithm) => {
    const key = makeKey(algorithm);
    const good = signSsh(key, BYTES);
    expect(verifySsh(key.ssh, BYTES, good)).toBe(true);
    fc.assert(
      fc.property(damaged(good), (blob) => {
        expect(verifySsh(key.ssh, BYTES, blob)).toBe(false);
      }),
      RUNS,
    );
  });

  it("in its armor is read as it is, or refused as none", () => {
    const text = Buffer.from(armor(signSsh(makeKey("ssh-ed25519"), BYTES)));
    fc.assert(
      fc.property(damaged(text), (bytes) => {
        try {
          expect(unarmor(bytes.toString("latin1")).subarray(0, 6).toString()).toBe("SSHSIG");
        } catch (error) {
          expect(error).toBeInstanceOf(SshError);
        }
      }),
      RUNS,
    );
  });
});

describe("a damaged public key", () => {
  it.each(SSH_ALGORITHMS)("of %s is a key or a refusal in words", (algorithm) => {
    const line = Buffer.from(makeKey(algorithm).line);
    fc.assert(
      fc.property(damaged(line), (bytes) => {
        const read = readPublicKey(bytes.toString("latin1"));
        if (typeof read !== "string") expect(read.id).toMatch(/^[0-9a-f]{64}$/);
      }),
      RUNS,
    );
  });
});

describe("a damaged Sigstore bundle", () => {
  const sigstore = fakeSigstore();
  const verify = sigstoreVerifier(Buffer.from(JSON.stringify(sigstore.root)));
  const body = Buffer.from('{"_type":"x"}');
  const stamped: Signing = { log: "v2", stampedAt: [NOW] };
  const bundles: [string, Json, (json: unknown) => Buffer][] = [
    ["of Rekor v1", sigstore.signBundle(body), (json) => verify.envelope(json).body],
    ["of Rekor v2 with a timestamp", sigstore.signBundle(body, stamped), (json) => verify.envelope(json).body],
    ["beside a file", sigstore.signFile(body, stamped), (json) => verify.artifact(json, body) && body],
  ];

  /** Verified with the very body and a time that the certificate was valid at, or refused: nothing else may come of it. */
  function check(text: Buffer | string, verified: (json: unknown) => Buffer): void {
    try {
      expect(digest(verified(parseJson(text)))).toBe(digest(body));
    } catch (error) {
      if (!(error instanceof JsonError)) expect(error).toBeInstanceOf(EnvelopeError);
    }
  }

  it.each(bundles)("%s verifies undamaged", (_name, good, verified) => {
    expect(digest(verified(good))).toBe(digest(body));
  });

  it.each(bundles)("%s as text is refused, or says what was signed", (_name, good, verified) => {
    fc.assert(
      fc.property(damaged(Buffer.from(JSON.stringify(good))), (text) => check(text, verified)),
      RUNS,
    );
  });

  it.each(bundles)("%s with any member replaced is refused, or says what was signed", (_name, good, verified) => {
    const paths = membersOf(good);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
        const bundle = JSON.parse(JSON.stringify(good)) as Json;
        const parent = path.slice(0, -1).reduce((at: Json, name) => at[name] as Json, bundle);
        parent[path.at(-1) ?? ""] = value;
        check(JSON.stringify(bundle), verified);
      }),
      RUNS,
    );
  });

  it("with a damaged timestamp is refused, or of the time that was stamped", () => {
    const good = sigstore.signBundle(body, stamped);
    const of = (bundle: Json): Json => bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps[0];
    fc.assert(
      fc.property(damaged(Buffer.from(of(good).signedTimestamp as string, "base64")), (bytes) => {
        const bundle = JSON.parse(JSON.stringify(good)) as Json;
        of(bundle).signedTimestamp = bytes.toString("base64");
        // What stands behind the response's end belongs to nobody, and the library does not look at it.
        try {
          expect(verify.envelope(bundle).signedAt).toBe(NOW);
        } catch (error) {
          expect(error).toBeInstanceOf(EnvelopeError);
        }
      }),
      RUNS,
    );
  });
});

/** The path of every member, however deep. */
function membersOf(value: Json, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value as object).flatMap(([name, member]) => {
    const own = [...path, name];
    return [own, ...membersOf(member as Json, own)];
  });
}
