/** What a run leaves in the state for the gates after it. */
import type { Decision } from "./decision";
import type { Promised } from "./owed";
import { broughtBackAfter, type AllReached } from "./reached";
import { canaryOf, sameName, type StageState } from "./world";
import type { TrustMark } from "./trust";
import type { ReleaseName, StageEntry, StageRecord } from "./world";

/**
 * The stage's record after a run that was let through.
 * @param made what this run makes of the stage
 * @param trust the trust file that let it through
 */
export function nextRecord(
  before: StageRecord | undefined,
  made: StageEntry,
  decision: Decision,
  trust?: TrustMark,
): StageRecord {
  const entry = entryOf(made);
  const usedApprovals = [...new Set([...(before?.usedApprovals ?? []), ...decision.approvals])].toSorted();
  // A way back pays no debt: what was owed before is owed still, and what is not known stays unknown.
  const owed = decision.owed ?? before?.owed;
  // A way back asked no signature, so it says nothing of who is trusted: an older trust file must not come back with it.
  const mark = decision.wayBack === undefined ? (trust ?? before?.trust) : before?.trust;
  const broughtBack = broughtBackBy(before, entry);
  const kept = {
    usedApprovals,
    ...(owed === undefined ? {} : { owed }),
    ...(mark === undefined ? {} : { trust: mark }),
    ...(broughtBack === undefined ? {} : { broughtBack }),
  };
  const current = before?.current;
  if (current === undefined) return { current: entry, ...kept };
  if (sameEntry(current, entry)) return { ...before, current: entryOf(current), ...kept };
  // After a way back there is nothing to go back to: else "back" would lead forward again, past the gate.
  if (isReturn(before, entry)) return { current: entry, ...kept };
  return { current: entry, previous: entryOf(current), ...kept };
}

/** What stands in a step's record beside its weight. */
export interface StepRecord {
  /** What was promised for waivers; absent: nothing. */
  readonly promised?: Promised;
  /** How far releases got; absent: nobody knows. */
  readonly reached?: AllReached;
  /** The record could not be read, and a way back goes on all the same: the program leaves in it what is there. */
  readonly unread?: true;
}

/** What a canary's run leaves in its step's record; a way back changes nothing of it. */
export function keptByStep(
  decision: Decision,
  state: StageState | undefined,
  operation: string | undefined,
): StepRecord {
  if (state?.ok !== true) return { unread: true };
  const before = canaryOf(state, operation);
  const promised = decision.promised ?? before?.obligations;
  // Nothing was reached where there is no record at all; one that does not say it is another matter.
  const reached = decision.reached ?? (before === undefined ? [] : before.reached);
  return { ...(promised === undefined ? {} : { promised }), ...(reached === undefined ? {} : { reached }) };
}

function isReturn(before: StageRecord | undefined, entry: StageEntry): boolean {
  const { current, previous } = before ?? {};
  if (current === undefined || previous === undefined) return false;
  return !sameEntry(current, entry) && sameEntry(previous, entry);
}

/**
 * What is not known stays so until a release enters that the record does not name: of that one it is known from then on
 * that nobody brought it back.
 */
function broughtBackBy(before: StageRecord | undefined, entry: StageEntry): StageRecord["broughtBack"] {
  const { current, previous } = before ?? {};
  const isNamed = [current, previous].some((one) => one !== undefined && sameName(one.release, entry.release));
  const known = before?.broughtBack ?? (isNamed ? undefined : []);
  if (known === undefined || "failure" in known) return known;
  return broughtBackAfter(known, isReturn(before, entry) ? current?.release : undefined, entry.baseline);
}

function sameEntry(a: StageEntry, b: StageEntry): boolean {
  return a.request === b.request && sameName(a.release, b.release);
}

/** Only what is kept: a time would be another one in each preview, and an update plan could not be kept to. */
function entryOf({ release, baseline, request, content, type }: StageEntry): StageEntry {
  const more = { ...(content === undefined ? {} : { content }), ...(type === undefined ? {} : { type }) };
  return { release: nameOf(release), baseline: nameOf(baseline), request, ...more };
}

/** Only what names a release: callers hand in more. */
function nameOf({ image, commit }: ReleaseName): ReleaseName {
  return { image, commit };
}
