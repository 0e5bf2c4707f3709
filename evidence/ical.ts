/**
 * Freezes out of an iCalendar file (RFC 5545): each event is one, with its repetitions, exceptions and time zone. The
 * library splits the text and repeats the rules; zones, lengths and exceptions are worked out here, because it takes a
 * TZID that the file does not define for no zone at all. What is not understood is refused, never left out: a freeze
 * that is left out is a gate that opens.
 */
import vm from "node:vm";
import type ICAL from "ical.js";
import { Temporal } from "temporal-polyfill";
import { HoldpointError } from "../rollout/errors";
import type { Busy } from "../rollout/freezes";

/** How a calendar is to be read. */
export interface Reading {
  /** As messages shall name it. */
  readonly file: string;
  /** IANA zone of whole days and of times without one. */
  readonly timeZone: string;
  /** Times that end before `from` or begin at or after `until` are left out; plan time. */
  readonly from: number;
  readonly until: number;
}

/** What a file of a year of holidays is far below. */
const LIMITS = { events: 5_000, repetitions: 100_000, times: 20_000, milliseconds: 2_000 } as const;

type Property = readonly [
  name: string,
  parameters: Readonly<Record<string, unknown>>,
  type: string,
  ...values: unknown[],
];
type Component = readonly [name: string, properties: readonly Property[], components: readonly Component[]];
type Library = typeof ICAL;

/**
 * The times in which a calendar's events are.
 * @throws HoldpointError `calendar-invalid`
 */
export async function busyTimes(text: string, reading: Reading): Promise<readonly Busy[]> {
  const { default: library } = await import("ical.js");
  try {
    return inTime(() => new Calendar(library, text, reading).times());
  } catch (cause) {
    if (cause instanceof HoldpointError) throw cause;
    throw refusal(reading.file, cause instanceof Error ? cause.message : String(cause));
  }
}

/** Runs what a hostile file could keep busy for ever: nothing else can end a loop of the library's. */
function inTime<T>(run: () => T): T {
  let result: { readonly value: T } | undefined;
  const context = {
    run: () => {
      result = { value: run() };
    },
  };
  try {
    new vm.Script("run()").runInNewContext(context, { timeout: LIMITS.milliseconds });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw new Error(`it takes longer than ${LIMITS.milliseconds / 1000} s to work out`, { cause: error });
  }
  if (result === undefined) throw new Error("it was not worked out");
  return result.value;
}

function refusal(file: string, why: string): HoldpointError {
  return new HoldpointError("calendar-invalid", `${file}: ${why}`, {
    remedy: "export the calendar again, or write the freeze with from and to",
  });
}

/** Where and when: wall time to instant and back. */
interface Zone {
  instant(wall: Temporal.PlainDateTime): number;
  wall(instant: number): Temporal.PlainDateTime;
}

/** One value of a date or a time. */
interface Moment {
  readonly allDay: boolean;
  readonly wall: Temporal.PlainDateTime;
  readonly zone: Zone;
}

type Length = { readonly exact: number } | { readonly nominal: Temporal.Duration };

class Calendar {
  private readonly library: Library;
  private readonly reading: Reading;
  private readonly components: readonly Component[];
  private readonly zones = new Map<string, Zone>();
  private repetitions = 0;
  private found: Busy[] = [];

  constructor(library: Library, text: string, reading: Reading) {
    this.library = library;
    this.reading = reading;
    const parsed: unknown = library.parse(text.replace(/^\uFEFF/, ""));
    const roots = (Array.isArray(parsed) && typeof parsed[0] === "string" ? [parsed] : parsed) as readonly Component[];
    const other = roots.find(([name]) => name !== "vcalendar");
    if (roots.length === 0 || other !== undefined)
      throw this.refuse(`found ${other?.[0] ?? "nothing"}, expected VCALENDAR`);
    this.components = roots.flatMap(([, , components]) => components);
  }

