/** How much of the code a suite's tests ran, in all and file by file. */
import { z } from "zod";
import { common, count, ownPredicate, stageName, words } from "./shared";

const covered = z
  .object({ covered: count, total: count })
  .refine(({ covered: run, total }) => run <= total, "more lines were run than there are");

const schema = z
  .object({
    ...common,
    stage: stageName.optional(),
    suite: words,
    lines: covered,
    /** Each file by its path, as the tool wrote it; folders in place of files where there are very many. */
    modules: z.array(z.intersection(z.object({ name: words }), covered)).min(1),
  })
  .refine(({ lines }) => lines.total > 0, "not one line that could be run")
  .refine(
    ({ lines, modules }) =>
      modules.reduce((sum, { total }) => sum + total, 0) === lines.total &&
      modules.reduce((sum, module) => sum + module.covered, 0) === lines.covered,
    "the modules' lines do not add up to all lines",
  );

/** What attest writes. */
export type CoveragePredicate = z.input<typeof schema>;

/** Kind "coverage". */
export const coverage = ownPredicate("coverage", schema, ({ suite, lines, modules }) => ({ suite, lines, modules }));
