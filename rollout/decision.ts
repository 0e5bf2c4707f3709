/** What a gate answers, criterion by criterion. Plain data: it is printed, stored and compared. */
import type { Owed, Promised } from "./owed";
import type { AllReached } from "./reached";

/**
 * `pass` lets a gate open. So does `waived`: not met, and people answer for it with their signatures; it is never told as
 * passed. `pending` is `pass` but for approvals that are still missing.
 */
export type Verdict = "pass" | "fail" | "inconclusive" | "stale" | "pending" | "waived";

/** Whether a criterion with this verdict keeps its gate shut. */
export function isUnmet({ verdict }: { readonly verdict: Verdict }): boolean {
  return verdict !== "pass" && verdict !== "waived";
}

/** Under what a criterion that is not met was waived. */
export interface Waived {
  /** What it was without the waiver. */
  readonly verdict: Verdict;
  /** Until when, plan time. */
  readonly until: number;
  /** Who signed, why, and what each promised to have done before the next release. */
  readonly by: readonly {
    readonly signer: string;
    readonly reason: string;
    readonly obligation: string;
    /** Its id. */
    readonly waiver: string;
  }[];
}

/** A criterion that was not asked because of the release's type. */
export interface NotAsked {
  readonly criterion: string;
  readonly title: string;
  readonly why: string;
}

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
  /** Present where the verdict is `waived`. */
  readonly waived?: Waived;
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
  /** Criteria that this release's type is not asked for. */
  readonly notAsked?: readonly NotAsked[];
  /** What the stage owes once this gate was passed; absent where a decision changes nothing of it. */
  readonly owed?: Owed;
  /** Of a canary's step: what stands in its record as promised once it was taken. */
  readonly promised?: Promised;
  /** Of a canary's step: what stands in its record of how far releases got; absent where that is not known. */
  readonly reached?: AllReached;
  /** When the windows, freezes, holds and least durations that keep it shut all allow it, plan time; absent where they do now, or nobody knows. */
  readonly opensAt?: number;
  /** When it was decided, plan time. */
  readonly decidedAt: number;
  /** A clock's note that a reader must see. */
  readonly clock?: string;
  /** What a reader must know of the trust file: that it was believed on first use, that it changed. */
  readonly trust?: string;
  /** Approvals that this decision consumes. */
  readonly approvals: readonly string[];
  /** Digest of the update plan that was approved: what `up` may change, and nothing else. */
  readonly updatePlan?: string;
}

/** Which gate a run asks. */
export type Asked =
  | { readonly gate: "enter"; readonly stage: string }
  | { readonly gate: "step"; readonly stage: string; readonly to: number };
