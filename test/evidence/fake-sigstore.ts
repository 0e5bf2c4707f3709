/** A Sigstore of the tests' own: certificate authority, certificate log and transparency log, all in this process. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { canonical } from "../../evidence/canonical";
import type { Envelope } from "../../evidence/dsse";
import { pae, STATEMENT_TYPE } from "../../evidence/dsse";
import { authority, certificate, loggedCertificate, spki, workflow } from "./der";
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
  const base = { subject: "fulcio.test", issuer: "fulcio.test", from: NOW - YEAR, until: NOW + YEAR };
  const own = (issuerKey: Pair): Buffer =>
    certificate({ ...base, publicKey: issuerKey.publicKey, issuerKey, extensions: authority });
  return {
    root: rootOf(own(ca), ctlog, rekor),
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
      const sig = sign("sha256", pae(payloadType, body), once.privateKey).toString("base64");
      const envelope = { payload: body.toString("base64"), payloadType, signatures: [{ sig }] };
      return {
        mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
        verificationMaterial: {
          certificate: { rawBytes: leaf.toString("base64") },
          tlogEntries: [entry(envelope, leaf, rekor, loggedAt)],
          timestampVerificationData: { rfc3161Timestamps: [] },
        },
        dsseEnvelope: envelope,
      };
    },
  };
}

const validFor = { start: new Date(NOW - YEAR).toISOString(), end: new Date(NOW + YEAR).toISOString() };

function rootOf(ca: Buffer, ctlog: Pair, rekor: Pair): Json {
  const log = (baseUrl: string, { publicKey }: Pair): Json => ({
    baseUrl,
    hashAlgorithm: "SHA2_256",
    publicKey: { rawBytes: spki(publicKey).toString("base64"), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor },
    logId: { keyId: sha256(spki(publicKey)).toString("base64") },
  });
  return {
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [log("https://rekor.test", rekor)],
    certificateAuthorities: [
      {
        subject: { organization: "test", commonName: "fulcio.test" },
        uri: "https://fulcio.test",
        certChain: { certificates: [{ rawBytes: ca.toString("base64") }] },
        validFor,
      },
    ],
    ctlogs: [log("https://ctlog.test", ctlog)],
    timestampAuthorities: [],
  };
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
  const rootHash = sha256(Buffer.of(0), body);
  const note = `rekor.test - 1\n1\n${rootHash.toString("base64")}\n`;
  const noteSignature = Buffer.concat([logId.subarray(0, 4), sign("sha256", Buffer.from(note), rekor.privateKey)]);
  return {
    logIndex: "0",
    logId: { keyId: logId.toString("base64") },
    kindVersion: { kind: "dsse", version: "0.0.1" },
    integratedTime: String(integratedTime),
    inclusionPromise: {
      signedEntryTimestamp: sign("sha256", Buffer.from(canonical(promised)), rekor.privateKey).toString("base64"),
    },
    inclusionProof: {
      logIndex: "0",
      rootHash: rootHash.toString("base64"),
      treeSize: "1",
      hashes: [],
      checkpoint: { envelope: `${note}\n\u2014 rekor.test ${noteSignature.toString("base64")}\n` },
    },
    canonicalizedBody: body.toString("base64"),
  };
}
