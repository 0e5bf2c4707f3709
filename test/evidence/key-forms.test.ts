/** Keys that look like two and are one, and keys that are nobody's because anybody can sign with them. */
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fingerprint } from "../../evidence/dsse";
import { readPublicKey } from "../../evidence/public-key";
import { parseTrust } from "../../evidence/trust";
import { refusal, rulesOf, trustText } from "./world";

const pem = (der: Buffer): string =>
  `-----BEGIN PUBLIC KEY-----\n${(der.toString("base64").match(/.{1,64}/g) ?? []).join("\n")}\n-----END PUBLIC KEY-----\n`;
const hex = (text: string): Buffer => Buffer.from(text, "hex");

describe("a P-256 key", () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const [ofX, ofY] = [Buffer.from(x, "base64url"), Buffer.from(y, "base64url")];
  const odd = (ofY.at(-1) ?? 0) & 1;
  const uncompressed = publicKey.export({ type: "spki", format: "pem" }).toString();
  const compressed = pem(
    Buffer.concat([hex("3039301306072a8648ce3d020106082a8648ce3d030107032200"), Buffer.from([2 + odd]), ofX]),
  );
  const hybrid = pem(
    Buffer.concat([hex("3059301306072a8648ce3d020106082a8648ce3d030107034200"), Buffer.from([6 + odd]), ofX, ofY]),
  );

  it.each([
    ["compressed", compressed],
    ["hybrid", hybrid],
  ])("is one person's once, also where its point is written %s", async (_name, other) => {
    const text = trustText(
      [
        ["people", "priya", ["lead"], uncompressed],
        ["people", "marcus", ["lead"], other],
      ],
      { lead: { may: ["check"], threshold: 2 } },
      rulesOf("lead"),
    );
    expect(await refusal(() => parseTrust(text, "trust.yaml"))).toContain(
      "found the key of priya again, expected every key once",
    );
    expect(fingerprint(createPublicKey(other))).toBe(fingerprint(publicKey));
  });

  it("whose curve is written out in numbers is the same as one that names it", () => {
    const explicit = generateKeyPairSync("ec", { namedCurve: "P-256", paramEncoding: "explicit" }).publicKey;
    const named = createPublicKey({ format: "jwk", key: explicit.export({ format: "jwk" }) });
    expect(fingerprint(explicit)).toBe(fingerprint(named));
  });
});

/** All eight points of small order, and encodings of them that no encoder writes. */
const WEAK = [
  `01${"00".repeat(31)}`,
  `01${"00".repeat(30)}80`,
  "00".repeat(32),
  `${"00".repeat(31)}80`,
  `ec${"ff".repeat(30)}7f`,
  `ec${"ff".repeat(31)}`,
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
  `ff${"ff".repeat(30)}7f`,
];

describe("an Ed25519 key with which anybody can sign", () => {
  const part = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);

  it("is one: a signature without any secret verifies", () => {
    const key = createPublicKey(pem(Buffer.concat([hex("302a300506032b6570032100"), hex(WEAK[0] ?? "")])));
    const forged = Buffer.concat([hex(WEAK[0] ?? ""), Buffer.alloc(32)]);
    expect(verify(null, Buffer.from("whatever"), key, forged)).toBe(true);
  });

  it.each(WEAK)("is refused, as PEM and as OpenSSH's line: %s", (point) => {
    const line = Buffer.concat([part(Buffer.from("ssh-ed25519")), part(hex(point))]).toString("base64");
    const why = "an Ed25519 key with which anybody can sign";
    expect(readPublicKey(pem(Buffer.concat([hex("302a300506032b6570032100"), hex(point)])))).toBe(why);
    expect(readPublicKey(`ssh-ed25519 ${line}`)).toBe(why);
  });
});
