/**
 * Keys that sign. Private keys are written encrypted and read only so, the sandbox's throw-away keys excepted; neither a
 * key nor a passphrase is ever printed.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { HoldpointError } from "../rollout/errors";
import type { PrivateKey, PublicKey } from "./dsse";
import { fingerprint, isSupported } from "./dsse";
import { PUBLIC_KEY_FORMS, readPublicKey } from "./public-key";
import { isSshKeyFile, sshPrivateKey, sshPublicKey } from "./ssh-sign";
import { unusable } from "./unusable-key";

/** Environment variable that holds the passphrase where nobody can be asked. */
export const PASSPHRASE_VARIABLE = "HOLDPOINT_KEY_PASSPHRASE";

const MAX_KEY_BYTES = 64 * 1024;

/** How a key may be read. */
export interface KeyOptions {
  /** Only the sandbox says so: read a key that is not encrypted. */
  readonly allowPlain?: boolean;
  /** By default: the environment variable, else a prompt on the terminal. */
  readonly passphrase?: () => Promise<string>;
}

/**
 * Reads a private key: PEM PKCS#8, Ed25519 or ECDSA P-256, encrypted; or an OpenSSH key, which `ssh-keygen` will sign with
 * (ssh-sign.ts), also named by its public half alone where the agent holds the private one.
 * @throws HoldpointError `key-missing`; `key-unusable` for every other form, a wrong passphrase, or none at hand.
 */
export async function loadKey(file: string, options: KeyOptions = {}): Promise<PrivateKey> {
  const pem = await readPem(file);
  if (isSshKeyFile(pem)) return sshKey(file, pem, options);
  const encrypted = pem.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----");
  if (!encrypted && !pem.includes("-----BEGIN PRIVATE KEY-----")) {
    throw unusable(file, "no PEM block ENCRYPTED PRIVATE KEY (PKCS#8) in it", "make one with `holdpoint keys new`");
  }
  if (!encrypted && options.allowPlain !== true) {
    throw unusable(file, "it is not encrypted", `encrypt it: openssl pkcs8 -topk8 -in ${file} -out <new file>`);
  }
  const passphrase = encrypted ? await (options.passphrase ?? (() => askPassphrase(file)))() : undefined;
  return privateKey(decrypt(file, pem, passphrase), file);
}

async function sshKey(file: string, text: string, { allowPlain, passphrase }: KeyOptions): Promise<PrivateKey> {
  const set = passphrase === undefined ? process.env[PASSPHRASE_VARIABLE] : await passphrase();
  return sshPrivateKey(file, text, {
    ...(allowPlain === undefined ? {} : { allowPlain }),
    ...(set === undefined || set === "" ? {} : { passphrase: set }),
  });
}

async function readPem(file: string): Promise<string> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw unusable(file, "it is not a regular file");
    if (found.size > MAX_KEY_BYTES)
      throw unusable(file, `it has ${found.size} bytes, a key has at most ${MAX_KEY_BYTES}`);
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof HoldpointError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    if (code !== "ENOENT") throw unusable(file, `it can't be read (${code})`);
    throw new HoldpointError("key-missing", `no private key at ${file}`, {
      remedy: "make one with `holdpoint keys new`",
    });
  }
}

function decrypt(file: string, pem: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // The library's message tells a wrong passphrase from a damaged file only by its internals.
    throw unusable(
      file,
      passphrase === undefined ? "it is damaged" : "the passphrase is wrong, or the file is damaged",
    );
  }
}

function privateKey(key: KeyObject, file: string): PrivateKey {
  if (!isSupported(key))
    throw unusable(file, `its type ${key.asymmetricKeyType ?? ""} is neither Ed25519 nor ECDSA P-256`);
  return { id: fingerprint(key), key };
}

/** From the environment, else asked for on the terminal without an echo. */
async function askPassphrase(file: string): Promise<string> {
  const set = process.env[PASSPHRASE_VARIABLE];
  if (set !== undefined && set !== "") return set;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw unusable(file, "it is encrypted and there is no terminal to ask on", `set ${PASSPHRASE_VARIABLE}`);
  }
  process.stderr.write(`passphrase of ${file}: `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => void done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await new Promise((resolve, reject) => {
      lines.question("", resolve);
      lines.once("SIGINT", () => reject(unusable(file, "no passphrase was given")));
      lines.once("close", () => reject(unusable(file, "no passphrase was given")));
    });
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}

/** Kinds of keys that are made. */
export type KeyType = "ed25519" | "ecdsa-p256";

/** A key that was made. */
export interface NewKey {
  /** For the trust file. */
  readonly publicKey: string;
  readonly key: PrivateKey;
}

/**
 * Makes a key, Ed25519 unless told otherwise, and writes its private half, encrypted and readable by its owner alone. Never overwrites.
 * @throws HoldpointError `key-unusable` where the file exists, can't be written, or the passphrase is too short.
 */
export async function newKey(file: string, options: KeyOptions & { readonly type?: KeyType } = {}): Promise<NewKey> {
  const { publicKey, privateKey: made } =
    options.type === "ecdsa-p256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
  const pem = made.export({ type: "pkcs8", format: "pem", ...(await cipherOf(file, options)) }).toString();
  await writeNew(file, pem);
  return {
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    key: { id: fingerprint(publicKey), key: made },
  };
}

async function cipherOf(file: string, options: KeyOptions): Promise<{ cipher?: string; passphrase?: string }> {
  if (options.allowPlain === true) return {};
  const passphrase = await (options.passphrase ?? (() => askPassphrase(file)))();
  if (passphrase.length < 8) throw unusable(file, "its passphrase would have fewer than 8 characters");
  return { cipher: "aes-256-cbc", passphrase };
}

/** Written beside and linked: the name appears with the whole key or not at all, and never replaces another key. */
async function writeNew(file: string, pem: string): Promise<void> {
  const beside = join(dirname(file), `.${randomUUID()}.tmp`);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(beside, "wx", 0o600);
    try {
      await handle.writeFile(pem);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(beside, file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw unusable(
      file,
      code === "EEXIST" ? "there is one already, and keys are not overwritten" : `it can't be written (${code})`,
    );
  } finally {
    await rm(beside, { force: true });
  }
}

/** The public half of a key as PEM, for the trust file. */
export function publicPem(key: KeyObject): string {
  return (key.type === "private" ? createPublicKey(key) : key).export({ type: "spki", format: "pem" }).toString();
}

/**
 * The public half of a key as the trust file wants it: PEM, or OpenSSH's line without its comment. Of an OpenSSH key no
 * passphrase is asked for.
 * @throws HoldpointError `key-missing`, `key-unusable`
 */
export async function showKey(file: string, options: KeyOptions = {}): Promise<{ id: string; publicKey: string }> {
  const text = await readPem(file);
  const known = text.includes("PRIVATE KEY") ? undefined : readPublicKey(text);
  if (typeof known === "string") throw unusable(file, `found ${known}, wanted ${PUBLIC_KEY_FORMS}`);
  if (known !== undefined) return shown(known);
  if (isSshKeyFile(text)) return shown(sshPublicKey(file, text));
  return shown(await loadKey(file, options));
}

function shown({ id, key, ssh }: PublicKey): { id: string; publicKey: string } {
  const line = ssh === undefined ? publicPem(key).trimEnd() : `${ssh.algorithm} ${ssh.blob.toString("base64")}`;
  return { id, publicKey: line };
}
