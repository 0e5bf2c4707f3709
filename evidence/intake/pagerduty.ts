/**
 * On-call shifts as PagerDuty's API answers `GET /oncalls`. Escalation level 1 is primary, 2 is secondary; a shift
 * without start and end is one of a person who is named in the escalation policy itself, always.
 */
import { z } from "zod";
import type { OnCallPredicate } from "../predicates/on-call";
import { formatUtc, parseInstant } from "../time";
import type { Format, ReportFile } from "./report";
import { finish, isRecord, refuse, single } from "./report";
import { readAs } from "./schema";

const shift = z.object({
  escalation_level: z.number().int().min(1),
  user: z.object({ id: z.string().min(1), summary: z.string().min(1).optional() }),
  start: z.string().nullable(),
  end: z.string().nullable(),
});
const schema = z.object({ oncalls: z.array(shift), more: z.boolean().default(false) });

/** PagerDuty on-calls → "on-call". */
export const pagerduty: Format = {
  name: "PagerDuty on-calls JSON",
  kind: "on-call",
  recognises: ({ json }) => isRecord(json) && "oncalls" in json,
  read(files, stated) {
    const file = single(files, "PagerDuty on-calls JSON");
    const { oncalls, more } = readAs(schema, file.json, file, "PagerDuty on-calls");
    if (more)
      throw refuse(
        "intake-truncated",
        `${file.name}: "more" is true, it is one page of several`,
        "ask for all pages: limit=100",
      );
    const levels = oncalls.filter(({ escalation_level: level }) => level <= 2);
    if (levels.length === 0) throw refuse("intake-empty", `${file.name}: nobody is on call at level 1 or 2`);
    const predicate: OnCallPredicate = {
      ...finish(file, undefined, stated),
      stage: stated.stage,
      shifts: levels.map(({ escalation_level: level, user, start, end }) => ({
        level: level === 1 ? "primary" : "secondary",
        person: user.summary ?? user.id,
        ...(start === null ? {} : { from: instant(file, "start", start) }),
        ...(end === null ? {} : { until: instant(file, "end", end) }),
      })),
    };
    const names = predicate.shifts.map(({ level, person }) => `${person} (${level})`);
    return { predicate, summary: `on call: ${[...new Set(names)].join(", ")}` };
  },
};

function instant(file: ReportFile, member: string, text: string): string {
  const time = parseInstant(text);
  if (time === undefined) throw refuse("intake-missing-field", `${file.name}: "${member}" is no time with a zone`);
  return formatUtc(time);
}
