/** Mistakes of metrics, conditions, triggers and panels that no single value shows. */
import { BUILT_IN, DATABASE, measureOf, unitOf } from "../metrics";
import type { MeasureSource } from "../metrics";
import { queryMistake } from "../promql";
import { parseDuration, parseQuantity } from "../units";
import type { Mistake } from "../yaml";
import { everyMap, members, tree } from "./raw";
import type { Placed, Tree } from "./raw";
import { OWN_DASHBOARDS } from "./references";

/** Every such mistake. */
export function wrongMetrics(plan: Tree): Mistake[] {
  const source = { plan: { metrics: tree(plan["metrics"]), slo: plan["slo"] } } as unknown as MeasureSource;
  return [
    ...takenNames(plan),
    ...everyMap(plan)
      .filter(isCondition)
      .flatMap((placed) => conditionMistakes(placed, source)),
    ...members(plan["triggers"], ["triggers"]).flatMap(triggerMistakes),
    ...panelsOf(plan).flatMap(panelMistakes),
  ];
}

const BUILT_IN_NAMES = [...Object.keys(BUILT_IN), DATABASE, "error-budget"];

function takenNames(plan: Tree): Mistake[] {
  const own = (section: string, taken: readonly string[]): Mistake[] =>
    Object.keys(tree(plan[section]))
      .filter((name) => taken.includes(name))
      .map((name) => ({
        path: [section],
        key: name,
        found: `"${name}", which is there without being named`,
        expected: "a name of its own",
      }));
  return [...own("metrics", BUILT_IN_NAMES), ...own("dashboards", OWN_DASHBOARDS)];
}

function isCondition({ path, value }: Placed): boolean {
  return (
    value["kind"] === "metric" || (path[0] === "triggers" && path.at(-1) === "when" && value["metric"] !== undefined)
  );
}

function conditionMistakes(placed: Placed, source: MeasureSource): Mistake[] {
  const { path, value } = placed;
  const measure = typeof value["metric"] === "string" ? measureOf(value["metric"], source) : undefined;
  const known = typeof measure === "object" ? measure : undefined;
  const mistakes: Mistake[] = [];
  if (value["of"] === "baseline" && value["on"] !== undefined && value["on"] !== "canary") {
    mistakes.push({ path: [...path, "on"], expected: '"canary", because it is compared with the baseline' });
  }
  if (value["metric"] === DATABASE && value["kind"] === "metric") mistakes.push(databaseMistake(placed));
  if (value["minRequests"] !== undefined && known !== undefined && !("ratio" in known) && !("histogram" in known)) {
    const expected = "no minRequests: only a ratio or a histogram counts what it rests on";
    mistakes.push({ path, key: "minRequests", found: '"minRequests"', expected });
  }
  return [...mistakes, ...floorMistakes(placed, known), ...beforeMistakes(placed)];
}

function floorMistakes({ path, value }: Placed, measure: Parameters<typeof unitOf>[0] | undefined): Mistake[] {
  const floor = parseQuantity(value["floor"]);
  if (floor === undefined) return [];
  if (value["of"] === undefined) {
    return [{ path, key: "floor", found: '"floor"', expected: '"of", what counts as at least the floor' }];
  }
  if (measure === undefined || unitOf(measure) === floor.unit) return [];
  return [{ path: [...path, "floor"], expected: `the unit in which "${String(value["metric"])}" is measured` }];
}

/** A time that overlaps with the one before it is compared with itself. */
function beforeMistakes({ path, value }: Placed): Mistake[] {
  const [before, over] = [parseDuration(value["before"]), parseDuration(value["over"])];
  if (before === undefined || over === undefined || before >= over) return [];
  return [{ path: [...path, "before"], expected: `at least "over", ${JSON.stringify(value["over"])}` }];
}

function triggerMistakes(placed: Placed): Mistake[] {
  const { path, value } = placed;
  const when = { path: [...path, "when"], value: tree(value["when"]) };
  const mistakes: Mistake[] = [];
  if (value["level"] !== undefined && value["does"] !== undefined && value["does"] !== "rollback") {
    mistakes.push({ path, key: "level", found: '"level"', expected: '"does: rollback" beside it' });
  }
  if (value["does"] === "rollback" && when.value["metric"] === DATABASE) mistakes.push(databaseMistake(when));
  return mistakes;
}

/** Only the stage's monitoring knows where to ask for the database; a gate would have to guess. */
function databaseMistake({ path }: Placed): Mistake {
  return {
    path: [...path, "metric"],
    expected: 'a metric of the plan: "database" is for triggers that page or notify',
  };
}

function panelsOf(plan: Tree): Placed[] {
  return Object.entries(tree(plan["dashboards"])).flatMap(([name, dashboard]) =>
    members(tree(dashboard)["panels"], ["dashboards", name, "panels"]),
  );
}

function panelMistakes({ path, value }: Placed): Mistake[] {
  const { metric, query } = value as Readonly<Record<"metric" | "query", unknown>>;
  if ((metric === undefined) === (query === undefined)) {
    const found = metric === undefined ? "neither" : "both";
    return [{ path, found, expected: 'either "metric" or "query"' }];
  }
  if (metric === DATABASE) return [databaseMistake({ path, value })];
  const mistake = typeof query === "string" ? queryMistake(query) : undefined;
  return mistake === undefined ? [] : [{ path: [...path, "query"], expected: `a query of Prometheus: ${mistake}` }];
}
