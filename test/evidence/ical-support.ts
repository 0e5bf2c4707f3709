/** Calendars of one event, and what is read of them. */
import { busyTimes } from "../../evidence/ical";
import { HoldpointError } from "../../rollout/errors";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const utc = (text: string): number => Date.parse(text.length === 10 ? `${text}T00:00:00Z` : `${text}:00Z`);
export const READING = {
  file: "holidays.ics",
  timeZone: "Europe/Berlin",
  from: utc("2026-11-01"),
  until: utc("2030-01-01"),
};

export const event = (...lines: string[]): string =>
  ["BEGIN:VEVENT", "UID:1", "SUMMARY:Freeze", ...lines, "END:VEVENT"].join("\r\n");
export const calendar = (...parts: string[]): string =>
  ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", ...parts, "END:VCALENDAR", ""].join("\r\n");

export async function times(text: string, more: Partial<typeof READING> = {}): Promise<string[]> {
  const busy = await busyTimes(text, { ...READING, ...more });
  const show = (time: number) => new Date(time).toISOString().slice(0, 16);
  return busy.map(({ from, until }) => `${show(from)} ${show(until)}`);
}
export async function refusal(text: string): Promise<string> {
  try {
    await busyTimes(text, READING);
  } catch (error) {
    if (error instanceof HoldpointError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "";
}
export const of = (...lines: string[]) => times(calendar(event(...lines)));
export const refused = (...lines: string[]) => refusal(calendar(event(...lines)));
