/**
 * `restic backup --json` (restic 0.17 or newer, which writes start and end), and beside it `restic check --json`. The
 * integrity is what the check says; without a check it is "unverified", which a gate that wants it verified refuses.
 * `restic restore --json` is a drill: it says how long it took, not when, and nothing of what the restored data is worth.
 */
import { z } from "zod";
import { showDuration } from "../../rollout/units";
import type { BackupPredicate } from "../predicates/backup";
import type { DrillPredicate } from "../predicates/drill";
import { formatUtc, parseInstant } from "../time";
import type { Format, ReportFile } from "./report";
import { finish, isRecord, refuse, required, single } from "./report";
import { readAs } from "./schema";

const count = z.number().int().nonnegative();
const backupSummary = z.object({
  backup_start: z.string("a time: restic writes it since 0.17"),
  backup_end: z.string("a time: restic writes it since 0.17"),
  snapshot_id: z.string("the snapshot's id").min(1),
  total_files_processed: count,
  dry_run: z.literal(false, "a backup that was made, not a rehearsal of one").optional(),
});
const checkSummary = z.object({
  num_errors: z.number().int(),
  broken_packs: z.array(z.unknown()).nullable(),
});

/** restic's JSON lines → "backup". */
export const restic: Format = {
  name: "restic JSON",
  kind: "backup",
  recognises: (file) => messages(file).length > 0 && summaryOf(file, "files_restored") === undefined,
  read(files, stated) {
    const backupFile = files.find(
      (file) => summaryOf(file, "snapshot_id") !== undefined || summaryOf(file, "files_new") !== undefined,
    );
    const checkFile = files.find((file) => summaryOf(file, "num_errors") !== undefined);
    const known = [backupFile, checkFile].filter((file) => file !== undefined);
    if (known.length !== files.length || backupFile === undefined) {
      const odd = files.find((file) => file !== backupFile && file !== checkFile) ?? files[0];
      throw refuse(
        "intake-truncated",
        `${odd?.name ?? "no file"}: no summary of a backup at its end: restic was interrupted, or this is another command`,
      );
    }
    failOnErrors(files);
    const found = readAs(backupSummary, summaryOf(backupFile, "files_new"), backupFile, "restic's backup summary");
    if (found.total_files_processed === 0) throw refuse("intake-empty", `${backupFile.name}: restic backed up no file`);
    const end = instant(backupFile, "backup_end", found.backup_end);
    const start = instant(backupFile, "backup_start", found.backup_start);
    if (start > end) throw refuse("intake-inconsistent", `${backupFile.name}: the backup ended before it began`);
    const predicate: BackupPredicate = {
      ...finish(backupFile, end, stated),
      startedOn: formatUtc(start),
      stage: stated.stage,
      scope: required(stated.scope, "what the backup covers", "--scope <name>"),
      trigger: required(stated.trigger, "who started the backup", "--trigger manual|scheduled"),
      integrity: checkFile === undefined ? "unverified" : integrityOf(checkFile),
      snapshot: found.snapshot_id,
    };
    return {
      predicate,
      summary: `${predicate.scope} backup ${found.snapshot_id.slice(0, 8)}, integrity ${predicate.integrity}`,
    };
  },
};

const restoreSummary = z.object({
  // Nothing takes thirty years.
  seconds_elapsed: z.number().nonnegative().max(1e9).default(0),
  total_files: count,
  files_restored: count,
  files_skipped: count.default(0),
});

/** A restore's JSON lines → "drill". One with errors, or that did not bring back every file, is a drill that failed. */
export const resticRestore: Format = {
  name: "restic restore JSON",
  kind: "drill",
  recognises: (file) => summaryOf(file, "files_restored") !== undefined,
  read(files, stated) {
    const file = single(files, "restic restore JSON");
    const summary = summaryOf(file, "files_restored");
    const found = readAs(restoreSummary, summary, file, "restic's restore summary");
    const { total_files: all, files_restored: restored, files_skipped: skipped } = found;
    if (all === 0) throw refuse("intake-empty", `${file.name}: restic restored no file`);
    const { finishedOn, ...stating } = finish(file, undefined, stated);
    // Whole seconds, rounded down, and left out where there are none: it may have taken one more.
    const took = (found.seconds_elapsed + 1) * 1000;
    const passed = !hasErrors(file) && restored + skipped === all;
    const predicate: DrillPredicate = {
      finishedOn,
      ...stating,
      startedOn: formatUtc(Date.parse(finishedOn) - took),
      stage: stated.stage,
      drill: "restore",
      outcome: passed ? "passed" : "failed",
      integrity: "unverified",
    };
    return {
      predicate,
      summary: `restore of ${restored + skipped} of ${all} files in ${showDuration(took)}: ${predicate.outcome}`,
    };
  },
};

function messages({ jsonLines }: ReportFile): Readonly<Record<string, unknown>>[] {
  const lines = jsonLines ?? [];
  const found = lines.filter(isRecord).filter((line) => typeof line["message_type"] === "string");
  return found.length === lines.length ? found : [];
}

/** The last line, which must be the summary: what comes after it belongs to another run. */
function summaryOf(file: ReportFile, member: string): Readonly<Record<string, unknown>> | undefined {
  const last = messages(file).at(-1);
  return last?.["message_type"] === "summary" && member in last ? last : undefined;
}

function failOnErrors(files: readonly ReportFile[]): void {
  for (const file of files) {
    if (!hasErrors(file)) continue;
    if (summaryOf(file, "num_errors") !== undefined) continue;
    throw refuse("intake-run-failed", `${file.name}: restic reports errors; files are missing from this backup`);
  }
}

function hasErrors(file: ReportFile): boolean {
  return messages(file).some((line) => line["message_type"] === "error" || line["message_type"] === "exit_error");
}

function integrityOf(file: ReportFile): "verified" | "failed" {
  const check = readAs(checkSummary, summaryOf(file, "num_errors"), file, "restic's check summary");
  const errors = messages(file).some((line) => line["message_type"] === "error");
  return check.num_errors === 0 && (check.broken_packs ?? []).length === 0 && !errors ? "verified" : "failed";
}

function instant(file: ReportFile, member: string, text: string): number {
  const time = parseInstant(text);
  if (time === undefined) throw refuse("intake-missing-field", `${file.name}: "${member}" is no time with a zone`);
  return time;
}
