/** Times in files: RFC 3339, and in signed statements always UTC with a Z. All results are milliseconds since the epoch. */

const PATTERN = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** A statement's time: "2026-11-21T11:43:56Z", fractions allowed. Anything else, 30 February included, is undefined. */
export function parseUtc(text: string): number | undefined {
  return text.endsWith("Z") ? parseInstant(text) : undefined;
}

/** A report's time: as parseUtc, or with an offset ("+02:00"). A time without a zone names no instant: undefined. */
export function parseInstant(text: string): number | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const second = Date.parse(`${text.slice(0, 19)}Z`);
  // Date rolls 30 February over into March and 24:00 into the next day: a real date reads back as it was written.
  if (Number.isNaN(second) || new Date(second).getUTCDate() !== Number(match[3])) return undefined;
  const offset = parseOffset(match[8] ?? "Z");
  return offset === undefined ? undefined : second + milliseconds(match[7]) - offset;
}

function milliseconds(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
}

function parseOffset(text: string): number | undefined {
  if (text === "Z") return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(4, 6));
  if (hours > 23 || minutes > 59) return undefined;
  return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** As statements write it: UTC with a Z, milliseconds only where there are any. */
export function formatUtc(time: number): string {
  return new Date(time).toISOString().replace(".000Z", "Z");
}
