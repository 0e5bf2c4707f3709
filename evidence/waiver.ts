/**
 * Waivers: a person's signed, reasoned, expiring permission to pass one criterion that is not met. The subject is the
 * release; the binding adds stack, stage, criterion and plan, so that it fits nothing else.
 */
import { z } from "zod";
import type { WaiverBinding } from "../rollout/evidence";
import { imageDigest } from "../rollout/release";
import { parseDuration } from "../rollout/units";
import type { Envelope, PrivateKey } from "./dsse";
import { EnvelopeError, sign, STATEMENT_TYPE } from "./dsse";
import { gitCommit, ownType, sha256, stageName, utc, words } from "./predicates/shared";
import { refuseSecrets } from "./secrets";
import type { Statement } from "./statement";
import { malformed, statementBody } from "./statement";
import { formatUtc } from "./time";

/** Exact predicateType of a waiver. */
export const WAIVER_TYPE = ownType("waiver");

/** A span of plan time as plans write it: "4 hours". */
const span = z
  .string()
  .meta({ description: 'a span of plan time: "4 hours"' })
  .transform((text, context) => {
    const milliseconds = parseDuration(text);
    if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
    context.addIssue({ code: "custom", message: `${JSON.stringify(text.slice(0, 40))} is no duration above zero` });
    return z.NEVER;
  });

/** What its predicate must look like. */
export const waiverSchema = z.object({
  signer: words,
  binding: z.object({
    stack: words,
    stage: stageName,
    criterion: words,
    plan: sha256,
    image: z.string().regex(/@sha256:[0-9a-f]{64}$/, "an image without its digest"),
    commit: gitCommit,
  }),
  reason: words,
  obligation: words,
  grantedOn: utc,
  validFor: span,
});

/** What a person permits. */
export interface WaiverGrant {
  /** Identity in the trust file. */
  readonly signer: string;
  readonly binding: WaiverBinding;
  readonly reason: string;
  /** What must be done, and attested, before the next release. */
  readonly obligation: string;
  /** Machine time. */
  readonly grantedAt: number;
  /** Plan time: "4 hours". */
  readonly validFor: string;
}

/** A waiver's statement as it was read, granted at machine time and its signer not yet judged. */
export interface StatedWaiver extends Omit<WaiverGrant, "validFor"> {
  /** Milliseconds of plan time. */
  readonly validFor: number;
}

/**
 * Writes and signs a waiver.
 * @throws EnvelopeError "malformed" for one that could not be read back; HoldpointError `intake-secret`
 */
export function signWaiver({ grantedAt, ...grant }: WaiverGrant, key: PrivateKey): Envelope {
  const predicate = { ...grant, grantedOn: formatUtc(grantedAt) };
  const { commit } = grant.binding;
  const image = imageDigest(grant.binding);
  parseWaiver({ subject: { commits: [commit], sha256: [image] }, predicateType: WAIVER_TYPE, predicate });
  const body = statementBody({ commit, sha256: image, name: "image" }, WAIVER_TYPE, predicate);
  refuseSecrets("the waiver", body.toString("utf8"));
  return sign(STATEMENT_TYPE, body, [key]);
}

/** Reads a waiver out of a verified statement. Throws EnvelopeError "malformed". */
export function parseWaiver({ subject, predicate }: Statement): StatedWaiver {
  const result = waiverSchema.safeParse(predicate);
  if (!result.success) throw malformed("the waiver", result.error);
  const { grantedOn, ...stated } = result.data;
  const { commit } = stated.binding;
  if (subject.commits.join() !== commit || subject.sha256.join() !== imageDigest(stated.binding)) {
    throw new EnvelopeError("malformed", "the waiver's subject is not the release that it is bound to");
  }
  return { ...stated, grantedAt: grantedOn };
}
