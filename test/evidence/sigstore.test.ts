import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { digest } from "../../evidence/canonical";
import { EnvelopeError, pae, sign, STATEMENT_TYPE } from "../../evidence/dsse";
import { PREDICATES } from "../../evidence/predicates";
import { publicPem } from "../../evidence/keys";
import { judgeEnvelopes, readEvidence } from "../../evidence/read";
import { sigstoreVerifier } from "../../evidence/sigstore";
import { parseSigned } from "../../evidence/sigstore-bundle";
import { withSigstore } from "../../evidence/sigstore-root";
import { verifySigned } from "../../evidence/signed";
import { parseStatement, statementBody } from "../../evidence/statement";
import { formatUtc } from "../../evidence/time";
import { openStore } from "../../evidence/store";
import type { Trust } from "../../evidence/trust";
import { parseTrust } from "../../evidence/trust";
import { machineClock } from "../../rollout/clock";
import type { Json, Signing } from "./fake-sigstore";
import { fakeSigstore, ISSUER, WORKFLOW } from "./fake-sigstore";
import { COMMIT, ed25519, HAPPY, IMAGE, NOW, refusal, trustText as trustOf, withKeeper } from "./world";

const folder = mkdtempSync(join(tmpdir(), "holdpoint-sigstore-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MINUTE = 60_000;
const utc = formatUtc;
const NO_TIME =
  "Sigstore: no log and no timestamp authority says when it was signed, so nobody can tell whether the certificate was valid";
const sigstore = fakeSigstore();
const BODY = statementBody({ commit: COMMIT }, PREDICATES.cost.type, HAPPY.cost);
const copy = (json: Json): Json => JSON.parse(JSON.stringify(json)) as Json;

/** The trust file's text; a machine for each list of keyless identities. */
function trustText(machines: readonly (readonly (readonly [string, string])[])[], sha256: string | undefined): string {
  const list = machines.map((keyless, index) => {
    const names = keyless.map(([identity, issuer]) => JSON.stringify({ identity, issuer })).join(", ");
    return `  - { id: ci-${index}, roles: [ci], keyless: [${names}] }\n`;
  });
  const root = sha256 === undefined ? "" : `sigstore: { trustedRoot: root.json, sha256: "${sha256}" }\n`;
  return withKeeper(
    `apiVersion: holdpoint.dev/v1\nkind: Trust\nmachines:\n${list.join("")}${root}roles: { ci: { may: [cost] } }\n`,
  );
}

async function trustIn(
  root: Json = sigstore.root,
  machines: Parameters<typeof trustText>[0] = [[[WORKFLOW, ISSUER]]],
): Promise<Trust> {
  const text = JSON.stringify(root);
  const own = mkdtempSync(join(folder, "trust-"));
  writeFileSync(join(own, "root.json"), text);
  return withSigstore(parseTrust(trustText(machines, digest(text)), "trust.yaml"), own);
}

/** Who signed, or why it does not count. */
function fate(bundle: Json, trust: Trust): string {
  try {
    const { body, payloadType, identities } = verifySigned(parseSigned(JSON.stringify(bundle)), trust);
    expect(payloadType).toBe(STATEMENT_TYPE);
    expect(body.equals(BODY)).toBe(true);
    return identities.map(({ id }) => id).join();
  } catch (error) {
    if (error instanceof EnvelopeError) return `${error.reason}: ${error.message}`;
    throw error;
  }
}

describe("a bundle with a certificate", () => {
  it("counts for the machine with its identity and issuer", async () => {
    expect(fate(sigstore.signBundle(BODY), await trustIn())).toBe("ci-0");
  });

  it("is evidence to a gate, which reads who signed", async () => {
    const store = openStore(mkdtempSync(join(folder, "store-")));
    const { envelope, certified } = parseSigned(JSON.stringify(sigstore.signBundle(BODY)));
    await store.put(envelope, certified);
    const { evidence, rejected } = await readEvidence(store, await trustIn(), machineClock, { now: NOW });
    expect(rejected).toEqual([]);
    expect(evidence.map(({ kind, signers }) => [kind, signers])).toEqual([["cost", [{ id: "ci-0", roles: ["ci"] }]]]);
  });

  it("counts for nobody where the trust file names no root", async () => {
    const trust = await withSigstore(parseTrust(trustText([[[WORKFLOW, ISSUER]]], undefined), "trust.yaml"), folder);
    expect(fate(sigstore.signBundle(BODY), trust)).toBe(
      "signer-unknown: signed with a certificate, and the trust file names no Sigstore root",
    );
  });

  const OTHER = WORKFLOW.replace("/acme/", "/evil/");
  const unknown = (identity: string, issuer: string): string =>
    `signer-unknown: signed by ${identity} on the word of ${issuer}, which the trust file gives to no one machine`;

  it.each<[string, Signing, string]>([
    ["of another workflow", { identity: OTHER }, unknown(OTHER, ISSUER)],
    ["of a longer name", { identity: `${WORKFLOW}2` }, unknown(`${WORKFLOW}2`, ISSUER)],
    ["on another's word", { issuer: "https://accounts.test" }, unknown(WORKFLOW, "https://accounts.test")],
  ])("%s counts for nobody", async (_name, signing, why) => {
    expect(fate(sigstore.signBundle(BODY, signing), await trustIn())).toBe(why);
  });

  it("counts for nobody where two machines claim it", async () => {
    const trust = await trustIn(sigstore.root, [[[WORKFLOW, ISSUER]], [[WORKFLOW, ISSUER]]]);
    expect(fate(sigstore.signBundle(BODY), trust)).toBe(unknown(WORKFLOW, ISSUER));
  });

  it.each<[string, Signing, string]>([
    ["of another authority", { forged: true }, "signature-invalid: Sigstore: "],
    [
      "that had expired when it signed",
      { loggedAt: NOW + 6 * MINUTE },
      `certificate-not-valid: Sigstore: signed at ${utc(NOW + 6 * MINUTE)}, and the certificate was valid from ${utc(NOW - 5 * MINUTE)} to ${utc(NOW + 5 * MINUTE)}`,
    ],
    [
      "that was not yet valid when it signed",
      { loggedAt: NOW - 6 * MINUTE },
      `certificate-not-valid: Sigstore: signed at ${utc(NOW - 6 * MINUTE)}, and`,
    ],
    ["that no certificate log has", { unlogged: true }, "signature-invalid: Sigstore: expected 1 SCTs, got 0"],
    [
      "whose name is not ASCII and would become the trusted one without its eighth bits",
      { identity: Buffer.from(WORKFLOW).map((byte, at) => (at === 20 ? byte | 0x80 : byte)) as Buffer },
      "signature-invalid: Sigstore: the certificate names no identity and issuer in plain ASCII",
    ],
    [
      "whose issuer is not ASCII",
      { issuer: Buffer.from(ISSUER).map((byte, at) => (at === 20 ? byte | 0x80 : byte)) as Buffer },
      "signature-invalid: Sigstore: the certificate names no identity and issuer in plain ASCII",
    ],
    ["without a name", { identity: "" }, "signature-invalid: Sigstore: the certificate names no identity and issuer"],
  ])("%s does not count", async (_name, signing, why) => {
    expect(fate(sigstore.signBundle(BODY, signing), await trustIn())).toContain(why);
  });

  const other = fakeSigstore();
  const damage: [string, (bundle: Json) => void][] = [
    ["another payload", (b) => (b.dsseEnvelope.payload = Buffer.from("{}").toString("base64"))],
    ["another payload type", (b) => (b.dsseEnvelope.payloadType = "text/plain")],
    ["another signature", (b) => (b.dsseEnvelope.signatures[0].sig = "AAAA")],
    ["two signatures", (b) => b.dsseEnvelope.signatures.push(b.dsseEnvelope.signatures[0])],
    ["no signature", (b) => (b.dsseEnvelope.signatures[0].sig = "")],
    ["no entry in a log", (b) => (b.verificationMaterial.tlogEntries = [])],
    ["no promise, and so no time", (b) => delete b.verificationMaterial.tlogEntries[0].inclusionPromise],
    ["no proof", (b) => delete b.verificationMaterial.tlogEntries[0].inclusionProof],
    ["a time that the log did not sign", (b) => (b.verificationMaterial.tlogEntries[0].integratedTime = "1")],
    [
      "an entry of another bundle",
      (b) => (b.verificationMaterial.tlogEntries = sigstore.signBundle(BODY).verificationMaterial.tlogEntries),
    ],
    [
      "an entry of another log",
      (b) => (b.verificationMaterial.tlogEntries = other.signBundle(BODY).verificationMaterial.tlogEntries),
    ],
    ["the same entry twice", (b) => b.verificationMaterial.tlogEntries.push(b.verificationMaterial.tlogEntries[0])],
    [
      "the certificate of another bundle",
      (b) => (b.verificationMaterial.certificate = sigstore.signBundle(BODY).verificationMaterial.certificate),
    ],
    ["a certificate that is cut off", (b) => (b.verificationMaterial.certificate.rawBytes = "MIIC")],
    ["a certificate that is none", (b) => (b.verificationMaterial.certificate = 7)],
    ["entries that are no list", (b) => (b.verificationMaterial.tlogEntries = { 0: {} })],
    ["an entry that is empty", (b) => (b.verificationMaterial.tlogEntries = [{}])],
  ];
  it.each(damage)("with %s does not count", async (_name, change) => {
    const bundle = copy(sigstore.signBundle(BODY));
    change(bundle);
    expect(fate(bundle, await trustIn())).toMatch(
      /^(?:signature-invalid|malformed|time-unproven|certificate-not-valid): /,
    );
  });

  it("without an entry in a log does not count, and says so", async () => {
    const bundle = copy(sigstore.signBundle(BODY));
    bundle.verificationMaterial.tlogEntries = [];
    expect(fate(bundle, await trustIn())).toBe(
      "signature-invalid: Sigstore: no entry in a transparency log, and the root names such logs",
    );
  });

  it("without an entry in a log does not count where the root names no log either: nobody signed its time", async () => {
    const bundle = copy(sigstore.signBundle(BODY));
    bundle.verificationMaterial.tlogEntries = [];
    expect(fate(bundle, await trustIn({ ...sigstore.root, tlogs: [] }))).toBe(`time-unproven: ${NO_TIME}`);
  });

  it("of another Sigstore does not count", async () => {
    expect(fate(other.signBundle(BODY), await trustIn())).toMatch(/^signature-invalid: Sigstore: /);
  });
});

describe("a bundle of Rekor v2, whose entries carry no time", () => {
  const v2 = (signing: Signing = {}): Json => sigstore.signBundle(BODY, { log: "v2", stampedAt: [NOW], ...signing });

  it("counts with the stamp of a timestamp authority", async () => {
    expect(fate(v2(), await trustIn())).toBe("ci-0");
    expect(fate(v2({ log: "v2-dsse" }), await trustIn())).toBe("ci-0");
  });

  it("does not count with an entry of v1 beside it that tells of another digest", async () => {
    const bundle = copy(v2());
    const { tlogEntries } = sigstore.signBundle(BODY).verificationMaterial;
    bundle.verificationMaterial.tlogEntries.push(tlogEntries[0]);
    expect(fate(bundle, await trustIn())).toMatch(/^signature-invalid: Sigstore: /);
  });

  it("counts where the root names no log, by the stamp alone", async () => {
    expect(fate(v2({ log: "none" }), await trustIn({ ...sigstore.root, tlogs: [] }))).toBe("ci-0");
  });

  it("does not count where its log has the digest of the payload alone, or of another envelope", async () => {
    for (const loggedBytes of [BODY, pae(STATEMENT_TYPE, Buffer.from("{}"))]) {
      expect(fate(v2({ loggedBytes }), await trustIn())).toMatch(/^signature-invalid: Sigstore: /);
    }
  });

  it("does not count without a stamp", async () => {
    expect(fate(v2({ stampedAt: [] }), await trustIn())).toBe(`time-unproven: ${NO_TIME}`);
  });

  it("does not count with a time that its log never signed", async () => {
    const bundle = copy(v2({ stampedAt: [] }));
    bundle.verificationMaterial.tlogEntries[0].integratedTime = String(NOW / 1000);
    expect(fate(bundle, await trustIn())).toBe(`time-unproven: ${NO_TIME}`);
  });

  it.each([NOW - 6 * MINUTE, NOW + 6 * MINUTE])(
    "does not count where a stamp is outside the certificate's time",
    async (at) => {
      const found = fate(v2({ stampedAt: [NOW, at] }), await trustIn());
      expect(found).toContain(
        `certificate-not-valid: Sigstore: signed at ${utc(at)}, and the certificate was valid from`,
      );
    },
  );

  const other = fakeSigstore();
  const damage: [string, (bundle: Json) => void][] = [
    ["no entry", (b) => (b.verificationMaterial.tlogEntries = [])],
    ["no proof", (b) => delete b.verificationMaterial.tlogEntries[0].inclusionProof],
    ["an entry of another bundle", (b) => (b.verificationMaterial.tlogEntries = v2().verificationMaterial.tlogEntries)],
    [
      "an entry of another log",
      (b) =>
        (b.verificationMaterial.tlogEntries = other.signBundle(BODY, { log: "v2" }).verificationMaterial.tlogEntries),
    ],
    ["the stamp of another signature", (b) => (stamps(b)[0] = stamps(v2())[0])],
    ["the stamp of another authority", (b) => (stamps(b)[0] = stamps(other.signBundle(BODY, { stampedAt: [NOW] }))[0])],
    ["the same stamp twice", (b) => stamps(b).push(stamps(b)[0])],
    ["a stamp that is none", (b) => (stamps(b)[0].signedTimestamp = "MIIC")],
    ["an empty stamp", (b) => (stamps(b)[0].signedTimestamp = "")],
    ["another payload", (b) => (b.dsseEnvelope.payload = Buffer.from("{}").toString("base64"))],
  ];
  it.each(damage)("does not count with %s", async (_name, change) => {
    const bundle = copy(v2());
    change(bundle);
    expect(fate(bundle, await trustIn())).toMatch(/^(?:signature-invalid|malformed): /);
  });

  it("does not count where the root no longer names the authority, or says that it ended before", async () => {
    const none = { ...sigstore.root, timestampAuthorities: [] } as Json;
    expect(fate(v2(), await trustIn(none))).toMatch(/^signature-invalid: Sigstore: /);
    const ended = copy(sigstore.root);
    ended.timestampAuthorities[0].validFor.end = utc(NOW - MINUTE);
    expect(fate(v2(), await trustIn(ended))).toMatch(/^signature-invalid: Sigstore: /);
  });

  function stamps(bundle: Json): Json {
    return bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps;
  }
});

describe("the time that a bundle proves", () => {
  /** What a gate makes of one bundle, signed at NOW, at a later time. */
  async function judged(predicate: object, kind: "cost" | "provenance", signing: Signing = {}, revoked?: object) {
    const body = statementBody({ sha256: IMAGE }, PREDICATES[kind].type, predicate);
    const text = trustText([[[WORKFLOW, ISSUER]]], digest(JSON.stringify(sigstore.root))).replace(
      "[cost]",
      `[${kind}]`,
    );
    const own = mkdtempSync(join(folder, "proven-"));
    writeFileSync(join(own, "root.json"), JSON.stringify(sigstore.root));
    const trust = await withSigstore(parseTrust(text, "trust.yaml"), own);
    const revocations = revoked === undefined ? {} : { revocations: { list: { revoked: [revoked] } } as never };
    const bytes = Buffer.from(JSON.stringify(sigstore.signBundle(body, signing)));
    const envelopes = [{ id: digest(bytes), file: "bundle", bytes }];
    return judgeEnvelopes({ envelopes, rejected: [] }, { ...trust, ...revocations }, machineClock, NOW + 60 * MINUTE);
  }
  const github = {
    ...HAPPY.provenance,
    runDetails: { builder: { id: "https://github.com/actions/runner" }, metadata: { invocationId: "1" } },
  };

  it("is when a build ended that does not say so itself", async () => {
    const byLog = await judged(github, "provenance");
    expect(byLog.rejected).toEqual([]);
    expect(byLog.evidence.map(({ finishedAt }) => finishedAt)).toEqual([NOW]);
    const byStamp = await judged(github, "provenance", { log: "v2", stampedAt: [NOW + MINUTE, NOW - MINUTE] });
    expect(byStamp.evidence.map(({ finishedAt }) => finishedAt)).toEqual([NOW - MINUTE]);
  });

  it("can't lie before what the statement tells of", async () => {
    const { rejected } = await judged({ ...HAPPY.cost, finishedOn: utc(NOW + 2 * MINUTE) }, "cost");
    expect(rejected).toMatchObject([
      {
        reason: "signed-before",
        detail: `it tells of ${new Date(NOW + 2 * MINUTE).toISOString()}, and was signed at ${new Date(NOW).toISOString()} already`,
      },
    ]);
  });

  it("is what a revoked machine is judged by, not what the statement says of its time", async () => {
    const cost = { ...HAPPY.cost, finishedOn: utc(NOW - 60 * MINUTE) };
    const since = (time: number) => ({ identity: "ci-0", since: time, reason: "left" });
    expect((await judged(cost, "cost", {}, since(NOW - MINUTE))).rejected).toMatchObject([{ reason: "key-revoked" }]);
    expect((await judged(cost, "cost", {}, since(NOW + MINUTE))).rejected).toEqual([]);
  });

  it("is nobody's word for a key: provenance that names no end does not count there", async () => {
    const made = ed25519();
    const body = statementBody({ sha256: IMAGE }, PREDICATES.provenance.type, github);
    const bytes = Buffer.from(JSON.stringify(sign(STATEMENT_TYPE, body, [made])));
    const text = withKeeper(
      trustOf([["machines", "builder", ["ci"], publicPem(made.key)]], { ci: { may: ["provenance"] } }, ""),
    );
    const envelopes = [{ id: digest(bytes), file: "bundle", bytes }];
    const read = judgeEnvelopes({ envelopes, rejected: [] }, parseTrust(text, "trust.yaml"), machineClock, NOW);
    expect(read.rejected).toMatchObject([
      {
        reason: "time-unproven",
        detail:
          "a build that does not say when it ended, and no log or timestamp authority that says when this was signed",
      },
    ]);
  });
});

describe("a real bundle: npm's provenance of the package sigstore 2.0.0, with Sigstore's public root", () => {
  const fixtures = "test/fixtures/signatures/sigstore";
  const bundle = (): Json => JSON.parse(readFileSync(`${fixtures}/npm-provenance.sigstore.json`, "utf8")) as Json;
  const root = (): Json => JSON.parse(readFileSync(`${fixtures}/public-good.json`, "utf8")) as Json;
  const verify = (change: (bundle: Json) => void = () => undefined, from = root()) => {
    const changed = bundle();
    change(changed);
    return sigstoreVerifier(Buffer.from(JSON.stringify(from))).envelope(changed);
  };

  it("verifies, and is as old as its log says, for its builder wrote no end", () => {
    const { body, signer, signedAt } = verify();
    expect(signer).toEqual({
      identity: "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main",
      issuer: "https://token.actions.githubusercontent.com",
    });
    expect(utc(signedAt)).toBe("2023-08-18T16:05:35Z");
    const { predicate, predicateType } = parseStatement(body);
    expect(predicateType).toBe(PREDICATES.provenance.type);
    expect(PREDICATES.provenance.read(predicate, machineClock, signedAt)).toMatchObject({
      finishedAt: signedAt,
      facts: { repository: "https://github.com/sigstore/sigstore-js", branch: "main" },
    });
  });

  it.each<[string, (bundle: Json) => void]>([
    ["another payload", (b) => (b.dsseEnvelope.payload = Buffer.from("{}").toString("base64"))],
    ["another time", (b) => (b.verificationMaterial.tlogEntries[0].integratedTime = "1692374736")],
    ["without its log's promise", (b) => delete b.verificationMaterial.tlogEntries[0].inclusionPromise],
    ["without its log's proof and promise", (b) => (b.verificationMaterial.tlogEntries = [])],
  ])("does not count with %s", (_name, change) => {
    expect(() => verify(change)).toThrow(EnvelopeError);
  });

  it("does not count by another root", () => {
    expect(() => verify(undefined, sigstore.root as Json)).toThrow(EnvelopeError);
  });
});

describe("the Sigstore root", () => {
  it.each<[string, (root: Json) => void]>([
    ["no longer names the authority", (r) => (r.certificateAuthorities = fakeSigstore().root.certificateAuthorities)],
    ["no longer names the log", (r) => (r.tlogs = fakeSigstore().root.tlogs)],
    ["no longer names the certificate log", (r) => (r.ctlogs = fakeSigstore().root.ctlogs)],
    [
      "says that the authority ended before",
      (r) => (r.certificateAuthorities[0].validFor.end = new Date(NOW - MINUTE).toISOString()),
    ],
    [
      "says that the log ended before",
      (r) => (r.tlogs[0].publicKey.validFor.end = new Date(NOW - MINUTE).toISOString()),
    ],
  ])("that %s makes a bundle count for nobody", async (_name, change) => {
    const root = copy(sigstore.root);
    change(root);
    expect(fate(sigstore.signBundle(BODY), await trustIn(root))).toMatch(/^signature-invalid: Sigstore: /);
  });

  it("without certificate logs asks for no timestamp of one", async () => {
    const root = { ...sigstore.root, ctlogs: [] } as Json;
    expect(fate(sigstore.signBundle(BODY, { unlogged: true }), await trustIn(root))).toBe("ci-0");
  });

  it.each([
    [
      "names no authority",
      JSON.stringify({ ...sigstore.root, certificateAuthorities: [] }),
      "root.json: certificateAuthorities: at least one certificate authority",
    ],
    ["is no JSON", "x", "root.json: Sigstore: not JSON"],
    ["is something else", "{}", "root.json: mediaType: "],
    ["has no list of logs", JSON.stringify({ ...sigstore.root, tlogs: { 0: {} } }), "root.json: tlogs: "],
    ["has a log that is none", JSON.stringify({ ...sigstore.root, tlogs: [7] }), "root.json: Sigstore: "],
    [
      "has an authority that is none",
      JSON.stringify({
        ...sigstore.root,
        certificateAuthorities: [{ certChain: { certificates: [{ rawBytes: "AAAA" }] } }],
      }),
      "root.json: Sigstore: ",
    ],
  ])("that %s makes the trust file unusable", async (_name, text, why) => {
    const own = mkdtempSync(join(folder, "root-"));
    writeFileSync(join(own, "root.json"), text);
    const trust = parseTrust(trustText([[[WORKFLOW, ISSUER]]], digest(text)), "trust.yaml");
    const message = await refusal(() => withSigstore(trust, own));
    expect(message).toMatch(/^trust-invalid: /);
    expect(message).toContain(why);
  });

  it("that is another than the trust file names, or is not there, makes it unusable", async () => {
    const own = mkdtempSync(join(folder, "root-"));
    const trust = parseTrust(trustText([[[WORKFLOW, ISSUER]]], "0".repeat(64)), "trust.yaml");
    expect(await refusal(() => withSigstore(trust, own))).toBe(
      "trust-invalid: the Sigstore root root.json can't be read (ENOENT)",
    );
    writeFileSync(join(own, "root.json"), "{}");
    expect(await refusal(() => withSigstore(trust, own))).toBe(
      `trust-invalid: the Sigstore root root.json has sha256 ${digest("{}")}, the trust file names ${"0".repeat(64)}`,
    );
    writeFileSync(join(own, "root.json"), " ".repeat(1024 * 1024 + 1));
    expect(await refusal(() => withSigstore(trust, own))).toContain("at most 1048576 are read");
  });
});

describe("a keyless identity in the trust file", () => {
  const TAGS = WORKFLOW.replace("refs/heads/main", "refs/tags/v*");

  it("may end in * within the ref, and covers no other workflow", async () => {
    const trust = await trustIn(sigstore.root, [[[TAGS, ISSUER]]]);
    const tag = TAGS.replace("*", "1.2.3");
    expect(fate(sigstore.signBundle(BODY, { identity: tag }), trust)).toBe("ci-0");
    expect(fate(sigstore.signBundle(BODY), trust)).toContain("signer-unknown");
    const other = tag.replace("release.yml", "other.yml");
    expect(fate(sigstore.signBundle(BODY, { identity: other }), trust)).toContain("signer-unknown");
  });

  it.each([
    ["a * in the repository", "https://github.com/acme/*"],
    ["a * for every ref", WORKFLOW.replace("refs/heads/main", "*")],
    ["a * for all refs", WORKFLOW.replace("heads/main", "*")],
    ["a * in the middle", WORKFLOW.replace("heads/main", "tags/*/x")],
    ["a space", `${WORKFLOW} `],
  ])("with %s is refused", async (_name, identity) => {
    const text = trustText([[[identity, ISSUER]]], "0".repeat(64));
    expect(await refusal(() => parseTrust(text, "trust.yaml"))).toContain("machines[0].keyless[0].identity: found");
  });

  it("needs an issuer that is a URL", async () => {
    const text = trustText([[[WORKFLOW, "token.actions.githubusercontent.com"]]], "0".repeat(64));
    expect(await refusal(() => parseTrust(text, "trust.yaml"))).toContain("machines[0].keyless[0].issuer: found");
  });

  it("is no way for a person, nor for a machine with neither", async () => {
    const people = trustText([[[WORKFLOW, ISSUER]]], undefined)
      .replace("people:", "machines_:")
      .replace("machines:", "people:");
    expect(await refusal(() => parseTrust(people, "trust.yaml"))).toContain("people[0]");
    expect(await refusal(() => parseTrust(trustText([[]], undefined), "trust.yaml"))).toContain(
      "at least one key, or a keyless identity",
    );
  });
});
