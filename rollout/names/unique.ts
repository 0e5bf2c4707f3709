/** Names that may be used once only: a finding, a waiver or a command that names one must mean one. */
import type { Mistake, Path } from "../yaml";
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

function twice(all: readonly Named[]): Mistake[] {
  const seen = new Set<string>();
  return all.flatMap(([path, name]) => {
    if (typeof name !== "string") return [];
    if (seen.has(name)) return [{ path, expected: "a name that is used once" }];
    seen.add(name);
    return [];
  });
}
