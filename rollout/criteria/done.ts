/** Whether somebody attested that what was promised is done: an item of a conditional approval, or of a waiver. */
import type { Digest } from "../evidence";
import type { EvidenceCriterion } from "../plan";
import type { World } from "../world";
import type { Answer } from "./answer";
import { select } from "./select";

/** What was promised, and in which approvals or waivers. */
export interface Promised {
  readonly item: string;
  readonly to: readonly Digest[];
}

/**
 * Passes if one record of a role that may say so names the item and one of those it was promised to.
 * @param rest what the answer has whatever is found
 */
export function judgeDone(
  { item, to }: Promised,
  criterion: Pick<EvidenceCriterion, "subject" | "stage" | "attestedBy">,
  world: World,
  rest: Omit<Answer, "verdict" | "found">,
): Answer {
  const about = (facts: { item: string; approval: Digest }): boolean =>
    facts.item === item && to.includes(facts.approval);
  const selection = select({ kind: "condition", noun: "record", about }, criterion, world);
  if (selection.failure !== undefined) return { ...rest, verdict: "fail", found: selection.failure };
  const [done] = selection.items;
  if (done === undefined)
    return { ...rest, verdict: "fail", found: selection.others === "" ? "not done yet" : selection.others };
  return { ...rest, verdict: "pass", found: `done: ${item}`, used: [done.id] };
}
