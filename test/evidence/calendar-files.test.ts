import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { calendarsDigest, openCalendars, readCalendars } from "../../evidence/calendar-files";
import { parsePlan } from "../../rollout/plan";
import { criterion, planText, smallPlan } from "../rollout/calendar-plan";

const NOW = Date.UTC(2026, 10, 22, 2, 5);
const CALENDAR = [
  "BEGIN:VCALENDAR",
  "VERSION:2.0",
  "BEGIN:VEVENT",
  "UID:1",
  "SUMMARY:Christmas",
  "DTSTART;VALUE=DATE:20261224",
  "DTEND;VALUE=DATE:20261227",
  "END:VEVENT",
  "END:VCALENDAR",
  "",
].join("\r\n");
const TEXT = planText({
  head: `freezes:\n  - { id: holidays, title: Holidays, timeZone: UTC, file: calendars/holidays.ics, stages: [production] }`,
  criteria: criterion("no-freeze", "no-freeze"),
});
const PLAN = parsePlan(TEXT, "plans/small.yaml");

let root: string;
const write = (content: string | Buffer) => writeFileSync(join(root, "plans", "calendars", "holidays.ics"), content);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdpoint-calendars-"));
  mkdirSync(join(root, "plans", "calendars"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const opened = async () => (await openCalendars(PLAN, readCalendars(root, PLAN), NOW))["holidays"];

describe("a calendar's file", () => {
  test("is found beside the plan, and says when its events are", async () => {
    write(CALENDAR);
    expect(await opened()).toMatchObject({
      ok: true,
      busy: [{ from: Date.UTC(2026, 11, 24), until: Date.UTC(2026, 11, 27), title: "Christmas", timeZone: "UTC" }],
    });
  });
  test("that is missing, a folder, too large, or no text is told by its name", async () => {
    expect(await opened()).toEqual({ ok: false, why: "calendars/holidays.ics is not there" });
    write(Buffer.alloc(1024 * 1024 + 1, 0x20));
    expect(await opened()).toEqual({
      ok: false,
      why: "calendars/holidays.ics has 1048577 bytes, expected at most 1 MiB",
    });
    write(Buffer.from([0x42, 0xff, 0xfe]));
    expect(await opened()).toEqual({ ok: false, why: "calendars/holidays.ics is not UTF-8 text" });
    rmSync(join(root, "plans", "calendars", "holidays.ics"));
    mkdirSync(join(root, "plans", "calendars", "holidays.ics"));
    expect(await opened()).toEqual({ ok: false, why: "calendars/holidays.ics is no file" });
  });
  test("that is not understood is told by its name", async () => {
    write("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n");
    expect(await opened()).toEqual({ ok: false, why: "calendars/holidays.ics: found no event, expected at least one" });
    write(CALENDAR.slice(0, 100));
    expect(await opened()).toMatchObject({
      ok: false,
      why: expect.stringMatching(/^calendars\/holidays\.ics: /) as string,
    });
  });
  test("is another request with one byte changed, and where it is gone", () => {
    const of = () => calendarsDigest(readCalendars(root, PLAN));
    const gone = of();
    write(CALENDAR);
    const there = of();
    expect(of()).toBe(there);
    write(`${CALENDAR}\r\n`);
    expect(new Set([gone, there, of()]).size).toBe(3);
  });
  test("is nothing to a plan that names none", () => {
    expect(calendarsDigest(readCalendars(root, smallPlan()))).toBeUndefined();
  });
});
