/** Criteria that rest on evidence: what each asks for makes sense by itself. */
import { parseDuration, parseQuantity } from "../units";
import type { Mistake } from "../yaml";
import { everyMap, list, tree } from "./raw";
import type { Placed, Tree } from "./raw";

const LIMITS = ["above", "atLeast", "below", "atMost"] as const;

/** A mistake for each criterion that asks for nothing, for the impossible, or for what nobody can tell. */
export function wrongEvidence(plan: Tree): Mistake[] {
  return everyMap(plan).flatMap((placed) => {
    switch (placed.value["kind"]) {
      case "coverage":
        return coverageMistakes(placed);
      case "survey":
        return percentages(placed);
      case "measurement":
        return measurementMistakes(placed);
      case "drill":
        return drillMistakes(placed);
      case "artifacts":
        return placeholderMistakes(placed);
      case "workflow":
        return workflowMistakes(placed);
      default:
        return [];
    }
  });
}

function coverageMistakes({ path, value }: Placed): Mistake[] {
  const { lines, modules } = value as Readonly<Record<"lines" | "modules", unknown>>;
  if (lines === undefined && modules === undefined)
    return [{ path, found: "neither", expected: 'at least one of "lines" and "modules"' }];
  return [
    ...percentages({ path: [...path, "lines"], value: tree(lines) }),
    ...percentages({ path: [...path, "modules", "lines"], value: tree(tree(modules)["lines"]) }),
  ];
}

/** A share of the lines or of the answers; what is no quantity at all is the schema's matter. */
function percentages({ path, value }: Pick<Placed, "path" | "value">): Mistake[] {
  return LIMITS.filter((key) => (parseQuantity(value[key])?.unit ?? "ratio") !== "ratio").map((key) => ({
    path: [...path, key],
    expected: 'a percentage such as "90%"',
  }));
}

/** Evidence that may be about any release can't be told from the baseline's. */
function measurementMistakes({ path, value }: Placed): Mistake[] {
  if (value["of"] !== "baseline" || value["subject"] !== "any") return [];
  return [{ path: [...path, "subject"], expected: "release, commit or image: the baseline's must be told from it" }];
}

function drillMistakes({ path, value }: Placed): Mistake[] {
  const [most, least] = [parseDuration(value["within"]), parseDuration(value["lasting"])];
  if (most === undefined || least === undefined || least < most) return [];
  return [{ path: [...path, "within"], expected: `more than "lasting", ${String(value["lasting"])}` }];
}

/** Of the release only its commit is filled in; anything else in braces would be taken as it stands, and never found. */
function placeholderMistakes({ path, value }: Placed): Mistake[] {
  return list(value["names"]).flatMap((name, at) => {
    const other = typeof name === "string" ? /\{(?!commit\})[^}]*\}?/.exec(name)?.[0] : undefined;
    if (other === undefined) return [];
    return [{ path: [...path, "names", at], found: JSON.stringify(other), expected: '"{commit}", the release\'s' }];
  });
}

function workflowMistakes({ path, value }: Placed): Mistake[] {
  if (["on", "order", "jobs"].some((key) => value[key] !== undefined)) return [];
  return [{ path, found: "none of them", expected: 'at least one of "on", "order" and "jobs"' }];
}
