/**
 * JSON that has only one reading. Two parsers may disagree about a member that occurs twice, and a signature covers
 * bytes, not readings: so a signed body with a repeated member is refused, as is one that is nested absurdly deep.
 */

const MAX_DEPTH = 100;

/** Why a text is no JSON that we read; the message says what and where. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/**
 * Parses UTF-8 JSON strictly: no byte order mark, no invalid UTF-8, nothing after the value, no member twice, no half
 * characters, at most 100 levels. Throws JsonError and nothing else.
 */
export function parseJson(source: Uint8Array | string): unknown {
  const text = typeof source === "string" ? source : decodeUtf8(source);
  const value = parse(text);
  const names = countNames(text);
  // Names are compared only where the text has more of them than the value: one got lost, and must be told.
  if (names !== countMembers(value)) refuseRepeated(text);
  // Text from UTF-8 has whole characters only: half of one must have been escaped.
  if (text.includes("\\u") && !isWhole(value)) throw new JsonError("JSON with half a character (a lone surrogate)");
  return value;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 to text; a byte order mark and invalid sequences are errors, never replaced. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new JsonError("not valid UTF-8");
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The engine's message may quote the text, which may hold a secret: keep the position only.
    const position = /position (\d+)/.exec(String(error))?.[1];
    throw new JsonError(position === undefined ? "not JSON, or cut off" : `not JSON at character ${position}`);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * How many members a text has, repeated ones too. JSON.parse has accepted it: so only strings, brackets and colons need
 * telling apart. By hand, for a regular expression over a string of megabytes runs out of its stack.
 */
function countNames(text: string): number {
  let names = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) at = endOfString(text, at);
    else if (char === COLON) names++;
    // "{" and "[", "}" and "]" differ in one bit only.
    else if ((char | 0x20) === 0x7b) {
      if (++depth > MAX_DEPTH) throw new JsonError(`nested deeper than ${MAX_DEPTH} levels`);
    } else if ((char | 0x20) === 0x7d) depth--;
  }
  return names;
}

/** How many members a parsed value has, itself and all that is in it. */
function countMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) members += countMembers(item);
    return members;
  }
  for (const name of Object.keys(value)) members += 1 + countMembers((value as Record<string, unknown>)[name]);
  return members;
}

const HALF = /\p{Surrogate}/u;

/** Whether every string in it, names too, is made of whole characters: readers replace others, each in its own way. */
function isWhole(value: unknown): boolean {
  if (typeof value === "string") return !HALF.test(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([name, inside]) => !HALF.test(name) && isWhole(inside));
}

/** Throws for the first member that occurs twice in a text that JSON.parse has accepted. */
function refuseRepeated(text: string): never {
  const open: (Set<string> | undefined)[] = [];
  let lastString = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      const end = endOfString(text, at);
      lastString = text.slice(at, end + 1);
      at = end;
    } else if (char === "{" || char === "[") open.push(char === "{" ? new Set() : undefined);
    else if (char === "}" || char === "]") open.pop();
    else if (char === ":") addName(open.at(-1), lastString);
  }
  throw new JsonError("JSON in which a member occurs twice");
}

/** Where the string that begins here ends: at the first quote that no backslash escapes. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

function addName(names: Set<string> | undefined, token: string): void {
  // The whole text has been parsed already: without an escape, a name is what stands between its quotes.
  const name = token.includes("\\") ? (JSON.parse(token) as string) : token.slice(1, -1);
  if (names?.has(name))
    throw new JsonError(`JSON in which the member ${JSON.stringify(name.slice(0, 60))} occurs twice`);
  names?.add(name);
}
