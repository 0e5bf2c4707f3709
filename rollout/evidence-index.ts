/**
 * A list of evidence by what gates ask of it. Made once for a list and kept as long as the list is: several criteria, gates
 * and looks at one store share it.
 */
import type { Evidence, EvidenceHead, EvidenceKind } from "./evidence";
import { imageDigest } from "./release";
import type { Release } from "./release";

type ByKind = ReadonlyMap<EvidenceKind, readonly EvidenceHead[]>;

interface Index {
  readonly kinds: ByKind;
  /** What names a release, its commit or its image; by both. */
  readonly named: Map<string, ByKind>;
  readonly newest: EvidenceHead | undefined;
  /** What was chosen for a criterion and a release, by both and by what else it depends on. */
  readonly chosen: WeakMap<object, Map<string, readonly EvidenceHead[]>>;
}

const INDEXES = new WeakMap<readonly Evidence[], Index>();

/** All evidence of a kind. @param evidence a list that is never changed */
export function ofKind(evidence: readonly Evidence[], kind: EvidenceKind): readonly EvidenceHead[] {
  return indexOf(evidence).kinds.get(kind) ?? [];
}

/** Evidence of a kind that names the release, by commit or image. */
export function namedOfKind(
  evidence: readonly Evidence[],
  kind: EvidenceKind,
  release: Release,
): readonly EvidenceHead[] {
  return named(evidence, release).get(kind) ?? [];
}

/**
 * What `choose` makes of the list, once for a criterion, a release and a key: gates that ask the same thing share it. The
 * choice may depend on nothing else, so on no time.
 */
export function chosenOnce(
  evidence: readonly Evidence[],
  criterion: object,
  release: Release,
  key: string,
  choose: () => readonly EvidenceHead[],
): readonly EvidenceHead[] {
  const { chosen } = indexOf(evidence);
  const own = chosen.get(criterion) ?? new Map<string, readonly EvidenceHead[]>();
  chosen.set(criterion, own);
  const name = JSON.stringify([key, release.commit, release.image]);
  const known = own.get(name) ?? choose();
  own.set(name, known);
  return known;
}

/** What was finished last; what has no time at all counts as later than everything. */
export function newestOf(evidence: readonly Evidence[]): EvidenceHead | undefined {
  return indexOf(evidence).newest;
}

/** Evidence by its ids, those that name the release first. */
export function withIds(
  evidence: readonly Evidence[],
  ids: ReadonlySet<string>,
  release: Release,
): readonly EvidenceHead[] {
  if (ids.size === 0) return [];
  const own = [...named(evidence, release).values()].flatMap((items) => items.filter(({ id }) => ids.has(id)));
  return new Set(own.map(({ id }) => id)).size === ids.size ? own : evidence.filter(({ id }) => ids.has(id));
}

/** The digest of a release's image; a release without one matches no image. */
export function digestOf(release: Release): string {
  try {
    return imageDigest(release);
  } catch {
    return "no digest";
  }
}

function indexOf(evidence: readonly Evidence[]): Index {
  const known = INDEXES.get(evidence);
  if (known !== undefined) return known;
  let newest: EvidenceHead | undefined;
  for (const item of evidence) {
    if (newest === undefined || Number.isNaN(item.finishedAt) || item.finishedAt > newest.finishedAt) newest = item;
  }
  const made = { kinds: byKind(evidence), named: new Map<string, ByKind>(), newest, chosen: new WeakMap() };
  INDEXES.set(evidence, made);
  return made;
}

function named(evidence: readonly Evidence[], release: Release): ByKind {
  const index = indexOf(evidence);
  const name = `${release.commit} ${release.image}`;
  const known = index.named.get(name);
  if (known !== undefined) return known;
  const sha256 = digestOf(release);
  const made = byKind(
    evidence.filter(({ subject }) => subject.commits.includes(release.commit) || subject.sha256.includes(sha256)),
  );
  index.named.set(name, made);
  return made;
}

function byKind(evidence: readonly Evidence[]): ByKind {
  const kinds = new Map<EvidenceKind, EvidenceHead[]>();
  for (const item of evidence) {
    const items = kinds.get(item.kind);
    if (items === undefined) kinds.set(item.kind, [item]);
    else items.push(item);
  }
  return kinds;
}
