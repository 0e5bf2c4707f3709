/** A plan's raw data, walked without trust in its shape: types are the schema's matter. */
import { choice } from "../yaml";
import type { Mistake, Path } from "../yaml";

export type Tree = Readonly<Record<string, unknown>>;

/** The value as a map, empty where it is none. */
export function tree(value: unknown): Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Tree) : {};
}

/** The value as a list, empty where it is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A part of the plan and where it stands. */
export interface Placed {
  readonly path: Path;
  readonly value: Tree;
}

/** Every map in the data, outer ones first. */
export function everyMap(value: unknown, path: Path = []): Placed[] {
  const found: Placed[] = [];
  collectMaps(value, path, found);
  return found;
}

function collectMaps(value: unknown, path: Path, found: Placed[]): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) found.push({ path, value: value as Tree });
  const parts: readonly (readonly [PropertyKey, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  for (const [key, part] of parts) if (typeof part === "object") collectMaps(part, [...path, key], found);
}

/** The members of a list of maps, each with its path. */
export function members(value: unknown, path: Path): Placed[] {
  return list(value).map((item, index) => ({ path: [...path, index], value: tree(item) }));
}

/** A mistake where a name is none of those that are known; nothing for what is no text. */
export function unknownName(path: Path, value: unknown, known: readonly string[], what: string): Mistake[] {
  if (typeof value !== "string" || known.includes(value)) return [];
  const words = known.length === 0 ? "none is defined" : choice(known, value);
  return [{ path, expected: `a defined ${what}: ${words}` }];
}

/** Gates of a stage: its entry, its exit, the finish of its canary. */
export const GATES = ["enter", "exit", "finish"] as const;

/** All canaries of the plan: a stage's one, and those of its operations. */
export function canariesOf(plan: Tree): Placed[] {
  return members(plan["stages"], ["stages"]).flatMap(({ path, value }) => [
    ...(value["canary"] === undefined ? [] : [{ path: [...path, "canary"], value: tree(value["canary"]) }]),
    ...Object.entries(tree(value["canaries"])).map(([name, canary]) => ({
      path: [...path, "canaries", name],
      value: tree(canary),
    })),
  ]);
}

/** Names in a list of maps: `name` of the stages, `id` of the triggers. */
export function namesOf(value: unknown, key: string): string[] {
  return list(value)
    .map((item) => tree(item)[key])
    .filter((name) => typeof name === "string");
}
