import { createPublicKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Envelope } from "../../evidence/dsse";
import { EnvelopeError, pae, parseEnvelope, sign, verify } from "../../evidence/dsse";
import { ed25519, p256, publicOf } from "./world";

const TYPE = "http://example.com/HelloWorld";
const BODY = Buffer.from("hello world");

/** The specification's vector: public key, payload and a deterministic ECDSA signature. */
const VECTOR_KEY = {
  id: "spec",
  key: createPublicKey({
    format: "jwk",
    key: {
      kty: "EC",
      crv: "P-256",
      x: Buffer.from(
        BigInt("46950820868899156662930047687818585632848591499744589407958293238635476079160")
          .toString(16)
          .padStart(64, "0"),
        "hex",
      ).toString("base64url"),
      y: Buffer.from(
        BigInt("5640078356564379163099075877009565129882514886557779369047442380624545832820")
          .toString(16)
          .padStart(64, "0"),
        "hex",
      ).toString("base64url"),
    },
  }),
};
const VECTOR: Envelope = {
  payload: "aGVsbG8gd29ybGQ=",
  payloadType: TYPE,
  signatures: [{ sig: "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==" }],
};

function reasonOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof EnvelopeError) return error.reason;
    throw error;
  }
  return "verified";
}

describe("the pre-authentication encoding", () => {
  it("is the specification's", () => {
    expect(pae(TYPE, BODY).toString()).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  });

  it("counts bytes, not characters", () => {
    expect(pae("t/ü", Buffer.from("€")).toString()).toBe("DSSEv1 4 t/ü 3 €");
  });
});

describe("the specification's test vector", () => {
  it("verifies", () => {
    const { body, keys } = verify(VECTOR, [VECTOR_KEY]);
    expect(body.toString()).toBe("hello world");
    expect(keys).toEqual([VECTOR_KEY]);
  });

  it.each([
    ["another payload", { payload: Buffer.from("hello worlD").toString("base64") }],
    ["another type", { payloadType: "http://example.com/HelloWorle" }],
    ["another signature", { signatures: [{ sig: `B${VECTOR.signatures[0]?.sig.slice(1)}` }] }],
    ["an empty signature", { signatures: [{ sig: "" }] }],
  ])("does not verify with %s", (_name, change) => {
    expect(reasonOf(() => verify({ ...VECTOR, ...change }, [VECTOR_KEY]))).toBe("signer-unknown");
  });
});

describe.each([
  ["Ed25519", ed25519],
  ["ECDSA P-256", p256],
])("an envelope signed with %s", (_name, make) => {
  const key = make();
  const other = make();
  const envelope = sign(TYPE, BODY, [key]);
  const [signature] = envelope.signatures;
  const bytes = Buffer.from(signature?.sig ?? "", "base64");

  it("verifies with its key, and hands on the very bytes", () => {
    const { body, keys } = verify(parseEnvelope(JSON.stringify(envelope)), [publicOf(other), publicOf(key)]);
    expect(body.equals(BODY)).toBe(true);
    expect(keys.map(({ id }) => id)).toEqual([key.id]);
  });

  it("does not verify with any one byte of the payload altered", () => {
    for (let index = 0; index < BODY.length; index++) {
      const altered = Buffer.from(BODY);
      altered[index] = (altered[index] ?? 0) ^ 1;
      const changed = { ...envelope, payload: altered.toString("base64") };
      expect(reasonOf(() => verify(changed, [publicOf(key)]))).toBe("signature-invalid");
    }
  });

  it("does not verify with any one byte of the signature altered", () => {
    for (let index = 0; index < bytes.length; index++) {
      const altered = Buffer.from(bytes);
      altered[index] = (altered[index] ?? 0) ^ 1;
      const changed = { ...envelope, signatures: [{ keyid: key.id, sig: altered.toString("base64") }] };
      expect(reasonOf(() => verify(changed, [publicOf(key)]))).toBe("signature-invalid");
    }
  });

  it("does not verify with one byte of its type altered", () => {
    expect(reasonOf(() => verify({ ...envelope, payloadType: `${TYPE}s` }, [publicOf(key)]))).toBe("signature-invalid");
  });

  it("is of an unknown signer where its key is not trusted", () => {
    expect(reasonOf(() => verify(envelope, [publicOf(other)]))).toBe("signer-unknown");
    expect(reasonOf(() => verify(envelope, []))).toBe("signer-unknown");
  });

  it("takes the key id for a hint: a wrong one changes nothing, and gives nothing", () => {
    const hint = { ...envelope, signatures: [{ keyid: other.id, sig: signature?.sig ?? "" }] };
    expect(verify(hint, [publicOf(other), publicOf(key)]).keys.map(({ id }) => id)).toEqual([key.id]);
    expect(reasonOf(() => verify(hint, [publicOf(other)]))).toBe("signature-invalid");
    const none = { ...envelope, signatures: [{ sig: signature?.sig ?? "" }] };
    expect(verify(none, [publicOf(key)]).keys).toHaveLength(1);
  });

  it("counts a key once, however often it signed", () => {
    const twice = sign(TYPE, BODY, [key, key]);
    expect(reasonOf(() => verify(twice, [publicOf(key), publicOf(other)], 2))).toBe("signature-invalid");
    const renamed = [publicOf(key), { ...publicOf(key), id: "the same key under another name" }];
    const named = { ...twice, signatures: twice.signatures.map((one, at) => ({ ...one, keyid: renamed[at]?.id })) };
    expect(reasonOf(() => verify(named, renamed, 2))).toBe("signature-invalid");
    expect(verify(sign(TYPE, BODY, [key, other]), [publicOf(key), publicOf(other)], 2).keys).toHaveLength(2);
  });

  it("ignores a foreign signature beside a good one", () => {
    expect(verify(sign(TYPE, BODY, [other, key]), [publicOf(key)]).keys.map(({ id }) => id)).toEqual([key.id]);
  });
});

