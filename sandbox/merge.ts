import { isMap, parseDocument, type Document } from "yaml";

/** Plain data of a YAML file. */
export type Data = null | boolean | number | string | Data[] | { [key: string]: Data };
type Tree = { [key: string]: Data };

const isTree = (value: Data | undefined): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const equal = (a: Data | undefined, b: Data | undefined): boolean =>
  JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

function sorted(value: Data | undefined): Data | undefined {
  if (Array.isArray(value)) return value.map((item) => sorted(item) ?? null);
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key]) ?? null]),
  );
}

/**
 * Three-way merge: a value that was changed in the sandbox stays, unless the project's own has changed since; then
 * the project's is taken. Maps are merged key by key, everything else is one value.
 * @param base the project's value at the last sync
 * @param mine the sandbox's value now
 * @param theirs the project's value now
 */
export function merge(base: Data | undefined, mine: Data | undefined, theirs: Data | undefined): Data | undefined {
  if (isTree(mine) && isTree(theirs)) {
    const before = isTree(base) ? base : {};
    const merged: Tree = {};
    for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
      const value = merge(before[key], mine[key], theirs[key]);
      if (value !== undefined) merged[key] = value;
    }
    return merged;
  }
  return equal(base, theirs) ? mine : theirs;
}

/** Sets and deletes what makes the document say `wanted`, and leaves comments and layout where nothing differs. */
function apply(document: Document, path: readonly string[], now: Tree, wanted: Tree): void {
  for (const key of Object.keys(now)) {
    if (wanted[key] === undefined) document.deleteIn([...path, key]);
  }
  for (const [key, value] of Object.entries(wanted)) {
    const before = now[key];
    if (isTree(before) && isTree(value)) apply(document, [...path, key], before, value);
    else if (!equal(before, value)) document.setIn([...path, key], value);
  }
}

/** The text of a YAML map, edited so that it says `wanted`; unchanged lines stay as they are. */
export function edited(text: string, wanted: Tree): string {
  const document = parseDocument(text, { schema: "core" });
  if (!isMap(document.contents)) document.contents = document.createNode({}) as never;
  const now = (document.toJS({ maxAliasCount: 0 }) ?? {}) as Tree;
  if (equal(now, wanted)) return text;
  apply(document, [], now, wanted);
  return document.toString({ lineWidth: 0 });
}

/** Plain data of a YAML text; what is no map is an empty one. */
export function dataOf(text: string): Tree {
  const data = parseDocument(text, { schema: "core" }).toJS({ maxAliasCount: 0 }) as Data | undefined;
  return isTree(data) ? data : {};
}

/** Whether a text is YAML at all: of another one there is no data to speak of. */
export function isYaml(text: string): boolean {
  return parseDocument(text, { schema: "core" }).errors.length === 0;
}
