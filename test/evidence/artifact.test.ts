import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash, randomBytes, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { attestArtifact, type AttestArtifact } from "../../evidence/attest-artifact";
import { digest } from "../../evidence/canonical";
import { fingerprint } from "../../evidence/dsse";
import { publicPem } from "../../evidence/keys";
import { verifyArtifact } from "../../evidence/signed-artifact";
import { withSigstore } from "../../evidence/sigstore-root";
import { formatUtc } from "../../evidence/time";
import type { Trust } from "../../evidence/trust";
import { parseTrust } from "../../evidence/trust";
import type { Json, Signing } from "./fake-sigstore";
import { fakeSigstore, ISSUER, WORKFLOW } from "./fake-sigstore";
import { COMMIT, ed25519, NOW, read, refusal, withKeeper, world } from "./world";

const folder = mkdtempSync(join(tmpdir(), "holdpoint-artifact-"));
const MINUTE = 60_000;
/** A file that is no text. */
const FILE = Buffer.concat([Buffer.from([0xff, 0xfe, 0x00]), randomBytes(5000)]);
writeFileSync(join(folder, "shop.tgz"), FILE);
const written = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return name;
};
const w = world();
const attested = (change: Partial<AttestArtifact>) =>
  attestArtifact({
    stage: "production",
    subject: { commit: COMMIT },
    key: w.keys.sre,
    store: w.store,
    now: NOW,
    finishedAt: NOW,
    artifact: "shop.tgz",
    files: [],
    root: folder,
    ...change,
  });

describe("a single file", () => {
  const maker = ed25519();
  const sig = written("shop.tgz.sig", `${sign(null, FILE, maker.key).toString("base64")}\n`);
  const publicKey = publicPem(maker.key);

  it("counts by its own digest, with the key that signed it", async () => {
    const { id, summary } = await attested({ files: [sig], publicKey });
    expect(summary).toBe(`shop.tgz, signed by ${fingerprint(maker.key)}`);
    const { evidence } = await read(w);
    expect(evidence.filter((one) => one.id === id)).toMatchObject([
      {
        kind: "artifacts",
        facts: { artifacts: [{ name: "shop.tgz", sha256: digest(FILE), signedBy: fingerprint(maker.key) }] },
      },
    ]);
    expect(await w.store.getRaw(digest(FILE))).toBeUndefined();
  });

  it.each<[string, () => Partial<AttestArtifact>, RegExp]>([
    [
      "that was changed",
      () => ({ artifact: written("other.tgz", "x") }),
      /^intake-inconsistent: shop\.tgz\.sig is no signature of other\.tgz/,
    ],
    ["signed by another key", () => ({ publicKey: publicPem(ed25519().key) }), /^intake-inconsistent: /],
    ["whose key is not named", () => ({ publicKey: undefined as never }), /^intake-missing-field: /],
    ["that is empty", () => ({ artifact: written("empty", "") }), /^intake-empty: empty is empty$/],
    ["that is not there", () => ({ artifact: "nothing" }), /^file-missing: /],
    ["without a signature", () => ({ files: [] }), /^usage: found 0 signatures, wanted one$/],
    ["with two", () => ({ files: [sig, sig] }), /^usage: found 2 signatures/],
    [
      "with something else",
      () => ({ files: [written("notes", "hello")] }),
      /^intake-unknown-format: notes is no signature/,
    ],
    ["without the time", () => ({ finishedAt: undefined as never }), /^intake-missing-field: /],
  ])("%s is refused", async (_name, change, message) => {
    expect(await refusal(() => attested({ files: [sig], publicKey, ...change() }))).toMatch(message);
  });
});

