/** Numbers that a tool measured: a benchmark, a load test, the counts of a tracker. */
import { z } from "zod";
import { common, ownPredicate, stageName, utc, words } from "./shared";

const schema = z.object({
  ...common,
  stage: stageName.optional(),
  suite: words,
  environment: words.optional(),
  startedOn: utc.optional(),
  measures: z
    .array(
      z.object({
        name: words,
        value: z.number(),
        /** Base units: milliseconds, bytes, a fraction, a count, per second. */
        unit: z.enum(["ms", "bytes", "ratio", "count", "per-second"]),
      }),
    )
    .min(1)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "a measure that is there twice"),
});

/** What attest writes. */
export type MeasurementPredicate = z.input<typeof schema>;

/** Kind "measurement". */
export const measurement = ownPredicate(
  "measurement",
  schema,
  ({ suite, environment, measures }) => ({ suite, measures, ...(environment === undefined ? {} : { environment }) }),
  ({ startedOn }) => [startedOn],
);
