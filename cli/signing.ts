/** Who signs, with which key, and where what is signed goes. */
import type { PrivateKey } from "../evidence/dsse";
import { loadKey } from "../evidence/keys";
import { configuredPath } from "../evidence/request";
import { openStore, type Store } from "../evidence/store";
import type { Identity, Trust } from "../evidence/trust";
import { accept } from "../evidence/trust/accept";
import { openTrust } from "../evidence/trust/open";
import { HoldpointError } from "../rollout/errors";
import type { Release } from "../rollout/release";
import { assertSandbox } from "../sandbox/clock";
import { keyPath } from "../sandbox/keys";
import type { Context } from "./context";
import { readStackFile, type StackFile } from "./stack-file";

/** Options of every command that signs. */
export interface SignerOptions {
  /** Identity of the trust file. */
  readonly as?: string;
  /** File of the private key. */
  readonly key?: string;
}

/** A person or machine with the key that proves it. */
export interface Signing {
  readonly identity: Identity;
  readonly key: PrivateKey;
  readonly trust: Trust;
  readonly store: Store;
  readonly file: StackFile;
}

/**
 * Opens what a command needs to sign for a stage. The key must be one that the trust file gives to the identity: what
 * anybody else signs would be stored and never count.
 * @throws HoldpointError `config-invalid`, `file-missing`, `trust-invalid`, `key-missing`, `key-unusable`, `usage`
 */
export async function openSigning(context: Context, stage: string, options: SignerOptions): Promise<Signing> {
  const { file, trust, store } = await openEvidence(context, stage);
  return { ...(await signAs(context, file, trust, options)), trust, store, file };
}

/**
 * Who signs, by a trust file that need not be the configured one: a change of it is signed by the one before.
 * @throws HoldpointError `key-missing`, `key-unusable`, `usage`
 */
export async function signAs(
  context: Context,
  file: StackFile,
  trust: Trust,
  options: SignerOptions,
): Promise<Pick<Signing, "identity" | "key">> {
  const key = await signingKey(context, file, options);
  const identity = trust.owner(key.key);
  if (identity === undefined) {
    throw new HoldpointError("key-unusable", "the trust file gives this key to nobody", {
      remedy: `add its public half to ${trust.file}, or sign with another key`,
    });
  }
  if (options.as !== undefined && identity.id !== options.as) {
    throw new HoldpointError("key-unusable", `the key is that of "${identity.id}", not of "${options.as}"`, {
      remedy: `--as ${identity.id}`,
    });
  }
  checkForm(key, trust, trust.file);
  checkTerm(key, identity, trust);
  return { identity, key };
}

/** What a key signs that has ended, not begun or been revoked would be stored and never count. */
function checkTerm(key: PrivateKey, identity: Identity, trust: Trust): void {
  const now = Date.now();
  const [refused] = accept([{ identity, key: key.id }], trust, { signedAt: now, now }).refused;
  if (refused === undefined) return;
  throw new HoldpointError("key-unusable", refused.detail, {
    remedy: `sign with another key, or have a new one put into ${trust.file} by review`,
  });
}

/** A key counts in the form in which the trust file has it, and in no other. */
function checkForm(key: PrivateKey, trust: Trust, file: string): void {
  const wanted = trust.keys.find(({ id }) => id === key.id)?.ssh === undefined ? "PEM" : "OpenSSH's line";
  const found = key.sign === undefined ? "PEM" : "OpenSSH's line";
  if (found === wanted) return;
  throw new HoldpointError(
    "key-unusable",
    `the trust file has this key as ${wanted}, and what it signs here counts only as ${found}`,
    {
      remedy: `write it into ${file} as ${found}: holdpoint keys show <file>`,
    },
  );
}

/** What is believed in a stage, and where it lies. */
export type OpenEvidence = Pick<Signing, "trust" | "store" | "file">;

/**
 * Opens a stage's trust file and evidence store.
 * @throws HoldpointError `config-invalid`, `file-missing`, `trust-invalid`
 */
export async function openEvidence(context: Context, stage: string): Promise<OpenEvidence> {
  const file = readStackFile(context.root, stage);
  const path = setting(file, "trust");
  const { trust } = await openTrust(configuredPath(context.root, path), path);
  return { file, trust, store: openStore(configuredPath(context.root, setting(file, "evidence"))) };
}

/** A setting that a command can't do without. Throws HoldpointError `config-invalid`. */
export function setting(file: StackFile, key: "plan" | "trust" | "evidence"): string {
  const value = file.settings[key];
  if (value !== undefined) return value;
  throw new HoldpointError("config-invalid", `Pulumi.${file.stack}.yaml: holdpoint:${key} is not set`, {
    remedy: `pulumi config set holdpoint:${key} <path> --stack ${file.stack}`,
  });
}

/** The release that a stack is configured with. Throws HoldpointError `config-invalid`. */
export function releaseOf(file: StackFile): Release {
  if (file.settings.release !== undefined) return file.settings.release;
  throw new HoldpointError("config-invalid", `Pulumi.${file.stack}.yaml: holdpoint:release is not set`, {
    remedy: "set version, image, commit and author of what is rolled out",
  });
}

/** The sandbox's throw-away keys are found by name, and only there may a key be unencrypted. */
async function signingKey(
  context: Context,
  { settings, stack }: StackFile,
  { as, key }: SignerOptions,
): Promise<PrivateKey> {
  const { sandbox } = settings;
  if (sandbox !== undefined) assertSandbox(sandbox, context.env);
  if (key !== undefined) return loadKey(key, { allowPlain: sandbox !== undefined });
  if (sandbox === undefined) {
    throw new HoldpointError("key-missing", `no key given to sign with for ${stack}`, {
      remedy: "--key <file of the private key>",
    });
  }
  if (as === undefined) {
    throw new HoldpointError("usage", "found nobody to sign as", { remedy: "--as <identity of the trust file>" });
  }
  return loadKey(keyPath(sandbox, as), { allowPlain: true });
}
