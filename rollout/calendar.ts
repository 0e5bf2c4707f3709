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
  return openingsAround(window, now).find((opening) => opening.from <= now && now < opening.until);
}

/** The first opening that begins after an instant; undefined for an instant that is none. */
export function nextOpening(window: Window, now: number): Opening | undefined {
  return openingsAround(window, now).find((opening) => opening.from > now);
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
 * Openings in order: those that can reach into an instant, and those of the next two weeks that the window is open in.
 * Nothing opens before `since`.
 */
function openingsAround(window: Window, now: number): Opening[] {
  if (!Number.isFinite(now) || Math.abs(now) > FAR) return [];
  const every = window.everyWeeks ?? 1;
  const since = window.since === undefined ? undefined : Temporal.PlainDate.from(window.since);
  const first = firstWeek(localDate(window.timeZone, now - window.for - 2 * DAY), since, every);
  // Two turns more than what the look back spans: each weekday of the next turn is among them, whatever the zone does.
  const turns = Math.ceil((window.for + 2 * DAY) / (7 * every * DAY)) + 2;
  return Array.from({ length: turns }, (_, turn) => first.add({ weeks: turn * every }))
    .flatMap((monday) => WEEKDAYS.map((day, index) => ({ day, date: monday.add({ days: index }) })))
    .filter(({ day, date }) => window.days.includes(day) && !(since && Temporal.PlainDate.compare(date, since) < 0))
    .map(({ date }) => openingOn(window, date));
}

/** Monday of the first week from a date's own on that is one of every so many, counted from the week of `since`. */
function firstWeek(date: Temporal.PlainDate, since: Temporal.PlainDate | undefined, every: number): Temporal.PlainDate {
  const monday = mondayOf(date);
  if (since === undefined) return monday;
  const start = mondayOf(since);
  const away = start.until(monday).total({ unit: "days" }) / 7;
  return away <= 0 ? start : start.add({ weeks: Math.ceil(away / every) * every });
}

function mondayOf(date: Temporal.PlainDate): Temporal.PlainDate {
  return date.subtract({ days: date.dayOfWeek - 1 });
}

function openingOn(window: Window, date: Temporal.PlainDate): Opening {
  const start = date.toZonedDateTime({ timeZone: window.timeZone, plainTime: window.from });
  return { from: start.epochMilliseconds, until: start.epochMilliseconds + window.for };
}

function localDate(timeZone: string, instant: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(instant)).toZonedDateTimeISO(timeZone).toPlainDate();
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