  times(): readonly Busy[] {
    const events = this.components.filter(([name]) => name === "vevent");
    if (events.length > LIMITS.events)
      throw this.refuse(`found ${events.length} events, expected at most ${LIMITS.events}`);
    const counting = events.filter((event) => text(event, "status")?.toUpperCase() !== "CANCELLED");
    // A download that failed is a calendar without events: that is no proof that nothing is frozen.
    if (counting.length === 0) throw this.refuse("found no event, expected at least one");
    for (const event of counting) this.add(event, events);
    return this.found.toSorted((a, b) => a.from - b.from || a.until - b.until);
  }

  private add(event: Component, events: readonly Component[]): void {
    this.refuseUnknown(event);
    const start = this.moment(event, only(event, "dtstart"));
    if (start === undefined) throw this.refuse(`${label(event)} has no DTSTART`);
    const length = this.lengthOf(event, start);
    const isException = only(event, "recurrence-id") !== undefined;
    if (isException && (all(event, "rrule").length > 0 || all(event, "rdate").length > 0)) {
      throw this.refuse(`${label(event)} is an exception that repeats`);
    }
    const left = isException ? new Set<number>() : this.exceptions(event, events, start);
    // Looked up in their zone is only what can be near: a rule of many years repeats long before.
    const near = this.reading.from - 3 * DAY - longest(length);
    for (const wall of this.walls(event, start).filter((one) => asUtc(one) >= near)) {
      if (!left.has(instantOf({ ...start, wall }))) this.keep(event, { ...start, wall }, length);
    }
    for (const { moment, length: own } of this.extra(event, start)) {
      if (!left.has(instantOf(moment))) this.keep(event, moment, own ?? length);
    }
  }

  private keep(event: Component, start: Moment, length: Length): void {
    const { from, until, timeZone } = this.reading;
    const begin = instantOf(start);
    const end = endOf(start, begin, length);
    if (end <= from || begin >= until) return;
    if (!(end > begin)) throw this.refuse(`${label(event)} ends before it begins`);
    if (this.found.length >= LIMITS.times) throw this.refuse(`found more than ${LIMITS.times} times`);
    this.found.push({ from: begin, until: end, title: label(event), timeZone });
  }

  /** RFC 2445's EXRULE and changes to "this and all that follow" take freezes away in ways that nothing here works out. */
  private refuseUnknown(event: Component): void {
    if (all(event, "exrule").length > 0) throw this.refuse(`${label(event)} has an EXRULE, which is not read`);
    if (only(event, "recurrence-id")?.[1]["range"] !== undefined) {
      throw this.refuse(`${label(event)} has a RECURRENCE-ID with RANGE, which is not read`);
    }
    for (const name of ["dtstart", "dtend", "duration", "recurrence-id", "status", "rrule"]) {
      if (all(event, name).length > 1) throw this.refuse(`${label(event)} has ${name.toUpperCase()} twice`);
    }
  }

  private lengthOf(event: Component, start: Moment): Length {
    const end = this.moment(event, only(event, "dtend"));
    const duration = only(event, "duration");
    if (end !== undefined && duration !== undefined) throw this.refuse(`${label(event)} has DTEND and DURATION`);
    if (end !== undefined) return this.lengthUntil(event, start, end);
    if (duration !== undefined) return this.nominal(event, start, duration[3]);
    if (start.allDay) return { nominal: Temporal.Duration.from({ days: 1 }) };
    throw this.refuse(`${label(event)} has neither DTEND nor DURATION`);
  }

  private lengthUntil(event: Component, start: Moment, end: Moment): Length {
    if (start.allDay !== end.allDay)
      throw this.refuse(`${label(event)} begins as a day and ends as a time, or the other way`);
    if (!start.allDay) {
      const exact = instantOf(end) - instantOf(start);
      if (!(exact > 0)) throw this.refuse(`${label(event)} ends when or before it begins`);
      return { exact };
    }
    const days = start.wall.toPlainDate().until(end.wall.toPlainDate()).days;
    if (days < 0) throw this.refuse(`${label(event)} ends before it begins`);
    // The end is the day after the last one; where it is the first day itself, that day was meant.
    return { nominal: Temporal.Duration.from({ days: Math.max(1, days) }) };
  }

