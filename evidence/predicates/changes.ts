/** Which files differ between two commits. */
import { z } from "zod";
import { common, gitCommit, ownPredicate, stageName, words } from "./shared";

const schema = z.object({
  ...common,
  stage: stageName.optional(),
  /** The commit that the release, the statement's subject, is compared with. */
  from: gitCommit,
  files: z.array(words).max(20_000),
});

/** What attest writes. */
export type ChangesPredicate = z.input<typeof schema>;

/** Kind "changes". */
export const changes = ownPredicate("changes", schema, ({ from, files }) => ({ from, files }));
