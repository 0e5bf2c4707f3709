import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { loadKey, newKey, PASSPHRASE_VARIABLE } from "../../evidence/keys";
import { refusal } from "./world";

const passphrase = (): Promise<string> => Promise.resolve("correct horse battery");
const folder = mkdtempSync(join(tmpdir(), "holdpoint-keys-"));
let files = 0;
const fresh = (): string => join(folder, `key-${files++}.pem`);
const written = (text: string): string => {
  const file = fresh();
  writeFileSync(file, text);
  return file;
};

afterEach(() => vi.unstubAllEnvs());

describe("a private key", () => {
  it("is written encrypted, for its owner alone, and read with its passphrase", async () => {
    const file = fresh();
    const { key, publicKey } = await newKey(file, { passphrase });
    expect(readFileSync(file, "utf8")).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect((await loadKey(file, { passphrase })).id).toBe(key.id);
  });

  it("is read with the passphrase of the environment", async () => {
    const file = fresh();
    const { key } = await newKey(file, { passphrase });
    vi.stubEnv(PASSPHRASE_VARIABLE, await passphrase());
    expect((await loadKey(file)).id).toBe(key.id);
  });

  it("is refused with a wrong passphrase, which is not told", async () => {
    const file = fresh();
    await newKey(file, { passphrase });
    const message = await refusal(() => loadKey(file, { passphrase: () => Promise.resolve("wrong horse") }));
    expect(message).toBe(`key-unusable: can't use the key ${file}: the passphrase is wrong, or the file is damaged`);
  });

  it("is refused where there is nobody to ask for the passphrase", async () => {
    const file = fresh();
    await newKey(file, { passphrase });
    vi.stubEnv(PASSPHRASE_VARIABLE, "");
    expect(await refusal(() => loadKey(file))).toBe(
      `key-unusable: can't use the key ${file}: it is encrypted and there is no terminal to ask on`,
    );
  });

  it("is refused unencrypted, except in the sandbox", async () => {
    const file = fresh();
    const { key } = await newKey(file, { allowPlain: true });
    expect(await refusal(() => loadKey(file))).toBe(`key-unusable: can't use the key ${file}: it is not encrypted`);
    expect((await loadKey(file, { allowPlain: true })).id).toBe(key.id);
  });

  it("never replaces another", async () => {
    const file = written("precious");
    expect(await refusal(() => newKey(file, { passphrase }))).toBe(
      `key-unusable: can't use the key ${file}: there is one already, and keys are not overwritten`,
    );
    expect(readFileSync(file, "utf8")).toBe("precious");
  });

  it("is not made with a short passphrase", async () => {
    const file = fresh();
    const message = await refusal(() => newKey(file, { passphrase: () => Promise.resolve("1234567") }));
    expect(message).toBe(`key-unusable: can't use the key ${file}: its passphrase would have fewer than 8 characters`);
    expect(existsSync(file)).toBe(false);
  });

  it("is missing where there is no file", async () => {
    expect(await refusal(() => loadKey("/nonexistent/key.pem"))).toBe(
      "key-missing: no private key at /nonexistent/key.pem",
    );
  });

  const pkcs8 = (key: ReturnType<typeof generateKeyPairSync>["privateKey"]): string =>
    key.export({ type: "pkcs8", format: "pem" }).toString();
  it.each([
    [
      "an RSA key",
      pkcs8(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey),
      "its type rsa is neither Ed25519 nor ECDSA P-256",
    ],
    [
      "a P-384 key",
      pkcs8(generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey),
      "its type ec is neither Ed25519 nor ECDSA P-256",
    ],
    ["a damaged key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "it is damaged"],
    ["a damaged OpenSSH key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "it is damaged"],
    [
      "an older PEM form",
      "-----BEGIN EC PRIVATE KEY-----\nAAAA\n",
      "no PEM block ENCRYPTED PRIVATE KEY (PKCS#8) in it",
    ],
    ["a huge file", "x".repeat(70_000), "it has 70000 bytes, a key has at most 65536"],
  ])("is refused where the file is %s", async (_name, text, why) => {
    const file = written(text);
    expect(await refusal(() => loadKey(file, { allowPlain: true }))).toBe(
      `key-unusable: can't use the key ${file}: ${why}`,
    );
  });

  it("is refused where the file is a folder", async () => {
    expect(await refusal(() => loadKey(folder))).toBe(
      `key-unusable: can't use the key ${folder}: it is not a regular file`,
    );
  });
});