  private nominal(event: Component, start: Moment, value: unknown): Length {
    const refused = () => this.refuse(`${label(event)} has the duration ${JSON.stringify(value)}`);
    const match =
      typeof value === "string" ? /^\+?P(?:\d{1,5}W|(?:\d{1,5}D)?(?:T(?:\d{1,6}[HMS]){1,3})?)$/.exec(value) : null;
    if (match === null || value === "P" || value === "+P") throw refused();
    const nominal = Temporal.Duration.from(match[0]);
    const wholeDays = nominal.hours === 0 && nominal.minutes === 0 && nominal.seconds === 0;
    if (nominal.sign <= 0 || (start.allDay && !wholeDays)) throw refused();
    return { nominal };
  }

  /** Starts that EXDATE takes out, and those that an exception of the same event replaces or cancels. */
  private exceptions(event: Component, events: readonly Component[], start: Moment): Set<number> {
    const uid = text(event, "uid");
    const taken = all(event, "exdate").flatMap((property) => this.moments(event, property));
    const replaced = events
      .filter((other) => uid !== undefined && text(other, "uid") === uid && only(other, "recurrence-id") !== undefined)
      .flatMap((other) => this.moment(other, only(other, "recurrence-id")) ?? []);
    const odd = [...taken, ...replaced].find((moment) => moment.allDay !== start.allDay);
    if (odd !== undefined)
      throw this.refuse(`${label(event)} has an exception that is a day where it is a time, or the other way`);
    return new Set([...taken, ...replaced].map(instantOf));
  }

  /** The starts by the event's own rule, as wall times: a repetition keeps its time of day across daylight saving. */
  private walls(event: Component, start: Moment): Temporal.PlainDateTime[] {
    const rule = only(event, "rrule");
    if (rule === undefined) return [start.wall];
    const last = start.zone.wall(this.reading.until).add({ days: 1 });
    const { recur, parts } = this.recur(event, rule[3], start);
    const iterator = recur.iterator(this.time(start.wall));
    const walls: Temporal.PlainDateTime[] = [];
    for (let next = iterator.next(); next; next = iterator.next()) {
      this.repetitions += 1;
      if (this.repetitions > LIMITS.repetitions) throw this.refuse(`found more than ${LIMITS.repetitions} repetitions`);
      const wall = Temporal.PlainDateTime.from(next.toJSON() as Record<"year" | "month" | "day", number>, {
        overflow: "reject",
      });
      if (Temporal.PlainDateTime.compare(wall, last) > 0) break;
      if (isNamed(parts, start.wall, wall)) walls.push(wall);
    }
    // The first one counts whether the rule names it or not.
    return walls.some((wall) => wall.equals(start.wall)) ? walls : [start.wall, ...walls];
  }

  private recur(
    event: Component,
    value: unknown,
    start: Moment,
  ): { readonly recur: ICAL.Recur; readonly parts: Parts } {
    const parts = (typeof value === "object" && value !== null ? value : {}) as Parts;
    const odd = Object.keys(parts).find((key) => !RULE_PARTS.has(key.toLowerCase()));
    if (odd !== undefined) throw this.refuse(`${label(event)} repeats by ${odd.toUpperCase()}, which is not read`);
    if (!FREQUENCIES.has(String(parts["freq"]))) {
      throw this.refuse(
        `${label(event)} repeats ${String(parts["freq"])}, expected one of ${[...FREQUENCIES].join(", ")}`,
      );
    }
    const number = ["count", "interval"].find((key) => !isCount(parts[key]));
    if (number !== undefined) {
      throw this.refuse(`${label(event)} repeats with ${number.toUpperCase()}=${String(parts[number])}`);
    }
    const { until, ...rest } = parts;
    const recur = this.library.Recur.fromData(structuredClone(rest));
    if (until !== undefined) recur.until = this.time(this.untilWall(event, until, start));
    return { recur, parts };
  }

