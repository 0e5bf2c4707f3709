/**
 * Whether a signature counts at the time that its statement names. Of a key's that time is the signer's own word: so whoever
 * gets hold of a key can date back what it signs, and two rules do not rest on that word: a key past its end counts for
 * nothing any more, and neither does one that was revoked as compromised, whatever it signed when. Of a certificate's
 * signature a log or a timestamp authority proves the time, and that one is judged.
 */
import type { Identity, Trust } from "../trust";
import type { SignedBy } from "../signed";
import { distinct } from "../signed";
import { formatUtc } from "../time";
import type { RevocationEntry } from "./revocations";

/** Why a signature does not count. */
export interface Refused {
  readonly reason: "key-not-valid" | "key-revoked";
  readonly detail: string;
}

/** When a signature is judged; machine time. */
export interface Judged {
  /** The time of the statement: finishedOn, approvedOn, grantedOn, issuedOn, signedOn. */
  readonly signedAt: number;
  /** The gate's; absent for changes of the trust file, which outlive the keys that signed them. */
  readonly now?: number;
}

/** Those whose signatures count, each once, and why others' do not. */
export interface Accepted {
  readonly identities: readonly Identity[];
  readonly refused: readonly Refused[];
}

/** Sorts signatures; `revoked` is by default what the trust file's list says. */
export function accept(
  by: readonly SignedBy[],
  trust: Pick<Trust, "term" | "revocations">,
  times: Judged,
  revoked: readonly RevocationEntry[] = trust.revocations?.list?.revoked ?? [],
): Accepted {
  const refused: Refused[] = [];
  const counted = by.filter((one) => {
    const why = outOfTerm(one, trust, times) ?? revokedBy(one, trust, times, revoked);
    if (why !== undefined) refused.push(why);
    return why === undefined;
  });
  return { identities: distinct(counted), refused };
}

function outOfTerm({ identity, key }: SignedBy, trust: Pick<Trust, "term">, times: Judged): Refused | undefined {
  if (key === undefined) return undefined;
  const term = trust.term(key);
  // A key that is nobody's can't get here; if it did, it counts for nothing.
  if (term === undefined) return { reason: "key-not-valid", detail: "a key that the trust file does not have" };
  const { from = -Infinity, until = Infinity } = term;
  const { signedAt, now = -Infinity } = times;
  if (signedAt >= from && signedAt < until && now < until) return undefined;
  const whose = `key "${term.name}" of ${identity.id}`;
  const said = `what it signed is of ${formatUtc(signedAt)}`;
  const refused = (detail: string): Refused => ({ reason: "key-not-valid", detail });
  if (!(signedAt >= from)) return refused(`${whose} counts from ${formatUtc(from)} on, and ${said}`);
  if (!(signedAt < until)) return refused(`${whose} ended at ${formatUtc(until)}, and ${said}`);
  return refused(
    `${whose} ended at ${formatUtc(until)}: ${said} by its own word, and nobody can tell that from what was dated back since`,
  );
}

function revokedBy(
  { identity, key, provenAt }: SignedBy,
  trust: Pick<Trust, "term">,
  times: Judged,
  revoked: readonly RevocationEntry[],
): Refused | undefined {
  if (revoked.length === 0) return undefined;
  const signedAt = provenAt ?? times.signedAt;
  const own = revoked.filter(
    (one) => (key !== undefined && one.key === key) || one.identity?.toLowerCase() === identity.id.toLowerCase(),
  );
  const name = key === undefined ? undefined : trust.term(key)?.name;
  for (const { key: only, since, reason } of own) {
    const what = only === undefined || name === undefined ? identity.id : `key "${name}" of ${identity.id}`;
    if (reason === "compromise") {
      return {
        reason: "key-revoked",
        detail: `${what} was revoked as compromised: nothing counts that it ever signed`,
      };
    }
    if (!(signedAt < since)) {
      const detail = `${what} was revoked from ${formatUtc(since)} on (${reason}), and what it signed is of ${formatUtc(signedAt)}`;
      return { reason: "key-revoked", detail };
    }
  }
  return undefined;
}
