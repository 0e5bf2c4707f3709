/**
 * Which evidence speaks to a criterion: of its kind, about this release and stage, signed by a role that may attest
 * it. What was found but does not count is said, so that nobody hunts for evidence that is there.
 */
import type { EvidenceHead, EvidenceKind, EvidenceOf, RejectedEvidence } from "../evidence";
import { chosenOnce, digestOf, namedOfKind, ofKind } from "../evidence-index";
import type { EvidenceCriterion } from "../plan";
import type { Release } from "../release";
import { showDuration, showTime } from "../units";
import type { World } from "../world";
import { counted, listed, short } from "./answer";
import type { Answer } from "./answer";

/** What an evaluator needs to say of its kind of evidence. */
export interface Wish<K extends EvidenceKind> {
  readonly kind: K;
  /** "run", "scan", "drill": what one piece is called in messages. */
  readonly noun: string;
  /** Whether a piece is about this criterion at all: its suite, its drill, its branch. */
  about(facts: EvidenceOf<K>["facts"]): boolean;
  /** Present where `about` depends on the criterion and on this alone: then what was found is found once. */
  readonly key?: string;
}

/** What the store holds for a criterion. */
export interface Selection<K extends EvidenceKind> {
  /** What counts, newest first. */
  readonly items: readonly EvidenceOf<K>[];
  /** What is there and does not count, in words; empty where there is nothing. */
  readonly others: string;
  /** Why nothing may be concluded: the store can't be read, a time lies in the future. */
  readonly failure?: string;
}

/** Selects the evidence of a criterion. */
export function select<K extends EvidenceKind>(
  wish: Wish<K>,
  criterion: Pick<EvidenceCriterion, "subject" | "stage" | "attestedBy">,
  world: World,
): Selection<K> {
  if (world.evidenceFailure !== undefined) {
    return { items: [], others: "", failure: `the evidence could not be read: ${world.evidenceFailure}` };
  }
  const { evidence, release } = world;
  const about = (item: EvidenceHead): boolean => wish.about((item as EvidenceOf<K>).facts);
  const choose = (): readonly EvidenceHead[] =>
    (criterion.subject === "any" ? ofKind(evidence, wish.kind) : namedOfKind(evidence, wish.kind, release))
      .filter((item) => about(item) && whyNot(item, criterion, release) === undefined)
      .toSorted(newestFirst);
  const key = wish.key === undefined ? undefined : `${wish.kind} ${wish.key}`;
  const items = (
    key === undefined ? choose() : chosenOnce(evidence, criterion, release, key, choose)
  ) as readonly EvidenceOf<K>[];
  const untimely = items.find((item) => !(item.finishedAt <= world.now));
  if (untimely !== undefined) {
    const when = `${untimely.file} says that it was finished at ${showTime(untimely.finishedAt)}`;
    return { items: [], others: "", failure: `${when}, which is not before now: a clock is off` };
  }
  return {
    items,
    // Only a refusal tells it, and the store may hold ten thousand of other releases.
    get others() {
      const reasons = ofKind(evidence, wish.kind)
        .filter(about)
        .map((item) => whyNot(item, criterion, release));
      return [...elsewhere(reasons, wish.noun), ...rejections(wish.kind, criterion.stage, world.rejected)].join("; ");
    },
  };
}

/** Whether evidence is about the release, by digest alone. */
function isAbout({ subject }: EvidenceHead, by: EvidenceCriterion["subject"], release: Release): boolean {
  // Most often asked of a whole store, and the answer needs no look.
  if (by === "any") return true;
  const commit = subject.commits.includes(release.commit);
  switch (by) {
    case "commit":
      return commit;
    case "image":
      return subject.sha256.includes(digestOf(release));
    case "release":
      return commit || subject.sha256.includes(digestOf(release));
  }
}

/** Newest first; what came at the same time keeps an order that does not depend on the store's. */
function newestFirst(a: EvidenceHead, b: EvidenceHead): number {
  return b.finishedAt - a.finishedAt || (a.id < b.id ? -1 : 1);
}

