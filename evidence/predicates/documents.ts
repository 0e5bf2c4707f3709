/** Documents that were read: each by name, its digest, and the sections that have something under their heading. */
import { z } from "zod";
import { common, ownPredicate, sha256, stageName, words } from "./shared";

const schema = z.object({
  ...common,
  stage: stageName.optional(),
  documents: z.array(z.object({ name: words, digest: z.object({ sha256 }), sections: z.array(words) })).min(1),
});

/** What attest writes. */
export type DocumentsPredicate = z.input<typeof schema>;

/** Kind "documents". */
export const documents = ownPredicate("documents", schema, ({ documents: read }) => ({
  documents: read.map(({ name, sections }) => ({ name, sections })),
}));
