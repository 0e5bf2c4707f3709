import { readFileSync } from "node:fs";
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { publicPem } from "../../evidence/keys";
import { parseTrust } from "../../evidence/trust";
import { ed25519, p256, publicOf, refusal, rulesOf, trustText } from "./world";

const key = ed25519();
const second = p256();
const pem = publicPem(key.key);
const pem2 = publicPem(second.key);
const ROLES = { lead: { may: ["approval"], stages: ["production"] }, ci: { may: ["drill"] } } as const;

function parse(text: string): ReturnType<typeof parseTrust> {
  return parseTrust(text, "trust.yaml");
}

describe("the trust file", () => {
  it("says whose a key is: one person with two keys is one person", () => {
    const trust = parse(trustText([["people", "priya", ["lead"], pem, pem2]], ROLES));
    expect(trust.owner(publicOf(key).key)).toEqual({ id: "priya", person: true, roles: ["lead"] });
    expect(trust.owner(publicOf(second).key)?.id).toBe("priya");
    expect(trust.owner(publicOf(ed25519()).key)).toBeUndefined();
  });

  it("gives a right only in the stages of the role", () => {
    const trust = parse(trustText([["people", "priya", ["lead", "ci"], pem]], ROLES));
    const priya = { id: "priya", person: true, roles: ["lead", "ci"] };
    expect(trust.signer(priya, "approval", "production")).toEqual({ id: "priya", roles: ["lead"] });
    expect(trust.signer(priya, "approval", "staging")).toBeUndefined();
    expect(trust.signer(priya, "approval", undefined)).toBeUndefined();
    expect(trust.signer(priya, "drill", "staging")).toEqual({ id: "priya", roles: ["ci"] });
    expect(trust.signer(priya, "drill", undefined)).toEqual({ id: "priya", roles: ["ci"] });
    expect(trust.signer(priya, "cost", "staging")).toBeUndefined();
  });

  it("never lets a machine approve", () => {
    const trust = parse(trustText([["machines", "bot", ["lead"], pem]], ROLES));
    const owner = trust.owner(publicOf(key).key) ?? { id: "", person: true, roles: [] };
    expect(trust.signer(owner, "approval", "production")).toBeUndefined();
  });

  it("names one key under two people", async () => {
    const text = trustText(
      [
        ["people", "priya", ["lead"], pem],
        ["machines", "bot", ["ci"], pem],
      ],
      ROLES,
    );
    expect(await refusal(() => parse(text))).toBe(
      "trust-invalid: trust.yaml:17:20: machines[0].keys[0].publicKey: found the key of priya again, expected every key once",
    );
  });

  it("names one key twice under one person", async () => {
    const text = trustText([["people", "priya", ["lead"], pem, pem]], ROLES);
    expect(await refusal(() => parse(text))).toContain("found the key of priya again, expected every key once");
  });

  it("names an unknown role, and the one that was probably meant", async () => {
    const text = trustText([["people", "priya", ["leed"], pem]], ROLES, rulesOf("lead"));
    expect(await refusal(() => parse(text))).toBe(
      'trust-invalid: trust.yaml:5:13: people[0].roles[0]: found "leed", expected a role of this file: "lead" (one of lead, ci)',
    );
  });

  it("names all mistakes at once, each with line and column", async () => {
    const text = `apiVersion: holdpoint.dev/v2
kind: Trust
people:
  - id: priya
    roles: [nobody]
    keys: [{ id: one, publicKey: nonsense }]
    colour: red
roles:
  lead: { may: [approve] }
`;
    const message = await refusal(() => parse(text));
    expect(
      message
        .split("\n")
        .slice(1)
        .map((line) => line.trim().split(": ").slice(0, 2).join(": ")),
    ).toEqual([
      'trust.yaml:1:1: found nothing, expected the key "version" (the file\'s version',
      'trust.yaml:1:1: found nothing, expected the key "revocation" (who signs the list of revoked keys, and how often',
      'trust.yaml:1:1: found nothing, expected the key "changes" (who must sign a change of this file',
      "trust.yaml:1:13: apiVersion",
      "trust.yaml:5:13: people[0].roles[0]",
      "trust.yaml:6:34: people[0].keys[0].publicKey",
      "trust.yaml:7:5: people[0]",
      "trust.yaml:9:17: roles.lead.may[0]",
    ]);
  });

  it.each([
    ["a private key", key.key.export({ type: "pkcs8", format: "pem" }).toString(), "a private key"],
    ["an RSA key", publicPem(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey), "a key of type rsa"],
    ["a P-384 key", publicPem(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey), "a key of type ec"],
    ["a damaged key", pem.replace(/\n[A-Za-z0-9+/]{8}/, "\nAAAAAAAA"), "a key that cannot be read"],
    ["a word", "nonsense", "neither a PEM block PUBLIC KEY nor an OpenSSH key"],
  ])("refuses %s", async (_name, text, found) => {
    const message = await refusal(() => parse(trustText([["people", "priya", ["lead"], text]], ROLES)));
    expect(message).toMatch(
      new RegExp(
        `^trust-invalid: trust\\.yaml:\\d+:\\d+: people\\[0\\]\\.keys\\[0\\]\\.publicKey: found ${found}, expected an Ed25519 or ECDSA P-256 public key as PEM or as OpenSSH's line$`,
      ),
    );
  });

  it("refuses an id that differs from another only in case", async () => {
    const text = trustText(
      [
        ["people", "Priya", ["lead"], pem],
        ["people", "priya", ["ci"], pem2],
      ],
      ROLES,
    );
    expect(await refusal(() => parse(text))).toContain('people[1].id: found "priya", expected an id that is used once');
  });

  it("refuses someone without keys or roles", async () => {
    const text = "apiVersion: holdpoint.dev/v1\nkind: Trust\npeople: [{ id: priya, roles: [], keys: [] }]\nroles: {}\n";
    const message = await refusal(() => parse(text));
    expect(message).toContain("people[0].roles: found an empty list, expected at least one role");
    expect(message).toContain("people[0].keys: found an empty list, expected at least one key");
  });

  it("has an example that is read", () => {
    const trust = parseTrust(readFileSync("plans/trust.example.yaml", "utf8"), "plans/trust.example.yaml");
    expect(trust.keys).toHaveLength(10);
  });
});
