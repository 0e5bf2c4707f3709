/** Limits of a number, as a document writes them: "< 500 ms", "99% or more", "between 1 and 3". */
import { quantity } from "../units";

/** At least one must be given (checked beside names and order); two make a range. */
export const limits = {
  /** Strictly less. */
  below: quantity.optional(),
  /** This or less. */
  atMost: quantity.optional(),
  /** Strictly more. */
  above: quantity.optional(),
  /** This or more. */
  atLeast: quantity.optional(),
};
