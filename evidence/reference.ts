/**
 * in-toto reference v0.1: a signed pointer to the raw reports beside an attestation, for whoever knows nothing of our own
 * members. Gates don't read it: what they ask for is in the attestation itself.
 */
import { z } from "zod";
import type { Digest } from "../rollout/evidence";
import { decodeBase64 } from "./base64";
import { digest } from "./canonical";
import { EnvelopeError } from "./dsse";
import type { ReportFile } from "./intake/report";
import { sha256 } from "./predicates/shared";
import { parseSigned } from "./sigstore-bundle";
import { parseStatement, statementBody, type Subject } from "./statement";

/** Exact predicate type. */
export const REFERENCE_TYPE = "https://in-toto.io/attestation/reference/v0.1";

const schema = z.object({
  attester: z.object({ id: z.string().min(1) }),
  references: z.array(
    z.object({
      name: z.string().optional(),
      digest: z.object({ sha256 }),
      /** Where it lies in the store that holds this. */
      downloadLocation: z.string().min(1),
      mediaType: z.string().min(1),
    }),
  ),
});

/** The bytes to sign. */
export function referenceBody(subject: Subject, reports: readonly ReportFile[]): Buffer {
  const predicate: z.output<typeof schema> = {
    attester: { id: "https://holdpoint.dev/attest" },
    references: reports.map((report) => {
      const id = digest(report.bytes);
      return {
        name: report.name,
        digest: { sha256: id },
        downloadLocation: `raw/${id}`,
        mediaType: mediaTypeOf(report),
      };
    }),
  };
  return statementBody(subject, REFERENCE_TYPE, predicate);
}

function mediaTypeOf({ json, jsonLines, text }: ReportFile): string {
  if (json !== undefined) return "application/json";
  if (jsonLines !== undefined) return "application/jsonl";
  return /^\s*<[?!A-Za-z]/.test(text) ? "application/xml" : "application/octet-stream";
}

/** A report that an envelope refers to. */
export interface Referenced {
  readonly sha256: Digest;
  readonly name: string;
}

/** What an envelope refers to, verified or not; nothing where it is no reference. */
export function referencedBy(envelope: Uint8Array): readonly Referenced[] {
  try {
    const { payload } = parseSigned(envelope).envelope;
    const { predicateType, predicate } = parseStatement(decodeBase64(payload) ?? Buffer.alloc(0));
    const read = predicateType === REFERENCE_TYPE ? schema.safeParse(predicate) : undefined;
    return read?.data?.references.map((one) => ({ sha256: one.digest.sha256, name: one.name ?? "" })) ?? [];
  } catch (error) {
    if (error instanceof EnvelopeError) return [];
    throw error;
  }
}
