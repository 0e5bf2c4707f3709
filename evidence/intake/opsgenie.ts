/** An on-call schedule's timeline as Opsgenie's API answers `GET /v2/schedules/<id>/timeline`; its rotations are named primary and secondary. */
import { z } from "zod";
import type { OnCallPredicate } from "../predicates/on-call";
import { formatUtc } from "../time";
import type { Format, ReportFile } from "./report";
import { finish, isRecord, refuse, single } from "./report";
import { instant } from "./scans";
import { readAs } from "./schema";

const period = z.object({
  startDate: z.string(),
  endDate: z.string(),
  type: z.string(),
  /** Absent where nobody is on call. */
  recipient: z.object({ type: z.string(), name: z.string().min(1).optional(), id: z.string().min(1) }).optional(),
});
const schema = z.object({
  data: z.object({
    _parent: z.object({ name: z.string(), enabled: z.boolean() }),
    finalTimeline: z.object({
      rotations: z.array(z.object({ name: z.string(), periods: z.array(period).default([]) })),
    }),
  }),
});

/** Opsgenie → "on-call". */
export const opsgenie: Format = {
  name: "Opsgenie timeline JSON",
  kind: "on-call",
  recognises: ({ json }) => isRecord(json) && isRecord(json["data"]) && "finalTimeline" in json["data"],
  read(files, stated) {
    const file = single(files, "Opsgenie timeline JSON");
    const { _parent: schedule, finalTimeline } = readAs(schema, file.json, file, "Opsgenie timeline").data;
    if (!schedule.enabled) throw refuse("intake-empty", `${file.name}: the schedule "${schedule.name}" is not enabled`);
    const shifts = finalTimeline.rotations.flatMap(({ name, periods }) => {
      const level = levelOf(file, name);
      return periods.flatMap((one) => shiftOf(file, one, level));
    });
    if (shifts.length === 0) throw refuse("intake-empty", `${file.name}: nobody is on call`);
    const predicate: OnCallPredicate = { ...finish(file, undefined, stated), stage: stated.stage, shifts };
    const names = shifts.map(({ level, person }) => `${person} (${level})`);
    return { predicate, summary: `on call: ${[...new Set(names)].join(", ")}` };
  },
};

type Level = "primary" | "secondary";

function levelOf(file: ReportFile, name: string): Level {
  const level = (["primary", "secondary"] as const).filter((one) => name.toLowerCase().includes(one));
  const [only] = level;
  if (only !== undefined && level.length === 1) return only;
  throw refuse(
    "intake-missing-field",
    `${file.name}: the rotation "${name}" does not say which level it is`,
    'name the schedule\'s rotations "primary" and "secondary"',
  );
}

function shiftOf(
  file: ReportFile,
  { recipient, startDate, endDate }: z.output<typeof period>,
  level: Level,
): OnCallPredicate["shifts"] {
  if (recipient === undefined) return [];
  // A team or an escalation is not a person who can be woken.
  if (recipient.type !== "user")
    throw refuse("intake-missing-field", `${file.name}: a ${recipient.type} is on call, not a person`);
  return [
    {
      level,
      person: recipient.name ?? recipient.id,
      from: formatUtc(instant(file, "startDate", startDate)),
      until: formatUtc(instant(file, "endDate", endDate)),
    },
  ];
}
