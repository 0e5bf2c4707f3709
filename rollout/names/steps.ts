/** What a canary's steps can't say. */
import type { Mistake } from "../yaml";
import { canariesOf, list, members, tree } from "./raw";
import type { Placed, Tree } from "./raw";

/** Keys of `declared` that only a stage's own program answers. */
const OF_STAGE = ["alerts", "dashboards", "runbooks", "criticalPaths", "parityWith", "flags"] as const;

/** A mistake for each key of `declared` at a step that its program can't tell: that is asked where the stage is entered. */
export function declaredAtSteps(plan: Tree): Mistake[] {
  return criteriaOfSteps(plan)
    .filter(({ value }) => value["kind"] === "declared")
    .flatMap(({ path, value }) =>
      OF_STAGE.filter((key) => value[key] !== undefined).map((key) => ({
        path,
        key,
        found: `"${key}" at a criterion of a canary`,
        expected: 'only "components" and "contacts": what the stage\'s program makes is asked in "enter" of the stage',
      })),
    );
}

/**
 * A mistake for each criterion of a canary that names types of releases: a step asks whatever release takes it, since
 * nothing writes down what a step was not asked.
 */
export function typedSteps(plan: Tree): Mistake[] {
  return criteriaOfSteps(plan)
    .filter((criterion) => criterion.value["types"] !== undefined)
    .map((criterion) => ({
      path: criterion.path,
      key: "types",
      found: '"types" at a criterion of a canary',
      expected: 'none: whatever release takes a step is asked; a type has steps of its own by "stepsFor"',
    }));
}

/** Every criterion of a plan's canaries, with its place. */
export function criteriaOfSteps(plan: Tree): Placed[] {
  return canariesOf(plan).flatMap(criteriaOfCanary);
}

/** Every criterion of one canary, whichever its step and the release's type. */
export function criteriaOfCanary({ path, value }: Placed): Placed[] {
  const ladders = [
    [[...path, "steps"], value["steps"]] as const,
    ...Object.entries(tree(value["stepsFor"])).map(([type, steps]) => [[...path, "stepsFor", type], steps] as const),
  ];
  const steps = ladders.flatMap(([at, all]) => members(all, at));
  return [
    ...members(value["criteria"], [...path, "criteria"]),
    ...steps.flatMap((step) => members(list(step.value["criteria"]), [...step.path, "criteria"])),
  ];
}
