/** What was merged into a branch since its code freeze began. */
import { z } from "zod";
import { common, gitCommit, ownPredicate, stageName, utc, words } from "./shared";

const schema = z
  .object({
    ...common,
    stage: stageName.optional(),
    branch: words,
    since: utc,
    merges: z.array(z.object({ commit: gitCommit, title: words, mergedOn: utc, emergency: z.boolean() })),
  })
  .refine(({ since, finishedOn }) => since <= finishedOn, "the freeze begins after it was looked at");

/** What attest writes. */
export type FreezePredicate = z.input<typeof schema>;

/** Kind "freeze". */
export const freeze = ownPredicate(
  "freeze",
  schema,
  ({ branch, since, merges }, clock) => ({
    branch,
    since: clock.at(since),
    merges: merges.map(({ commit, title, emergency }) => ({ commit, title, emergency })),
  }),
  ({ since, merges }) => [since, ...merges.map(({ mergedOn }) => mergedOn)],
);
