/** What a canary's steps can't say. */
import type { Mistake } from "../yaml";
import { canariesOf, list, members, tree } from "./raw";
import type { Tree } from "./raw";

/**
 * A mistake for each criterion of a canary that names types of releases: a step asks whatever release takes it, since
 * nothing writes down what a step was not asked.
 */
export function typedSteps(plan: Tree): Mistake[] {
  return canariesOf(plan).flatMap(({ path, value }) => {
    const ladders = [
      [[...path, "steps"], value["steps"]] as const,
      ...Object.entries(tree(value["stepsFor"])).map(([type, steps]) => [[...path, "stepsFor", type], steps] as const),
    ];
    const steps = ladders.flatMap(([at, all]) => members(all, at));
    return [
      ...members(value["criteria"], [...path, "criteria"]),
      ...steps.flatMap((step) => members(list(step.value["criteria"]), [...step.path, "criteria"])),
    ]
      .filter((criterion) => criterion.value["types"] !== undefined)
      .map((criterion) => ({
        path: criterion.path,
        key: "types",
        found: '"types" at a criterion of a canary',
        expected: 'none: whatever release takes a step is asked; a type has steps of its own by "stepsFor"',
      }));
  });
}