describe("a file that a certificate signed", () => {
  const sigstore = fakeSigstore();

  async function trustOf(change: string, revoked?: object): Promise<Trust> {
    const root = JSON.stringify(sigstore.root);
    const own = mkdtempSync(join(folder, "trust-"));
    writeFileSync(join(own, "root.json"), root);
    const machine = `  - { id: ci-release, roles: [ci], keyless: [${JSON.stringify({ identity: WORKFLOW, issuer: ISSUER })}] }\n`;
    const named = change === "" ? `sigstore: { trustedRoot: root.json, sha256: "${digest(root)}" }\n` : change;
    const text = `apiVersion: holdpoint.dev/v1\nkind: Trust\nmachines:\n${machine}${named}roles: { ci: { may: [cost] } }\n`;
    const trust = await withSigstore(parseTrust(withKeeper(text), "trust.yaml"), own);
    return revoked === undefined ? trust : { ...trust, revocations: { list: { revoked: [revoked] } } as never };
  }

  /** Who signed it, or the refusal. */
  async function fate(bundle: Json, change: Partial<AttestArtifact> = {}, trust?: Trust): Promise<string> {
    const believed = trust ?? (await trustOf(""));
    const files = [written("shop.tgz.sigstore.json", JSON.stringify(bundle))];
    const certified = (one: unknown, file: Uint8Array): string => verifyArtifact(one, file, believed, NOW);
    return refusal(async () => {
      const { summary } = await attested({ files, certified, ...change });
      throw new Error(summary);
    }).catch((error: unknown) => (error instanceof Error ? error.message : ""));
  }

  const GOOD = `shop.tgz, signed by ${WORKFLOW}`;
  it.each<[string, Signing]>([
    ["Rekor v1", {}],
    ["Rekor v2 and a timestamp", { log: "v2", stampedAt: [NOW] }],
  ])("counts for the machine of the trust file, with %s", async (_name, signing) => {
    expect(await fate(sigstore.signFile(FILE, signing))).toBe(GOOD);
  });

  const damage: [string, (bundle: Json) => void, RegExp][] = [
    [
      "of another file",
      (b) => Object.assign(b, sigstore.signFile(Buffer.from("x"))),
      /the bundle is about another file$/,
    ],
    [
      "with the digest of this file put in",
      (b) =>
        Object.assign(b, sigstore.signFile(Buffer.from("x")), {
          messageSignature: {
            ...sigstore.signFile(Buffer.from("x")).messageSignature,
            messageDigest: { algorithm: "SHA2_256", digest: createHash("sha256").update(FILE).digest("base64") },
          },
        }),
      /^intake-inconsistent: .*Sigstore: /,
    ],
    ["without its log", (b) => (b.verificationMaterial.tlogEntries = []), /no entry in a transparency log/],
    [
      "without the log's promise",
      (b) => delete b.verificationMaterial.tlogEntries[0].inclusionPromise,
      /says when it was signed/,
    ],
    ["with another signature", (b) => (b.messageSignature.signature = "AAAA"), /^intake-inconsistent: .*Sigstore: /],
  ];
  it.each(damage)("%s is refused", async (_name, change, message) => {
    const bundle = JSON.parse(JSON.stringify(sigstore.signFile(FILE))) as Json;
    change(bundle);
    expect(await fate(bundle)).toMatch(message);
  });

  it("is refused where the certificate is of another workflow, of another authority, or was not valid", async () => {
    const other = { identity: WORKFLOW.replace("/acme/", "/evil/") };
    expect(await fate(sigstore.signFile(FILE, other))).toMatch(/which the trust file gives to no one machine$/);
    expect(await fate(fakeSigstore().signFile(FILE))).toMatch(/^intake-inconsistent: .*Sigstore: /);
    expect(await fate(sigstore.signFile(FILE, { loggedAt: NOW + 6 * MINUTE }))).toMatch(
      /and the certificate was valid from/,
    );
  });

  it("is refused where the trust file names no root, or revokes the machine", async () => {
    const bundle = sigstore.signFile(FILE);
    expect(await fate(bundle, {}, await trustOf("\n"))).toMatch(/the trust file names no Sigstore root$/);
    const revoked = { identity: "ci-release", since: NOW - MINUTE, reason: "left" };
    expect(await fate(bundle, {}, await trustOf("", revoked))).toMatch(
      new RegExp(`ci-release was revoked from ${formatUtc(NOW - MINUTE)} on`),
    );
  });

  it("is refused where a key is named for it, or nobody says whom to trust", async () => {
    const bundle = sigstore.signFile(FILE);
    expect(await fate(bundle, { publicKey: publicPem(ed25519().key) })).toBe(
      "usage: shop.tgz.sigstore.json was signed with a certificate, not with a key",
    );
    expect(await fate(bundle, { certified: undefined as never })).toMatch(/nothing says whom to trust$/);
  });
});
