/**
 * The plain values that every section is made of. Each says what is expected in words that fit after "expected",
 * since that is all a person sees of a mistake.
 */
import { z } from "zod";

/** A string that matches `pattern` whole; `expected` finishes the sentence "expected …". */
function text(pattern: RegExp, expected: string) {
  return z.string({ error: () => expected }).regex(pattern, { error: expected });
}

/** An integer from `min` to `max`, both allowed. */
export function integer(min: number, max: number, unit = "") {
  const expected = `a whole number from ${min} to ${max}${unit === "" ? "" : ` ${unit}`}`;
  return z.int({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

/** A number from `min` to `max`, both allowed. */
export function number(min: number, max: number, unit = "") {
  const expected = `a number from ${min} to ${max}${unit === "" ? "" : ` ${unit}`}`;
  return z.number({ error: expected }).min(min, { error: expected }).max(max, { error: expected });
}

export const bool = z.boolean({ error: "true or false" });

/** Any text that is not blank. */
export const words = text(/\S/, "some text");

/** Path of a file or folder, relative to the project's root or absolute. */
export const path = text(/^[^\0\n]+$/, "a path, relative to the project's root or absolute");

/** Name of one Kubernetes object: RFC 1123 label, at most 63 characters. */
export const label = text(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "lower case letters, digits and '-', at most 63");

/** A full host name, `staging.omnihub.dev`; no scheme, no port, no trailing dot. */
export const hostname = text(
  /^(?=.{1,253}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])$/,
  'a host name such as "omnihub.dev"',
);

/** An http or https address without credentials in it. */
export const url = text(
  /^https?:\/\/[^\s/@?#]+(\/[^\s@]*)?$/,
  'an address such as "http://prometheus.monitoring:9090"',
);

/** A Kubernetes quantity of CPU: cores, or thousandths of one with `m`. */
export const cpu = text(/^(?!0+(m|\.0+)?$)(\d+m|\d+(\.\d{1,3})?)$/, 'CPU above zero such as "250m" or "2"');

/** A Kubernetes quantity of memory or disk, with its unit. */
export const memory = text(/^[1-9]\d*(Ki|Mi|Gi|Ti|k|M|G|T)$/, 'an amount with its unit such as "512Mi"');

/** Thousandths of a core of a `cpu`. */
export function millicores(quantity: string): number {
  return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Bytes of a `memory`. */
export function bytes(quantity: string): number {
  const unit = quantity.replace(/^\d+/, "");
  return Number.parseInt(quantity, 10) * (UNIT_BYTES[unit] ?? Number.NaN);
}

/** An IPv4 range such as 10.20.0.0/16. */
export const cidr = text(
  /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!\/)|(?=\/))){4}\/(3[0-2]|[12]?\d)$/,
  'an IPv4 range such as "10.20.0.0/16"',
);

/** A duration as Prometheus writes it, `15s`; used only where it goes into a Prometheus object as it is. */
export const promDuration = text(/^[1-9]\d*(ms|s|m|h|d)$/, 'a duration such as "15s" or "5m"');

/** An image that can only ever be one thing: a reference with its sha256 digest. */
export const image = text(
  /^[a-z0-9]+([._:/-][a-z0-9]+)*(:[\w][\w.-]{0,127})?@sha256:[0-9a-f]{64}$/,
  'an image with its digest, "<registry>/<name>@sha256:<64 hex>"',
);

/** A full git commit. */
export const commit = text(/^[0-9a-f]{40}$/, "a full git commit of 40 hex digits, in quotes");

/** A person or machine as the trust file names it: `alice@omnihub.dev`, `ci`. */
export const identity = text(
  /^[A-Za-z0-9][A-Za-z0-9._+-]*(@[A-Za-z0-9][A-Za-z0-9.-]*)?$/,
  'an identity of the trust file such as "dana@omnihub.dev"',
);

/** An AWS account. */
export const account = text(/^\d{12}$/, "an AWS account of 12 digits, in quotes");

/** An AWS region. */
export const region = text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as "eu-central-1"');

/** The id of an AWS object of one kind: `vpc-…`, `subnet-…`, `sg-…`. */
export function awsId(kind: "vpc" | "subnet" | "sg") {
  return text(new RegExp(`^${kind}-[0-9a-f]{8,17}$`), `the id of a ${kind}, "${kind}-<8 to 17 hex>"`);
}

/** One of a few words. */
export function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: `one of ${values.map((value) => `"${value}"`).join(", ")}` });
}

/** One of a few numbers. */
export function oneOfNumbers<const T extends readonly [number, ...number[]]>(values: T, unit: string) {
  return z.literal(values, { error: `one of ${values.join(", ")} ${unit}` });
}

/** A list with at least one entry. */
export function some<T extends z.ZodType>(item: T, what: string) {
  return z
    .array(item, { error: `a list of ${what}, at least one` })
    .min(1, { error: `a list of ${what}, at least one` });
}
