/** What intake works with: a report as it was read from disk, what the attester adds, and what comes out. */
import type { EvidenceKind } from "../../rollout/evidence";
import { HoldpointError } from "../../rollout/errors";
import type { ErrorCode } from "../../rollout/errors";
import { JsonError, decodeUtf8, parseJson } from "../json";
import { formatUtc } from "../time";

/** A report's file: its content in the forms that formats are recognised by. */
export interface ReportFile {
  /** Base name, for messages and for the statement. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The whole as JSON; undefined where it is none. */
  readonly json: unknown;
  /** Line by line as JSON (one line for a single value); undefined where a line is none. */
  readonly jsonLines: readonly unknown[] | undefined;
}

/** What no tool writes and the attester says; signed as such. */
export interface Stated {
  readonly stage: string;
  /** Folder from which a project's files are named; paths in reports are told from there. */
  readonly root?: string;
  /** What the evidence is about, for reports that name it themselves. */
  readonly subject?: { readonly commit?: string; readonly sha256?: string };
  /** Tests, coverage, measurements: the plan's name of the suite. */
  readonly suite?: string;
  /** Tests and measurements: one of several places that must all pass. */
  readonly environment?: string;
  /** When it was finished, machine time: only for formats that carry no time. */
  readonly finishedAt?: number;
  /** Pipelines and freeze: the branch. */
  readonly branch?: string;
  /** Freeze: when it began, machine time. */
  readonly since?: number;
  /** Surveys: the plan's name, and which answers are satisfied ones: "rating >= 4". */
  readonly survey?: string;
  readonly satisfied?: string;
  /** Reviews: the plan's name. */
  readonly review?: string;
  /** Artifacts: text of the public key with which the signature must verify. */
  readonly publicKey?: string;
  /** Artifacts: whose certificate signed a file, by a Sigstore bundle beside it. Throws EnvelopeError. */
  readonly certified?: (bundle: unknown, file: Uint8Array) => string;
  /** Scans: when the scanner's database was made, machine time; only where the report does not say. */
  readonly databaseUpdatedAt?: number;
  /** Backups: what was backed up. Scans: code, dependencies or image. */
  readonly scope?: string;
  /** Backups: who or what started it. */
  readonly trigger?: "manual" | "scheduled";
  /** Runbooks: sections that each must have. */
  readonly sections?: readonly string[];
}

/** A report that was understood. */
export interface Intake {
  /** Without `reports`, which attest adds. */
  readonly predicate: Readonly<Record<string, unknown>>;
  /** Predicate type, where the kind has several. */
  readonly type?: string;
  /** One line for the person at the terminal. */
  readonly summary: string;
}

/** One format of one tool. */
export interface Format {
  /** As messages name it: "JUnit XML". */
  readonly name: string;
  readonly kind: EvidenceKind;
  /** By content alone. Several files may be given together; the format must know each of them. */
  recognises(file: ReportFile): boolean;
  /** @throws HoldpointError `intake-…` for what the files do not say. */
  read(files: readonly ReportFile[], stated: Stated): Intake;
}

/** Reads a report's bytes. `intake-encoding` for what is no UTF-8 text. */
export function reportFile(name: string, bytes: Uint8Array): ReportFile {
  let text: string;
  try {
    text = decodeUtf8(bytes).replace(/^\ufeff/, "");
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw refuse("intake-encoding", `${name} is not UTF-8 text`);
  }
  // No format has them; UTF-16 without its mark is full of them, and valid UTF-8.
  if (text.includes("\0")) throw refuse("intake-encoding", `${name} has zero bytes in it: it is UTF-16, or no text`);
  const json = tryJson(text);
  const jsonLines = json === undefined ? tryLines(text) : [json];
  // Copied member by member, as schemas do, it would vanish: a file of a coverage report, a package of a scan.
  if (text.includes("__proto__") && hasMember(jsonLines, "__proto__"))
    throw refuse("intake-not-allowed", `${name} has a member "__proto__", which not every reader sees`);
  return { name, bytes, text, json, jsonLines };
}

function hasMember(value: unknown, name: string): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, name) || Object.values(value).some((inside) => hasMember(inside, name));
}

function tryLines(text: string): unknown[] | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const values: unknown[] = [];
  for (const line of lines) {
    const value = tryJson(line);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values.length === 0 ? undefined : values;
}

function tryJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** A refusal of intake's. */
export function refuse(code: ErrorCode, message: string, remedy?: string): HoldpointError {
  return new HoldpointError(code, message, remedy === undefined ? {} : { remedy });
}

/**
 * When a report was finished. A time that the report carries is used and can't be restated; one that its format does not
 * carry is the attester's to state, and marked so. A file's modification time is no evidence of anything.
 */
export function finish(
  file: ReportFile,
  written: number | undefined,
  stated: Stated,
): { finishedOn: string; statedBy?: "attester" } {
  if (written !== undefined) {
    if (Number.isNaN(new Date(written).getTime())) {
      throw refuse("intake-missing-field", `${file.name} says that it was finished at a time that no calendar has`);
    }
    if (stated.finishedAt === undefined) return { finishedOn: formatUtc(written) };
    throw refuse(
      "intake-not-allowed",
      `${file.name} says itself when it was finished: ${formatUtc(written)}`,
      "leave out --finished-at",
    );
  }
  if (stated.finishedAt === undefined) {
    throw refuse(
      "intake-missing-field",
      `${file.name} does not say when it was made: its format carries no time`,
      "state it with --finished-at <time in UTC>; the statement says that it was you",
    );
  }
  return { finishedOn: formatUtc(stated.finishedAt), statedBy: "attester" };
}

/** Something that the attester must state. */
export function required<T>(value: T | undefined, what: string, option: string): T {
  if (value !== undefined) return value;
  throw refuse("intake-missing-field", `no report says ${what}`, `state it with ${option}`);
}

/** The only file of a format whose reports come alone. */
export function single(files: readonly ReportFile[], format: string): ReportFile {
  const [file, ...more] = files;
  if (file !== undefined && more.length === 0) return file;
  throw refuse("usage", `${format}: found ${files.length} files, wanted one`);
}

/** Plain objects, for formats that are looked into before their schema reads them. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
