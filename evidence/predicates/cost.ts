/** A cost estimate of a stage: what it will cost in a month. */
import { z } from "zod";
import { common, ownPredicate, stageName } from "./shared";

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
export const cost = ownPredicate("cost", schema, ({ currency, monthly }) => ({ currency, monthly: Number(monthly) }));
