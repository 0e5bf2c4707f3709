/**
 * A Sigstore of the tests' own: certificate authority, certificate log, transparency logs of Rekor's v1 and v2, and timestamp
 * authority, all in this process.
 */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { canonical } from "../../evidence/canonical";
import type { Envelope } from "../../evidence/dsse";
import { pae, STATEMENT_TYPE } from "../../evidence/dsse";
import { authority, certificate, loggedCertificate, spki, stamping, timestamp, workflow } from "./der";
import type { Stamper } from "./der";
import { NOW } from "./world";

export const WORKFLOW = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main";
export const ISSUER = "https://token.actions.githubusercontent.com";

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const pair = (): Pair => generateKeyPairSync("ec", { namedCurve: "P-256" });
const sha256 = (...bytes: readonly Uint8Array[]): Buffer =>
  bytes.reduce((hash, one) => hash.update(one), createHash("sha256")).digest();
const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;

/** What of a signing may be otherwise than it should be. */
export interface Signing {
  readonly identity?: string | Buffer;
  readonly issuer?: string | Buffer;
  readonly payloadType?: string;
  /** When the log says that it was signed. */
  readonly loggedAt?: number;
  /** Which log has it: v1 says when it was signed, v2 does not (its first entries were of another kind); v1 by default. */
  readonly log?: "v1" | "v2" | "v2-dsse" | "none";
  /** What the entry of a v2 log is the digest of, where not of what was signed. */
  readonly loggedBytes?: Buffer;
  /** When the timestamp authority says that the signature was there, each a stamp; none by default. */
  readonly stampedAt?: readonly number[];
  /** Without a timestamp of the certificate log. */
  readonly unlogged?: boolean;
  /** With a certificate of another authority of the same name. */
  readonly forged?: boolean;
}

/** A bundle's JSON; loosely typed, for tests change it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export interface FakeSigstore {
  /** The trusted root, as its file holds it. */
  readonly root: Json;
  /** A bundle around this body, signed by a key that is used once. */
  signBundle(body: Buffer, signing?: Signing): Json;
  /** A bundle beside this file. */
  signFile(file: Buffer, signing?: Signing): Json;
}

/** Each has keys of its own. */
export function fakeSigstore(): FakeSigstore {
  const [ca, ctlog, rekor, forger] = [pair(), pair(), pair(), pair()];
  const tiles = generateKeyPairSync("ed25519");
  const base = { subject: "fulcio.test", issuer: "fulcio.test", from: NOW - YEAR, until: NOW + YEAR };
  const own = (issuerKey: Pair): Buffer =>
    certificate({ ...base, publicKey: issuerKey.publicKey, issuerKey, extensions: authority });
  const stampers = timestampAuthority();
  /** Signs with a key of a certificate, logs that, and has it stamped. */
  const signed = (bytes: Buffer, signing: Signing, entryOf: (signature: Buffer, leaf: Buffer) => Entries) => {
    const { identity = WORKFLOW, issuer = ISSUER } = signing;
    const once = pair();
    const options = {
      ...base,
      subject: "",
      publicKey: once.publicKey,
      issuerKey: signing.forged === true ? forger : ca,
      from: NOW - 5 * MINUTE,
      until: NOW + 5 * MINUTE,
      extensions: workflow(Buffer.from(identity), Buffer.from(issuer)),
    };
    const leaf = signing.unlogged === true ? certificate(options) : loggedCertificate(options, ctlog);
    const signature = sign("sha256", bytes, once.privateKey);
    const { log = "v1" } = signing;
    return {
      signature: signature.toString("base64"),
      bundle: {
        mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verificationMaterial: {
          certificate: { rawBytes: leaf.toString("base64") },
          tlogEntries: log === "none" ? [] : [entryOf(signature, leaf)[log]()],
          timestampVerificationData: {
            rfc3161Timestamps: (signing.stampedAt ?? []).map((at) => ({
              signedTimestamp: timestamp(signature, at, stampers.stamper).toString("base64"),
            })),
          },
        },
      },
    };
  };
  return {
    root: rootOf(own(ca), ctlog, [rekor, tiles], stampers.chain),
    signBundle(body, signing = {}) {
      const { payloadType = STATEMENT_TYPE, loggedAt = NOW } = signing;
      const payload = body.toString("base64");
      const envelopeOf = (sig: string): Envelope => ({ payload, payloadType, signatures: [{ sig }] });
      const { signature, bundle } = signed(pae(payloadType, body), signing, (bytes, leaf) => {
        const envelope = envelopeOf(bytes.toString("base64"));
        return {
          v1: () => entry(dsseBody(envelope, leaf), rekor, loggedAt),
          v2: () => entryV2(hashedBody(signing.loggedBytes ?? pae(payloadType, body), bytes, leaf), tiles),
          "v2-dsse": () => entryV2(dsseBodyV2(envelope, leaf), tiles),
        };
      });
      return { ...bundle, dsseEnvelope: envelopeOf(signature) };
    },
    signFile(file, signing = {}) {
      const { signature, bundle } = signed(file, signing, (bytes, leaf) => {
        const v2 = (): Json => entryV2(hashedBody(file, bytes, leaf), tiles);
        const v1 = (): Json => entry(hashedBodyV1(file, bytes, leaf), rekor, signing.loggedAt ?? NOW);
        return { v1, v2, "v2-dsse": v2 };
      });
      const messageDigest = { algorithm: "SHA2_256", digest: sha256(file).toString("base64") };
      return { ...bundle, messageSignature: { messageDigest, signature } };
    },
  };
}

