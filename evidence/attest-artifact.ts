/** A single file of a release, and the detached signature that was published beside it. */
import { basename, resolve } from "node:path";
import type { Attested, AttestBase } from "./attest";
import { readReport, store } from "./attest";
import { digest } from "./canonical";
import { isSignature, verifyDetached } from "./intake/detached";
import type { Stated } from "./intake/report";
import { finish, refuse, reportFile } from "./intake/report";
import type { ArtifactsPredicate } from "./predicates/artifacts";

/** A file is held in memory while its signature is verified. */
const MAX_ARTIFACT_BYTES = 512 * 1024 * 1024;

/** What to attest. */
export interface AttestArtifact extends AttestBase, Pick<Stated, "publicKey" | "certified" | "finishedAt"> {
  /** The file; its content is not kept. */
  readonly artifact: string;
  /** One file: the signature. */
  readonly files: readonly string[];
  readonly root: string;
}

/**
 * Attests that a file is what was signed.
 * @throws HoldpointError `intake-inconsistent` where the signature is not of this file, `intake-empty`, `file-…`, `usage`
 */
export async function attestArtifact(options: AttestArtifact): Promise<Attested> {
  const { root, files } = options;
  const [path, ...more] = files;
  if (path === undefined || more.length > 0) throw refuse("usage", `found ${files.length} signatures, wanted one`);
  const name = basename(options.artifact);
  const bytes = await readReport(resolve(root, options.artifact), MAX_ARTIFACT_BYTES);
  if (bytes.length === 0) throw refuse("intake-empty", `${name} is empty`);
  const signature = reportFile(basename(path), await readReport(resolve(root, path)));
  if (!isSignature(signature)) throw refuse("intake-unknown-format", `${signature.name} is no signature that is known`);
  const signed = verifyDetached({ name, bytes }, signature, options);
  const predicate: ArtifactsPredicate = {
    ...finish(signature, undefined, options),
    stage: options.stage,
    artifacts: [{ name, digest: { sha256: digest(bytes) }, signature: signed }],
  };
  return store(options, "artifacts", { predicate, summary: `${name}, signed by ${signed.key}` }, [signature]);
}
