/** How much of the code a suite ran: in all, and in each critical module by itself. */
import type { Covered, EvidenceOf } from "../evidence";
import { isWithin, showLimits } from "../limits";
import type { Limits } from "../limits";
import type { CriterionOf } from "../plan";
import { showDuration, showPercent } from "../units";
import type { World } from "../world";
import { listed } from "./answer";
import type { Answer } from "./answer";
import { attestCommand } from "./commands";
import { judgeLatest } from "./select";

type Criterion = CriterionOf<"coverage">;
type Facts = EvidenceOf<"coverage">["facts"];

/** Passes if all lines together, and those of each module, are covered as far as asked. */
export function judgeCoverage(criterion: Criterion, world: World): Answer {
  const { suite, lines, modules } = criterion;
  const wanted = [
    ...(lines === undefined ? [] : [`${showLimits(lines)} of all lines`]),
    ...(modules === undefined ? [] : [`${showLimits(modules.lines)} of ${listed(modules.paths)}, each by itself`]),
  ];
  const latest = {
    wish: { kind: "coverage", noun: `coverage report of "${suite}"`, about: (facts: Facts) => facts.suite === suite },
    criterion,
    world,
    wanted: `the tests of "${suite}" ran ${wanted.join(", and ")}, within ${showDuration(criterion.maxAge)}`,
    remedy: "write the tests that are missing, run them with coverage and attest the report",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts }) => {
    const parts = partsOf(criterion, facts);
    const odd = parts.filter(({ covered, limits }) => !isWithin({ value: share(covered), unit: "ratio" }, limits));
    if (parts.length === 0) return { verdict: "fail", found: "a criterion that asks for no coverage" };
    return odd.length > 0
      ? { verdict: "fail", found: listed(odd.map(show)) }
      : { verdict: "pass", found: listed(parts.map(show)) };
  });
}

interface Part {
  readonly of: string;
  readonly covered: Covered;
  readonly limits: Limits;
}

function partsOf({ lines, modules }: Criterion, facts: Facts): Part[] {
  const all = lines === undefined ? [] : [{ of: "all lines", covered: facts.lines, limits: lines }];
  const each = (modules?.paths ?? []).map((path) => ({
    of: path,
    covered: sum(facts.modules.filter(({ name }) => isUnder(name, path))),
    limits: modules?.lines ?? {},
  }));
  return [...all, ...each];
}

/** The module itself, or what lies in it: "src/pay" is not above "src/payroll.ts". */
function isUnder(name: string, path: string): boolean {
  return name === path || name.startsWith(path.endsWith("/") ? path : `${path}/`);
}

function sum(parts: readonly Covered[]): Covered {
  return {
    covered: parts.reduce((all, { covered }) => all + covered, 0),
    total: parts.reduce((all, { total }) => all + total, 0),
  };
}

/** No number where there is nothing that could be covered, or the counts make no sense. */
function share({ covered, total }: Covered): number {
  return total > 0 && covered >= 0 && covered <= total ? covered / total : Number.NaN;
}

function show({ of, covered }: Part): string {
  const value = share(covered);
  return Number.isFinite(value) ? `${showPercent(value)} of ${of}` : `nothing measured of ${of}`;
}
