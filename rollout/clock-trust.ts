/**
 * Whether the machine's clock can be believed: it is held against everything else that knows a time. Every age and every
 * window rests on the clock, and a clock that is set back makes old evidence fresh and shut windows open.
 */
import { showDuration, showTime } from "./units";

/** Something besides the clock that knows a time. */
export interface Witness {
  /** As messages call it: "the newest record in production's state". */
  readonly what: string;
  /** past: what has happened lies before now. present: another clock that was read now. */
  readonly is: "past" | "present";
  /** Machine time; one that is no number says nothing. */
  readonly at: number;
}

/** How far two machines' clocks may be apart, in milliseconds: what Kerberos allows by default (RFC 4120, 1.6). */
export const TOLERANCE = 5 * 60_000;

/** How far a clock may run apart from itself while one gate is decided, in milliseconds. */
export const LARGEST_JUMP = 2_000;

/**
 * Why the clock can't be believed, in words, or undefined. No witness proves a clock right: what has no witness is
 * believed, as far as it goes.
 * @param now machine time
 */
export function doubt(now: number, witnesses: readonly Witness[]): string | undefined {
  const against = witnesses.filter(({ is, at }) =>
    is === "past" ? at - now > TOLERANCE : Math.abs(at - now) > TOLERANCE,
  );
  const worst = against.toSorted((a, b) => Math.abs(b.at - now) - Math.abs(a.at - now))[0];
  if (worst === undefined) return undefined;
  const apart = `${showDuration(Math.abs(worst.at - now))} ${worst.at > now ? "later" : "earlier"}`;
  const allowed = `more than the ${showDuration(TOLERANCE)} that clocks may differ`;
  return `the machine's clock says ${showTime(now)}, but ${worst.what} says ${showTime(worst.at)}: ${apart}, ${allowed}`;
}

/**
 * Why a clock that was read twice can't be believed: it was set in between.
 * @param wall how far the clock moved, in milliseconds
 * @param steady how far a clock moved that nobody can set
 */
export function jump(wall: number, steady: number): string | undefined {
  const apart = wall - steady;
  if (Math.abs(apart) <= LARGEST_JUMP) return undefined;
  const where = apart > 0 ? "forward" : "back";
  return `the machine's clock was set ${where} by ${showDuration(Math.abs(apart))} while the gate was being decided`;
}
