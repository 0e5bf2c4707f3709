/** How the pipelines of a branch ended: the newest run of each pipeline and commit. */
import { z } from "zod";
import type { Predicate } from "./shared";
import { common, gitCommit, ownType, stageName, words } from "./shared";

const schema = z.object({
  ...common,
  stage: stageName.optional(),
  branch: words,
  pipelines: z
    .array(
      z.object({
        name: words,
        /** The service's own word ("success", "failure"); for a run that has not ended, its status. */
        conclusion: words,
        commit: gitCommit,
      }),
    )
    .min(1),
});

/** What attest writes. */
export type PipelinesPredicate = z.input<typeof schema>;

/** Kind "pipelines". */
export const pipelines: Predicate<"pipelines"> = {
  kind: "pipelines",
  type: ownType("pipelines"),
  read(predicate) {
    const { branch, pipelines: runs, finishedOn, stage } = schema.parse(predicate);
    return { facts: { branch, pipelines: runs }, finishedAt: finishedOn, stage, past: [finishedOn] };
  },
};
