import { isMap, isSecret, plain, UNKNOWN, type Props, type Value } from "./wire";

/** What a change of one property is, in the engine's words. */
export type ChangeKind = "add" | "delete" | "update";

/** One property that differs, by its path as the engine writes it: `spec.rules[0].weight`, `labels["a/b"]`. */
export interface Change {
  readonly path: string;
  readonly kind: ChangeKind;
  readonly replaces: boolean;
}

export interface Diff {
  readonly changes: readonly Change[];
  /** Top-level properties that force a replacement. */
  readonly replaces: readonly string[];
}

function child(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

function* walk(path: string, before: Value | undefined, after: Value | undefined): Generator<Omit<Change, "replaces">> {
  if (isSecret(before)) before = plain(before);
  if (isSecret(after)) after = plain(after);
  if (before === undefined && after === undefined) return;
  if (before === undefined) yield { path, kind: "add" };
  else if (after === undefined) yield { path, kind: "delete" };
  else if (after === UNKNOWN) yield { path, kind: "update" };
  else if (isMap(before) && isMap(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      yield* walk(child(path, key), before[key], after[key]);
    }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++) yield* walk(`${path}[${i}]`, before[i], after[i]);
  } else if (before !== after) yield { path, kind: "update" };
}

/** Whether a change at `path` touches `forced`, the path of a property that cannot be changed in place. */
function touches(path: string, forced: string): boolean {
  const under = (inner: string, outer: string): boolean =>
    inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
  return under(path, forced) || under(forced, path);
}

/**
 * How the inputs that a program declares now differ from those it declared before. A value that is not known yet
 * counts as changed. `forceNew` are the paths that the real provider replaces for.
 */
export function diff(before: Props, after: Props, forceNew: readonly string[]): Diff {
  const changes: Change[] = [];
  const replaces = new Set<string>();
  for (const change of walk("", before, after)) {
    const replacing = forceNew.some((forced) => touches(change.path, forced));
    changes.push({ ...change, replaces: replacing });
    if (replacing) replaces.add(/^[^.[]+/.exec(change.path)?.[0] ?? change.path);
  }
  return { changes, replaces: [...replaces] };
}
