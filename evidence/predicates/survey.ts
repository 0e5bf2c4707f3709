/** What people answered in a survey: how many, and how many of them were satisfied. */
import { z } from "zod";
import type { Predicate } from "./shared";
import { common, count, ownType, stageName, words } from "./shared";

const schema = z
  .object({
    ...common,
    stage: stageName.optional(),
    survey: words,
    answers: count.min(1),
    satisfied: count,
    /** How satisfaction was read out of the answers: "column rating, 4 or more". */
    satisfiedMeans: words.optional(),
  })
  .refine(({ answers, satisfied }) => satisfied <= answers, "more were satisfied than answered");

/** What attest writes. */
export type SurveyPredicate = z.input<typeof schema>;

/** Kind "survey". */
export const survey: Predicate<"survey"> = {
  kind: "survey",
  type: ownType("survey"),
  schema,
  read(predicate) {
    const { survey: name, answers, satisfied, finishedOn, stage } = schema.parse(predicate);
    return { facts: { survey: name, answers, satisfied }, finishedAt: finishedOn, stage, past: [finishedOn] };
  },
};
