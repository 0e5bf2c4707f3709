/**
 * Names that must exist. A reference is a key of the plan, wherever it stands, and where its names are defined: a new
 * kind of criterion that uses the same keys needs nothing here.
 */
import { BUILT_IN, DATABASE } from "../metrics";
import { choice } from "../yaml";
import type { Mistake, Path } from "../yaml";
import { everyMap, list, namesOf, tree, unknownName } from "./raw";
import type { Placed, Tree } from "./raw";

/** Dashboards that every program makes. */
export const OWN_DASHBOARDS = ["slo", "operator", "infrastructure"] as const;

type What =
  | "owner"
  | "role"
  | "runbook"
  | "document"
  | "stage"
  | "release type"
  | "level of the rollback"
  | "trigger"
  | "metric"
  | "dashboard"
  | "criterion";

interface Reference {
  readonly key: string;
  readonly what: What;
  /** Only where this holds; the same word may mean something else elsewhere. */
  readonly where?: (placed: Placed) => boolean;
}

const ofKind =
  (kind: string) =>
  ({ value }: Placed): boolean =>
    value["kind"] === kind;
const isIn =
  (top: string) =>
  ({ path }: Placed): boolean =>
    path[0] === top;

const REFERENCES: readonly Reference[] = [
  // `about` is free words.
  { key: "owner", what: "owner", where: ({ path }) => path[0] !== "about" },
  { key: "tell", what: "owner" },
  { key: "contacts", what: "owner" },
  { key: "attestedBy", what: "role" },
  { key: "itemsAttestedBy", what: "role" },
  { key: "explainedBy", what: "role" },
  { key: "obligationsAttestedBy", what: "role" },
  // A window's and a freeze's `from` is a time and no list.
  { key: "from", what: "role", where: ({ value }) => Array.isArray(value["from"]) },
  { key: "runbook", what: "runbook" },
  { key: "names", what: "runbook", where: ofKind("runbooks") },
  { key: "names", what: "document", where: ofKind("documents") },
  { key: "stage", what: "stage" },
  { key: "parityWith", what: "stage" },
  // Freezes are the calendar's own matter (rollout/plan/calendar-names.ts).
  { key: "stages", what: "stage", where: isIn("triggers") },
  { key: "types", what: "release type" },
  { key: "owes", what: "release type", where: isIn("releaseTypes") },
  { key: "level", what: "level of the rollback", where: isIn("triggers") },
  { key: "trigger", what: "trigger", where: isIn("dashboards") },
  { key: "alerts", what: "trigger", where: ({ value }) => Array.isArray(value["alerts"]) },
  { key: "dashboards", what: "dashboard", where: ofKind("declared") },
  { key: "metric", what: "metric" },
  { key: "seen", what: "criterion", where: ({ value }) => Array.isArray(value["seen"]) },
];

/** A mistake for each name that nothing defines. */
export function danglingNames(plan: Tree): Mistake[] {
  const known = definitions(plan);
  const maps = everyMap(plan);
  return [
    ...maps.flatMap((placed) =>
      REFERENCES.filter(({ key, where }) => Object.hasOwn(placed.value, key) && (where?.(placed) ?? true)).flatMap(
        ({ key, what }) => unknownIn([...placed.path, key], placed.value[key], known[what], what),
      ),
    ),
    ...Object.entries(tree(plan["criticalPaths"])).flatMap(([path, triggers]) =>
      unknownIn(["criticalPaths", path], triggers, known.trigger, "trigger"),
    ),
    ...Object.keys(tree(plan["goals"])).flatMap((metric) => unknownKey(["goals"], metric, known.metric, "metric")),
    ...maps.flatMap(({ path, value }) =>
      Object.keys(tree(value["stepsFor"])).flatMap((type) =>
        unknownKey([...path, "stepsFor"], type, known["release type"], "release type"),
      ),
    ),
  ];
}

function definitions(plan: Tree): Readonly<Record<What, readonly string[]>> {
  const keys = (key: string): string[] => Object.keys(tree(plan[key]));
  return {
    owner: keys("owners"),
    role: keys("roles"),
    runbook: keys("runbooks"),
    document: keys("documents"),
    stage: namesOf(plan["stages"], "name"),
    "release type": keys("releaseTypes"),
    "level of the rollback": Object.keys(tree(tree(plan["rollback"])["levels"])),
    trigger: namesOf(plan["triggers"], "id"),
    metric: [
      ...keys("metrics"),
      ...Object.keys(BUILT_IN),
      ...(plan["slo"] === undefined ? [] : ["error-budget"]),
      DATABASE,
    ],
    dashboard: [...keys("dashboards"), ...OWN_DASHBOARDS],
    criterion: everyMap(plan["stages"])
      .map(({ value }) => value["id"])
      .filter((id) => typeof id === "string"),
  };
}

function unknownIn(path: Path, value: unknown, known: readonly string[], what: What): Mistake[] {
  if (!Array.isArray(value)) return unknownName(path, value, known, what);
  return list(value).flatMap((name, at) => unknownName([...path, at], name, known, what));
}

function unknownKey(path: Path, key: string, known: readonly string[], what: What): Mistake[] {
  if (known.includes(key)) return [];
  const words = known.length === 0 ? "none is defined" : choice(known, key);
  return [{ path, key, found: `the key "${key}"`, expected: `a defined ${what}: ${words}` }];
}
