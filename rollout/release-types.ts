/**
 * Types of releases: what each is asked for, and what it owes. A type makes a way shorter, never a way around: what a
 * release was not asked for is asked of the next one.
 */
import { broken } from "./broken";
import type { Context } from "./criteria/answer";
import type { Finding } from "./decision";
import type { Criterion, Plan } from "./plan";
import type { World } from "./world";
import { choice } from "./yaml";

/** The type of the release that the world is about: "hotfix"; undefined where it has none. */
export function releaseTypeOf({ release }: Pick<World, "release">): string | undefined {
  return release.type;
}

/** Why a release's type is not one of the plan's, in words; undefined where it is. */
export function wrongType(plan: Pick<Plan, "releaseTypes">, type: string | undefined): string | undefined {
  const known = Object.keys(plan.releaseTypes ?? {});
  if (plan.releaseTypes === undefined) {
    return type === undefined ? undefined : `found the type "${type}", and the plan has no types of releases`;
  }
  if (type === undefined) return `found no type, expected ${choice(known, "")}`;
  return known.includes(type) ? undefined : `found the type "${type}", expected ${choice(known, type)}`;
}

/** A failing finding where the release is of no type that the plan knows: nobody could say what to ask of it. */
export function judgeType({ plan, world }: Context): Finding[] {
  const wrong = wrongType(plan, releaseTypeOf(world));
  if (wrong === undefined) return [];
  const line = plan.releaseTypes === undefined ? plan.source.file : plan.source.at(["releaseTypes"]);
  const known = Object.keys(plan.releaseTypes ?? {});
  return [
    {
      ...broken("release-type", line, wrong, known.length === 0 ? "a release without a type" : choice(known, "")),
      title: "The release is of a type that the plan knows",
      owner: "whoever configures the release",
      remedy: "set the type of the release in the stack's configuration",
      command: `pulumi config set --path holdpoint:release.type ${known[0] ?? "<type>"} --stack ${world.stack}`,
    },
  ];
}

/** Whether a criterion is asked of releases of a type; of a release without one everything is. */
export function isAskedOf({ types }: Pick<Criterion, "types">, type: string | undefined): boolean {
  return types === undefined || type === undefined || types.includes(type);
}

/**
 * Whether a release of a type owes a criterion that it was not asked for. Evidence, live numbers and what is declared
 * can be made up for; an approval, a window or a stage before can't. By its `owes`, a type owes only what a release of
 * another type would have been asked for; by default everything.
 */
export function owesFor(plan: Plan, type: string | undefined, criterion: Criterion): boolean {
  const canBeMadeUpFor =
    "attestedBy" in criterion ||
    criterion.kind === "metric" ||
    criterion.kind === "no-alerts" ||
    criterion.kind === "declared";
  const owes = type === undefined ? undefined : plan.releaseTypes?.[type]?.owes;
  return canBeMadeUpFor && (owes === undefined || isAskedOf(criterion, owes));
}
