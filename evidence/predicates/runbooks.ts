/** Runbooks that were read: each by name, its digest, the sections with something under their heading, the alerts named. */
import { z } from "zod";
import { common, ownPredicate, sha256, stageName, words } from "./shared";

const schema = z.object({
  ...common,
  stage: stageName.optional(),
  runbooks: z
    .array(
      z.object({
        name: words,
        digest: z.object({ sha256 }),
        sections: z.array(words).min(1),
        /** Alerts that it says it is for. */
        alerts: z.array(words).default([]),
      }),
    )
    .min(1),
});

/** What attest writes. */
export type RunbooksPredicate = z.input<typeof schema>;

/** Kind "runbooks". */
export const runbooks = ownPredicate("runbooks", schema, ({ runbooks: read }) => ({
  runbooks: read.map(({ name, sections, alerts }) => ({ name, sections, alerts })),
}));
