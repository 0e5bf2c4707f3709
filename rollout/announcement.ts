/**
 * What people are told of a canary's steps. An announcement is plain data: the command says it, and whatever sends it on
 * knows by its id what was sent already.
 */
import type { Step } from "./plan";

/** Whose step: of a stage's whole service, or of one operation. */
export interface OfCanary {
  readonly stage: string;
  readonly operation?: string | undefined;
}

/** One sentence that has become true. */
export interface Announcement extends OfCanary {
  /** The same step of the same rollout says the same thing under the same id, however often it is looked at. */
  readonly id: string;
  readonly weight: number;
  /** When it became true: as the step began, or as its hold was passed. */
  readonly moment: "begins" | "held";
  readonly text: string;
  /** Plan time at which it was seen to be true. */
  readonly at: number;
}

/** Where a step stands. */
export interface StepMoment extends OfCanary {
  /** Plan time. */
  readonly since: number;
  readonly now: number;
}

/** What is told as a step begins; undefined where the plan says nothing. */
export function asItBegins(step: Step, at: StepMoment): Announcement | undefined {
  return announcement(step, at, "begins", step.announce?.begins);
}

/**
 * What is told once a step's hold was passed. Whether the checks pass is for the caller to know; before the hold is over
 * nothing is told, whoever asks.
 */
export function onceHeld(step: Step, at: StepMoment): Announcement | undefined {
  return at.now - at.since >= step.hold ? announcement(step, at, "held", step.announce?.held) : undefined;
}

function announcement(
  { weight }: Step,
  { stage, operation, since, now }: StepMoment,
  moment: Announcement["moment"],
  text: string | undefined,
): Announcement | undefined {
  if (text === undefined) return undefined;
  const whose = operation === undefined ? {} : { operation };
  const id = [stage, ...Object.values(whose), `${weight}%`, moment, new Date(since).toISOString()].join(" ");
  return { id, stage, ...whose, weight, moment, text, at: now };
}
