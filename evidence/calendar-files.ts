import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CalendarFile } from "../rollout/freezes";
import type { Digest } from "../rollout/evidence";
import type { Plan } from "../rollout/plan";
import { canonical, digest } from "./canonical";
import { configuredPath } from "./request";

/** The largest calendar that is read, in bytes; a year of holidays is some 20 KB. */
const LARGEST = 1024 * 1024;

/** A calendar's file as it was found: its text, or why there is none. */
export type CalendarText = { readonly file: string } & ({ readonly text: string } | { readonly failure: string });

/** By the id of its freeze. */
export type CalendarTexts = Readonly<Record<string, CalendarText>>;

/** Reads the calendar files of a plan's freezes; paths count from the plan's folder. Never throws: the gate says why. */
export function readCalendars(root: string, plan: Plan): CalendarTexts {
  const folder = dirname(configuredPath(root, plan.source.file));
  return Object.fromEntries(
    plan.freezes.flatMap((freeze) => ("file" in freeze ? [[freeze.id, readCalendar(folder, freeze.file)]] : [])),
  );
}

function readCalendar(folder: string, file: string): CalendarText {
  const path = join(folder, file);
  try {
    const { size } = statSync(path);
    if (!statSync(path).isFile()) return { file, failure: `${file} is no file` };
    if (size > LARGEST) return { file, failure: `${file} has ${size} bytes, expected at most 1 MiB` };
    const bytes = readFileSync(path);
    return { file, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return { file, failure: `${file} is not there` };
    const isText = code !== "ERR_ENCODING_INVALID_ENCODED_DATA";
    return { file, failure: isText ? `${file} can't be read: ${code ?? "unknown"}` : `${file} is not UTF-8 text` };
  }
}

/** Digest over all calendars of a plan, for the request; absent where it has none. */
export function calendarsDigest(texts: CalendarTexts): Digest | undefined {
  const entries = Object.entries(texts);
  if (entries.length === 0) return undefined;
  const named = entries.map(([id, one]) => [id, { file: one.file, text: "text" in one ? digest(one.text) : null }]);
  return digest(canonical(Object.fromEntries(named)));
}

/** How far a calendar is worked out: as far as a gate looks for its next opening, and a day back. Milliseconds. */
const AHEAD = 1_200 * 86_400_000;
const BACK = 86_400_000;

/** What the calendars of a plan say around an instant of plan time. Never throws: the gate says why. */
export async function openCalendars(
  plan: Plan,
  texts: CalendarTexts,
  now: number,
): Promise<Readonly<Record<string, CalendarFile>>> {
  const entries = plan.freezes.flatMap((freeze) => {
    const found = Object.hasOwn(texts, freeze.id) ? texts[freeze.id] : undefined;
    return "file" in freeze && found !== undefined ? [{ freeze, found }] : [];
  });
  const opened = await Promise.all(
    entries.map(async ({ freeze, found }) => [freeze.id, await openCalendar(found, freeze.timeZone, now)] as const),
  );
  return Object.fromEntries(opened);
}

async function openCalendar(found: CalendarText, timeZone: string, now: number): Promise<CalendarFile> {
  if ("failure" in found) return { ok: false, why: found.failure };
  const span = { from: now - BACK, until: now + AHEAD };
  try {
    const { busyTimes } = await import("./ical");
    return { ok: true, ...span, busy: await busyTimes(found.text, { file: found.file, timeZone, ...span }) };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}
