/** The right form of what was written in a wrong one: "20m" is "20 minutes", 10 is "10x". */

/** One form, or several that may be meant. */
type Guess = (found: string) => string | readonly string[] | undefined;

/** By the first words of what was expected. */
const GUESSES: readonly (readonly [expected: RegExp, guess: Guess])[] = [
  [/^a (?:duration|time such|number with its unit)/, durationOf],
  [/^a percentage|^a whole percentage/, percentOf],
  [/^a ratio/, ratioOf],
  [/^an amount/, moneyOf],
  [/^a time of day/, clockTimeOf],
  [/^a date/, dateOf],
  [/^a name of lower-case/, nameOf],
];

/**
 * What was probably meant, as it is written in a plan, with quotes: `"20 minutes"`, `[ci]`; undefined where nothing is
 * certain enough.
 * @param expected in the words of a mistake: 'a duration such as "15 minutes"'
 */
export function rightForm(found: unknown, expected: string): string | undefined {
  if (typeof found !== "string" && typeof found !== "number") return undefined;
  if (/^a list\b/.test(expected)) return typeof found === "string" && /^[\w-]+$/.test(found) ? `[${found}]` : undefined;
  const guess = GUESSES.find(([words]) => words.test(expected))?.[1](String(found).trim());
  const forms = typeof guess === "string" ? [guess] : (guess ?? []);
  return forms.length === 0 || forms.includes(String(found))
    ? undefined
    : forms.map((form) => `"${form}"`).join(" or ");
}

const SHORT: Readonly<Record<string, string>> = {
  s: "second",
  sec: "second",
  secs: "second",
  m: "minute",
  min: "minute",
  mins: "minute",
  h: "hour",
  hr: "hour",
  hrs: "hour",
  d: "day",
  w: "week",
  wk: "week",
};

function durationOf(found: string): string | undefined {
  const [, count = "", short = ""] = /^(\d{1,9}(?:\.\d{1,6})?) ?([a-z]{1,4})$/i.exec(found) ?? [];
  const unit = SHORT[short.toLowerCase()];
  return unit === undefined ? undefined : `${count} ${unit}${count === "1" ? "" : "s"}`;
}

/** A fraction may be meant as it stands, or as a share of one. */
function percentOf(found: string): string | readonly string[] | undefined {
  const [, digits = "", sign = ""] = /^(\d{1,3}(?:[.,]\d{1,6})?) ?(%|percent)?$/.exec(found) ?? [];
  if (digits === "") return undefined;
  const number = Number(digits.replace(",", "."));
  if (sign !== "" || number >= 1) return number <= 100 ? `${number}%` : undefined;
  return number === 0 ? undefined : [`${Number((number * 100).toFixed(4))}%`, `${number}%`];
}

function ratioOf(found: string): string | undefined {
  const [, before, after] = /^(?:[x×] ?(\d+(?:\.\d+)?)|(\d+(?:\.\d+)?) ?[x×]?)$/i.exec(found) ?? [];
  const percent = /^(\d+(?:\.\d+)?) ?%$/.exec(found)?.[1];
  if (percent !== undefined) return Number(percent) < 100 ? undefined : `${Number(percent) / 100}x`;
  const number = before ?? after;
  return number === undefined ? undefined : `${number}x`;
}

function moneyOf(found: string): string | undefined {
  const plain = found.replace(/(\d),(?=\d{3}\b)/g, "$1");
  const [, sign = "", before = "", amount = "", after = ""] =
    /^([$€£])? ?([A-Z]{3})? ?(\d{1,12}(?:\.\d{1,2})?) ?([A-Z]{3})?$/.exec(plain) ?? [];
  const currency = before || after;
  if (amount === "" || (sign !== "" && currency !== "")) return undefined;
  return currency === "" ? `${sign || "$"}${amount}` : `${currency} ${amount}`;
}

function clockTimeOf(found: string): string | undefined {
  const [, hours = "", minutes = "00", half = ""] = /^(\d{1,2})(?::(\d\d))? ?(am|pm)?$/i.exec(found) ?? [];
  if (hours === "" || Number(minutes) > 59) return undefined;
  const pm = half.toLowerCase() === "pm";
  const hour = half === "" ? Number(hours) : (Number(hours) % 12) + (pm ? 12 : 0);
  if (Number(hours) > (half === "" ? 23 : 12)) return undefined;
  return `${String(hour).padStart(2, "0")}:${minutes}`;
}

function dateOf(found: string): string | undefined {
  const [, day = "", month = "", year = ""] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(found) ?? [];
  if (year !== "") return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  return /^\d{4}\/\d\d\/\d\d$/.test(found) ? found.replaceAll("/", "-") : undefined;
}

function nameOf(found: string): string | undefined {
  const name = found.toLowerCase().replace(/[\s_.]+/g, "-");
  return /^[a-z][a-z0-9-]{0,62}$/.test(name) ? name : undefined;
}
