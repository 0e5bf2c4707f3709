/** Freezes: times in which nothing may be changed, as dates of a zone or as a calendar's file says. */
import { daysInZone } from "./calendar";
import type { Plan, Stage } from "./plan";
import type { World } from "./world";

/** A freeze of a plan. */
export type Freeze = Plan["freezes"][number];

/** One time in which a freeze is on, plan time, end excluded. */
export interface Busy {
  readonly from: number;
  readonly until: number;
  /** What it is called, in the plan or in the calendar. */
  readonly title: string;
  /** IANA zone that its times are told in. */
  readonly timeZone: string;
}

/** What is known of a calendar's file: its times between two instants, or why there are none. */
export type CalendarFile =
  | { readonly ok: true; readonly from: number; readonly until: number; readonly busy: readonly Busy[] }
  | { readonly ok: false; readonly why: string };

/** The freezes that are about a stage. */
export function freezesOf(plan: Plan, stage: Stage): readonly Freeze[] {
  return plan.freezes.filter((freeze) => freeze.stages?.includes(stage.name) ?? true);
}

/** When a freeze is on, or why that is not known. */
export function timesOf(freeze: Freeze, world: World): readonly Busy[] | { readonly why: string } {
  if (!("file" in freeze)) {
    const { title, timeZone, from, to } = freeze;
    return [{ ...daysInZone(timeZone, from, to), title, timeZone }];
  }
  const calendars = world.calendars ?? {};
  const known = Object.hasOwn(calendars, freeze.id) ? calendars[freeze.id] : undefined;
  if (known === undefined) return { why: `${freeze.file} was not looked at` };
  if (!known.ok) return { why: known.why };
  if (!(known.from <= world.now && world.now < known.until)) {
    return { why: `${freeze.file} was read for another time than now` };
  }
  return known.busy;
}

/** Whether a release may go in a freeze all the same, because of its type. */
export function isExempt(freeze: Freeze, world: World): boolean {
  const { type } = world.release;
  return type !== undefined && (freeze.except?.includes(type) ?? false);
}
