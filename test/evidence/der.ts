/** As much of X.509 as a certificate authority of the tests needs, in DER (RFC 5280). */
import { createHash, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes);
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
const bits = (bytes: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.of(unused), bytes);

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const base128 = (value: number): number[] => {
    const digits = [value & 0x7f];
    for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  };
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime, as RFC 5280 demands before 2050. */
function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d{3}/g, "");
  return der(0x17, Buffer.from(digits.slice(2)));
}

const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [der(0x01, Buffer.of(0xff))] : []), octets(value));

/** The SubjectPublicKeyInfo of a key. */
export function spki(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

function keyId(key: KeyObject): Buffer {
  return createHash("sha1").update(spki(key)).digest();
}

/** What a certificate says; the issuer's key is whom it is signed by. */
export interface CertificateOptions {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuer: string;
  readonly issuerKey: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly from: number;
  readonly until: number;
  readonly extensions: readonly Buffer[];
}

const named = (name: string): Buffer => sequence(der(0x31, sequence(oid("2.5.4.3"), utf8(name))));

function body(options: CertificateOptions): Buffer {
  const { subject, publicKey, issuer, issuerKey, from, until, extensions } = options;
  const ids = [
    extension("2.5.29.14", octets(keyId(publicKey))),
    extension("2.5.29.35", sequence(der(0x80, keyId(issuerKey.publicKey)))),
  ];
  return sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(0x11, 0x22)),
    ECDSA_SHA256,
    named(issuer),
    sequence(time(from), time(until)),
    subject === "" ? sequence() : named(subject),
    spki(publicKey),
    der(0xa3, sequence(...ids, ...extensions)),
  );
}

/** A certificate. */
export function certificate(options: CertificateOptions): Buffer {
  const tbs = body(options);
  return sequence(tbs, ECDSA_SHA256, bits(sign("sha256", tbs, options.issuerKey.privateKey)));
}

/** A certificate with a timestamp of a certificate log in it (RFC 6962), signed by the log. */
export function loggedCertificate(
  options: CertificateOptions,
  log: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
): Buffer {
  const tbs = body(options);
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigUInt64BE(BigInt(options.from));
  const length = (value: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeUIntBE(value, 0, bytes);
    return buffer;
  };
  const sha256 = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest();
  const issuerHash = sha256(spki(options.issuerKey.publicKey));
  const precert = Buffer.concat([issuerHash, length(tbs.length, 3), tbs]);
  const signed = Buffer.concat([Buffer.of(0, 0), timestamp, Buffer.of(0, 1), precert, Buffer.of(0, 0)]);
  const signature = sign("sha256", signed, log.privateKey);
  const stamp = Buffer.concat([
    Buffer.of(0),
    sha256(spki(log.publicKey)),
    timestamp,
    Buffer.of(0, 0, 4, 3),
    length(signature.length, 2),
    signature,
  ]);
  const list = Buffer.concat([length(stamp.length + 2, 2), length(stamp.length, 2), stamp]);
  const stamps = extension("1.3.6.1.4.1.11129.2.4.2", octets(list));
  return certificate({ ...options, extensions: [...options.extensions, stamps] });
}

/** What a certificate of a timestamp authority is for. */
export const stamping: readonly Buffer[] = [
  extension("2.5.29.15", bits(Buffer.of(0x80), 7), true),
  extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.8")), true),
];

/** Who stamps, with the certificate's own names. */
export interface Stamper {
  readonly certificate: Buffer;
  /** Of the certificate: whom it names as its issuer. */
  readonly issuer: string;
  readonly privateKey: KeyObject;
}

/** The response of a timestamp authority (RFC 3161) about some bytes, without the certificate in it. */
export function timestamp(bytes: Uint8Array, at: number, stamper: Stamper): Buffer {
  const sha256 = (data: Uint8Array): Buffer => createHash("sha256").update(data).digest();
  const algorithm = sequence(oid("2.16.840.1.101.3.4.2.1"));
  const digits = new Date(at).toISOString().replace(/[-:T]|\.\d{3}/g, "");
  const info = sequence(
    der(0x02, Buffer.of(1)),
    oid("1.3.6.1.4.1.57264.2"),
    sequence(algorithm, octets(sha256(bytes))),
    der(0x02, Buffer.of(7)),
    der(0x18, Buffer.from(digits)),
  );
  const attribute = (id: string, value: Buffer): Buffer => sequence(oid(id), der(0x31, value));
  const attributes = [
    attribute("1.2.840.113549.1.9.3", oid("1.2.840.113549.1.9.16.1.4")),
    attribute("1.2.840.113549.1.9.4", octets(sha256(info))),
    attribute("1.2.840.113549.1.9.16.2.47", sequence(sequence(sequence(octets(sha256(stamper.certificate)))))),
  ].toSorted((a, b) => Buffer.compare(a, b));
  const signature = sign("sha256", der(0x31, ...attributes), stamper.privateKey);
  const signer = sequence(
    der(0x02, Buffer.of(1)),
    sequence(named(stamper.issuer), der(0x02, Buffer.of(0x11, 0x22))),
    algorithm,
    der(0xa0, ...attributes),
    ECDSA_SHA256,
    octets(signature),
  );
  const content = sequence(oid("1.2.840.113549.1.9.16.1.4"), der(0xa0, octets(info)));
  const signed = sequence(der(0x02, Buffer.of(3)), der(0x31, algorithm), content, der(0x31, signer));
  const status = sequence(der(0x02, Buffer.of(0)));
  return sequence(status, sequence(oid("1.2.840.113549.1.7.2"), der(0xa0, signed)));
}

export const authority: readonly Buffer[] = [
  extension("2.5.29.19", sequence(der(0x01, Buffer.of(0xff))), true),
  extension("2.5.29.15", bits(Buffer.of(0x06), 1), true),
];

/** The extensions of a certificate that Fulcio gives to a workflow. */
export function workflow(identity: Buffer, issuer: Buffer): readonly Buffer[] {
  return [
    extension("2.5.29.15", bits(Buffer.of(0x80), 7), true),
    extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.3"))),
    extension("2.5.29.17", sequence(der(0x86, identity)), true),
    extension("1.3.6.1.4.1.57264.1.8", der(0x0c, issuer)),
  ];
}
