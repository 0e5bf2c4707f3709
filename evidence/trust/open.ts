/** Reading a trust file with all that it names: the Sigstore root and the list of revoked keys, both beside it. */
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { readTextFile } from "../text-file";
import { withSigstore } from "../sigstore-root";
import type { Trust } from "../trust";
import { parseTrust } from "../trust";
import { MAX_LIST_BYTES, problem, readRevocations } from "./revocations";

/** A trust file with what it names, and the texts that a decision keeps. */
export interface OpenedTrust {
  readonly trust: Trust;
  readonly texts: {
    readonly trust: string;
    readonly sigstoreRoot?: string;
    /** The list of revoked keys. */
    readonly revocations?: string;
  };
}

/**
 * Opens a trust file. What is wrong with the list of revoked keys stands in `trust.revocations` and is never thrown.
 * @param file absolute
 * @param name as messages name it
 * @param now machine time
 * @throws HoldpointError `file-missing`, `trust-invalid`, `yaml-syntax`, `file-too-large`
 */
export async function openTrust(file: string, name: string, now = Date.now()): Promise<OpenedTrust> {
  const text = textOf(file, name);
  const folder = dirname(file);
  const parsed = await withSigstore(parseTrust(text, name), folder);
  const list = await listOf(parsed, folder);
  const root = parsed.sigstoreRoot;
  return {
    trust: withRevocations(parsed, list, now),
    texts: {
      trust: text,
      ...(root === undefined ? {} : { sigstoreRoot: await readFile(resolve(folder, root.trustedRoot), "utf8") }),
      ...(typeof list === "string" ? { revocations: list } : {}),
    },
  };
}

/** The trust file with what its list of revoked keys says; undefined: there is none. */
export function withRevocations(
  trust: Trust,
  list: string | { readonly unreadable: string } | undefined,
  now: number,
): Trust {
  const revocations =
    typeof list === "object" ? { problem: problem(trust, list.unreadable) } : readRevocations(list, trust, now);
  return { ...trust, revocations };
}

function textOf(file: string, name: string): string {
  const remedy = "write it, or point at it: pulumi config set holdpoint:trust <path>";
  return readTextFile(file, { what: `the trust file "${name}"`, remedy });
}

async function listOf(trust: Trust, folder: string): Promise<string | { unreadable: string } | undefined> {
  const { file } = trust.revocation;
  const path = resolve(folder, file);
  try {
    const found = await stat(path);
    if (!found.isFile()) return { unreadable: `the list of revoked keys "${file}" is not a regular file` };
    if (found.size > MAX_LIST_BYTES) {
      return {
        unreadable: `the list of revoked keys "${file}" has ${found.size} bytes, at most ${MAX_LIST_BYTES} are read`,
      };
    }
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return code === "ENOENT" ? undefined : { unreadable: `the list of revoked keys "${file}" can't be read (${code})` };
  }
}
