/** Limits of numbers: there is one, they leave something between them, and they are of the unit that is measured. */
import { measureOf, unitOf } from "../metrics";
import type { MeasureSource } from "../metrics";
import { parseQuantity } from "../units";
import type { Quantity } from "../units";
import { shown } from "../yaml";
import type { Mistake, Path } from "../yaml";
import { everyMap, tree } from "./raw";
import type { Placed, Tree } from "./raw";

const LOWER = ["above", "atLeast"] as const;
const UPPER = ["below", "atMost"] as const;

const UNITS: Readonly<Record<Quantity["unit"], string>> = {
  ms: 'a time such as "500 ms"',
  bytes: 'a size such as "50 MB"',
  ratio: 'a percentage such as "1%"',
  count: 'a number such as "10"',
  "per-second": 'a rate such as "1000/s"',
  x: 'a ratio such as "2x"',
};

/** A mistake for each condition on a number that asks for nothing, for the impossible, or in another unit. */
export function wrongLimits(plan: Tree): Mistake[] {
  const source = { plan: { metrics: tree(plan["metrics"]), slo: plan["slo"] } } as unknown as MeasureSource;
  return everyMap(plan)
    .filter(isLimited)
    .flatMap((placed) => [...limitMistakes(placed), ...comparisonMistakes(placed), ...unitMistakes(placed, source)]);
}

/** Conditions: criteria of these kinds, what a trigger fires on, the lines of a coverage. */
function isLimited({ path, value }: Placed): boolean {
  if (["measurement", "survey", "metric"].includes(String(value["kind"]))) return true;
  if (path[0] === "goals") return path.length === 2;
  return path.at(-1) === "lines" || (path[0] === "triggers" && path.at(-1) === "when" && value["metric"] !== undefined);
}

function limitMistakes({ path, value }: Placed): Mistake[] {
  const given = [...LOWER, ...UPPER].filter((key) => value[key] !== undefined);
  if (given.length === 0 && value["steady"] === undefined) {
    const expected = 'a limit: "below", "atMost", "above" or "atLeast"';
    return [{ path, found: "no limit", expected }];
  }
  return [...oneOf(path, value, LOWER), ...oneOf(path, value, UPPER), ...emptyRange(path, value)];
}

/** Two limits on one side say the same thing twice, or two things. */
function oneOf(path: Path, value: Tree, [first, second]: readonly [string, string]): Mistake[] {
  if (value[first] === undefined || value[second] === undefined) return [];
  return [{ path, key: second, found: `"${second}" beside "${first}"`, expected: "one of the two" }];
}

function emptyRange(path: Path, value: Tree): Mistake[] {
  const [low] = quantities(value, LOWER);
  const [high] = quantities(value, UPPER);
  if (low === undefined || high === undefined) return [];
  const at = [...path, high.key];
  if (low.quantity.unit !== high.quantity.unit)
    return [{ path: at, expected: `the unit of "${low.key}", ${shown(value[low.key])}` }];
  return high.quantity.value > low.quantity.value
    ? []
    : [{ path: at, expected: `more than "${low.key}", ${shown(value[low.key])}` }];
}

/** A ratio such as "2x" is of something; what is compared is a ratio, or a difference in the metric's unit. */
function comparisonMistakes({ path, value }: Placed): Mistake[] {
  const { of, before, as } = value as Readonly<Record<"of" | "before" | "as", unknown>>;
  const all = quantities(value, [...LOWER, ...UPPER]);
  const mistakes: Mistake[] = all
    .filter(({ quantity }) => (quantity.unit === "x") !== (of !== undefined && as === undefined))
    .map(({ key, quantity }) => ({
      path: [...path, key],
      expected:
        quantity.unit === "x"
          ? "a plain limit, because it is not compared with the baseline"
          : `${UNITS.x}, because it is compared with ${of === "before" ? "what it was before" : "the baseline"}`,
    }));
  if (of === "before" && before === undefined)
    mistakes.push({ path, found: "nothing", expected: 'the key "before", how long before' });
  if (before !== undefined && of !== "before")
    mistakes.push({ path, key: "before", found: '"before"', expected: '"of: before" beside it' });
  if (as !== undefined && of === undefined)
    mistakes.push({ path, key: "as", found: `"as: difference"`, expected: '"of", what it differs from' });
  return mistakes;
}

function unitMistakes({ path, value }: Placed, source: MeasureSource): Mistake[] {
  const metric = path[0] === "goals" ? path[1] : value["metric"];
  if (typeof metric !== "string") return [];
  const unit = unitOfMetric(metric, source);
  // What is compared is a ratio, whatever it is measured in: that is said already.
  if (unit === undefined || (value["of"] !== undefined && value["as"] === undefined)) return [];
  return quantities(value, [...LOWER, ...UPPER])
    .filter(({ quantity }) => quantity.unit !== "x" && quantity.unit !== unit)
    .map(({ key }) => ({
      path: [...path, key],
      expected: `${UNITS[unit]}, as which "${metric}" is measured`,
    }));
}

/** Undefined for what is no metric, or one of a shape that the schema refuses. */
function unitOfMetric(name: string, source: MeasureSource): Quantity["unit"] | undefined {
  const measure = measureOf(name, source);
  return typeof measure === "object" ? unitOf(measure) : undefined;
}

function quantities(value: Tree, keys: readonly string[]): { readonly key: string; readonly quantity: Quantity }[] {
  return keys.flatMap((key) => {
    const quantity = parseQuantity(value[key]);
    return quantity === undefined ? [] : [{ key, quantity }];
  });
}
