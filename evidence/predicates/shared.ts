/** What all predicates have in common: how times, stages and reports are written, and what reading one yields. */
import { z } from "zod";
import type { Clock } from "../../rollout/clock";
import type { EvidenceFacts, EvidenceKind } from "../../rollout/evidence";
import { parseUtc } from "../time";

/** A predicate that was read: facts in plan time, and what readEvidence must judge about it. */
export interface Reading<K extends EvidenceKind> {
  readonly facts: EvidenceFacts[K];
  /** When what it attests was finished, machine time. */
  readonly finishedAt: number;
  readonly stage: string | undefined;
  /** All instants, machine time, that cannot lie in the future of an honest statement. */
  readonly past: readonly number[];
}

/**
 * One kind of evidence: its predicate type and how it is read. `read` throws zod's error for what is malformed, EnvelopeError
 * "time-unproven" where neither the predicate nor its signature says when it was finished.
 */
export interface Predicate<K extends EvidenceKind> {
  readonly kind: K;
  /** Exact predicateType, its major version included. */
  readonly type: string;
  /** Further predicate types that say the same: SPDX beside CycloneDX. */
  readonly otherTypes?: readonly string[];
  /** What the predicate must look like; the JSON Schema of Holdpoint's own kinds is made from it. */
  readonly schema: z.ZodType;
  /** @param provenAt machine time at which it was signed already, where that is proven; for what names no end of its own. */
  read(predicate: unknown, clock: Clock, provenAt?: number): Reading<K>;
}

/** Predicate type of one of Holdpoint's own kinds. */
export function ownType(kind: string): string {
  return `https://holdpoint.dev/attestation/${kind}/v0.1`;
}

/** RFC 3339, UTC with a Z, a real date; read as milliseconds since the epoch. */
export const utc = z
  .string()
  .meta({ format: "date-time", description: "RFC 3339, UTC with a Z" })
  .transform((text, context) => {
    const time = parseUtc(text);
    if (time !== undefined) return time;
    context.addIssue({
      code: "custom",
      message: `${JSON.stringify(text.slice(0, 40))} is not an RFC 3339 time in UTC with a Z`,
    });
    return z.NEVER;
  });

/** Name of a stage, as in the plan and in the stack's name. */
export const stageName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);

/** sha256, 64 lower-case hex digits. */
export const SHA256 = /^[0-9a-f]{64}$/;
export const sha256 = z.string().regex(SHA256);

/** Full git commit: SHA-1 or SHA-256. */
export const GIT_COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
export const gitCommit = z.string().regex(GIT_COMMIT);

/** A text that must say something. */
export const words = z.string().trim().min(1).max(2000);

/** A whole number of things. */
export const count = z.number().int().nonnegative();

/** Raw reports, kept in the store by these digests. */
const reports = z.array(z.object({ name: z.string().optional(), digest: z.object({ sha256 }) })).optional();

/** Members of every predicate of Holdpoint's own. */
export const common = {
  /** When it was finished: the tool's own time, unless statedBy says otherwise. */
  finishedOn: utc,
  /** Present where the tool's format carries no time and whoever attested stated it. */
  statedBy: z.literal("attester").optional(),
  reports,
};

/** What every predicate of Holdpoint's own says, as it was read. */
interface Said {
  readonly finishedOn: number;
  readonly stage?: string | undefined;
}

/**
 * A predicate of Holdpoint's own.
 * @param factsOf what it says to a gate, its times in plan time
 * @param pastOf machine times beside the end that cannot lie in the future
 */
export function ownPredicate<K extends EvidenceKind, S extends z.ZodType<Said>>(
  kind: K,
  schema: S,
  factsOf: (said: z.output<S>, clock: Clock) => EvidenceFacts[K],
  pastOf: (said: z.output<S>) => readonly (number | undefined)[] = () => [],
): Predicate<K> {
  return {
    kind,
    type: ownType(kind),
    schema,
    read(predicate, clock) {
      const said = schema.parse(predicate);
      const past = [said.finishedOn, ...pastOf(said)].filter((time) => time !== undefined);
      return { facts: factsOf(said, clock), finishedAt: said.finishedOn, stage: said.stage, past };
    },
  };
}
