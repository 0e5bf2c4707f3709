/**
 * What a schema of single values can't see: names that must exist, ids that must be unique, steps that must rise,
 * ranges whose ends must agree. Reads the raw data, so that these mistakes are told beside those of types.
 */
import { checkCalendar } from "./plan/calendar-names";
import { parseDuration, parseWeight } from "./units";
import type { Mistake, Path } from "./yaml";
import { choice, shown } from "./yaml";

type Tree = Readonly<Record<string, unknown>>;

/** Every mistake of names and order in a plan's raw data. Tolerates any shape: types are the schema's matter. */
export function checkNames(data: unknown): Mistake[] {
  const plan = tree(data);
  const found = new Found();
  const known: Known = {
    owners: Object.keys(tree(plan["owners"])),
    roles: Object.keys(tree(plan["roles"])),
    runbooks: Object.keys(tree(plan["runbooks"])),
    stages: list(plan["stages"])
      .map((stage) => tree(stage)["name"])
      .filter((name) => typeof name === "string"),
  };
  checkUnique(plan, found);
  for (const [index, stage] of list(plan["stages"]).entries()) checkStage(tree(stage), index, known, found);
  for (const [index, trigger] of list(plan["triggers"]).entries()) checkTrigger(tree(trigger), index, known, found);
  for (const [index, handle] of list(tree(plan["rollback"])["tell"]).entries()) {
    found.name(["rollback", "tell", index], handle, known.owners, "owner");
  }
  return [...found.mistakes, ...checkCalendar(plan)];
}

/** Gates of a stage: its entry, its exit, the finish of its canary. */
const PARTS = ["enter", "exit", "finish"] as const;
type Part = (typeof PARTS)[number];

interface Known {
  readonly owners: readonly string[];
  readonly roles: readonly string[];
  readonly runbooks: readonly string[];
  readonly stages: readonly string[];
}

class Found {
  readonly mistakes: Mistake[] = [];

  add(path: Path, expected: string, found?: string): void {
    this.mistakes.push({ path, expected, ...(found === undefined ? {} : { found }) });
  }

  /** A name that must be among those known. */
  name(path: Path, value: unknown, known: readonly string[], what: string): void {
    if (typeof value !== "string" || known.includes(value)) return;
    const words = known.length === 0 ? "none is defined" : choice(known, value);
    this.add(path, `a defined ${what}: ${words}`);
  }
}

function checkUnique(plan: Tree, found: Found): void {
  const stages = list(plan["stages"]);
  checkTwice(
    stages.map((stage, index) => [["stages", index, "name"], tree(stage)["name"]]),
    found,
  );
  const ids = (index: number, part: Part): Named[] =>
    list(tree(tree(stages[index])[part])["criteria"]).map((item, at) => [
      ["stages", index, part, "criteria", at, "id"],
      tree(item)["id"],
    ]);
  // The same criterion may guard two stages; within the gates of one, and the exit that it judges, an id names one.
  for (const [index] of stages.entries()) {
    const before = index === 0 ? [] : ids(index - 1, "exit");
    checkTwice([...before, ...PARTS.flatMap((part) => ids(index, part))], found);
  }
  checkTwice(
    list(plan["triggers"]).map((item, index) => [["triggers", index, "id"], tree(item)["id"]]),
    found,
  );
}

type Named = readonly [path: Path, name: unknown];

function checkTwice(all: readonly Named[], found: Found): void {
  const seen = new Set<unknown>();
  for (const [path, name] of all) {
    if (typeof name !== "string") continue;
    if (seen.has(name)) found.add(path, "a name that is used once");
    seen.add(name);
  }
}

function checkStage(stage: Tree, index: number, known: Known, found: Found): void {
  const path: Path = ["stages", index];
  for (const part of PARTS) {
    for (const [at, item] of list(tree(stage[part])["criteria"]).entries()) {
      checkCriterion(tree(item), [...path, part, "criteria", at], { part, index, known, found });
    }
  }
  const open = parseDuration(tree(stage["window"])["for"]);
  if (stage["canary"] !== undefined) checkCanary(tree(stage["canary"]), [...path, "canary"], open, known, found);
}

