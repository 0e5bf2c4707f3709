/** What was merged into a branch since its code freeze began. */
import { z } from "zod";
import type { Predicate } from "./shared";
import { common, gitCommit, ownType, stageName, utc, words } from "./shared";

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
export const freeze: Predicate<"freeze"> = {
  kind: "freeze",
  type: ownType("freeze"),
  schema,
  read(predicate, clock) {
    const { branch, since, merges, finishedOn, stage } = schema.parse(predicate);
    return {
      facts: {
        branch,
        since: clock.at(since),
        merges: merges.map(({ commit, title, emergency }) => ({ commit, title, emergency })),
      },
      finishedAt: finishedOn,
      stage,
      past: [since, finishedOn, ...merges.map(({ mergedOn }) => mergedOn)],
    };
  },
};
