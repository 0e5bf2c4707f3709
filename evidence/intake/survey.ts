/**
 * A survey's answers as CSV, one person a row. The attester says which answers are satisfied ones: "rating >= 4" or
 * "happy = yes". A row without an answer in that column is no answer.
 */
import { CsvError, parse } from "csv-parse/sync";
import type { SurveyPredicate } from "../predicates/survey";
import type { Format, ReportFile } from "./report";
import { finish, refuse, required, single } from "./report";

const MAX_ROWS = 100_000;
const DELIMITERS = [",", ";", "\t"];

/** CSV → "survey". */
export const surveyCsv: Format = {
  name: "CSV of a survey",
  kind: "survey",
  recognises: (file) =>
    file.jsonLines === undefined &&
    !/^\s*(?:<|[0-9a-f]{40} |# (?:HELP|TYPE) )/.test(file.text) &&
    delimiterOf(file.text) !== undefined &&
    rowsOf(file) !== undefined,
  read(files, stated) {
    const file = single(files, "CSV of a survey");
    const name = required(stated.survey, "which survey of the plan this is", "--survey <name>");
    const rule = ruleOf(required(stated.satisfied, "who is satisfied", '--satisfied "<column> >= <number>"'));
    const rows = rowsOf(file) ?? [];
    const given = rows.map((row) => answerOf(file, row, rule.column)).filter((answer) => answer !== "");
    if (given.length === 0) throw refuse("intake-empty", `${file.name}: not one answer in the column "${rule.column}"`);
    const satisfied = given.filter((answer) => isSatisfied(file, answer, rule)).length;
    const predicate: SurveyPredicate = {
      ...finish(file, undefined, stated),
      stage: stated.stage,
      survey: name,
      answers: given.length,
      satisfied,
      satisfiedMeans: rule.text,
    };
    return { predicate, summary: `${name}: ${satisfied} of ${given.length} answers satisfied (${rule.text})` };
  },
};

type Row = Readonly<Record<string, string>>;

function delimiterOf(text: string): string | undefined {
  const [first = ""] = text.split("\n", 1);
  return DELIMITERS.filter((one) => first.includes(one)).sort(
    (a, b) => first.split(b).length - first.split(a).length,
  )[0];
}

/** Undefined for what is no CSV of even rows under a header. */
function rowsOf(file: ReportFile): Row[] | undefined {
  try {
    const rows = parse(file.text, {
      bom: true,
      columns: (header: string[]) => {
        const names = header.map((one) => one.trim());
        if (new Set(names).size !== names.length || names.includes(""))
          throw new Error("a header with a column twice or without a name");
        return names;
      },
      delimiter: delimiterOf(file.text) ?? ",",
      skip_empty_lines: true,
      max_record_size: 64 * 1024,
      to: MAX_ROWS + 1,
    });
    return rows.length > MAX_ROWS ? undefined : (rows as Row[]);
  } catch (error) {
    if (error instanceof CsvError || error instanceof Error) return undefined;
    throw error;
  }
}

interface Rule {
  readonly text: string;
  readonly column: string;
  readonly atLeast?: number;
  readonly oneOf?: readonly string[];
}

function ruleOf(text: string): Rule {
  const [, column = "", sign, value = ""] = /^(.+?)\s*(>=|=)\s*(.+)$/.exec(text.trim()) ?? [];
  const atLeast = Number(value);
  if (sign === "=") return { text, column, oneOf: value.split("|").map((one) => one.trim().toLowerCase()) };
  if (sign === ">=" && Number.isFinite(atLeast)) return { text, column, atLeast };
  throw refuse(
    "usage",
    `--satisfied: found "${text}", wanted "<column> >= <number>" or "<column> = <answer>|<answer>"`,
  );
}

function answerOf(file: ReportFile, row: Row, column: string): string {
  if (Object.hasOwn(row, column)) return row[column]?.trim() ?? "";
  throw refuse(
    "intake-missing-field",
    `${file.name}: no column "${column}"; there are ${Object.keys(row).join(", ").slice(0, 300)}`,
  );
}

function isSatisfied(file: ReportFile, answer: string, { column, atLeast, oneOf }: Rule): boolean {
  if (atLeast === undefined) return (oneOf ?? []).includes(answer.toLowerCase());
  if (/^-?\d+(?:\.\d+)?$/.test(answer)) return Number(answer) >= atLeast;
  throw refuse("intake-inconsistent", `${file.name}: an answer in "${column}" is no number`);
}
