/**
 * What a gate needs of a store, read off the plan: everything about the release and the one before it, and the kinds of
 * evidence that count whatever they are about. It only chooses what is read; what counts is judged of each by itself.
 */
import type { Plan } from "../rollout/plan";
import { imageDigest, type Release } from "../rollout/release";
import type { Wants } from "./store";
import { stackSubject } from "./store/catalogue";

/** Words of the plan that differ from the kind of evidence they ask for. */
const EVIDENCE_OF: Readonly<Record<string, string>> = { tests: "test-result" };

/** What speaks of no release: promises of people, which outlast one. */
const ANYWHERE = ["condition", "waiver"];

type Named = Pick<Release, "image" | "commit">;

/** What the gate of a stack may ask for. */
export function wantsOf(plan: Plan, stack: string, releases: readonly Named[]): Wants {
  const criteria = criteriaIn({ ...plan, source: undefined });
  const kindOf = (kind: string): string => EVIDENCE_OF[kind] ?? kind;
  return {
    about: [...releases.flatMap(namesOf), stackSubject(stack)],
    anywhere: [
      ...new Set([...ANYWHERE, ...criteria.filter((one) => one.subject === "any").map(({ kind }) => kindOf(kind))]),
    ],
    kinds: [...new Set(criteria.map(({ kind }) => kindOf(kind)))],
  };
}

/** Both names of a release; one without a digest has only a commit. */
function namesOf(release: Named): string[] {
  try {
    return [release.commit, imageDigest(release)];
  } catch {
    return [release.commit];
  }
}

interface Asked {
  readonly kind: string;
  readonly subject: unknown;
}

/** Criteria that rest on evidence, wherever the plan has them: all of them name who may attest, or explain. */
function criteriaIn(value: unknown): Asked[] {
  if (typeof value !== "object" || value === null) return [];
  const { kind, subject, attestedBy, explainedBy } = value as Record<string, unknown>;
  const own = typeof kind === "string" && Array.isArray(attestedBy) ? [{ kind, subject }] : [];
  // What was brought back is another release than the one that asks.
  if (Array.isArray(explainedBy)) own.push({ kind: "check", subject: "any" });
  return [...own, ...Object.values(value).flatMap(criteriaIn)];
}
