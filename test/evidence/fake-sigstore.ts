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
}

/** Each has keys of its own. */
export function fakeSigstore(): FakeSigstore {
  const [ca, ctlog, rekor, forger] = [pair(), pair(), pair(), pair()];
  const tiles = generateKeyPairSync("ed25519");
  const base = { subject: "fulcio.test", issuer: "fulcio.test", from: NOW - YEAR, until: NOW + YEAR };
  const own = (issuerKey: Pair): Buffer =>
    certificate({ ...base, publicKey: issuerKey.publicKey, issuerKey, extensions: authority });
  const stampers = timestampAuthority();
  return {
    root: rootOf(own(ca), ctlog, [rekor, tiles], stampers.chain),
    signBundle(body, signing = {}) {
      const { payloadType = STATEMENT_TYPE, identity = WORKFLOW, issuer = ISSUER, loggedAt = NOW } = signing;
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
      const signature = sign("sha256", pae(payloadType, body), once.privateKey);
      const sig = signature.toString("base64");
      const envelope = { payload: body.toString("base64"), payloadType, signatures: [{ sig }] };
      const entries = {
        v1: () => [entry(envelope, leaf, rekor, loggedAt)],
        v2: () => [entryV2("hashedrekord", envelope, leaf, tiles)],
        "v2-dsse": () => [entryV2("dsse", envelope, leaf, tiles)],
        none: () => [],
      };
      return {
        mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verificationMaterial: {
          certificate: { rawBytes: leaf.toString("base64") },
          tlogEntries: entries[signing.log ?? "v1"](),
          timestampVerificationData: {
            rfc3161Timestamps: (signing.stampedAt ?? []).map((at) => ({
              signedTimestamp: timestamp(signature, at, stampers.stamper).toString("base64"),
            })),
          },
        },
        dsseEnvelope: envelope,
      };
    },
  };
}

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

/** An entry of a log that has only this one: the promise to log it, and the proof that it was. */
function entry(envelope: Envelope, leaf: Buffer, rekor: Pair, loggedAt: number): Json {
  const lines = leaf.toString("base64").match(/.{1,64}/g) ?? [];
  const pem = ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
  const body = Buffer.from(
    canonical({
      apiVersion: "0.0.1",
      kind: "dsse",
      spec: {
        envelopeHash: { algorithm: "sha256", value: sha256(Buffer.from(canonical(envelope))).toString("hex") },
        payloadHash: {
          algorithm: "sha256",
          value: sha256(Buffer.from(envelope.payload, "base64")).toString("hex"),
        },
        signatures: [{ signature: envelope.signatures[0]?.sig, verifier: Buffer.from(pem).toString("base64") }],
      },
    }),
  );
  const logId = sha256(spki(rekor.publicKey));
  const integratedTime = Math.floor(loggedAt / 1000);
  const promised = { body: body.toString("base64"), integratedTime, logID: logId.toString("hex"), logIndex: 0 };
  return {
    logIndex: "0",
    logId: { keyId: logId.toString("base64") },
    kindVersion: { kind: "dsse", version: "0.0.1" },
    integratedTime: String(integratedTime),
    inclusionPromise: {
      signedEntryTimestamp: sign("sha256", Buffer.from(canonical(promised)), rekor.privateKey).toString("base64"),
    },
    inclusionProof: onlyOne(body, "rekor.test", logId, (note) => sign("sha256", note, rekor.privateKey)),
    canonicalizedBody: body.toString("base64"),
  };
}

/** An entry of Rekor v2: no promise and no time, only the proof. */
function entryV2(kind: "hashedrekord" | "dsse", envelope: Envelope, leaf: Buffer, tiles: Pair): Json {
  const payload = Buffer.from(envelope.payload, "base64");
  const hashed = (bytes: Buffer): Json => ({ algorithm: "SHA2_256", digest: sha256(bytes).toString("base64") });
  const signature = {
    content: envelope.signatures[0]?.sig,
    verifier: { x509Certificate: { rawBytes: leaf.toString("base64") }, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
  };
  const spec =
    kind === "dsse"
      ? { dsseV002: { payloadHash: hashed(payload), signatures: [signature] } }
      : { hashedRekordV002: { data: hashed(pae(envelope.payloadType, payload)), signature } };
  const body = Buffer.from(canonical({ apiVersion: "0.0.2", kind, spec }));
  const logId = noteKeyId("tiles.rekor.test", tiles);
  return {
    logIndex: "0",
    logId: { keyId: logId.toString("base64") },
    kindVersion: { kind, version: "0.0.2" },
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
