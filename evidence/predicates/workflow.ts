/** What the file of a pipeline says, as it is at one commit. */
import { z } from "zod";
import type { EvidenceFacts } from "../../rollout/evidence";
import { common, ownPredicate, stageName, words } from "./shared";

const list = z.array(words);
/** What may keep a job or a step from running, or its failure from counting. */
const doubt = { condition: words.optional(), mayFail: z.literal(true).optional() };

const trigger = z.object({
  event: words,
  branches: list.optional(),
  branchesIgnore: list.optional(),
  filters: list,
  types: list.optional(),
  cron: list,
});

const job = z.object({
  id: words,
  needs: list,
  runners: list,
  ...doubt,
  steps: z.array(
    z.object({
      ...doubt,
      action: words.optional(),
      version: words.optional(),
      with: z.record(z.string(), list).optional(),
      commands: list.optional(),
    }),
  ),
});

const schema = z.object({
  ...common,
  stage: stageName.optional(),
  workflow: words,
  triggers: z.array(trigger).min(1),
  jobs: z
    .array(job)
    .min(1)
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, "a job is there twice"),
});

/** What attest writes. */
export type WorkflowPredicate = z.input<typeof schema>;

/** Kind "workflow". */
export const workflow = ownPredicate(
  "workflow",
  schema,
  // zod writes no key for what is absent, which its types do not say.
  ({ workflow: name, triggers, jobs }) => ({ workflow: name, triggers, jobs }) as EvidenceFacts["workflow"],
);
