/** An item of a conditional sign-off that has been done; whoever signs it says so. */
import { z } from "zod";
import type { Predicate } from "./shared";
import { common, ownType, sha256, stageName, words } from "./shared";

const schema = z.object({ ...common, stage: stageName, item: words, approval: sha256 });

/** What attest writes. */
export type ConditionPredicate = z.input<typeof schema>;

/** Kind "condition". */
export const condition: Predicate<"condition"> = {
  kind: "condition",
  type: ownType("condition"),
  schema,
  read(predicate) {
    const { item, approval, finishedOn, stage } = schema.parse(predicate);
    return { facts: { item, approval }, finishedAt: finishedOn, stage, past: [finishedOn] };
  },
};
