/** An item of a checklist that somebody did; whoever signs it says so. */
import { z } from "zod";
import { common, ownPredicate, stageName, words } from "./shared";

const schema = z.object({
  ...common,
  stage: stageName.optional(),
  check: words,
  outcome: z.enum(["done", "not-done"]),
  note: words.optional(),
});

/** What attest writes. */
export type CheckPredicate = z.input<typeof schema>;

/** Kind "check". */
export const check = ownPredicate("check", schema, ({ check: name, outcome, note }) => ({
  check: name,
  outcome,
  ...(note === undefined ? {} : { note }),
}));
