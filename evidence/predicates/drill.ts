/** A drill: a rollback, a restore or the like, run for practice in a stage, with its outcome and how long it took. */
import { z } from "zod";
import type { Predicate } from "./shared";
import { common, ownType, sha256, stageName, utc, words } from "./shared";

const schema = z
  .object({
    ...common,
    stage: stageName,
    drill: words,
    startedOn: utc,
    outcome: z.enum(["passed", "failed"]),
    /** Restore drills: whether the restored data was verified. */
    integrity: z.enum(["verified", "unverified", "failed"]).optional(),
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
  );

/** What attest writes. */
export type DrillPredicate = z.input<typeof schema>;

/** Kind "drill". */
export const drill: Predicate<"drill"> = {
  kind: "drill",
  type: ownType("drill"),
  schema,
  read(predicate, clock) {
    const { drill: name, outcome, integrity, startedOn, finishedOn, stage } = schema.parse(predicate);
    const took = clock.at(finishedOn) - clock.at(startedOn);
    return {
      facts: { drill: name, outcome, took, ...(integrity === undefined ? {} : { integrity }) },
      finishedAt: finishedOn,
      stage,
      past: [startedOn, finishedOn],
    };
  },
};
