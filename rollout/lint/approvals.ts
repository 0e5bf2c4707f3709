/** People: final words that are one, waivers by those who approve, types of releases that pass by everybody. */
import type { ApprovalCriterion, Criterion, Plan } from "../plan";
import { isAskedOf } from "../release-types";
import { showDuration } from "../units";
import { criteriaOf } from "./rule";
import type { Placed, Rule } from "./rule";

const approvalsOf = (plan: Plan): readonly Placed<ApprovalCriterion>[] =>
  criteriaOf(plan).filter((one): one is Placed<ApprovalCriterion> => "from" in one.value);

/** Two words on one change that the same signature, given late, would be both of. */
export const twoFinalWords: Rule = {
  id: "two-final-words",
  level: "warning",
  says: "Two go/no-go of one gate are two signatures, each with what it must have seen",
  check: (plan) => {
    const timed = approvalsOf(plan).filter(({ value }) => value.notBefore !== undefined);
    return timed.flatMap((early) =>
      timed
        .filter((late) => late.stage === early.stage && late.gate === early.gate && isLater(late.value, early.value))
        .filter(({ value }) => value.from.some((role) => early.value.from.includes(role)))
        .map(({ path, value }) => ({
          path,
          found: `"${value.id}" from ${showDuration(value.notBefore ?? 0)} before the window, beside "${early.value.id}" from ${showDuration(early.value.notBefore ?? 0)} before it`,
          wrong: "one signature in the last minutes serves as both, and the earlier word is never given",
          instead: `"notAfter: ${showDuration(value.notBefore ?? 0)}" at "${early.value.id}", and "seen" at both: everything at the first, what can still change at the last`,
        })),
    );
  },
};

function isLater(late: ApprovalCriterion, early: ApprovalCriterion): boolean {
  if (late === early || late.notBefore === undefined || early.notBefore === undefined) return false;
  const apart = late.differentFrom?.includes(early.id) === true || early.differentFrom?.includes(late.id) === true;
  return late.notBefore < early.notBefore && early.notAfter === undefined && !apart;
}

/** Whoever approves a change must not also be the one who lets it pass what it fails. */
export const waiversByApprovers: Rule = {
  id: "waivers-by-approvers",
  level: "warning",
  says: "Waivers are signed by other roles than the approvals of the same release",
  check: (plan) => {
    const { waivers } = plan;
    if (waivers === undefined) return [];
    const approving = new Set(approvalsOf(plan).flatMap(({ value }) => value.from));
    const both = waivers.from.filter((role) => approving.has(role));
    if (both.length === 0) return [];
    return [
      {
        path: ["waivers", "from"],
        found: `${both.join(", ")} may waive, and ${both.length === 1 ? "approves" : "approve"} too`,
        wrong: "the people who want the release out can let it pass what it does not meet",
        instead: "a role that approves nothing, or criteria with severity critical, which can't be waived",
      },
    ];
  },
};

/** A short way must still lead past somebody, and past some evidence. */
export const typeSkipsAll: Rule = {
  id: "type-skips-everything",
  level: "error",
  says: "Every type of release is asked for evidence and for approvals wherever others are",
  check: (plan) =>
    Object.keys(plan.releaseTypes ?? {}).flatMap((type) =>
      plan.stages.flatMap(({ name, enter: { criteria } }, index) =>
        [
          ["approval", (one: Criterion) => "from" in one],
          ["evidence", (one: Criterion) => "attestedBy" in one],
        ].flatMap(([what, isOne]) => {
          const all = criteria.filter(isOne as (one: Criterion) => boolean);
          if (all.length === 0 || all.some((one) => isAskedOf(one, type))) return [];
          return [
            {
              path: ["stages", index, "enter"],
              found: `a ${type} enters ${name} without any ${String(what)}; others need ${all.length}`,
              wrong: "the type that is asked for nothing becomes the type of every release",
              instead: `"${type}" among the "types" of at least one criterion of ${String(what)}`,
            },
          ];
        }),
      ),
    ),
};

/** What is skipped must be made up for. */
export const typeWithoutDebts: Rule = {
  id: "type-without-debts",
  level: "warning",
  says: "A type that is asked for much less owes what it was not asked for",
  check: (plan) => {
    const asked = (type: string) => criteriaOf(plan).filter(({ value }) => isAskedOf(value, type)).length;
    const types = Object.entries(plan.releaseTypes ?? {});
    const most = Math.max(0, ...types.map(([type]) => asked(type)));
    return types
      .filter(([type, { owes }]) => owes === type && asked(type) < most / 2)
      .map(([type]) => ({
        path: ["releaseTypes", type, "owes"],
        found: `a ${type} is asked for ${asked(type)} of ${most} criteria, and owes nothing`,
        wrong: "what a release of this type leaves out is never made up for",
        instead: 'no "owes", or the type whose criteria the next release is asked for',
      }));
  },
};
