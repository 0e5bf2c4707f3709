/**
 * Quantities as people write them in plans, parsed once at the edge: "15 minutes", "5%", "2x", "$300".
 * Each is a zod string schema with an anchored pattern and a transform, so that a JSON Schema of the input can be made.
 */
import { z } from "zod";

const UNITS = {
  millisecond: 1,
  ms: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
} as const;

const DURATION = /^(\d{1,9}(?:\.\d{1,6})?) ?(ms|milliseconds?|seconds?|minutes?|hours?|days?|weeks?)$/;
const PERCENT = /^(\d{1,3}(?:\.\d{1,6})?) ?%$/;
const RATIO = /^(\d{1,6}(?:\.\d{1,6})?)x$/;
const MONEY = /^(?:(\$|€|£)|([A-Z]{3}) )(\d{1,12}(?:\.\d{1,2})?)$/;
const CLOCK_TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;
const CURRENCIES: Readonly<Record<string, string>> = { $: "USD", "€": "EUR", "£": "GBP" };

/** Whole milliseconds of a duration such as "15 minutes", or undefined where it is none. A day is 24 hours. */
export function parseDuration(text: unknown): number | undefined {
  const span = parseSpan(text);
  return span === undefined ? undefined : Math.round(span);
}

/** The same to the fraction: what is measured may take half a millisecond. */
function parseSpan(text: unknown): number | undefined {
  const match = typeof text === "string" ? DURATION.exec(text) : null;
  if (match === null) return undefined;
  const unit = match[2] === "ms" ? "ms" : String(match[2]).replace(/s$/, "");
  return Number(match[1]) * (UNITS[unit as keyof typeof UNITS] ?? Number.NaN);
}

/** The fraction (0..1) of a percentage such as "5%", or undefined where it is none or above 100 %. */
export function parsePercent(text: unknown): number | undefined {
  const match = typeof text === "string" ? PERCENT.exec(text) : null;
  const percent = match === null ? undefined : Number(match[1]);
  return percent === undefined || percent > 100 ? undefined : percent / 100;
}

function parsed<T>(pattern: RegExp, parse: (text: string) => T | undefined, expected: string) {
  return z
    .string(expected)
    .regex(pattern, expected)
    .transform((text, context) => {
      const value = parse(text);
      if (value !== undefined) return value;
      context.issues.push({ code: "custom", message: expected, input: text });
      return z.NEVER;
    });
}

/** "15 minutes" → 900000 (milliseconds), above zero. */
export const duration = parsed(
  DURATION,
  (text) => ((parseDuration(text) ?? 0) > 0 ? parseDuration(text) : undefined),
  'a duration such as "15 minutes"',
);

/** "5%" → 0.05, 0..1. */
export const percent = parsed(PERCENT, parsePercent, 'a percentage such as "5%", at most 100%');

/** "5%" → 5: a canary's weight, a whole number 1..100. */
export const weight = parsed(PERCENT, parseWeight, 'a whole percentage from "1%" to "100%"');

/** The whole percentage 1..100 of "5%", or undefined. */
export function parseWeight(text: unknown): number | undefined {
  const match = typeof text === "string" ? PERCENT.exec(text) : null;
  const value = Number(match?.[1]);
  return match !== null && Number.isInteger(value) && value >= 1 && value <= 100 ? value : undefined;
}

/** "2x" → 2, above zero. */
export const ratio = parsed(
  RATIO,
  (text) => {
    const value = Number(RATIO.exec(text)?.[1]);
    return value > 0 ? value : undefined;
  },
  'a ratio such as "2x"',
);

