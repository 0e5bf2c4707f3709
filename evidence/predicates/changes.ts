/** Which files differ between two commits. */
import { z } from "zod";
import type { Predicate } from "./shared";
import { common, gitCommit, ownType, stageName, words } from "./shared";

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
export const changes: Predicate<"changes"> = {
  kind: "changes",
  type: ownType("changes"),
  schema,
  read(predicate) {
    const { from, files, finishedOn, stage } = schema.parse(predicate);
    return { facts: { from, files }, finishedAt: finishedOn, stage, past: [finishedOn] };
  },
};
