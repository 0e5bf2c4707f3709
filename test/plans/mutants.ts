/**
 * Mutants of a plan: each with one thing taken away or loosened, as a plan that somebody watered down would be. Made on
 * the parsed plan, so that nothing here knows any one kind of criterion, and names that dangle without it are no matter.
 */
import type { Plan } from "../../rollout/plan";

/** Something in a plan that enforces demands. */
export interface Item {
  /** "stages.production.enter.criteria.security-scan" */
  readonly id: string;
  readonly path: readonly (string | number)[];
  readonly covers: readonly string[];
}

export interface Mutant {
  /** "removed", "maxAge × 1000", "runs = 1" */
  readonly how: string;
  readonly plan: Plan;
}

type Tree = Record<string | number, unknown>;
// Whoever changes it looks first whether it is a list.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Target = any;

/** Everything in a plan that has `covers`, with at least one id in it. */
export function itemsOf(plan: Plan): Item[] {
  const found: Item[] = [];
  const visit = (value: unknown, path: readonly (string | number)[], id: readonly string[]): void => {
    if (typeof value !== "object" || value === null) return;
    const { covers } = value as { covers?: unknown };
    if (Array.isArray(covers) && covers.length > 0) found.push({ id: id.join("."), path, covers: covers as string[] });
    for (const [key, child] of Object.entries(value)) {
      const step = Array.isArray(value) ? Number(key) : key;
      visit(child, [...path, step], [...id, Array.isArray(value) ? nameOf(child, key) : key]);
    }
  };
  visit(dataOf(plan), [], []);
  return found;
}

function nameOf(value: unknown, index: string): string {
  const { id, name, weight } = (value ?? {}) as { id?: unknown; name?: unknown; weight?: unknown };
  if (typeof id === "string") return id;
  if (typeof name === "string") return name;
  return typeof weight === "number" ? `${weight}%` : index;
}

/** The item taken away, and each of its numbers, durations and lists loosened until it hardly asks for anything. */
export function mutantsOf(plan: Plan, item: Item): Mutant[] {
  return [...removed(plan, item), ...loosened(plan, item)];
}

/** What stands in the place of a part that a plan must have. */
const NEUTRAL: Readonly<Record<string, (value: Tree) => Tree>> = {
  errorRate: (value) => ({ ...value, below: 1e9 }),
  p95: (value) => ({ ...value, below: 1e9 }),
  health: (value) => ({ ...value, passing: 0 }),
  rollback: (value) => ({ ...value, within: 1e12, levels: {}, marks: [] }),
};

function removed(plan: Plan, { path }: Item): Mutant[] {
  const last = path.at(-1);
  // What criteria name is not taken away: they would ask for nothing that there is, and refuse everything.
  if (last === undefined || path[0] === "windows") return [];
  const neutral = typeof last === "string" ? NEUTRAL[last] : undefined;
  const mutant = changed(plan, path.slice(0, -1), (parent) => {
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else if (neutral !== undefined) parent[last] = neutral(parent[last] as Tree);
    else Reflect.deleteProperty(parent, last);
  });
  return [{ how: "removed", plan: mutant }];
}

/** Numbers that ask for less the greater they are, and those that ask for less the smaller they are. */
const LOOSER_UP = new Set(["maxAge", "databaseMaxAge", "validFor", "within", "atMost", "below", "drillMaxAge"]);
const LOOSER_DOWN = new Set([
  "runs",
  "count",
  "atLeast",
  "reviewers",
  "answers",
  "before",
  "for",
  "hold",
  "lines",
  "lasting",
  "minRequests",
  "minProbes",
  "passing",
  "traffic",
  "above",
  "over",
  "after",
]);
/** Lists of which every member is asked for. */
const EACH = new Set([
  "names",
  "levels",
  "sections",
  "paths",
  "environments",
  "components",
  "none",
  "dashboards",
  "modules",
  "contacts",
  "alerts",
  "on",
  "order",
  "runs",
]);
/** Keys without which less is asked, where they may be left out. */
const OPTIONAL = new Set([
  "integrity",
  "signed",
  "reproduced",
  "stage",
  "scope",
  "notBefore",
  "notAfter",
  "seen",
  "runsOn",
]);
/** Kinds that need a key all the same. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  "stage-done": ["stage"],
  "stage-lasted": ["stage"],
  "no-rollbacks": ["stage"],
  "rollbacks-explained": ["stage"],
  backup: ["scope", "integrity"],
};

const EVERY_DAY = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** A window asks for less the longer it is open. */
function widened(plan: Plan, path: Item["path"]): Mutant[] {
  const wider = (how: string, more: Tree): Mutant => ({
    how,
    plan: changed(plan, path, (target) => Object.assign(target, more)),
  });
  const { everyWeeks } = at(dataOf(plan), path) as Tree;
  return [
    wider("on every day", { days: EVERY_DAY }),
    wider("for 24 hours", { for: 86_400_000 }),
    ...(everyWeeks === undefined ? [] : [wider("every week", { everyWeeks: 1 })]),
  ];
}

