/**
 * Signing with the OpenSSH keys that people have. `ssh-keygen` does it: it finds the agent and the hardware, asks for
 * passphrase, PIN and touch itself, and we never see a private key.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeBase64 } from "./base64";
import type { PrivateKey, PublicKey } from "./dsse";
import { fingerprint } from "./dsse";
import type { SshKey } from "./ssh-key";
import { looksLikeSshKey, parseSshKey, readSshKey } from "./ssh-key";
import { SSH_NAMESPACE, unarmor, verifySsh } from "./ssh-signature";
import { SshError, SshReader } from "./ssh-wire";
import { unusable } from "./unusable-key";

/** Machine time in which somebody must have entered a passphrase and touched the hardware. */
const DEADLINE = 120_000;

const PRIVATE = /^-----BEGIN OPENSSH PRIVATE KEY-----\s([\sA-Za-z0-9+/=]+)-----END OPENSSH PRIVATE KEY-----\s*$/;

/** Whether a file's text is an OpenSSH key, private or public. */
export function isSshKeyFile(text: string): boolean {
  return text.includes("-----BEGIN OPENSSH PRIVATE KEY-----") || looksLikeSshKey(text);
}

/** How an OpenSSH key may be used. */
export interface SshOptions {
  /** Only the sandbox says so: use a key that is not encrypted. */
  readonly allowPlain?: boolean;
  /** For `ssh-keygen` where it can't ask on a terminal. Without one it asks itself, or finds the key in the agent. */
  readonly passphrase?: string;
}

/**
 * A key that signs in OpenSSH's way. `text` is the content of `file`: a private key, or a public one whose private half
 * the agent holds. Nothing is asked for before the first signature.
 * @throws HoldpointError `key-unusable`
 */
export function sshPrivateKey(file: string, text: string, options: SshOptions = {}): PrivateKey {
  const { key, plain } = readKeyFile(file, text);
  if (plain && options.allowPlain !== true) {
    throw unusable(file, "it is not encrypted", `give it a passphrase: ssh-keygen -p -f ${file}`);
  }
  return { id: fingerprint(key.key), key: key.key, sign: (bytes) => signWith(file, key, bytes, options.passphrase) };
}

/** The public half in a key's file, private or public. Throws HoldpointError `key-unusable`. */
export function sshPublicKey(file: string, text: string): PublicKey {
  const { key } = readKeyFile(file, text);
  return { id: fingerprint(key.key), key: key.key, ssh: key };
}

function readKeyFile(file: string, text: string): { key: SshKey; plain: boolean } {
  try {
    return looksLikeSshKey(text) ? { key: parseSshKey(text), plain: false } : readPrivate(text);
  } catch (error) {
    if (!(error instanceof SshError)) throw error;
    throw unusable(
      file,
      error.message.startsWith("a key of type") ? `it is ${error.message}` : "it is damaged",
      "OpenSSH keys that are used are Ed25519 or ECDSA P-256, also of hardware: ssh-keygen -t ed25519 or -t ed25519-sk",
    );
  }
}

/** The head of a private key's file (OpenSSH's PROTOCOL.key) is readable without its passphrase. */
function readPrivate(text: string): { key: SshKey; plain: boolean } {
  const bytes = decodeBase64((PRIVATE.exec(text)?.[1] ?? "").replace(/\s/g, ""));
  const reader = new SshReader(bytes ?? Buffer.alloc(0));
  if (reader.take(15).toString("latin1") !== "openssh-key-v1\0") throw new SshError("it is damaged");
  const cipher = reader.name();
  reader.name();
  reader.string();
  if (reader.uint32() !== 1) throw new SshError("it is damaged");
  const key = readSshKey(reader.string());
  // A hardware key's file is worth nothing without the hardware.
  return { key, plain: cipher === "none" && key.application === undefined };
}

function signWith(file: string, key: SshKey, bytes: Uint8Array, passphrase: string | undefined): Buffer {
  const printed = runKeygen(file, bytes, key.application === undefined ? passphrase : undefined);
  const blob = readPrinted(file, printed);
  // What the gate would not believe must not be stored: also where the file's public half is another key's.
  if (!verifySsh(key, bytes, blob)) {
    throw unusable(file, "what ssh-keygen signed does not verify with it", "check with: ssh-keygen -y -f <key>");
  }
  return blob;
}

function readPrinted(file: string, printed: string): Buffer {
  try {
    return unarmor(printed);
  } catch {
    throw unusable(file, "ssh-keygen printed no signature", "OpenSSH 8.2 or newer is needed: ssh -V");
  }
}

function runKeygen(file: string, bytes: Uint8Array, passphrase: string | undefined): string {
  const askpass = passphrase === undefined ? undefined : writeAskpass();
  const seen = process.stderr.isTTY;
  try {
    const { stdout, stderr, status, error } = spawnSync(
      "ssh-keygen",
      ["-Y", "sign", "-q", "-n", SSH_NAMESPACE, "-f", file],
      {
        input: bytes,
        // Prompts for touch and PIN go to its standard error: people must see them while they wait.
        stdio: ["pipe", "pipe", seen ? "inherit" : "pipe"],
        timeout: DEADLINE,
        maxBuffer: 64 * 1024,
        env: { ...process.env, ...(askpass === undefined ? {} : askpassEnvironment(askpass.file, passphrase ?? "")) },
      },
    );
    if (error !== undefined) throw notRun(file, error);
    if (status !== 0) throw unusable(file, `ssh-keygen did not sign${reasonIn(stderr)}`, HELP);
    return stdout.toString("utf8");
  } finally {
    askpass?.remove();
  }
}

const HELP =
  "enter its passphrase on a terminal, put it into HOLDPOINT_KEY_PASSPHRASE, or add the key to the agent: ssh-add";

function notRun(file: string, error: Error): Error {
  const code = "code" in error ? String(error.code) : error.name;
  if (code === "ENOENT") return unusable(file, "there is no ssh-keygen to sign with it", "install OpenSSH's client");
  if (code === "ETIMEDOUT") return unusable(file, `ssh-keygen did not sign within ${DEADLINE / 1000} s`, HELP);
  return unusable(file, `ssh-keygen can't be run (${code})`);
}

/** The last line that it printed says what went wrong; control characters are not ours to pass on. */
function reasonIn(stderr: Buffer | null): string {
  const line = stderr?.toString("utf8").trim().split(/\r?\n/).at(-1) ?? "";
  const text = line.replace(/[^\x20-\x7e]/g, "").slice(0, 200);
  return text === "" ? "" : `: ${text}`;
}

const ASKPASS_VARIABLE = "HOLDPOINT_ASKPASS_ANSWER";

function askpassEnvironment(file: string, passphrase: string): Record<string, string> {
  return { SSH_ASKPASS: file, SSH_ASKPASS_REQUIRE: "force", [ASKPASS_VARIABLE]: passphrase };
}

/** What ssh-keygen asks for a passphrase where there is no terminal. The passphrase itself is in no file. */
function writeAskpass(): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-askpass-"));
  const file = join(folder, "askpass");
  writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "$${ASKPASS_VARIABLE}"\n`, { mode: 0o600 });
  chmodSync(file, 0o700);
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
