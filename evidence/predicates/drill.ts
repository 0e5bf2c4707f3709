/** A drill: a rollback, a restore or the like, run for practice in a stage, with its outcome and how long it took. */
import { z } from "zod";
import { common, ownPredicate, sha256, stageName, utc, words } from "./shared";

/** "detected" */
const markName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);

const schema = z
  .object({
    ...common,
    stage: stageName,
    drill: words,
    startedOn: utc,
    outcome: z.enum(["passed", "failed"]),
    /** Restore drills: whether the restored data was verified. */
    integrity: z.enum(["verified", "unverified", "failed"]).optional(),
    /** When each part of it was reached, by the plan's ids of the rollback's marks. */
    marks: z
      .array(z.object({ name: markName, reachedOn: utc }))
      .max(100)
      .optional(),
    /** Present where Holdpoint ran the drill itself. */
    run: z
      .object({
        command: z.array(z.string()).min(1),
        exitCode: z.number().int().nullable(),
        output: z.object({ sha256 }),
      })
      .optional(),
  })
  .refine(({ startedOn, finishedOn }) => startedOn <= finishedOn, "finishedOn lies before startedOn")
  .refine(
    ({ run, outcome }) => run === undefined || outcome === "failed" || run.exitCode === 0,
    "passed with an exit code that is not 0",
  )
  .refine(({ marks = [] }) => new Set(marks.map(({ name }) => name)).size === marks.length, "a mark stands there twice")
  .refine(
    ({ marks = [], startedOn, finishedOn }) =>
      marks.every(({ reachedOn }) => startedOn <= reachedOn && reachedOn <= finishedOn),
    "a mark was reached before startedOn or after finishedOn",
  );

/** What attest writes. */
export type DrillPredicate = z.input<typeof schema>;

/** Kind "drill". */
export const drill = ownPredicate(
  "drill",
  schema,
  ({ drill: name, outcome, integrity, startedOn, finishedOn, marks }, clock) => {
    const after = (time: number): number => clock.at(time) - clock.at(startedOn);
    return {
      drill: name,
      outcome,
      took: after(finishedOn),
      ...(integrity === undefined ? {} : { integrity }),
      ...(marks === undefined
        ? {}
        : { marks: marks.map((mark) => ({ name: mark.name, after: after(mark.reachedOn) })) }),
    };
  },
  ({ startedOn }) => [startedOn],
);
