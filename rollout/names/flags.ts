/** Flags: what is served is one of the variants, and an experiment has all of its users somewhere. */
import { FLAG_TYPES } from "../plan/flags";
import { parsePercent } from "../units";
import { choice } from "../yaml";
import type { Mistake, Path } from "../yaml";
import { everyMap, namesOf, tree } from "./raw";
import type { Tree } from "./raw";

/** A mistake for each variant that there is not, and for each experiment that can't be made. */
export function wrongFlags(plan: Tree): Mistake[] {
  const flags = tree(plan["flags"]);
  return [
    ...Object.entries(flags).flatMap(([name, flag]) => flagMistakes(["flags", name], tree(flag), plan)),
    ...everyMap(plan["stages"], ["stages"]).flatMap(({ path, value }) =>
      value["kind"] === "declared" ? askedMistakes([...path, "flags"], value["flags"], flags) : [],
    ),
  ];
}

const PLAIN = ["on", "off"];

function variantsOf(flag: Tree): string[] {
  return flag["variants"] === undefined ? PLAIN : Object.keys(tree(flag["variants"]));
}

function flagMistakes(path: Path, flag: Tree, plan: Tree): Mistake[] {
  const variants = variantsOf(flag);
  const unknown = (at: Path, variant: unknown): Mistake[] =>
    typeof variant !== "string" || variants.includes(variant)
      ? []
      : [{ path: at, expected: `a variant of the flag: ${choice(variants, variant)}` }];
  const stages = Object.keys(tree(flag["stages"]));
  const known = namesOf(plan["stages"], "name");
  const types = new Set(Object.values(tree(flag["variants"])).map((value) => typeof value));
  return [
    ...unknown([...path, "serves"], flag["serves"]),
    ...Object.entries(tree(flag["stages"])).flatMap(([stage, variant]) => unknown([...path, "stages", stage], variant)),
    ...stages
      .filter((stage) => !known.includes(stage))
      .map((stage) => ({ path: [...path, "stages", stage], expected: `a defined stage: ${choice(known, stage)}` })),
    ...(types.size > 1 ? [{ path: [...path, "variants"], expected: "variants of one type" }] : []),
    ...(variants.length < 2 ? [{ path: [...path, "variants"], expected: "at least two variants" }] : []),
    ...splitMistakes(path, flag, variants),
  ];
}

function splitMistakes(path: Path, flag: Tree, variants: readonly string[]): Mistake[] {
  const { type, split } = flag as { type?: unknown; split?: unknown };
  if (!(FLAG_TYPES as readonly unknown[]).includes(type)) return [];
  if ((type === "experiment") !== (split !== undefined)) {
    const expected =
      type === "experiment" ? '"split": the share of each variant' : `no "split": it is a ${String(type)} flag`;
    return [{ path, found: split === undefined ? "an experiment without" : "a split", expected }];
  }
  if (split === undefined) return [];
  const shares = Object.entries(tree(split));
  const stray = shares.filter(([variant]) => !variants.includes(variant));
  const sum = shares.reduce((all, [, share]) => all + (parsePercent(share) ?? Number.NaN), 0);
  return [
    ...stray.map(([variant]) => ({ path: [...path, "split", variant], expected: `a variant: ${variants.join(", ")}` })),
    ...(Math.abs(sum - 1) > 1e-9 ? [{ path: [...path, "split"], expected: "shares that are 100% together" }] : []),
  ];
}

/** What a criterion asks of flags: "every", or a flag of the plan and a variant of it. */
function askedMistakes(path: Path, asked: unknown, flags: Tree): Mistake[] {
  return Object.entries(tree(asked)).flatMap(([name, variant]) => {
    if (!Object.hasOwn(flags, name))
      return [
        { path: [...path, name], expected: `a defined flag: ${choice(Object.keys(flags), name) || "none is defined"}` },
      ];
    const variants = variantsOf(tree(flags[name]));
    return typeof variant !== "string" || variants.includes(variant)
      ? []
      : [{ path: [...path, name], expected: `a variant of the flag: ${choice(variants, variant)}` }];
  });
}
