/** What a gate answers, criterion by criterion. Plain data: it is printed, stored and compared. */

/** Only `pass` lets a gate open; `pending` is `pass` but for approvals that are still missing. */
export type Verdict = "pass" | "fail" | "inconclusive" | "stale" | "pending";

/** One criterion's answer. */
export interface Finding {
  /** The criterion's id in the plan. */
  readonly criterion: string;
  readonly title: string;
  readonly verdict: Verdict;
  /** What was found, in one line. */
  readonly found: string;
  /** What was wanted, in one line. */
  readonly wanted: string;
  /** Who can mend it: a handle from the plan. */
  readonly owner: string;
  /** What to do, and the command that does it. Empty for a pass. */
  readonly remedy: string;
  readonly command?: string;
  /** Where the plan says so: "plans/omnihub.yaml:41". */
  readonly line: string;
  /** When the gate can next open by itself (windows, holds), plan time. */
  readonly opensAt?: number;
  /** Evidence and approvals this answer rests on, by digest. */
  readonly used: readonly string[];
}

/** GO, NO-GO, or PENDING where only approvals are missing. */
export type Outcome = "GO" | "NO-GO" | "PENDING";

/** A gate's answer. */
export interface Decision {
  /** "enter production", "production canary 5 % → 25 %", "return to 0 %". */
  readonly gate: string;
  readonly outcome: Outcome;
  /** Why a gate is open without criteria: the way back. */
  readonly wayBack?: string;
  readonly findings: readonly Finding[];
  /** When all windows, freezes, holds and least durations allow it, plan time; absent where they do, or nobody knows. */
  readonly opensAt?: number;
  /** When it was decided, plan time. */
  readonly decidedAt: number;
  /** A clock's note that a reader must see. */
  readonly clock?: string;
  /** Approvals that this decision consumes. */
  readonly approvals: readonly string[];
  /** Digest of the update plan that was approved: what `up` may change, and nothing else. */
  readonly updatePlan?: string;
}