  /** The last wall time of a rule. UNTIL is in UTC where the start has a zone, and a whole day where it is one. */
  private untilWall(event: Component, until: unknown, start: Moment): Temporal.PlainDateTime {
    const match = typeof until === "string" ? VALUE.exec(until) : null;
    if (match === null) throw this.refuse(`${label(event)} repeats until ${JSON.stringify(until)}`);
    const date = Temporal.PlainDateTime.from(match[1] ?? "", { overflow: "reject" });
    if (match[2] === undefined) return date.with({ hour: 23, minute: 59, second: 59 });
    const wall = date.withPlainTime(Temporal.PlainTime.from(match[2]));
    const local = match[3] === "Z" ? start.zone.wall(UTC.instant(wall)) : wall;
    return start.allDay ? local.with({ hour: 23, minute: 59, second: 59 }) : local;
  }

  /** RDATE: starts, or whole times, beside the rule's. */
  private extra(event: Component, start: Moment): { moment: Moment; length?: Length }[] {
    return all(event, "rdate").flatMap((property) => {
      if (property[2] !== "period") {
        const moments = this.moments(event, property);
        if (moments.some((moment) => moment.allDay !== start.allDay)) {
          throw this.refuse(`${label(event)} has an RDATE that is a day where it is a time, or the other way`);
        }
        return moments.map((moment) => ({ moment }));
      }
      return property.slice(3).map((period) => {
        const [begin, end] = Array.isArray(period) ? (period as unknown[]) : [];
        const moment = this.value(event, property, begin);
        const isEnd = typeof end === "string" && VALUE.test(end);
        const length = isEnd
          ? this.lengthUntil(event, moment, this.value(event, property, end))
          : this.nominal(event, moment, end);
        return { moment, length };
      });
    });
  }

  private moment(event: Component, property: Property | undefined): Moment | undefined {
    return property === undefined ? undefined : this.moments(event, property)[0];
  }

  private moments(event: Component, property: Property): Moment[] {
    return property.slice(3).map((value) => this.value(event, property, value));
  }

  private value(event: Component, [name, parameters]: Property, value: unknown): Moment {
    const match = typeof value === "string" ? VALUE.exec(value) : null;
    const refused = () => this.refuse(`${label(event)} has ${name.toUpperCase()} ${JSON.stringify(value)}`);
    if (match === null) throw refused();
    try {
      const wall = Temporal.PlainDateTime.from(match[1] ?? "", { overflow: "reject" });
      if (match[2] === undefined) return { allDay: true, wall, zone: this.iana(this.reading.timeZone) };
      const time = wall.withPlainTime(Temporal.PlainTime.from(match[2]));
      const tzid = parameters["tzid"];
      return { allDay: false, wall: time, zone: match[3] === "Z" ? UTC : this.zone(tzid) };
    } catch (error) {
      if (error instanceof RangeError) throw refused();
      throw error;
    }
  }

  private zone(tzid: unknown): Zone {
    if (tzid === undefined) return this.iana(this.reading.timeZone);
    if (typeof tzid !== "string") throw this.refuse("a TZID is no text");
    const known = this.zones.get(tzid) ?? (isIana(tzid) ? this.iana(tzid) : this.defined(tzid));
    this.zones.set(tzid, known);
    return known;
  }

  private iana(timeZone: string): Zone {
    return {
      instant: (wall) => wall.toZonedDateTime(timeZone).epochMilliseconds,
      wall: (instant) => wallIn(timeZone, instant),
    };
  }

  /** A zone that the file itself defines: Outlook's "W. Europe Standard Time". */
  private defined(tzid: string): Zone {
    const definitions = this.components.filter((item) => item[0] === "vtimezone" && text(item, "tzid") === tzid);
    const [definition, second] = definitions;
    if (definition === undefined || second !== undefined) {
      throw this.refuse(`the TZID ${JSON.stringify(tzid)} is neither an IANA zone nor defined once in the file`);
    }
    const { Timezone, Component: Parsed, Time } = this.library;
    const zone = new Timezone({ component: new Parsed(definition as unknown as unknown[]), tzid });
    return {
      instant: (wall) => {
        const time = this.time(wall);
        time.zone = zone;
        return time.toUnixTime() * 1000;
      },
      wall: (instant) => {
        const local = Time.fromJSDate(new Date(instant), true).convertToZone(zone);
        return Temporal.PlainDateTime.from(local.toJSON() as Record<"year" | "month" | "day", number>);
      },
    };
  }

