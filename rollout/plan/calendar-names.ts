/**
 * What a schema of single values can't see of a plan's calendar: windows that nobody asks for, freezes that a gate
 * forgot, trains without a first date, gates that nothing would ever judge.
 */
import { WEEKDAYS, weekdayOf } from "../calendar";
import { parseDuration } from "../units";
import { choice } from "../yaml";
import type { Mistake, Path } from "../yaml";

type Tree = Readonly<Record<string, unknown>>;

interface Placed {
  readonly path: Path;
  readonly value: Tree;
}

const LONGEST = 24 * 3_600_000;

/** Every mistake of a plan's raw data that is about time. Tolerates any shape: types are the schema's matter. */
export function checkCalendar(plan: Tree): Mistake[] {
  const stages = list(plan["stages"]).map(tree);
  const windows = Object.entries(tree(plan["windows"])).map(([name, window]): Placed => ({
    path: ["windows", name],
    value: tree(window),
  }));
  const own = stages.flatMap((stage, index): Placed[] =>
    stage["window"] === undefined ? [] : [{ path: ["stages", index, "window"], value: tree(stage["window"]) }],
  );
  return [
    ...[...windows, ...own].flatMap(checkWindow),
    ...windows.flatMap((window) => checkAskedFor(window, stages)),
    ...stages.flatMap((stage, index) => checkStage(stage, index, plan)),
    ...checkFreezes(plan),
  ];
}

function checkWindow({ path, value }: Placed): Mistake[] {
  const { everyWeeks, since, days } = value as Readonly<Record<"everyWeeks" | "since" | "days", unknown>>;
  const open = parseDuration(value["for"]);
  const mistakes: Mistake[] = [];
  if (open !== undefined && open > LONGEST) {
    mistakes.push({ path: [...path, "for"], expected: "at most 24 hours: windows of a week must not touch" });
  }
  if (everyWeeks !== undefined && since === undefined) {
    mistakes.push({ path, found: "everyWeeks without since", expected: 'the key "since", the first date it opens on' });
  }
  if (since !== undefined && everyWeeks === undefined) {
    mistakes.push({ path, found: "since without everyWeeks", expected: 'the key "everyWeeks"' });
  }
  const weekday = typeof since === "string" ? weekdayOf(since) : undefined;
  if (weekday !== undefined && list(days).length > 0 && !list(days).includes(weekday)) {
    mistakes.push({
      path: [...path, "since"],
      found: `${JSON.stringify(since)}, a ${weekday}`,
      expected: `a ${list(days).filter(isDay).join(" or a ")}: the first date that it opens on`,
    });
  }
  return mistakes;
}

function isDay(day: unknown): day is string {
  return WEEKDAYS.some((known) => known === day);
}

/** A window that no criterion names guards nothing. */
function checkAskedFor({ path }: Placed, stages: readonly Tree[]): Mistake[] {
  const name = path.at(-1);
  const asked = stages.flatMap((stage) => ["enter", "exit", "finish"].flatMap((part) => criteriaOf(stage, part)));
  if (asked.some((item) => item["kind"] === "window" && item["window"] === name)) return [];
  const found = "a window that no gate asks for";
  return [{ path, found, expected: `a criterion of kind window with "window: ${String(name)}"` }];
}

/** A criterion as it can be written into the gate, with an owner of the plan. */
function example(kind: string, id: string, plan: Tree): string {
  const [owner = "<owner>"] = Object.keys(tree(plan["owners"]));
  return `{ kind: ${kind}, id: ${id}, title: …, owner: ${owner} }`;
}

