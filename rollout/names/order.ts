/** What must come in an order: stages, steps and their days, the ends of ranges. */
import { parseDuration, parseWeight } from "../units";
import { shown } from "../yaml";
import type { Mistake, Path } from "../yaml";
import { criteriaOfCanary } from "./steps";
import { canariesOf, everyMap, GATES, members, namesOf, tree } from "./raw";
import type { Placed, Tree } from "./raw";

/** A mistake for each thing that comes before what it has to follow. */
export function wrongOrder(plan: Tree): Mistake[] {
  return [
    ...laterStages(plan),
    ...laterStagesAtSteps(plan),
    ...canariesOf(plan).flatMap(wrongSteps),
    ...holdsOverWindow(plan),
    ...twoKindsOfCanary(plan),
    ...everyMap(plan).flatMap(wrongRange),
  ];
}

/** Kinds of criteria that are about where the rollout stands in a stage. */
const ABOUT_A_STAGE = new Set(["stage-done", "stage-lasted", "no-rollbacks", "rollbacks-explained"]);
/** The one that is about what was there before the entry. */
const LOOKS_BACK = "rollbacks-explained";

/** What is entered may ask only about stages before it; what is left or finished, about its own too. */
function laterStages(plan: Tree): Mistake[] {
  const known = namesOf(plan["stages"], "name");
  return members(plan["stages"], ["stages"]).flatMap(({ path, value }, index) =>
    GATES.flatMap((gate) =>
      members(tree(value[gate])["criteria"], [...path, gate, "criteria"])
        .filter(({ value: one }) => ABOUT_A_STAGE.has(String(one["kind"])))
        .map(({ path: at, value: one }) => ({ at, one, own: gate !== "enter" || one["kind"] === LOOKS_BACK }))
        .filter(({ one, own }) => known.indexOf(String(one["stage"])) > (own ? index : index - 1))
        .map(({ at, own }) => ({
          path: [...at, "stage"],
          expected: own ? "this stage, or one before it" : "a stage that comes before this one",
        })),
    ),
  );
}

/** A step of a canary comes after its own stage was entered, and before it is done. */
function laterStagesAtSteps(plan: Tree): Mistake[] {
  const known = namesOf(plan["stages"], "name");
  return canariesOf(plan).flatMap((canary) =>
    criteriaOfCanary(canary)
      .filter(
        ({ value }) =>
          value["kind"] === "stage-done" && known.indexOf(String(value["stage"])) >= Number(canary.path[1]),
      )
      .map(({ path }) => ({ path: [...path, "stage"], expected: "a stage that comes before this one" })),
  );
}

function wrongSteps({ path, value }: Placed): Mistake[] {
  const ladders = [
    [[...path, "steps"], value["steps"]] as const,
    ...Object.entries(tree(value["stepsFor"])).map(([type, steps]) => [[...path, "stepsFor", type], steps] as const),
  ];
  return ladders.flatMap(([at, steps]) => {
    const all = members(steps, at);
    return [...wrongWeights(all), ...wrongDays(all)];
  });
}

function wrongWeights(steps: readonly Placed[]): Mistake[] {
  let before = 0;
  return steps.flatMap(({ path, value }, at) => {
    const weight = parseWeight(value["weight"]);
    if (weight === undefined) return [];
    const last = before;
    before = weight;
    const here = [...path, "weight"];
    return [
      ...(weight <= last
        ? [
            {
              path: here,
              expected: `more than ${last}%, the step before it${weight < last ? "; less traffic is a rollback's or a trigger's matter" : ""}`,
            },
          ]
        : []),
      ...(at === steps.length - 1 && weight !== 100 ? [{ path: here, expected: "100% as the last step" }] : []),
    ];
  });
}

/** Days rise, from the first step on: a day of one step alone says nothing of when it is over. */
function wrongDays(steps: readonly Placed[]): Mistake[] {
  if (steps.every(({ value }) => value["day"] === undefined)) return [];
  let before = 0;
  return steps.flatMap(({ path, value }): Mistake[] => {
    const { day } = value as { readonly day?: unknown };
    if (day === undefined) {
      const expected = 'the key "day", which the other steps have';
      return [{ path, found: "a step without a day", expected }];
    }
    if (typeof day !== "number") return [];
    const last = before;
    before = day;
    return day > last ? [] : [{ path: [...path, "day"], expected: `a day after ${last}, the step's before it` }];
  });
}

function holdsOverWindow(plan: Tree): Mistake[] {
  return members(plan["stages"], ["stages"]).flatMap(({ path, value }) => {
    const open = parseDuration(tree(value["window"])["for"]);
    const steps = members(tree(value["canary"])["steps"], []);
    const total = steps.reduce((sum, { value: step }) => sum + (parseDuration(step["hold"]) ?? 0), 0);
    if (open === undefined || total <= open || steps.some(({ value: step }) => step["day"] !== undefined)) return [];
    const expected = "holds that fit into the stage's window";
    return [{ path: [...path, "canary", "steps"], found: "holds that together last longer than it", expected }];
  });
}

function twoKindsOfCanary(plan: Tree): Mistake[] {
  return members(plan["stages"], ["stages"])
    .filter(({ value }) => value["canary"] !== undefined && value["canaries"] !== undefined)
    .map(({ path }) => ({
      path,
      key: "canaries",
      found: "canaries beside a canary",
      expected: "one canary for the whole service, or one for each operation",
    }));
}

/** Ends of a range by their keys, where they are plain numbers or money. */
function wrongRange({ path, value }: Placed): Mistake[] {
  const { min, max } = value as { readonly min?: unknown; readonly max?: unknown };
  if (min === undefined || max === undefined) return [];
  if (typeof min === "number" && typeof max === "number")
    return max >= min ? [] : [{ path: [...path, "max"], expected: `at least min, ${min}` }];
  return wrongMoney(path, min, max);
}

function wrongMoney(path: Path, min: unknown, max: unknown): Mistake[] {
  const [low, high] = [amount(min), amount(max)];
  if (low === undefined || high === undefined) return [];
  if (low.sign !== high.sign) return [{ path: [...path, "max"], expected: `the currency of min, ${shown(min)}` }];
  return low.value > high.value ? [{ path: [...path, "max"], expected: `at least min, ${shown(min)}` }] : [];
}

function amount(value: unknown): { sign: string; value: number } | undefined {
  const match = typeof value === "string" ? /^(\D+)(\d+(?:\.\d+)?)$/.exec(value) : null;
  return match === null ? undefined : { sign: String(match[1]).trim(), value: Number(match[2]) };
}
