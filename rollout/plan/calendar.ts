/** When a stage may be changed: windows, release trains, freezes, least durations. */
import { z } from "zod";
import { clockTime, duration, weight } from "../units";
import { covers, head, name, names, text } from "./words";

const timeZone = text.refine(isTimeZone, 'an IANA time zone such as "Europe/Berlin"');
const date = z.iso.date('a date such as "2026-12-20"');

/** When a stage may be changed, every week or every few weeks. Starts included, ends excluded. */
export const window = z.strictObject({
  /** IANA name: "UTC", "Europe/Berlin". */
  timeZone,
  days: z
    .array(z.enum(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]))
    .min(1, "at least one day")
    .readonly(),
  /** Every so many weeks, counted from the week of `since`; by default every week. */
  everyWeeks: z.int("a whole number").min(2).max(52).optional(),
  since: date.optional(),
  /** Local time at which it opens. */
  from: clockTime,
  /** How long it stays open, in elapsed time. */
  for: duration,
  covers,
});

/** A time in which nothing may be changed: from a date and time to another, or as a calendar file says. */
export const freeze = z.union(
  [
    z.strictObject({
      id: name,
      title: text,
      timeZone,
      /** First and last day, both included. */
      from: date,
      to: date,
      stages: names.readonly().optional(),
      /** Release types that may go all the same. */
      except: names.readonly().optional(),
      covers,
    }),
    z.strictObject({
      id: name,
      title: text,
      /** An iCalendar file (RFC 5545), relative to the plan: each of its events is a freeze. */
      file: text,
      /** Zone of its dates without one. */
      timeZone,
      stages: names.readonly().optional(),
      except: names.readonly().optional(),
      covers,
    }),
  ],
  "from and to, or a calendar's file",
);

/** The stage's window is open, or a named one of the plan's `windows`. */
const windowCriterion = z.strictObject({ kind: z.literal("window"), ...head, window: name.optional() });

/** No freeze of the plan's `freezes` is on. */
const noFreeze = z.strictObject({ kind: z.literal("no-freeze"), ...head });

/** Where each stage gets a release of its own, it is enough that the stage has one: phases that follow each other. */
const ofRelease = z.literal("any").optional();

/** The stage before has this release. */
const stageDone = z.strictObject({
  kind: z.literal("stage-done"),
  ...head,
  stage: name,
  release: ofRelease,
  /** Each of its canaries has this much of the traffic, or more. */
  traffic: weight.optional(),
});

/** The stage before has had this release for so long; counted from the record in its state. */
const stageLasted = z.strictObject({
  kind: z.literal("stage-lasted"),
  ...head,
  stage: name,
  release: ofRelease,
  atLeast: duration,
  /** Older than this it has to be looked at anew. */
  atMost: duration.optional(),
});

/** The stage has this release, on all canaries with as much traffic as it ever had there, and it never had to go back. */
const noRollbacks = z.strictObject({ kind: z.literal("no-rollbacks"), ...head, stage: name, release: ofRelease });

/** Of whatever the stage, or a canary of it, was brought back from, somebody has signed the check: why that was so. */
const rollbacksExplained = z.strictObject({
  kind: z.literal("rollbacks-explained"),
  ...head,
  stage: name,
  check: name,
  /** Roles of which one signer must hold one. */
  explainedBy: names,
});

/** The canary's weight is 0 while the release behind it changes, and a new baseline has taken all traffic before. */
const canaryAtRest = z.strictObject({ kind: z.literal("canary-at-rest"), ...head });

/** Of those, what a canary's step may ask: windows and freezes are asked of every step anyway. */
export const STEP_PROGRESS_CRITERIA = [stageDone] as const;

/** Kinds of criteria about where the rollout stands. */
export const PROGRESS_CRITERIA = [
  windowCriterion,
  noFreeze,
  stageDone,
  stageLasted,
  noRollbacks,
  rollbacksExplained,
  canaryAtRest,
] as const;

function isTimeZone(zone: string): boolean {
  // The usual one: the first question to Intl takes ten milliseconds of every preview.
  if (zone === "UTC") return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    // An offset is no zone: it knows nothing of daylight saving.
    return !/^[+-]/.test(zone);
  } catch {
    return false;
  }
}
