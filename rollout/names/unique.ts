/** Names that may be used once only: a finding, a waiver or a command that names one must mean one. */
import type { Mistake, Path } from "../yaml";
import { criteriaOfCanary } from "./steps";
import { canariesOf, GATES, list, members, tree } from "./raw";
import type { Placed, Tree } from "./raw";

/** A mistake for each name that was there before. */
export function repeatedNames(plan: Tree): Mistake[] {
  const stages = members(plan["stages"], ["stages"]);
  return [
    ...twice(stages.map((stage) => named(stage, "name"))),
    ...stages.flatMap((stage, index) =>
      twice([...exitOf(stages[index - 1]), ...GATES.flatMap((gate) => ids(stage, gate))]),
    ),
    ...canariesOf(plan).flatMap(stepIds),
    ...stages.flatMap((stage, index) => betweenCanaries(plan, stage, stages[index - 1])),
    ...twice(members(plan["triggers"], ["triggers"]).map((trigger) => named(trigger, "id"))),
  ];
}

type Named = readonly [path: Path, name: unknown];

function named({ path, value }: Placed, key: string): Named {
  return [[...path, key], value[key]];
}

/** The same criterion may guard two stages; within the gates of one, and the exit that it judges, an id names one. */
function exitOf(before: Placed | undefined): Named[] {
  return before === undefined ? [] : ids(before, "exit");
}

function ids({ path, value }: Placed, gate: string): Named[] {
  return members(tree(value[gate])["criteria"], [...path, gate, "criteria"]).map((item) => named(item, "id"));
}

/** What each step of a canary is asked: the canary's own criteria and approval, and the step's. */
function stepIds({ path, value }: Placed): Mistake[] {
  const common = [
    ...members(value["criteria"], [...path, "criteria"]).map((item) => named(item, "id")),
    named({ path: [...path, "approval"], value: tree(value["approval"]) }, "id"),
  ];
  const steps = members(value["steps"], [...path, "steps"]).map((step) =>
    members(list(step.value["criteria"]), [...step.path, "criteria"]).map((item) => named(item, "id")),
  );
  return [
    ...twice(common),
    ...steps.flatMap((own) => twice([...common, ...own]).filter(({ path: at }) => at.length > path.length + 3)),
  ];
}

/**
 * A waiver names a stage and a criterion: of a stage's gates and each of its canaries only one may have it. The steps of one
 * canary may share it.
 */
function betweenCanaries(plan: Tree, stage: Placed, before: Placed | undefined): Mistake[] {
  const gates = [...exitOf(before), ...GATES.flatMap((gate) => ids(stage, gate))].map(([, name]) => name);
  const own = canariesOf(plan).filter(({ path }) => stage.path.every((part, at) => path[at] === part));
  const seen = new Set(gates);
  return own.flatMap((canary) => {
    const criteria = [
      ...criteriaOfCanary(canary).map((item) => named(item, "id")),
      named({ path: [...canary.path, "approval"], value: tree(canary.value["approval"]) }, "id"),
    ];
    const taken = criteria.filter(([, name]) => typeof name === "string" && seen.has(name));
    for (const [, name] of criteria) seen.add(name);
    return taken.map(([path]) => ({ path, expected: "a name that no gate and no other canary of the stage uses" }));
  });
}

function twice(all: readonly Named[]): Mistake[] {
  const seen = new Set<string>();
  return all.flatMap(([path, name]) => {
    if (typeof name !== "string") return [];
    if (seen.has(name)) return [{ path, expected: "a name that is used once" }];
    seen.add(name);
    return [];
  });
}
