/** Signed evidence into the store and out of it, as it is. */
import { readFileSync, statSync } from "node:fs";
import type { Command } from "commander";
import type { Added } from "../evidence/add-signed";
import { addSigned } from "../evidence/add-signed";
import { EnvelopeError } from "../evidence/dsse";
import { parseSigned, toSigstoreBundle } from "../evidence/sigstore-bundle";
import { HoldpointError } from "../rollout/errors";
import type { Context, Outcome } from "./context";
import { openEvidence } from "./signing";

/** A bundle of thousands of envelopes fits. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Commander gives `--stage` to the command or to its parent, whichever knows it first. */
export function stageOf(command: Command): string {
  const { stage } = command.optsWithGlobals<{ stage?: string }>();
  if (stage !== undefined) return stage;
  throw new HoldpointError("usage", 'required option "--stage <stage>" not specified', {
    remedy: `holdpoint attest ${command.name()} --help`,
  });
}

/** Adds what was signed elsewhere; each file wholly or not at all. */
export async function addFiles(context: Context, stage: string, files: readonly string[]): Promise<Outcome> {
  const { store, trust } = await openEvidence(context, stage);
  const texts = files.map((file) => ({ file, text: readText(file) }));
  const added: Added[] = [];
  for (const { file, text } of texts) {
    const own = await addSigned({ file, text, store, trust });
    for (const { id, kind, signers } of own) {
      context.terminal.say(`${file}: ${kind}, signed by ${signers.join(", ")}, stored as ${id.slice(0, 12)}`);
    }
    added.push(...own);
  }
  return { exitCode: 0, result: { added } };
}

function readText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES) {
      throw new HoldpointError("file-too-large", `${file} has ${size} bytes, at most ${MAX_BYTES} are read`);
    }
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(file));
  } catch (cause) {
    if (cause instanceof HoldpointError) throw cause;
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new HoldpointError(missing ? "file-missing" : "file-unreadable", `${file} can't be read`, { cause });
  }
}

/** Prints envelopes, one a line. */
export async function exportEnvelopes(
  context: Context,
  stage: string,
  ids: readonly string[],
  sigstore: boolean,
): Promise<Outcome> {
  const { store } = await openEvidence(context, stage);
  const { envelopes } = await store.readAll();
  const bundles = ids.map((prefix) => {
    const [found, ...others] = envelopes.filter(({ id }) => prefix.length >= 6 && id.startsWith(prefix));
    if (found === undefined || others.length > 0) {
      const count = found === undefined ? 0 : others.length + 1;
      throw new HoldpointError("usage", `found ${count} envelopes that begin with "${prefix}", wanted one`);
    }
    return sigstore ? asSigstore(prefix, found.bytes) : (JSON.parse(found.bytes.toString("utf8")) as object);
  });
  for (const bundle of bundles) context.terminal.say(JSON.stringify(bundle));
  return { exitCode: 0, result: { bundles } };
}

function asSigstore(id: string, bytes: Buffer): object {
  try {
    const { envelope, certified } = parseSigned(bytes);
    return certified === undefined ? toSigstoreBundle(envelope) : (certified as object);
  } catch (error) {
    if (error instanceof EnvelopeError) throw new HoldpointError("usage", `${id}: ${error.message}`);
    throw error;
  }
}
