import { timingSafeEqual } from "node:crypto";
import { canonical } from "./canonical";
import type { Outcome } from "./decision";
import { HoldpointError } from "./errors";

/**
 * The words between program and pack. The program asks by registering the clearance; the pack answers by adding a
 * verdict to it, which the engine hands back.
 */

/** The clearance's name and type, as the pack looks for them. */
export const CLEARANCE = { name: "clearance", type: "pulumi:index:Stash" } as const;

/** Name of the Stash that ends a stage stack: which release it has, and which it had before. The pack fills it in. */
export const RECORD = "record";

/** Name of the Stash that changes only with what runs in a stage: its time is that of the release's first entry. */
export const ENTERED = "entered";

/** Name of the Stash that a canary stack keeps: where its last step led, for which release, and what was promised for it. */
export const STEP = "step";

/** The policies that must have signed the clearance. One that is missing was switched off or set to another level. */
export const ROLL_CALL = ["go-no-go", "approved-changes", "protected-resources"] as const;

/** What the pack adds to the clearance. Only what it states is believed, never the caller's environment. */
export interface PackVerdict {
  /** Echo of the program's nonce: an answer to another run, or one out of the state, has another. Absent in a preview. */
  readonly nonce?: string;
  readonly mode: "preview" | "up";
  readonly outcome: Outcome;
  /** Digest of the request that was decided on. */
  readonly request: string;
  /** For a person: the decision as a table. */
  readonly text: string;
  /** A canary's way back whose step's record the pack could not read: what stands in it stays. */
  readonly unread?: true;
  /** The policies that signed, in order. */
  readonly rollCall: readonly string[];
}

/** What the program knows of its own run, against which an answer is held. */
export interface Asked {
  readonly stack: string;
  readonly mode: "preview" | "up";
  /** Absent in a preview, where it is unknown by design. */
  readonly nonce?: string;
  readonly request: object;
  readonly requestDigest: string;
}

/**
 * Whether an answer is the pack's, fresh, whole and about this request.
 * @throws HoldpointError `clearance-missing`, naming what is wrong with it
 */
export function checkAnswer(answer: unknown, asked: Asked): PackVerdict {
  const { request, verdict } = (answer ?? {}) as { request?: object; verdict?: PackVerdict };
  if (verdict === undefined || typeof verdict !== "object") {
    throw clearanceMissing(asked, "no policy pack answered, and this program changes nothing without one");
  }
  if (verdict.mode !== asked.mode) {
    throw clearanceMissing(
      asked,
      `the answer is for ${named(verdict.mode)}, this run takes itself for ${named(asked.mode)}`,
    );
  }
  if (asked.mode === "up" && !sameText(verdict.nonce, asked.nonce)) {
    throw clearanceMissing(asked, "the answer belongs to an earlier run");
  }
  if (verdict.request !== asked.requestDigest || !sameRequest(request, asked.request)) {
    throw clearanceMissing(asked, "the answer is about another request");
  }
  const absent = ROLL_CALL.filter((name) => !verdict.rollCall.includes(name));
  if (absent.length > 0) {
    throw clearanceMissing(asked, `policies switched off, or set to another level: ${absent.join(", ")}`);
  }
  return verdict;
}

/** The refusal of a program that got no answer it can trust. */
export function clearanceMissing(asked: Pick<Asked, "stack" | "mode">, why: string): HoldpointError {
  return new HoldpointError("clearance-missing", why, {
    remedy:
      `pulumi ${asked.mode} -s ${asked.stack} --policy-pack policies` +
      " (without --policy-pack-config for its policies, without leaving out the clearance by --target or --exclude)",
  });
}

const named = (mode: string): string => (mode === "up" ? "an update" : "a preview");

/** Never the same where one of them holds what is no plain value, such as one that is not known yet. */
function sameRequest(a: unknown, b: unknown): boolean {
  try {
    return canonical(a) === canonical(b);
  } catch {
    return false;
  }
}

function sameText(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
