/** Adding what was signed elsewhere: by cosign, in-toto, witness, or by Holdpoint on another machine. */
import { machineClock } from "../rollout/clock";
import { HoldpointError } from "../rollout/errors";
import type { Digest, RejectedEvidence } from "../rollout/evidence";
import { decodeBase64 } from "./base64";
import { digest } from "./canonical";
import { EnvelopeError } from "./dsse";
import { judgeEnvelopes } from "./read";
import { refuseSecrets } from "./secrets";
import type { Line, SignedFile } from "./sigstore-bundle";
import { linesOf, parseSigned } from "./sigstore-bundle";
import type { Store } from "./store";
import type { Trust } from "./trust";

/** An envelope that was added. */
export interface Added {
  /** Its address in the store. */
  readonly id: Digest;
  /** Kind of evidence, "approval" or "waiver". */
  readonly kind: string;
  /** Who signed it, as the trust file names them. */
  readonly signers: readonly string[];
}

/** A file's text and where it goes. */
export interface AddSigned {
  /** A DSSE envelope, a Sigstore bundle, or one of them on each line. */
  readonly text: string;
  /** For messages. */
  readonly file: string;
  readonly store: Store;
  readonly trust: Trust;
  /** Machine time; for tests. */
  readonly now?: number;
}

/**
 * Adds every envelope of a file, or none: each is judged as a gate would judge it, for what does not count would only be in the
 * way of who looks for the reason later.
 * @throws HoldpointError `envelope-refused` with each line that does not count, `intake-secret`, `store-unwritable`
 */
export async function addSigned(options: AddSigned): Promise<readonly Added[]> {
  const judged = readLines(options).map((line) => judge(line, options));
  const refused = judged.filter((one) => "why" in one);
  if (refused.length > 0) throw refusal(options.file, judged.length, refused);
  const accepted = judged.filter((one) => "signed" in one);
  for (const { signed } of accepted) {
    refuseSecrets(options.file, (decodeBase64(signed.envelope.payload) ?? Buffer.alloc(0)).toString("utf8"));
  }
  const added: Added[] = [];
  for (const { signed, kind, signers } of accepted) {
    added.push({ id: await options.store.put(signed.envelope, signed.certified), kind, signers });
  }
  return added;
}

function readLines({ text, file }: AddSigned): readonly Line[] {
  try {
    return linesOf(text);
  } catch (error) {
    if (error instanceof EnvelopeError) throw new HoldpointError("envelope-refused", `${file}: ${error.message}`);
    throw error;
  }
}

interface Refused {
  readonly line: number;
  readonly why: string;
}

interface Accepted extends Omit<Added, "id"> {
  readonly signed: SignedFile;
}

function judge({ line, text }: Line, { file, trust, now = Date.now() }: AddSigned): Refused | Accepted {
  let signed: SignedFile;
  try {
    signed = parseSigned(text);
  } catch (error) {
    if (error instanceof EnvelopeError) return { line, why: `${error.reason}: ${error.message}` };
    throw error;
  }
  const bytes = Buffer.from(JSON.stringify(signed.certified ?? signed.envelope));
  const stored = { id: digest(bytes), file, bytes };
  const read = judgeEnvelopes({ envelopes: [stored], rejected: [] }, trust, machineClock, now);
  const [rejected] = read.rejected;
  if (rejected !== undefined) return { line, why: saidOf(rejected) };
  const evidence = read.evidence.map((one) => ({ kind: one.kind as string, signers: one.signers.map(({ id }) => id) }));
  const approvals = read.approvals.map((one) => ({ kind: "approval", signers: [one.signer.id] }));
  const waivers = read.waivers.map((one) => ({ kind: "waiver", signers: [one.signer.id] }));
  const [found] = [...evidence, ...approvals, ...waivers];
  return found === undefined ? { line, why: "nothing that a gate reads" } : { signed, ...found };
}

function saidOf({ reason, detail }: RejectedEvidence): string {
  return `${reason}: ${detail}`;
}

/** Lines that a message names; a file of thousands may have as many. */
const NAMED = 5;

function refusal(file: string, all: number, refused: readonly Refused[]): HoldpointError {
  const lines = refused.slice(0, NAMED).map(({ line, why }) => `\n  line ${line}: ${why}`);
  const more = refused.length > NAMED ? `\n  and ${refused.length - NAMED} more` : "";
  return new HoldpointError(
    "envelope-refused",
    `${file}: ${refused.length} of ${all} envelopes would not count, so none was added${lines.join("")}${more}`,
    { remedy: "add the signer to the trust file by review, or leave these lines out" },
  );
}
