/** A cost estimate of a stage: what it will cost in a month. */
import { z } from "zod";
import type { Predicate } from "./shared";
import { common, ownType, stageName } from "./shared";

const schema = z.object({
  ...common,
  stage: stageName,
  /** ISO 4217. */
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** In that currency, a month. A string, as money is: no binary fractions in what is signed. */
  monthly: z.string().regex(/^\d{1,12}(?:\.\d{1,20})?$/),
});

/** What attest writes. */
export type CostPredicate = z.input<typeof schema>;

/** Kind "cost". */
export const cost: Predicate<"cost"> = {
  kind: "cost",
  type: ownType("cost"),
  schema,
  read(predicate) {
    const { currency, monthly, finishedOn, stage } = schema.parse(predicate);
    return { facts: { currency, monthly: Number(monthly) }, finishedAt: finishedOn, stage, past: [finishedOn] };
  },
};
