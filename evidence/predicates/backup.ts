/** A backup that was taken, and whether its integrity was checked. */
import { z } from "zod";
import { common, ownPredicate, stageName, utc, words } from "./shared";

const schema = z.object({
  ...common,
  stage: stageName,
  startedOn: utc.optional(),
  /** What was backed up, and who or what started it: no tool writes these, the attester states them. */
  scope: words,
  trigger: z.enum(["manual", "scheduled"]),
  integrity: z.enum(["verified", "unverified", "failed"]),
  /** The tool's own name of the backup. */
  snapshot: words.optional(),
});

/** What attest writes. */
export type BackupPredicate = z.input<typeof schema>;

/** Kind "backup". */
export const backup = ownPredicate(
  "backup",
  schema,
  ({ scope, trigger, integrity }) => ({ scope, trigger, integrity }),
  ({ startedOn }) => [startedOn],
);
