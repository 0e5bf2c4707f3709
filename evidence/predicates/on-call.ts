/** Who is on call, at which level, from when until when. */
import { z } from "zod";
import { common, ownPredicate, stageName, utc, words } from "./shared";

const shift = z
  .object({
    level: z.enum(["primary", "secondary"]),
    person: words,
    /** Absent: always has been, always will be (a person named in the escalation policy itself). */
    from: utc.optional(),
    until: utc.optional(),
  })
  .refine(
    ({ from, until }) => from === undefined || until === undefined || from < until,
    "a shift ends before it begins",
  );

const schema = z.object({ ...common, stage: stageName.optional(), shifts: z.array(shift).min(1) });

/** What attest writes. */
export type OnCallPredicate = z.input<typeof schema>;

/** Before and after every time that a date can hold (ECMAScript's range ends at 8.64e15). */
const ALWAYS = { from: 0, until: 8.64e15 };

/** Kind "on-call". */
export const onCall = ownPredicate("on-call", schema, ({ shifts }, clock) => ({
  shifts: shifts.map(({ level, person, from, until }) => ({
    level,
    person,
    from: from === undefined ? ALWAYS.from : clock.at(from),
    until: until === undefined ? ALWAYS.until : clock.at(until),
  })),
}));