function loosened(plan: Plan, { path }: Item): Mutant[] {
  const item = at(dataOf(plan), path) as Tree;
  if ("timeZone" in item && "days" in item) return widened(plan, path);
  return Object.entries(item).flatMap(([key, value]) => {
    const set = (how: string, made: unknown): Mutant => ({
      how: `${key} ${how}`,
      plan: changed(plan, path, (target) => {
        if (made === undefined) Reflect.deleteProperty(target, key);
        else target[key] = made;
      }),
    });
    if (EACH.has(key) && Array.isArray(value) && value.length > 1)
      return value.map((one, index) => set(`without ${String(one)}`, value.toSpliced(index, 1)));
    // An approval that only some changes need is asked for more rarely the fewer they are; what forces a rollback does so the
    // later the further off its limit is. What only calls somebody is no gate's matter.
    if (key === "when")
      return [...fewer(value), ...(item["does"] === "rollback" ? duller(value) : [])].map(([what, made]) =>
        set(what, made),
      );
    // How long before a number is compared with is no least time.
    if (key === "before" && item["of"] === "before") return [];
    if (LOOSER_UP.has(key)) return scaled(value, 1000).map((made) => set("× 1000", made));
    if (LOOSER_DOWN.has(key)) {
      const whole = typeof value === "number" && Number.isInteger(value) && value < 1000;
      if (whole && value === 1) return [];
      return whole ? [set("= 1", 1)] : scaled(value, 0.001).map((made) => set("× 0.001", made));
    }
    const optional = OPTIONAL.has(key) && REQUIRED[String(item["kind"] ?? "")]?.includes(key) !== true;
    return optional && value !== undefined ? [set("removed", undefined)] : [];
  });
}

/** A condition with one of its files or resources less, each in turn. */
function fewer(when: unknown): readonly (readonly [what: string, made: Tree])[] {
  return Object.entries(when as Tree).flatMap(([key, all]) =>
    (key === "files" || key === "resources") && Array.isArray(all)
      ? all.map(
          (one, index) => [`without ${String(one)}`, { ...(when as Tree), [key]: all.toSpliced(index, 1) }] as const,
        )
      : [],
  );
}

/** A trigger's condition with a limit further off. */
function duller(when: unknown): readonly (readonly [what: string, made: Tree])[] {
  return Object.entries(when as Tree).flatMap(([key, limit]) => {
    const by = key === "above" || key === "atLeast" ? 1000 : key === "below" || key === "atMost" ? 0.001 : undefined;
    if (by === undefined || limit === undefined) return [];
    return scaled(limit, by).map((made) => [`${key} × ${by}`, { ...(when as Tree), [key]: made }] as const);
  });
}

/** A number, a quantity, or counts by severity, times a factor. */
function scaled(value: unknown, by: number): unknown[] {
  if (typeof value === "number") return [value * by];
  if (typeof value !== "object" || value === null) return [];
  if ("value" in value && typeof value.value === "number") return [{ ...value, value: looser(value.value, value, by) }];
  const counts = Object.entries(value).filter(([, number]) => typeof number === "number");
  return counts.map(([key, number]) => ({ ...value, [key]: number === 0 ? by : (number as number) * by }));
}

/** Of a 0 nothing is a part: more than it, or less. Part of a thing that is counted is none. */
function looser(value: number, of: object, by: number): number {
  if (value === 0) return by < 1 ? -1 : by;
  return "unit" in of && of.unit === "count" && by < 1 ? Math.floor(value * by) : value * by;
}

/** The plan with the value at a path changed in place; its source still says where things stood. */
function changed(plan: Plan, path: readonly (string | number)[], change: (target: Target) => void): Plan {
  const data = structuredClone(dataOf(plan));
  change(at(data, path) as Target);
  return { ...(data as unknown as Plan), source: plan.source };
}

function dataOf({ source: _, ...data }: Plan): Tree {
  return data as unknown as Tree;
}

function at(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce((now, step) => (now as Tree)[step], value);
}