interface Place {
  readonly part: Part;
  readonly index: number;
  readonly known: Known;
  readonly found: Found;
}

function checkCriterion(criterion: Tree, path: Path, { part, index, known, found }: Place): void {
  found.name([...path, "owner"], criterion["owner"], known.owners, "owner");
  for (const key of ["attestedBy", "from", "itemsAttestedBy"]) {
    for (const [at, role] of list(criterion[key]).entries()) found.name([...path, key, at], role, known.roles, "role");
  }
  found.name([...path, "stage"], criterion["stage"], known.stages, "stage");
  if (criterion["kind"] === "stage-done" || criterion["kind"] === "stage-lasted") {
    const named = known.stages.indexOf(String(criterion["stage"]));
    // What is left or finished was entered before: it may ask about its own stage.
    const words = part === "enter" ? "a stage that comes before this one" : "this stage, or one before it";
    if (named > index || (part === "enter" && named === index)) found.add([...path, "stage"], words);
  }
  if (criterion["kind"] === "runbooks") {
    for (const [at, runbook] of list(criterion["names"]).entries()) {
      found.name([...path, "names", at], runbook, known.runbooks, "runbook");
    }
  }
  if (criterion["kind"] === "cost") checkCost(criterion, path, found);
}

function checkCost(criterion: Tree, path: Path, found: Found): void {
  const monthly = tree(criterion["monthly"]);
  const [min, max] = [amount(monthly["min"]), amount(monthly["max"])];
  if (min === undefined || max === undefined) return;
  if (min.sign !== max.sign) found.add([...path, "monthly", "max"], `the currency of min, ${shown(monthly["min"])}`);
  else if (min.value > max.value) found.add([...path, "monthly", "max"], `at least min, ${shown(monthly["min"])}`);
}

function amount(value: unknown): { sign: string; value: number } | undefined {
  const match = typeof value === "string" ? /^(\D+)(\d+(?:\.\d+)?)$/.exec(value) : null;
  return match === null ? undefined : { sign: String(match[1]).trim(), value: Number(match[2]) };
}

function checkCanary(canary: Tree, path: Path, open: number | undefined, known: Known, found: Found): void {
  found.name([...path, "owner"], canary["owner"], known.owners, "owner");
  const steps = list(canary["steps"]).map(tree);
  let before = 0;
  for (const [at, step] of steps.entries()) {
    const weight = parseWeight(step["weight"]);
    if (weight === undefined) continue;
    if (weight <= before) found.add([...path, "steps", at, "weight"], `more than ${before}%, the step before it`);
    if (at === steps.length - 1 && weight !== 100) found.add([...path, "steps", at, "weight"], "100% as the last step");
    before = weight;
  }
  const holds = steps.map((step) => parseDuration(step["hold"]) ?? 0);
  const total = holds.reduce((sum, hold) => sum + hold, 0);
  if (open !== undefined && total > open) {
    found.add([...path, "steps"], "holds that fit into the stage's window", "holds that together last longer than it");
  }
}

function checkTrigger(trigger: Tree, index: number, known: Known, found: Found): void {
  const path: Path = ["triggers", index];
  found.name([...path, "owner"], trigger["owner"], known.owners, "owner");
  found.name([...path, "runbook"], trigger["runbook"], known.runbooks, "runbook");
  const when = tree(trigger["when"]);
  const above = typeof when["above"] === "string" ? when["above"] : "";
  if (when["of"] === "baseline" && above !== "" && !above.endsWith("x")) {
    found.add([...path, "when", "above"], 'a ratio such as "2x", because it is compared with the baseline');
  }
  if (when["of"] === "requests" && above.endsWith("x")) {
    found.add([...path, "when", "above"], "a plain limit, because it is not compared with the baseline");
  }
}

function tree(value: unknown): Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Tree) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
