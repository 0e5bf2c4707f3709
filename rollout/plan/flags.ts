/** Feature flags: each is defined here and nowhere else, and what it serves in a stage changes with this text alone. */
import { z } from "zod";
import { percent } from "../units";
import { covers, name, text } from "./words";

/** What a flag is for: lets a feature out, tries two ways on some of the users, sets something at run time. */
export const FLAG_TYPES = ["release", "experiment", "configuration"] as const;
export type FlagType = (typeof FLAG_TYPES)[number];

/** A variant's value; all variants of one flag are of one type. */
const value = z.union([z.boolean(), z.string(), z.number()], "true, false, a text or a number");

export const flag = z.strictObject({
  title: text,
  type: z.enum(FLAG_TYPES, `a type of flag: ${FLAG_TYPES.join(", ")}`),
  /** Handle of who takes it out again when it is done with. */
  owner: name,
  /** Variant → what the service gets. */
  variants: z.record(name, value).default({ on: true, off: false }),
  /** The variant that is served, where a stage has none of its own. */
  serves: name,
  /** Stage → the variant that is served there. */
  stages: z.record(name, name).default({}),
  /** Experiments: variant → share of the users, who each stay with theirs; together all of them. */
  split: z.record(name, percent).optional(),
  covers,
});

export type Flag = z.output<typeof flag>;

/** The variant that a flag serves in a stage. */
export function servedIn({ serves, stages }: Flag, stage: string): string {
  return Object.hasOwn(stages, stage) ? (stages[stage] ?? serves) : serves;
}
