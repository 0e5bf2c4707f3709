/** An item of a checklist that somebody did; whoever signs it says so. */
import { z } from "zod";
import type { Predicate } from "./shared";
import { common, ownType, stageName, words } from "./shared";

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
export const check: Predicate<"check"> = {
  kind: "check",
  type: ownType("check"),
  schema,
  read(predicate) {
    const { check: name, outcome, note, finishedOn, stage } = schema.parse(predicate);
    return {
      facts: { check: name, outcome, ...(note === undefined ? {} : { note }) },
      finishedAt: finishedOn,
      stage,
      past: [finishedOn],
    };
  },
};
