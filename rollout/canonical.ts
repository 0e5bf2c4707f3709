/**
 * Canonical JSON (RFC 8785) and the one digest used throughout: equal values give equal bytes give equal digests.
 * Written out here and compared with json-canonicalize in the tests, because that library keeps the key order of an
 * object that has a member named "toJSON", takes shared references for circles, and lets lone surrogates through.
 */
import { hash } from "node:crypto";
import type { Digest } from "./evidence";

/** Deeper than anything that Pulumi, in-toto or a scanner writes; far below where recursion would end the process. */
const MAX_DEPTH = 200;

/**
 * The canonical text of a JSON value: members sorted by UTF-16 code units, no white space, numbers as ECMAScript writes
 * them. Only what JSON.parse can return: a member that is undefined, a number that is not finite, a lone surrogate, a
 * date or a class instance is a TypeError, for what has no canonical form must not get a digest.
 */
export function canonical(value: unknown): string {
  return write(value, "$", 0);
}

function write(value: unknown, path: string, depth: number): string {
  if (depth > MAX_DEPTH) throw new TypeError(`value is nested deeper than ${MAX_DEPTH} levels`);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return text(value, path);
  if (typeof value === "number") return number(value, path);
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => write(item, `${path}[${index}]`, depth + 1)).join(",")}]`;
  }
  if (!isPlainObject(value)) throw new TypeError(`${path} is not JSON: ${typeof value}`);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${text(key, path)}:${write(value[key], `${path}.${key}`, depth + 1)}`);
  return `{${members.join(",")}}`;
}

function text(value: string, path: string): string {
  // String.prototype.isWellFormed is newer than the es2023 library that we compile against.
  if (!/^[^\p{Surrogate}]*$/u.test(value)) throw new TypeError(`${path} holds a lone surrogate`);
  return JSON.stringify(value);
}

function number(value: number, path: string): string {
  if (!Number.isFinite(value)) throw new TypeError(`${path} is not a JSON number: ${value}`);
  return JSON.stringify(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** sha256 (64 hex) of bytes, of a string's UTF-8, or of any other JSON value's canonical text. */
export function digest(value: unknown): Digest {
  const bytes = typeof value === "string" || value instanceof Uint8Array ? value : canonical(value);
  return hash("sha256", bytes, "hex");
}
