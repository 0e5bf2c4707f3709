/** People or an outside party looked at something: code, documentation, a security audit. */
import { z } from "zod";
import { common, count, ownPredicate, stageName, words } from "./shared";

const schema = z
  .object({
    ...common,
    stage: stageName.optional(),
    review: words,
    outcome: z.enum(["approved", "changes-requested", "rejected"]),
    /** Who wrote what was reviewed, as the reviewing tool names them. */
    author: words.optional(),
    /** Those whose last word was yes. */
    reviewers: z.array(words),
    /** Findings still open, where the report says so. */
    open: z.object({ critical: count, high: count, medium: count, low: count }).optional(),
    url: words.optional(),
  })
  .refine(
    ({ author, reviewers }) => author === undefined || !reviewers.some((one) => sameName(one, author)),
    "the author is among the reviewers",
  )
  .refine(({ outcome, reviewers }) => outcome !== "approved" || reviewers.length > 0, "approved by nobody");

/** Services that name people by handle or address ignore case. */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** What attest writes. */
export type ReviewPredicate = z.input<typeof schema>;

/** Kind "review". */
export const review = ownPredicate("review", schema, ({ review: name, outcome, reviewers, open }) => ({
  review: name,
  outcome,
  reviewers,
  ...(open === undefined ? {} : { open }),
}));
