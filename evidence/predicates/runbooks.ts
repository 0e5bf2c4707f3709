/** Runbooks that were read: each by name, its digest, and the sections that have something under their heading. */
import { z } from "zod";
import type { Predicate } from "./shared";
import { common, ownType, sha256, stageName, words } from "./shared";

const schema = z.object({
  ...common,
  stage: stageName.optional(),
  runbooks: z.array(z.object({ name: words, digest: z.object({ sha256 }), sections: z.array(words).min(1) })).min(1),
});

/** What attest writes. */
export type RunbooksPredicate = z.input<typeof schema>;

/** Kind "runbooks". */
export const runbooks: Predicate<"runbooks"> = {
  kind: "runbooks",
  type: ownType("runbooks"),
  schema,
  read(predicate) {
    const { runbooks: read, finishedOn, stage } = schema.parse(predicate);
    return {
      facts: { runbooks: read.map(({ name, sections }) => ({ name, sections })) },
      finishedAt: finishedOn,
      stage,
      past: [finishedOn],
    };
  },
};