function whyNot(
  item: EvidenceHead,
  criterion: Pick<EvidenceCriterion, "subject" | "stage" | "attestedBy">,
  release: Release,
): string | undefined {
  if (!isAbout(item, criterion.subject, release))
    return `for ${showSubject(item)}, this release is ${short(release.commit)}`;
  if (criterion.stage !== undefined && item.stage !== criterion.stage) {
    return `from ${item.stage === undefined ? "no stage" : `stage ${item.stage}`}, wanted ${criterion.stage}`;
  }
  if (!item.signers.some((signer) => signer.roles.some((role) => criterion.attestedBy.includes(role)))) {
    const signers = item.signers.map((signer) => signer.id);
    return `signed by ${signers.length === 0 ? "nobody trusted" : listed(signers)} without the role ${criterion.attestedBy.join(" or ")}`;
  }
  return undefined;
}

function showSubject(item: EvidenceHead): string {
  const [commit] = item.subject.commits;
  if (commit !== undefined) return `commit ${short(commit)}`;
  const [image] = item.subject.sha256;
  return image === undefined ? "no release" : `image ${short(image)}`;
}

/** "5 runs for commit 1a2b3c4, this release is 9f8e7d6" */
function elsewhere(reasons: readonly (string | undefined)[], noun: string): string[] {
  const counts = new Map<string, number>();
  for (const reason of reasons) if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const all = [...counts].map(([reason, number]) => `${counted(number, noun)} ${reason}`);
  return all.length > 3 ? [...all.slice(0, 3), `${all.length - 3} more that do not count`] : all;
}

/** Files in the store that were refused and might have been meant for this criterion. */
function rejections(kind: EvidenceKind, stage: string | undefined, rejected: readonly RejectedEvidence[]): string[] {
  const meant = rejected.filter(
    ({ claims }) =>
      (claims.kind === undefined || claims.kind === kind) &&
      (claims.stage === undefined || stage === undefined || claims.stage === stage),
  );
  const all = meant.map((item) => `${item.file} is refused (${item.reason}: ${item.detail})`);
  return all.length > 3 ? [...all.slice(0, 3), `${all.length - 3} more files are refused`] : all;
}

/** "; also 5 runs for commit …", or nothing. */
export function also(selection: Selection<EvidenceKind>): string {
  return selection.others === "" ? "" : `; also found: ${selection.others}`;
}

/** How long ago, for messages. */
export function age(item: EvidenceHead, now: number): string {
  return `${showDuration(now - item.finishedAt)} ago`;
}

/** Whether a piece is older than allowed; a time that is no number is. */
export function isStale(item: EvidenceHead, maxAge: number, now: number): boolean {
  return !(now - item.finishedAt <= maxAge);
}

/** What becomes of one newest piece. */
export interface Judged {
  readonly verdict: "pass" | "fail" | "stale" | "inconclusive";
  readonly found: string;
  /** What it was compared with. */
  readonly used?: readonly string[];
}

/** What a criterion of one newest piece needs besides its facts. */
export interface Latest<K extends EvidenceKind> {
  readonly wish: Wish<K>;
  readonly criterion: EvidenceCriterion;
  readonly world: World;
  readonly wanted: string;
  readonly remedy: string;
  readonly command: string;
}

/** Judges the newest piece of evidence: none, too old, or what `judge` makes of it. Older pieces never speak. */
export function judgeLatest<K extends EvidenceKind>(
  { wish, criterion, world, wanted, remedy, command }: Latest<K>,
  judge: (item: EvidenceOf<K>) => Judged,
): Answer {
  const selection = select(wish, criterion, world);
  const rest = { wanted, remedy, command };
  if (selection.failure !== undefined) return { ...rest, verdict: "fail", found: selection.failure };
  const [item] = selection.items;
  if (item === undefined) {
    return { ...rest, verdict: "fail", found: selection.others === "" ? `no ${wish.noun}` : selection.others };
  }
  const { verdict, found, used: compared = [] } = judge(item);
  const used = [item.id, ...compared];
  if (verdict === "fail") return { ...rest, verdict, found: `${found}${also(selection)}`, used };
  if (isStale(item, criterion.maxAge, world.now)) {
    return {
      ...rest,
      verdict: "stale",
      found: `${found}, but finished ${age(item, world.now)}${also(selection)}`,
      used,
    };
  }
  const suffix = verdict === "pass" ? `, ${age(item, world.now)}` : also(selection);
  return { ...rest, verdict, found: `${found}${suffix}`, used };
}