type Entries = Readonly<Record<"v1" | "v2" | "v2-dsse", () => Json>>;

/** A timestamp authority: its own certificate, and that of who made it. */
function timestampAuthority(): { readonly chain: readonly Buffer[]; readonly stamper: Stamper } {
  const [root, own] = [pair(), pair()];
  const base = { issuer: "tsa.test", issuerKey: root, from: NOW - YEAR, until: NOW + YEAR };
  const parent = certificate({ ...base, subject: "tsa.test", publicKey: root.publicKey, extensions: authority });
  const leaf = certificate({ ...base, subject: "stamps.tsa.test", publicKey: own.publicKey, extensions: stamping });
  return { chain: [leaf, parent], stamper: { certificate: leaf, issuer: "tsa.test", privateKey: own.privateKey } };
}

const validFor = { start: new Date(NOW - YEAR).toISOString(), end: new Date(NOW + YEAR).toISOString() };

function rootOf(ca: Buffer, ctlog: Pair, [rekor, tiles]: readonly [Pair, Pair], stamps: readonly Buffer[]): Json {
  const log = (baseUrl: string, { publicKey }: Pair): Json => ({
    baseUrl,
    hashAlgorithm: "SHA2_256",
    publicKey: { rawBytes: spki(publicKey).toString("base64"), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor },
    logId: { keyId: sha256(spki(publicKey)).toString("base64") },
  });
  return {
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [
      log("https://rekor.test", rekor),
      {
        ...log("https://tiles.rekor.test", tiles),
        publicKey: { rawBytes: spki(tiles.publicKey).toString("base64"), keyDetails: "PKIX_ED25519", validFor },
        logId: { keyId: noteKeyId("tiles.rekor.test", tiles).toString("base64") },
      },
    ],
    certificateAuthorities: [
      {
        subject: { organization: "test", commonName: "fulcio.test" },
        uri: "https://fulcio.test",
        certChain: { certificates: [{ rawBytes: ca.toString("base64") }] },
        validFor,
      },
    ],
    ctlogs: [log("https://ctlog.test", ctlog)],
    timestampAuthorities: [
      {
        subject: { organization: "test", commonName: "tsa.test" },
        uri: "https://tsa.test",
        certChain: { certificates: stamps.map((one) => ({ rawBytes: one.toString("base64") })) },
        validFor,
      },
    ],
  };
}

/** How a checkpoint's signature names an Ed25519 key (transparency-dev's signed notes). */
function noteKeyId(name: string, { publicKey }: Pair): Buffer {
  return sha256(Buffer.from(`${name}\n`), Buffer.of(1), spki(publicKey).subarray(-32));
}

/** What Rekor v1 logs of an envelope. */
function dsseBody(envelope: Envelope, leaf: Buffer): Json {
  const hashed = (bytes: Buffer): Json => ({ algorithm: "sha256", value: sha256(bytes).toString("hex") });
  return {
    apiVersion: "0.0.1",
    kind: "dsse",
    spec: {
      envelopeHash: hashed(Buffer.from(canonical(envelope))),
      payloadHash: hashed(Buffer.from(envelope.payload, "base64")),
      signatures: [{ signature: envelope.signatures[0]?.sig, verifier: pemOf(leaf) }],
    },
  };
}

