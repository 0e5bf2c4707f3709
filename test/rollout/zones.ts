/** Local time worked out from Intl alone, as a second opinion on the calendar's own arithmetic. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(timeZone, made);
  return made;
}

/** The wall clock at an instant, as if it were UTC: milliseconds. */
export function wallAt(timeZone: string, instant: number): number {
  const parts = Object.fromEntries(
    format(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((instant % 1000) + 1000) % 1000);
}

const DAY = 86_400_000;

/**
 * The instant at which a wall clock shows a time: the first of two, and where it is skipped, as much later as the clocks
 * were set forward.
 */
export function instantAt(timeZone: string, wall: number): number {
  const offsets = new Set<number>();
  for (let hours = -30; hours <= 30; hours += 1) {
    const near = wall + hours * 3_600_000;
    offsets.add(wallAt(timeZone, near) - near);
  }
  const fitting = [...offsets].map((offset) => wall - offset).filter((instant) => wallAt(timeZone, instant) === wall);
  if (fitting.length > 0) return Math.min(...fitting);
  const before = wall - 2 * DAY;
  return wall - (wallAt(timeZone, before) - before);
}
