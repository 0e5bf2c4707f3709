/** What people answered in a survey: how many, and how many of them were satisfied. */
import { z } from "zod";
import { common, count, ownPredicate, stageName, words } from "./shared";

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
export const survey = ownPredicate("survey", schema, ({ survey: name, answers, satisfied }) => ({
  survey: name,
  answers,
  satisfied,
}));