  /** For the library, which repeats wall times: without a zone, so that it does not shift them. */
  private time({ year, month, day, hour, minute, second }: Temporal.PlainDateTime): ICAL.Time {
    return this.library.Time.fromData({ year, month, day, hour, minute, second, isDate: false });
  }

  private refuse(why: string): HoldpointError {
    return refusal(this.reading.file, why);
  }
}

const VALUE = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(Z)?)?$/;
const FREQUENCIES = new Set(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]);
const RULE_PARTS = new Set([
  "freq",
  "until",
  "count",
  "interval",
  "byday",
  "bymonthday",
  "bymonth",
  "bysetpos",
  "wkst",
]);

const DAY = 86_400_000;

/** At least as long as it lasts, but for what clocks do. */
function longest(length: Length): number {
  if ("exact" in length) return length.exact;
  const { weeks, days, hours, minutes, seconds } = length.nominal;
  return (weeks * 7 + days) * DAY + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

function asUtc({ year, month, day, hour, minute, second }: Temporal.PlainDateTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The parts of a rule, in lower case. */
type Parts = Readonly<Record<string, unknown>>;

function isCount(value: unknown): boolean {
  return value === undefined || (typeof value === "number" && Number.isInteger(value) && value >= 1);
}

/** Whether a rule names a date: the library moves on what a month has not, 30 February to 1 March. */
function isNamed(parts: Parts, start: Temporal.PlainDateTime, wall: Temporal.PlainDateTime): boolean {
  const numbers = (key: string) => (parts[key] === undefined ? undefined : [parts[key]].flat().map(Number));
  const [months, days] = [numbers("bymonth"), numbers("bymonthday")];
  const bare = months === undefined && days === undefined && parts["byday"] === undefined;
  if (parts["freq"] === "YEARLY" && bare && wall.month !== start.month) return false;
  if (months !== undefined && !months.includes(wall.month)) return false;
  const isDay = (list: readonly number[]) => list.includes(wall.day) || list.includes(wall.day - wall.daysInMonth - 1);
  if (days !== undefined) return isDay(days);
  const byDay = parts["byday"] !== undefined || (parts["freq"] !== "YEARLY" && parts["freq"] !== "MONTHLY");
  return byDay || wall.day === start.day;
}

const UTC: Zone = {
  instant: (wall) => wall.toZonedDateTime("UTC").epochMilliseconds,
  wall: (instant) => wallIn("UTC", instant),
};

function wallIn(timeZone: string, instant: number): Temporal.PlainDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDateTime();
}

function isIana(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

function instantOf({ wall, zone }: Moment): number {
  return zone.instant(wall);
}

/** Days and weeks go by the wall, hours by the clock (RFC 5545, 3.3.6). */
function endOf({ wall, zone, allDay }: Moment, begin: number, length: Length): number {
  if ("exact" in length) return begin + length.exact;
  const { weeks, days, hours, minutes, seconds } = length.nominal;
  if (weeks === 0 && days === 0) return begin + length.nominal.total("milliseconds");
  const end = zone.instant(wall.add({ weeks, days }));
  return allDay ? end : end + Temporal.Duration.from({ hours, minutes, seconds }).total("milliseconds");
}

function all([, properties]: Component, name: string): Property[] {
  return properties.filter((property) => property[0] === name);
}

function only(component: Component, name: string): Property | undefined {
  return all(component, name)[0];
}

function text(component: Component, name: string): string | undefined {
  const value = only(component, name)?.[3];
  return typeof value === "string" ? value : undefined;
}

/** What an event is called, in one short line: it goes into messages. */
function label(event: Component): string {
  const name = text(event, "summary") ?? text(event, "uid") ?? "an event without a name";
  const line = name.replace(/[^\p{L}\p{N}\p{P}\p{Zs}\p{S}]+/gu, " ").trim();
  return line.length > 60 ? `${line.slice(0, 57)}…` : line === "" ? "an event without a name" : line;
}
