/** How the pipelines of a branch ended: the newest run of each pipeline and commit. */
import { z } from "zod";
import { common, gitCommit, ownPredicate, stageName, utc, words } from "./shared";

const schema = z.object({
  ...common,
  stage: stageName.optional(),
  branch: words,
  pipelines: z
    .array(
      z
        .object({
          name: words,
          /** The service's own word ("success", "failure"); for a run that has not ended, its status. */
          conclusion: words,
          commit: gitCommit,
          /** Of this run, where the service says both. */
          startedOn: utc.optional(),
          finishedOn: utc.optional(),
        })
        .refine(
          ({ startedOn, finishedOn }) => startedOn === undefined || finishedOn === undefined || startedOn <= finishedOn,
          "a pipeline ends before it begins",
        ),
    )
    .min(1),
});

/** What attest writes. */
export type PipelinesPredicate = z.input<typeof schema>;

/** Kind "pipelines". */
export const pipelines = ownPredicate(
  "pipelines",
  schema,
  ({ branch, pipelines: runs }, clock) => ({
    branch,
    pipelines: runs.map(({ name, conclusion, commit, startedOn, finishedOn: ended }) => ({
      name,
      conclusion,
      commit,
      ...(startedOn === undefined || ended === undefined ? {} : { took: clock.at(ended) - clock.at(startedOn) }),
    })),
  }),
  ({ pipelines: runs }) => runs.flatMap(({ startedOn, finishedOn }) => [startedOn, finishedOn]),
);
