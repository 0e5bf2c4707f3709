/** What the roles of a plan must be given in the trust file, so that what the plan asks of them can count. */
import type { Criterion, Plan } from "../../rollout/plan";
import type { Right } from "./file";

/** Role → rights, in the plan's order; a role that the plan asks nothing of has none. */
export function askedRights(plan: Plan): Readonly<Record<string, readonly Right[]>> {
  const rights = new Map<string, Set<Right>>(Object.keys(plan.roles).map((role) => [role, new Set()]));
  const give = (roles: readonly string[] | undefined, given: readonly Right[]): void => {
    for (const role of roles ?? []) given.forEach((right) => rights.get(role)?.add(right));
  };
  for (const criterion of criteriaOf(plan)) {
    if ("attestedBy" in criterion) give(criterion.attestedBy, rightsOf(criterion.kind));
    if ("from" in criterion) {
      give(criterion.from, ["approval"]);
      give(criterion.when?.attestedBy, ["changes"]);
    }
    if ("explainedBy" in criterion) give(criterion.explainedBy, ["check"]);
    if ("itemsAttestedBy" in criterion) give(criterion.itemsAttestedBy, ["condition"]);
  }
  give(plan.waivers?.from, ["waiver"]);
  give(plan.waivers?.obligationsAttestedBy, ["condition"]);
  return Object.fromEntries([...rights].map(([role, given]) => [role, [...given]]));
}

/** Rights that attest what a kind of criterion rests on; most are of the criterion's name. */
function rightsOf(kind: Extract<Criterion, { attestedBy: unknown }>["kind"]): readonly Right[] {
  switch (kind) {
    case "tests":
      return ["test-result"];
    case "branch":
      return ["provenance", "pipelines"];
    default:
      return [kind];
  }
}

/** Every criterion and approval of a plan, wherever it stands. */
function criteriaOf(
  plan: Plan,
): (Criterion | NonNullable<NonNullable<Plan["stages"][number]["canary"]>["approval"]>)[] {
  const gates = plan.stages.flatMap(({ enter, exit, finish }) => [enter, exit, finish]);
  const canaries = plan.stages.flatMap(({ canary, canaries }) => [canary, ...Object.values(canaries ?? {})]);
  return [
    ...gates.flatMap((gate) => gate?.criteria ?? []),
    ...canaries.flatMap((canary) => {
      if (canary === undefined) return [];
      const steps = [canary.steps, ...Object.values(canary.stepsFor)].flat();
      return [
        ...canary.criteria,
        ...steps.flatMap(({ criteria }) => criteria),
        ...(canary.approval ? [canary.approval] : []),
      ];
    }),
    ...plan.triggers.flatMap(({ when }) => ("criterion" in when ? [when.criterion] : [])),
  ];
}
