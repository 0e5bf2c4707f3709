/**
 * Windows: when a stage may be changed. Every week, or every few weeks counted from a first date, on given days from a
 * local time on, for an elapsed time, in an IANA zone, right across changes of daylight saving: a start that a change
 * skips moves forward with the clocks, one that happens twice is the first of the two. Start included, end excluded.
 */
import { Temporal } from "temporal-polyfill";
import type { Window } from "./plan";

/** One time that a window is open, plan time, end excluded. */
export interface Opening {
  readonly from: number;
  readonly until: number;
}

/** Days of a week as plans name them, Monday first. */
export const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

/** Instants beyond this are none: what Temporal can't hold, in milliseconds. */
const FAR = 8e15;
const DAY = 86_400_000;

/** The opening that an instant lies in, or undefined where the window is shut. */
export function openingAt(window: Window, now: number): Opening | undefined {
  return firstOpening(window, now, (opening) => opening.from <= now && now < opening.until);
}

/** The first opening that begins after an instant; undefined for an instant that is none. */
export function nextOpening(window: Window, now: number): Opening | undefined {
  return firstOpening(window, now, (opening) => opening.from > now);
}

/** The weekday of a date such as "2026-11-24", as plans name it; undefined for a date that is none. */
export function weekdayOf(date: string): (typeof WEEKDAYS)[number] | undefined {
  try {
    return WEEKDAYS[Temporal.PlainDate.from(date, { overflow: "reject" }).dayOfWeek - 1];
  } catch {
    return undefined;
  }
}

/**
 * The first opening of a kind, out of those that can reach into an instant and those of the turn after it. Days are
 * numbers here, and only a day on which the window opens is looked up in its zone: a search over years takes thousands.
 */
function firstOpening(window: Window, now: number, is: (opening: Opening) => boolean): Opening | undefined {
  if (!Number.isFinite(now) || Math.abs(now) > FAR) return undefined;
  const every = 7 * (window.everyWeeks ?? 1);
  const since = window.since === undefined ? undefined : dayOf(window.since);
  // A zone's date is at most a day away from that of UTC, and a start that is skipped at most a day late.
  const first = Math.max(Math.floor((now - window.for) / DAY) - 2, since ?? -Infinity);
  const last = Math.max(Math.floor(now / DAY), first) + every + 9;
  for (let day = first; day <= last; day++) {
    if (!window.days.includes(WEEKDAYS[weekday(day)] ?? "monday")) continue;
    if (since !== undefined && (monday(day) - monday(since)) % every !== 0) continue;
    const opening = openingOn(window, day);
    if (is(opening)) return opening;
  }
  return undefined;
}

/** Number of a date: days since 1 January 1970, a Thursday. */
function dayOf(date: string): number {
  return Math.floor(Date.parse(`${date}T00:00:00Z`) / DAY);
}

/** 0 for Monday. */
function weekday(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

function monday(day: number): number {
  return day - weekday(day);
}

/** By window and day: one search asks for the same days again and again. */
const known = new WeakMap<Window, Map<number, Opening>>();

function openingOn(window: Window, day: number): Opening {
  const openings = known.get(window) ?? new Map<number, Opening>();
  known.set(window, openings);
  const opening = openings.get(day) ?? openOn(window, day);
  openings.set(day, opening);
  return opening;
}

function openOn(window: Window, day: number): Opening {
  const date = new Date(day * DAY);
  const start = Temporal.PlainDateTime.from({
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    ...window.from,
  }).toZonedDateTime(window.timeZone).epochMilliseconds;
  return { from: start, until: start + window.for };
}

/**
 * Whole days of a zone, both included: from the first moment of the one to the first after the other, whatever the
 * clocks do in between.
 */
export function daysInZone(timeZone: string, first: string, last: string): Opening {
  const begin = Temporal.PlainDate.from(first).toZonedDateTime({ timeZone });
  const end = Temporal.PlainDate.from(last).add({ days: 1 }).toZonedDateTime({ timeZone });
  return { from: begin.epochMilliseconds, until: end.epochMilliseconds };
}

/** "Sunday 2026-11-22 02:00 UTC", in a zone, with UTC beside it where they differ. */
export function showInZone({ timeZone }: Pick<Window, "timeZone">, instant: number): string {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(instant)).toZonedDateTimeISO(timeZone);
  const day = capital(WEEKDAYS[local.dayOfWeek - 1] ?? "");
  const text = `${day} ${local.toPlainDate().toString()} ${local.toPlainTime().toString({ smallestUnit: "minute" })}`;
  if (timeZone === "UTC") return `${text} UTC`;
  const utc = new Date(instant).toISOString();
  return `${text} ${timeZone} (${utc.slice(0, 10)} ${utc.slice(11, 16)} UTC)`;
}

/** "Sunday 02:00 UTC", "every 2 weeks on Tuesday 09:00 UTC": when the window opens, in words. */
export function showWindow(window: Window): string {
  const time = `${String(window.from.hour).padStart(2, "0")}:${String(window.from.minute).padStart(2, "0")}`;
  const turn = window.everyWeeks === undefined ? "" : `every ${window.everyWeeks} weeks on `;
  return `${turn}${window.days.map(capital).join(", ")} ${time} ${window.timeZone}`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