describe("base64", () => {
  const key = ed25519();
  // Bytes whose base64 has both characters that the alphabets differ in.
  const body = Buffer.from([0xfb, 0xff, 0xbf, 0x3e, 0x3f, 0xfe]);
  const envelope = sign(TYPE, body, [key]);
  const urlSafe = (text: string): string => text.replaceAll("+", "-").replaceAll("/", "_");

  it("is read in the URL-safe alphabet and without padding, too", () => {
    const signatures = envelope.signatures.map(({ sig }) => ({ sig: urlSafe(sig).replace(/=+$/, "") }));
    expect(verify({ ...envelope, payload: urlSafe(envelope.payload), signatures }, [publicOf(key)]).body).toEqual(body);
  });

  it.each([
    ["white space", (text: string) => `${text.slice(0, 4)}\n${text.slice(4)}`],
    ["a foreign character", (text: string) => `${text}!`],
    ["both alphabets at once", () => "+/-_"],
    ["too much padding", (text: string) => `${text}=`],
    ["text after the padding", () => "aGVsbG8gd29ybGQ=aaaa"],
    ["bits that no encoder sets", () => "aGVsbG8gd29ybGR="],
    ["a lone last character", () => "aGVsb"],
  ])("with %s is malformed", (_name, change) => {
    expect(reasonOf(() => verify({ ...envelope, payload: change(envelope.payload) }, [publicOf(key)]))).toBe(
      "malformed",
    );
    const signatures = envelope.signatures.map(({ sig }) => ({ sig: change(sig) }));
    expect(reasonOf(() => verify({ ...envelope, signatures }, [publicOf(key)]))).toBe("malformed");
  });
});

describe("an envelope's text", () => {
  const text = JSON.stringify(VECTOR);

  it("may have unknown members", () => {
    expect(parseEnvelope(text.replace("{", '{"extra":1,'))).toEqual(VECTOR);
  });

  it.each([
    ["with something after it", `${text} {}`, "the envelope is not JSON"],
    ["cut off", text.slice(0, -1), "the envelope is not JSON"],
    ["empty", "", "the envelope is not JSON"],
    [
      "with a member twice",
      text.replace("{", '{"payload":"AAAA",'),
      'the envelope is JSON in which the member "payload" occurs twice',
    ],
    [
      "with a member twice, one of them escaped",
      text.replace("{", '{"p\\u0061yload":"AAAA",'),
      'the envelope is JSON in which the member "payload" occurs twice',
    ],
    ["with a byte order mark", `\ufeff${text}`, "the envelope is not JSON"],
    [
      "with half a character",
      text.replace("{", '{"x":["\\ud800"],'),
      "the envelope is JSON with half a character (a lone surrogate)",
    ],
    [
      "with half a character in a name",
      text.replace("{", '{"\\udc00x":1,'),
      "the envelope is JSON with half a character (a lone surrogate)",
    ],
    ["without signatures", JSON.stringify({ ...VECTOR, signatures: [] }), "the envelope's signatures"],
    ["without a type", JSON.stringify({ ...VECTOR, payloadType: "" }), "the envelope's payloadType"],
    ["that is a list", "[]", "the envelope's content"],
    ["nested absurdly", "[".repeat(50_000) + "]".repeat(50_000), "the envelope is nested deeper than 100 levels"],
  ])("%s is malformed", (_name, damaged, message) => {
    expect(() => parseEnvelope(damaged)).toThrow(message);
    expect(reasonOf(() => parseEnvelope(damaged))).toBe("malformed");
  });

  it("may have whole characters that are escaped in halves", () => {
    expect(parseEnvelope(text.replace("{", '{"extra":"\\ud83d\\ude00",'))).toEqual(VECTOR);
  });

  it("that is not UTF-8 is malformed", () => {
    expect(() => parseEnvelope(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toThrow("the envelope is not valid UTF-8");
  });
});
