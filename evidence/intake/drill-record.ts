/**
 * The record of a drill that people did by hand, as JSON: what was rehearsed, when it began and ended, how, and when each
 * part of it was reached. No tool writes this: whoever attests it vouches for it.
 */
import { z } from "zod";
import type { DrillPredicate } from "../predicates/drill";
import { formatUtc, parseInstant } from "../time";
import type { Format, ReportFile } from "./report";
import { isRecord, refuse } from "./report";
import { readAs } from "./schema";

const record = z.strictObject({
  drill: z.string("the plan's name of the drill"),
  startedOn: z.string("when the trigger had fired, with a zone"),
  finishedOn: z.string("when it ended, with a zone"),
  outcome: z.enum(["passed", "failed"], "passed or failed"),
  integrity: z.enum(["verified", "unverified", "failed"], "verified, unverified or failed").optional(),
  marks: z.record(z.string(), z.string("when it was reached, with a zone")).optional(),
});

/** A drill's record → "drill". */
export const drillRecord: Format = {
  name: "a drill's record",
  kind: "drill",
  recognises: ({ json }) => isRecord(json) && "drill" in json && "startedOn" in json && "outcome" in json,
  read([file, ...more], stated) {
    if (file === undefined || more.length > 0) throw refuse("usage", "a drill has one record");
    const { drill, outcome, integrity, marks, ...times } = readAs(record, file.json, file, "the drill's record");
    const time = (member: string, text: string) => formatUtc(instant(file, member, text));
    const predicate: DrillPredicate = {
      stage: stated.stage,
      drill,
      startedOn: time("startedOn", times.startedOn),
      finishedOn: time("finishedOn", times.finishedOn),
      statedBy: "attester",
      outcome,
      ...(integrity === undefined ? {} : { integrity }),
      ...(marks === undefined
        ? {}
        : { marks: Object.entries(marks).map(([name, text]) => ({ name, reachedOn: time(`marks.${name}`, text) })) }),
    };
    return { predicate, summary: `${drill} in ${stated.stage} ${outcome}` };
  },
};

function instant(file: ReportFile, member: string, text: string): number {
  const time = parseInstant(text);
  if (time === undefined) throw refuse("intake-missing-field", `${file.name}: "${member}" is no time with a zone`);
  return time;
}
