import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { HoldpointError } from "../rollout/errors";
import { digest } from "./canonical";
import { EnvelopeError } from "./dsse";
import type { Trust } from "./trust";

/** Sigstore's public root has about 10 KB. */
const MAX_ROOT_BYTES = 1024 * 1024;

/**
 * A trust file with what verifies certificates, where it names a Sigstore root: the library is loaded and the file read only
 * then. `folder` is that of the trust file. The root must be the very one that the trust file names by digest, so that who
 * guards the trust file guards the root.
 * @throws HoldpointError `trust-invalid`
 */
export async function withSigstore(trust: Trust, folder: string): Promise<Trust> {
  const { sigstoreRoot: named } = trust;
  if (named === undefined) return trust;
  const bytes = await readRoot(resolve(folder, named.trustedRoot), named.trustedRoot);
  const found = digest(bytes);
  if (found !== named.sha256) {
    throw invalid(`the Sigstore root ${named.trustedRoot} has sha256 ${found}, the trust file names ${named.sha256}`);
  }
  const { sigstoreVerifier } = await import("./sigstore");
  try {
    return { ...trust, sigstore: sigstoreVerifier(bytes) };
  } catch (error) {
    if (error instanceof EnvelopeError) throw invalid(`the Sigstore root ${named.trustedRoot}: ${error.message}`);
    throw error;
  }
}

async function readRoot(file: string, name: string): Promise<Buffer> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw invalid(`the Sigstore root ${name} is not a regular file`);
    if (found.size > MAX_ROOT_BYTES) {
      throw invalid(`the Sigstore root ${name} has ${found.size} bytes, at most ${MAX_ROOT_BYTES} are read`);
    }
    return await readFile(file);
  } catch (error) {
    if (error instanceof HoldpointError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw invalid(`the Sigstore root ${name} can't be read (${code})`);
  }
}

function invalid(message: string): HoldpointError {
  return new HoldpointError("trust-invalid", message, {
    remedy: "put Sigstore's trusted root beside the trust file, and its sha256 under sigstore: in it",
  });
}
