import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { EnvelopeError, sign, STATEMENT_TYPE, verify } from "../../evidence/dsse";
import type { PublicKey } from "../../evidence/dsse";
import { publicPem } from "../../evidence/keys";
import { readPublicKey } from "../../evidence/public-key";
import { linesOf, parseSigned, toSigstoreBundle } from "../../evidence/sigstore-bundle";
import { parseStatement } from "../../evidence/statement";
import { fakeSigstore, ISSUER, WORKFLOW } from "./fake-sigstore";
import type { Signing } from "./fake-sigstore";
import { makeKey, signSsh } from "./ssh";
import { ed25519, HAPPY, NOW, p256, publicOf } from "./world";
import { PREDICATES } from "../../evidence/predicates";

const FIXTURES = "test/fixtures/signatures";
const folder = mkdtempSync(join(tmpdir(), "holdpoint-interop-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fixture(name: string): string {
  return readFileSync(`${FIXTURES}/${name}`, "utf8");
}

function key(name: string): PublicKey {
  const read = readPublicKey(fixture(name));
  if (typeof read === "string") throw new Error(read);
  return read;
}

/** Verifies a file that another tool signed, and hands on its body. */
function bodyOf(text: string, publicKey: PublicKey): Buffer {
  const { envelope, certified } = parseSigned(text);
  expect(certified).toBeUndefined();
  return verify(envelope, [publicKey]).body;
}

describe("what other tools signed", () => {
  it.each([
    ["cosign/statement.sigstore.json", "cosign/key.pub"],
    ["cosign/predicate.sigstore.json", "cosign/key.pub"],
    ["in-toto/statement.ed25519.json", "in-toto/statement.ed25519.pub"],
    ["in-toto/statement.ecdsa.json", "in-toto/statement.ecdsa.pub"],
  ])("%s verifies, and its statement is read", (file, publicKey) => {
    const { predicateType, subject } = parseStatement(bodyOf(fixture(file), key(publicKey)));
    expect(predicateType).toBe(PREDICATES.cost.type);
    expect(subject.sha256).toHaveLength(1);
  });

  it.each([
    ["cosign/custom.dsse.json", "cosign/key.pub", '"predicateType":"https://cosign.sigstore.dev/attestation/v1"'],
    ["in-toto/build.link", "in-toto/build.link.pub", '"_type": "link"'],
    ["witness/policy.json", "witness/policy.pub", '"publickeyid"'],
  ])("%s verifies, whatever is in it", (file, publicKey, content) => {
    expect(bodyOf(fixture(file), key(publicKey)).toString()).toContain(content);
  });

  it.each([
    ["cosign/statement.sigstore.json", "cosign/key.pub"],
    ["cosign/custom.dsse.json", "cosign/key.pub"],
    ["in-toto/statement.ed25519.json", "in-toto/statement.ed25519.pub"],
    ["in-toto/build.link", "in-toto/build.link.pub"],
    ["witness/policy.json", "witness/policy.pub"],
  ])("%s does not verify with another payload or another key", (file, publicKey) => {
    const { envelope } = parseSigned(fixture(file));
    const payload = Buffer.from("{}").toString("base64");
    expect(() => verify({ ...envelope, payload }, [key(publicKey)])).toThrow(EnvelopeError);
    expect(() => verify(envelope, [key("in-toto/statement.ecdsa.pub")])).toThrow(EnvelopeError);
  });
});

describe("an envelope as witness writes its collections", () => {
  // Statement v0.1, subjects by digests of git's own, and beside the signature what its own verifier reads.
  const statement = {
    _type: "https://in-toto.io/Statement/v0.1",
    subject: [
      {
        name: "https://witness.dev/attestations/product/v0.1/file:shop",
        digest: {
          "gitoid:sha1": "gitoid:blob:sha1:0",
          "gitoid:sha256": "gitoid:blob:sha256:0",
          sha256: "a".repeat(64),
        },
      },
      { name: "https://witness.dev/attestations/git/v0.1/commithash:0", digest: { sha1: "0".repeat(40) } },
    ],
    predicateType: "https://witness.testifysec.com/attestation-collection/v0.1",
    predicate: { name: "build", attestations: [] },
  };
  const signer = ed25519();
  const { signatures, ...envelope } = sign(STATEMENT_TYPE, Buffer.from(JSON.stringify(statement)), [signer]);
  const beside = { certificate: "AAAA", intermediates: ["AAAA"], timestamps: [{ type: "tsp", data: "AAAA" }] };
  const text = JSON.stringify({ ...envelope, signatures: signatures.map((one) => ({ ...one, ...beside })) });

  it("verifies by its key, and its statement is read", () => {
    const { body } = verify(parseSigned(text).envelope, [publicOf(signer)]);
    expect(parseStatement(body)).toMatchObject({
      subject: { commits: [], sha256: ["a".repeat(64)] },
      predicateType: statement.predicateType,
    });
  });

  it("counts for nobody by the certificate and the timestamp beside its signature", () => {
    expect(() => verify(parseSigned(text).envelope, [publicOf(ed25519())])).toThrow(EnvelopeError);
  });
});

describe("a bundle in JSON Lines", () => {
  const one = fixture("cosign/custom.dsse.json").trim();
  const other = fixture("cosign/statement.sigstore.json").trim();

  it("has an envelope, or a Sigstore bundle, on each line, in any order", () => {
    const lines = linesOf(`${one}\n\n${other}\r\n`);
    expect(lines.map(({ line }) => line)).toEqual([1, 3]);
    expect(lines.map(({ text }) => verify(parseSigned(text).envelope, [key("cosign/key.pub")]).keys.length)).toEqual([
      1, 1,
    ]);
  });

  it("may be one envelope over several lines", () => {
    expect(linesOf(JSON.stringify(JSON.parse(one), null, 2))).toHaveLength(1);
  });

  it("is refused empty, or with more lines than are read", () => {
    expect(() => linesOf(" \n\n")).toThrow("the file is empty");
    expect(() => linesOf("{}\n".repeat(10_001))).toThrow("the file has 10001 envelopes, at most 10000 are read");
  });
});

describe("a Sigstore bundle that we write", () => {
  const body = Buffer.from("{}");

  it("is read again, with the key's id for a hint", () => {
    const made = ed25519();
    const bundle = toSigstoreBundle(sign(STATEMENT_TYPE, body, [made]));
    expect(bundle).toMatchObject({ verificationMaterial: { publicKey: { hint: made.id } } });
    expect(parseSigned(JSON.stringify(bundle)).envelope.signatures).toHaveLength(1);
  });

  it("has one signature, and none of OpenSSH's", () => {
    const envelope = sign(STATEMENT_TYPE, body, [ed25519(), ed25519()]);
    expect(() => toSigstoreBundle(envelope)).toThrow("a Sigstore bundle has one signature, not 2");
    const ssh = makeKey("ssh-ed25519");
    const signed = sign(STATEMENT_TYPE, body, [{ id: "ssh", key: ssh.ssh.key, sign: (bytes) => signSsh(ssh, bytes) }]);
    expect(() => toSigstoreBundle(signed)).toThrow("a Sigstore bundle has no place for a signature of OpenSSH's");
  });
});

describe("a file that is meant as a Sigstore bundle", () => {
  const good = JSON.parse(fixture("cosign/statement.sigstore.json")) as Record<string, unknown>;
  const material = { verificationMaterial: { publicKey: { hint: "" }, certificate: { rawBytes: "AAAA" } } };

  it.each([
    ["of an unknown version", { mediaType: "application/vnd.dev.sigstore.bundle.v0.4+json" }, "the bundle's mediaType"],
    ["with a key and a certificate", material, "the bundle's verificationMaterial: wanted exactly one of"],
    ["with neither", { verificationMaterial: {} }, "the bundle's verificationMaterial: wanted exactly one of"],
    ["without an envelope", { dsseEnvelope: undefined }, "the bundle's dsseEnvelope: wanted a DSSE envelope"],
    ["with an envelope that is none", { dsseEnvelope: [] }, "the envelope's"],
  ])("%s is malformed", (_name, change, message) => {
    expect(() => parseSigned(JSON.stringify({ ...good, ...change }))).toThrow(message);
  });

  it("with a member twice is malformed", () => {
    const text = JSON.stringify(good).replace("{", '{"mediaType":"x",');
    expect(() => parseSigned(text)).toThrow('the envelope is JSON in which the member "mediaType" occurs twice');
  });

  it("is told by its media type alone: an envelope may have members that we don't know", () => {
    const envelope = { ...(good["dsseEnvelope"] as object), mediaType: "text/plain", verificationMaterial: {} };
    expect(parseSigned(JSON.stringify(envelope)).envelope.signatures).toHaveLength(1);
  });
});

const has = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0;

/** Only where the tool is on the path; how the fixtures were made is in their README. */
describe.skipIf(!has("cosign", "version"))("the real cosign", () => {
  const blob = Buffer.from("hello\n");
  const written = (name: string, content: string | Buffer): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "blob", digest: { sha256: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03" } }],
    predicateType: PREDICATES.cost.type,
    predicate: HAPPY.cost,
  };
  const body = Buffer.from(JSON.stringify(statement));
  const check = (bundle: object, ...args: readonly string[]): void => {
    const files = ["--bundle", written("bundle.json", JSON.stringify(bundle)), written("blob", blob)];
    execFileSync("cosign", ["verify-blob-attestation", ...args, "--type", PREDICATES.cost.type, ...files], {
      stdio: "pipe",
    });
  };

  it.each([
    ["Ed25519", ed25519],
    ["ECDSA P-256", p256],
  ])("verifies what we sign with %s", (_name, make) => {
    const made = make();
    const file = written("key.pub", publicPem(made.key));
    check(toSigstoreBundle(sign(STATEMENT_TYPE, body, [made])), "--key", file, "--insecure-ignore-tlog");
  });

  it.each<[string, Signing, readonly string[]]>([
    ["Rekor v1", {}, []],
    ["Rekor v2 and a timestamp", { log: "v2", stampedAt: [NOW] }, []],
  ])("takes the Sigstore of our tests for one, with %s", (_name, signing, how) => {
    const { root, signBundle } = fakeSigstore();
    const trusted = written("root.json", JSON.stringify(root));
    const names = ["--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", ISSUER];
    check(signBundle(body, signing) as object, "--trusted-root", trusted, ...names, ...how);
  });
});

const PYTHON = `
import json, sys
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
envelope = Envelope.from_dict(json.load(open(sys.argv[1])))
pem = load_pem_public_key(open(sys.argv[2], "rb").read())
key = SSlibKey.from_crypto(pem, keyid=next(iter(envelope.signatures)))
assert len(envelope.verify([key], 1)) == 1
`;
const python = process.env["HOLDPOINT_TEST_PYTHON"] ?? "python3";

describe.skipIf(!has(python, "-c", "import securesystemslib.dsse, cryptography"))("the real securesystemslib", () => {
  it.each([
    ["Ed25519", ed25519],
    ["ECDSA P-256", p256],
  ])("verifies what we sign with %s", (_name, make) => {
    const made = make();
    const [envelope, publicKey] = [join(folder, "envelope.json"), join(folder, "python.pub")];
    writeFileSync(envelope, JSON.stringify(sign(STATEMENT_TYPE, Buffer.from("{}"), [made])));
    writeFileSync(publicKey, publicPem(made.key));
    execFileSync(python, ["-c", PYTHON, envelope, publicKey]);
  });
});