function checkStage(stage: Tree, index: number, plan: Tree): Mistake[] {
  const path: Path = ["stages", index];
  const asked = criteriaOf(stage, "enter");
  const mistakes: Mistake[] = [];
  const named = stage["window"];
  if (typeof named === "string") {
    mistakes.push({
      path: [...path, "window"],
      expected: `the window itself; one of the plan's "windows" is asked for by a criterion, { kind: window, …, window: ${named} }`,
    });
  } else if (
    stage["window"] !== undefined &&
    !asked.some((item) => item["kind"] === "window" && item["window"] === undefined)
  ) {
    mistakes.push({
      path: [...path, "window"],
      found: "a window that the gate does not ask for",
      expected: `a criterion of kind window in the stage's gate: ${example("window", "in-window", plan)}`,
    });
  }
  const frozen = list(plan["freezes"])
    .map(tree)
    .some((freeze) => isAbout(freeze, stage));
  if (frozen && !asked.some((item) => item["kind"] === "no-freeze")) {
    mistakes.push({
      path: [...path, "enter"],
      found: "a gate that does not ask for the plan's freezes",
      expected: `a criterion of kind no-freeze, ${example("no-freeze", "no-freeze", plan)}, or freezes that name other stages`,
    });
  }
  if (stage["exit"] !== undefined && index === list(plan["stages"]).length - 1) {
    mistakes.push({
      path: [...path, "exit"],
      found: "an exit that nothing would judge",
      expected: "a stage after this one, whose gate asks for it; or its criteria under finish",
    });
  }
  if (stage["finish"] !== undefined && stage["canary"] === undefined && stage["canaries"] === undefined) {
    mistakes.push({
      path: [...path, "finish"],
      found: "a finish without a canary",
      expected: "a canary, which must have had all traffic first",
    });
  }
  const parts = ["enter", "exit", "finish"].flatMap((part) =>
    criteriaOf(stage, part).map((value, at): Placed => ({ path: [...path, part, "criteria", at], value })),
  );
  return [...mistakes, ...parts.flatMap((item) => checkCriterion(item, stage, plan))];
}

function checkCriterion({ path, value }: Placed, stage: Tree, plan: Tree): Mistake[] {
  switch (value["kind"]) {
    case "window":
      return checkWindowName(path, value["window"], stage, plan);
    case "no-freeze":
      return list(plan["freezes"]).length > 0
        ? []
        : [{ path, found: "a criterion of kind no-freeze", expected: 'the key "freezes" of the plan' }];
    case "stage-lasted": {
      const [least, most] = [parseDuration(value["atLeast"]), parseDuration(value["atMost"])];
      if (least === undefined || most === undefined || least < most) return [];
      return [{ path: [...path, "atMost"], expected: `more than atLeast, ${JSON.stringify(value["atLeast"])}` }];
    }
    default:
      return [];
  }
}

function checkWindowName(path: Path, name: unknown, stage: Tree, plan: Tree): Mistake[] {
  if (name === undefined) {
    if (stage["window"] !== undefined) return [];
    const expected = 'the key "window" of the stage, which says when it is open';
    return [{ path, found: "a criterion of kind window", expected }];
  }
  const known = Object.keys(tree(plan["windows"]));
  if (typeof name !== "string" || known.includes(name)) return [];
  const words = known.length === 0 ? "none is defined" : choice(known, name);
  return [{ path: [...path, "window"], expected: `a defined window: ${words}` }];
}

function checkFreezes(plan: Tree): Mistake[] {
  const freezes = list(plan["freezes"]).map(tree);
  return freezes.flatMap((freeze, index) => {
    const path: Path = ["freezes", index];
    const { id, from, to, file } = freeze as Readonly<Record<"id" | "from" | "to" | "file", unknown>>;
    const mistakes: Mistake[] = [];
    if (typeof id === "string" && freezes.findIndex((other) => other["id"] === id) < index) {
      mistakes.push({ path: [...path, "id"], expected: "a name that is used once" });
    }
    if (typeof from === "string" && typeof to === "string" && to < from) {
      mistakes.push({ path: [...path, "to"], expected: `${JSON.stringify(from)}, its first day, or later` });
    }
    if (typeof file === "string" && /^(?:[/\\]|[A-Za-z]:)/.test(file)) {
      mistakes.push({ path: [...path, "file"], expected: "a path that is relative to the plan" });
    }
    return [
      ...mistakes,
      ...unknownNames([...path, "stages"], freeze["stages"], stageNames(plan), "stage"),
      ...unknownNames([...path, "except"], freeze["except"], Object.keys(tree(plan["releaseTypes"])), "release type"),
    ];
  });
}

function unknownNames(path: Path, values: unknown, known: readonly string[], what: string): Mistake[] {
  return list(values).flatMap((value, at) => {
    if (typeof value !== "string" || known.includes(value)) return [];
    const words = known.length === 0 ? "none is defined" : choice(known, value);
    return [{ path: [...path, at], expected: `a defined ${what}: ${words}` }];
  });
}

function stageNames(plan: Tree): string[] {
  return list(plan["stages"])
    .map((stage) => tree(stage)["name"])
    .filter((name) => typeof name === "string");
}

function isAbout(freeze: Tree, stage: Tree): boolean {
  return freeze["stages"] === undefined || list(freeze["stages"]).includes(stage["name"]);
}

function criteriaOf(stage: Tree, part: string): readonly Tree[] {
  return list(tree(stage[part])["criteria"]).map(tree);
}

function tree(value: unknown): Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Tree) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
