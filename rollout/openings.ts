/**
 * When a gate can next open by itself: the first instant at which everything that only waits for time holds at once,
 * windows, trains, freezes, holds and least durations together.
 */
import { nextOpening, openingAt } from "./calendar";
import type { Opening } from "./calendar";
import type { Answer } from "./criteria/answer";
import type { Window } from "./plan";
import { showTime } from "./units";

/** The first instant from a given one on at which a condition of time holds; undefined where waiting never helps. */
export type Times = (from: number) => number | undefined;

/** How far ahead is looked: three years, in milliseconds. A plan whose times meet later is one to mend. */
const HORIZON = 3 * 366 * 86_400_000;
/** How often one condition may be put off by another: a weekly window among daily freezes needs hundreds. */
const ROUNDS = 5_000;

/** A window is open, and stays so for a time. */
export function windowTimes(window: Window, stays = 0): Times {
  return (from) => {
    if (stays > window.for) return undefined;
    const now = openingAt(window, from);
    return now !== undefined && from + stays <= now.until ? from : nextOpening(window, from)?.from;
  };
}

/** None of these spans is on. */
export function outsideTimes(spans: readonly Opening[]): Times {
  const inOrder = spans.toSorted((a, b) => a.from - b.from);
  return (from) => inOrder.reduce((at, span) => (span.from <= at && at < span.until ? span.until : at), from);
}

/** From an instant on. */
export function sinceTimes(instant: number): Times {
  return (from) => (Number.isFinite(instant) ? Math.max(from, instant) : undefined);
}

/**
 * The first instant at which all hold, or undefined where there is none within three years. Each condition moves the
 * instant only forward and never past one at which it holds: so what all agree on is the first.
 */
export function firstCommon(all: readonly Times[], now: number): number | undefined {
  let at = now;
  for (let round = 0; round < ROUNDS; round++) {
    const before = at;
    for (const times of all) {
      const next = times(at);
      if (next === undefined || !(next >= at) || next - now > HORIZON) return undefined;
      at = next;
    }
    if (at === before) return at;
  }
  return undefined;
}

/**
 * Lets a gate's answers say together when it opens: each that only time mends names the first instant at which all of
 * them hold. Where one can't be known, or waiting never helps, none names an instant that would not be one.
 */
export function agree(answers: readonly Answer[], now: number): Answer[] {
  const waits = answers.flatMap(({ times }) => (times === undefined ? [] : [times]));
  const all = waits.filter((times) => times !== "unknown");
  const known = all.length === waits.length && Number.isFinite(now);
  const opens = known ? firstCommon(all, now) : undefined;
  return answers.map((answer) =>
    answer.times === undefined || answer.verdict === "pass" ? answer : told(answer, opens, known),
  );
}

/** The same for the answers of several criteria, by id. */
export function agreeAll(byId: ReadonlyMap<string, readonly Answer[]>, now: number): Map<string, readonly Answer[]> {
  const entries = [...byId];
  const agreed = agree(
    entries.flatMap(([, answers]) => answers),
    now,
  );
  return new Map(entries.map(([id, answers]) => [id, agreed.splice(0, answers.length)]));
}

function told(answer: Answer, opens: number | undefined, known: boolean): Answer {
  const { opensAt: alone, ...rest } = answer;
  if (opens === undefined) {
    if (alone === undefined || !known) return rest;
    return { ...rest, remedy: "waiting does not help: the times that this gate asks for never meet; mend the plan" };
  }
  const later = alone !== undefined && opens > alone;
  return {
    ...rest,
    opensAt: opens,
    ...(later
      ? { remedy: `wait until ${showTime(opens)}: the first time at which all that this gate waits for holds` }
      : {}),
  };
}
