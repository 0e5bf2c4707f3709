/**
 * Windows: when a stage may be changed. Every week on given days from a local time on, for an elapsed time, in an IANA
 * zone, right across changes of daylight saving: a start that a change skips moves forward with the clocks, one that
 * happens twice is the first of the two. Start included, end excluded.
 */
import { Temporal } from "temporal-polyfill";
import type { Window } from "./plan";

/** One time that a window is open, plan time, end excluded. */
export interface Opening {
  readonly from: number;
  readonly until: number;
}

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

/** The opening that an instant lies in, or undefined where the window is shut. */
export function openingAt(window: Window, now: number): Opening | undefined {
  return openingsAround(window, now).find((opening) => opening.from <= now && now < opening.until);
}

/** The first opening that begins after an instant; undefined for an instant that is none. */
export function nextOpening(window: Window, now: number): Opening | undefined {
  return openingsAround(window, now).find((opening) => opening.from > now);
}

/** Openings in order, from the day before until nine days after: each weekday is among them, whatever the zone does. */
function openingsAround(window: Window, now: number): Opening[] {
  if (!Number.isFinite(now) || Math.abs(now) > 8e15) return [];
  const today = Temporal.Instant.fromEpochMilliseconds(Math.floor(now))
    .toZonedDateTimeISO(window.timeZone)
    .toPlainDate();
  return Array.from({ length: 11 }, (_, index) => today.add({ days: index - 1 }))
    .filter((date) => window.days.some((day) => day === WEEKDAYS[date.dayOfWeek - 1]))
    .map((date) => {
      const start = date.toZonedDateTime({ timeZone: window.timeZone, plainTime: window.from });
      return { from: start.epochMilliseconds, until: start.epochMilliseconds + window.for };
    });
}

/** "Sunday 2026-11-22 02:00 UTC", in the window's own zone, with UTC beside it where they differ. */
export function showInZone(window: Window, instant: number): string {
  const local = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(window.timeZone);
  const day = capital(WEEKDAYS[local.dayOfWeek - 1] ?? "");
  const text = `${day} ${local.toPlainDate().toString()} ${local.toPlainTime().toString({ smallestUnit: "minute" })}`;
  if (window.timeZone === "UTC") return `${text} UTC`;
  const utc = new Date(instant).toISOString();
  return `${text} ${window.timeZone} (${utc.slice(0, 10)} ${utc.slice(11, 16)} UTC)`;
}

/** "Sunday 02:00 UTC": when the window opens, in words. */
export function showWindow(window: Window): string {
  const time = `${String(window.from.hour).padStart(2, "0")}:${String(window.from.minute).padStart(2, "0")}`;
  return `${window.days.map(capital).join(", ")} ${time} ${window.timeZone}`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