/** An amount of money. */
export interface Money {
  /** In whole units of the currency. */
  readonly amount: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** "$300" or "EUR 300" → {amount, currency}. */
export const money = parsed(
  MONEY,
  (text): Money | undefined => {
    const match = MONEY.exec(text);
    const currency = match?.[2] ?? CURRENCIES[match?.[1] ?? ""];
    return match === null || currency === undefined ? undefined : { amount: Number(match[3]), currency };
  },
  'an amount such as "$300" or "EUR 300"',
);

/** "02:00" → {hour, minute}. */
export const clockTime = parsed(
  CLOCK_TIME,
  (text) => {
    const match = CLOCK_TIME.exec(text);
    return match === null ? undefined : { hour: Number(match[1]), minute: Number(match[2]) };
  },
  'a time of day such as "02:00"',
);

/** Base units of measured numbers. */
export type Unit = "ms" | "bytes" | "ratio" | "count" | "per-second" | "x";

/** A number with its unit, in the unit's base: "500 ms", "99.9%", "50 MB", "1000/s", "10", "2x". */
export interface Quantity {
  readonly value: number;
  /** x: a ratio to something else that is measured. */
  readonly unit: Unit;
}

const QUANTITY = /^(\d{1,12}(?:\.\d{1,6})?) ?([A-Za-z%/]*)$/;
const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** The quantity in a text such as "500 ms" or "1%", or undefined where it is none. */
export function parseQuantity(text: unknown): Quantity | undefined {
  // YAML reads a bare number as one.
  const written = typeof text === "number" && text >= 0 ? String(text) : text;
  const match = typeof written === "string" ? QUANTITY.exec(written) : null;
  if (match === null) return undefined;
  const [, digits = "", unit = ""] = match;
  const value = Number(digits);
  const span = parseSpan(written);
  if (span !== undefined) return { value: span, unit: "ms" };
  const size = SIZES[unit];
  if (size !== undefined) return { value: value * size, unit: "bytes" };
  switch (unit) {
    case "":
      return { value, unit: "count" };
    case "%":
      return { value: value / 100, unit: "ratio" };
    case "x":
      return value > 0 ? { value, unit: "x" } : undefined;
    case "/s":
      return { value, unit: "per-second" };
    default:
      return undefined;
  }
}

const QUANTITY_WORDS = 'a number with its unit, such as "500 ms", "1%", "50 MB", "1000/s", "10" or "2x"';

/** "500 ms" → {value: 500, unit: "ms"}; a bare number counts something. */
export const quantity = z.union([z.string(), z.number()], QUANTITY_WORDS).transform((text, context) => {
  const value = parseQuantity(text);
  if (value !== undefined) return value;
  context.issues.push({ code: "custom", message: QUANTITY_WORDS, input: text });
  return z.NEVER;
});

/** A quantity for a message: "500 ms", "99.9%", "50 MB", "2x". */
export function showQuantity({ value, unit }: Quantity): string {
  if (!Number.isFinite(value)) return "no number";
  switch (unit) {
    case "ms":
      return showSpan(value);
    case "ratio":
      return showPercent(value);
    case "bytes":
      return showBytes(value);
    case "per-second":
      return `${showNumber(value)}/s`;
    case "x":
      return `${showNumber(value)}x`;
    case "count":
      return showNumber(value);
  }
}

/** Milliseconds up to a minute as numbers, for what is measured; longer ones in words. */
function showSpan(ms: number): string {
  if (ms < 1_000) return `${showNumber(ms)} ms`;
  return ms < 60_000 ? `${showNumber(ms / 1_000)} s` : showDuration(ms);
}

function showBytes(bytes: number): string {
  const [unit, size] = (["TB", "GB", "MB", "kB"] as const)
    .map((name) => [name, SIZES[name] ?? 1] as const)
    .find(([, size]) => Math.abs(bytes) >= size) ?? ["B", 1];
  return `${showNumber(bytes / size)} ${unit}`;
}

function showNumber(value: number): string {
  return String(Number(value.toFixed(2)));
}

const SPANS = [
  ["day", UNITS.day],
  ["hour", UNITS.hour],
  ["minute", UNITS.minute],
  ["second", UNITS.second],
] as const;

/** Milliseconds as people say it, two units at most: "1 h 5 min" reads "1 hour 5 minutes". */
export function showDuration(span: number): string {
  if (!Number.isFinite(span)) return "an unknown time";
  let rest = Math.abs(span);
  if (rest < 1_000) return `${Math.round(rest)} ms`;
  const parts: string[] = [];
  for (const [unit, size] of SPANS) {
    const count = Math.floor(rest / size);
    if (count === 0) {
      if (parts.length > 0) break;
      continue;
    }
    parts.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
    rest -= count * size;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/** An instant as UTC to the minute, seconds only where there are any: "2026-11-22 02:00 UTC". */
export function showTime(instant: number): string {
  if (!Number.isFinite(instant) || Math.abs(instant) > 8.64e15) return "an unknown time";
  const iso = new Date(instant).toISOString();
  const seconds = iso.slice(17, 19);
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}${seconds === "00" ? "" : `:${seconds}`} UTC`;
}

/** A fraction as a percentage with at most two decimals: 0.0512 → "5.12%". */
export function showPercent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(2))}%`;
}

/** Money for a message: "$420", "EUR 420". */
export function showMoney(amount: number, currency: string): string {
  const sign = Object.keys(CURRENCIES).find((key) => CURRENCIES[key] === currency);
  return sign === undefined ? `${currency} ${amount}` : `${sign}${amount}`;
}
