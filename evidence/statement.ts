/** in-toto Statement v1: what a predicate speaks of, matched by digest alone. Unknown members are ignored. */
import { z } from "zod";
import type { EvidenceHead } from "../rollout/evidence";
import { canonical } from "./canonical";
import { EnvelopeError, isPlain } from "./dsse";
import { JsonError, parseJson } from "./json";
import { GIT_COMMIT, gitCommit, SHA256, sha256 } from "./predicates/shared";

const TYPE = "https://in-toto.io/Statement/v1";
/** The same members with the same meaning; cosign and witness still write it. */
const TYPE_BEFORE = "https://in-toto.io/Statement/v0.1";

// The two algorithms that a release is named by are checked to the letter; others pass by unused.
const digestSet = z
  .object({ sha256: sha256.optional(), gitCommit: gitCommit.optional() })
  .catchall(z.string().min(1))
  .refine((digests) => Object.keys(digests).length > 0, "a subject without a digest");

/** What a statement must look like. */
export const statementSchema = z.object({
  _type: z.literal([TYPE, TYPE_BEFORE]),
  subject: z.array(z.object({ name: z.string().optional(), digest: digestSet })).min(1),
  predicateType: z.string().min(1),
  predicate: z.record(z.string(), z.unknown()).superRefine(refuseScopes),
});

/**
 * Unknown members are ignored, as in-toto asks, but not one that limits what the statement says: to ignore a limit is to
 * believe more than was signed. No predicate that gates read has `scopes`, so every one of them is unknown.
 */
function refuseScopes(predicate: Record<string, unknown>, context: z.RefinementCtx): void {
  const { scopes } = predicate;
  if (scopes === undefined) return;
  const names = typeof scopes === "object" && scopes !== null ? Object.keys(scopes) : [];
  const named = names.slice(0, 3).map((name) => JSON.stringify(name.slice(0, 100)));
  context.addIssue({
    code: "custom",
    path: ["scopes"],
    message: `a limit that is not known here: ${named.join(", ")}`,
  });
}

/** A statement whose predicate has not been read yet. */
export interface Statement {
  readonly subject: EvidenceHead["subject"];
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** What a statement is about: at least one of a git commit and a sha256 (an image, an update plan). */
export interface Subject {
  readonly commit?: string;
  /** 64 hex. */
  readonly sha256?: string;
  /** What the sha256 is of, for readers; never compared. */
  readonly name?: string;
}

/** The bytes to sign: canonical, so that attesting the same report again gives the same body. */
export function statementBody(subject: Subject, predicateType: string, predicate: unknown): Buffer {
  const subjects = [
    ...(subject.commit === undefined ? [] : [{ name: "commit", digest: { gitCommit: subject.commit } }]),
    ...(subject.sha256 === undefined ? [] : [{ name: subject.name ?? "artifact", digest: { sha256: subject.sha256 } }]),
  ];
  const body = Buffer.from(canonical({ _type: TYPE, subject: subjects, predicateType, predicate }), "utf8");
  parseStatement(body);
  return body;
}

/** Reads a verified body. Throws EnvelopeError "malformed", nothing else. */
export function parseStatement(body: Uint8Array): Statement {
  let json: unknown;
  try {
    json = parseJson(body);
  } catch (error) {
    if (error instanceof JsonError) throw new EnvelopeError("malformed", `the statement is ${error.message}`);
    throw error;
  }
  const plain = plainStatement(json);
  if (plain !== undefined) return plain;
  const result = statementSchema.safeParse(json);
  if (!result.success) throw malformed("the statement", result.error);
  const { subject, predicateType, predicate } = result.data;
  const digests = subject.map((one) => one.digest);
  return {
    subject: {
      commits: digests.flatMap((one) => one.gitCommit ?? []),
      sha256: digests.flatMap((one) => one.sha256 ?? []),
    },
    predicateType,
    predicate,
  };
}

/**
 * What `statementSchema` makes of a statement with nothing unusual about it, in a tenth of its time; undefined for any other, which
 * the schema reads or refuses.
 */
function plainStatement(json: unknown): Statement | undefined {
  if (!isPlain(json)) return undefined;
  const { _type, subject, predicateType, predicate } = json;
  if ((_type !== TYPE && _type !== TYPE_BEFORE) || typeof predicateType !== "string" || predicateType === "") return;
  if (!isPlain(predicate) || Object.hasOwn(predicate, "scopes") || Object.hasOwn(predicate, "__proto__")) return;
  if (!Array.isArray(subject) || subject.length === 0) return undefined;
  const commits: string[] = [];
  const digests: string[] = [];
  for (const one of subject as unknown[]) {
    if (!isPlain(one) || (one["name"] !== undefined && typeof one["name"] !== "string")) return undefined;
    if (!addDigests(one["digest"], commits, digests)) return undefined;
  }
  return { subject: { commits, sha256: digests }, predicateType, predicate };
}

/** Whether it is a digest set of the two algorithms that releases are named by, and nothing else. */
function addDigests(set: unknown, commits: string[], digests: string[]): boolean {
  if (!isPlain(set)) return false;
  const names = Object.keys(set);
  for (const name of names) {
    const value = set[name];
    if (typeof value !== "string") return false;
    if (name === "sha256" && SHA256.test(value)) digests.push(value);
    else if (name === "gitCommit" && GIT_COMMIT.test(value)) commits.push(value);
    else return false;
  }
  return names.length > 0;
}

/** One line for the first thing that does not fit. */
export function malformed(what: string, error: z.ZodError): EnvelopeError {
  const issue = error.issues[0];
  const path = issue?.path.join(".") ?? "";
  return new EnvelopeError(
    "malformed",
    `${what}${path === "" ? "" : `'s ${path}`}: ${issue?.message ?? "not readable"}`,
  );
}
