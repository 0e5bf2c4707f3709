/** An item of a conditional sign-off that has been done; whoever signs it says so. */
import { z } from "zod";
import { common, ownPredicate, sha256, stageName, words } from "./shared";

const schema = z.object({ ...common, stage: stageName, item: words, approval: sha256 });

/** What attest writes. */
export type ConditionPredicate = z.input<typeof schema>;

/** Kind "condition". */
export const condition = ownPredicate("condition", schema, ({ item, approval }) => ({ item, approval }));