/** What it logs of a file. */
function hashedBodyV1(file: Buffer, signature: Buffer, leaf: Buffer): Json {
  return {
    apiVersion: "0.0.1",
    kind: "hashedrekord",
    spec: {
      data: { hash: { algorithm: "sha256", value: sha256(file).toString("hex") } },
      signature: { content: signature.toString("base64"), publicKey: { content: pemOf(leaf) } },
    },
  };
}

function pemOf(leaf: Buffer): string {
  const lines = leaf.toString("base64").match(/.{1,64}/g) ?? [];
  return Buffer.from(["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n")).toString(
    "base64",
  );
}

/** What Rekor v2 logs of whatever was signed. */
function hashedBody(signedBytes: Buffer, signature: Buffer, leaf: Buffer): Json {
  const spec = { hashedRekordV002: { data: hashedV2(signedBytes), signature: signatureV2(signature, leaf) } };
  return { apiVersion: "0.0.2", kind: "hashedrekord", spec };
}

/** What its first releases logged of an envelope. */
function dsseBodyV2(envelope: Envelope, leaf: Buffer): Json {
  const signature = signatureV2(Buffer.from(envelope.signatures[0]?.sig ?? "", "base64"), leaf);
  const payloadHash = hashedV2(Buffer.from(envelope.payload, "base64"));
  return { apiVersion: "0.0.2", kind: "dsse", spec: { dsseV002: { payloadHash, signatures: [signature] } } };
}

const hashedV2 = (bytes: Buffer): Json => ({ algorithm: "SHA2_256", digest: sha256(bytes).toString("base64") });
const signatureV2 = (signature: Buffer, leaf: Buffer): Json => ({
  content: signature.toString("base64"),
  verifier: { x509Certificate: { rawBytes: leaf.toString("base64") }, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
});

/** An entry of a log that has only this one: the promise to log it, and the proof that it was. */
function entry(logged: Json, rekor: Pair, loggedAt: number): Json {
  const body = Buffer.from(canonical(logged));
  const logId = sha256(spki(rekor.publicKey));
  const integratedTime = Math.floor(loggedAt / 1000);
  const promised = { body: body.toString("base64"), integratedTime, logID: logId.toString("hex"), logIndex: 0 };
  return {
    logIndex: "0",
    logId: { keyId: logId.toString("base64") },
    kindVersion: { kind: logged.kind, version: "0.0.1" },
    integratedTime: String(integratedTime),
    inclusionPromise: {
      signedEntryTimestamp: sign("sha256", Buffer.from(canonical(promised)), rekor.privateKey).toString("base64"),
    },
    inclusionProof: onlyOne(body, "rekor.test", logId, (note) => sign("sha256", note, rekor.privateKey)),
    canonicalizedBody: body.toString("base64"),
  };
}

/** An entry of Rekor v2: no promise and no time, only the proof. */
function entryV2(logged: Json, tiles: Pair): Json {
  const body = Buffer.from(canonical(logged));
  const logId = noteKeyId("tiles.rekor.test", tiles);
  return {
    logIndex: "0",
    logId: { keyId: logId.toString("base64") },
    kindVersion: { kind: logged.kind, version: "0.0.2" },
    inclusionProof: onlyOne(body, "tiles.rekor.test", logId, (note) => sign(null, note, tiles.privateKey)),
    canonicalizedBody: body.toString("base64"),
  };
}

/** The proof that a log has an entry and no other. */
function onlyOne(body: Buffer, origin: string, keyId: Buffer, signNote: (note: Buffer) => Buffer): Json {
  const rootHash = sha256(Buffer.of(0), body);
  const note = `${origin}${origin === "rekor.test" ? " - 1" : ""}\n1\n${rootHash.toString("base64")}\n`;
  const signature = Buffer.concat([keyId.subarray(0, 4), signNote(Buffer.from(note))]);
  return {
    logIndex: "0",
    rootHash: rootHash.toString("base64"),
    treeSize: "1",
    hashes: [],
    checkpoint: { envelope: `${note}\n\u2014 ${origin} ${signature.toString("base64")}\n` },
  };
}
