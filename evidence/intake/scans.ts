/** What every scan for vulnerabilities ends in: findings by id with their severity, and when the database was made. */
import type { VulnerabilitiesPredicate } from "../predicates/vulnerabilities";
import { DATABASE_SKEW, isWorse, SCOPE } from "../predicates/vulnerabilities";
import { formatUtc, parseInstant } from "../time";
import type { Intake, ReportFile, Stated } from "./report";
import { finish, refuse } from "./report";

/** What was looked at. */
export type Scope = "code" | "dependencies" | "image";

/** A scan as its report tells it. */
export interface Scan {
  /** URI of the scanner. */
  readonly scanner: string;
  readonly version?: string;
  readonly findings: readonly Found[];
  /** Where the report says it. */
  readonly scope?: Scope;
  readonly finishedAt?: number;
  /** When the scanner's database was made. */
  readonly databaseUpdatedAt?: number;
  /** The scanner asks a service while it runs, or needs no database: then there is no date to ask for. */
  readonly live?: boolean;
}

/**
 * The predicate. A scan that found nothing is believed only with the date of the database that was asked: an empty
 * database finds nothing, too.
 */
export function scanOf(file: ReportFile, scan: Scan, stated: Stated): Intake {
  const { finishedOn, statedBy } = finish(file, scan.finishedAt, stated);
  const updated = databaseDate(file, scan, stated);
  checkDatabase(file, updated, finishedOn);
  if (updated === undefined && scan.findings.length === 0 && scan.live !== true) {
    throw refuse(
      "intake-no-database-date",
      `${file.name}: nothing found, and no date of the database that was asked`,
      "state it with --database-updated <time in UTC>; the statement says that it was you",
    );
  }
  const byAttester =
    statedBy ?? (scan.databaseUpdatedAt === undefined && updated !== undefined ? "attester" : undefined);
  const scope = scopeOf(file, scan, stated);
  const result = scan.findings.map(({ id, method, score }) => ({ id, severity: [{ method, score }] }));
  const predicate: VulnerabilitiesPredicate = {
    scanner: {
      uri: scan.scanner,
      ...(scan.version === undefined ? {} : { version: scan.version }),
      db: updated === undefined ? {} : { lastUpdate: formatUtc(updated) },
      result,
    },
    metadata: { scanFinishedOn: finishedOn },
    ...(scope === undefined ? {} : { [SCOPE]: scope }),
  };
  const stating = byAttester === undefined ? {} : { "https://holdpoint.dev/statedBy": byAttester };
  return { predicate: { ...predicate, ...stating }, summary: summarise(scan.findings.map(({ score }) => word(score))) };
}

function databaseDate(file: ReportFile, scan: Scan, stated: Stated): number | undefined {
  const { databaseUpdatedAt: said } = stated;
  if (said === undefined) return scan.databaseUpdatedAt;
  if (scan.databaseUpdatedAt === undefined && scan.live !== true) return said;
  throw refuse(
    "intake-not-allowed",
    scan.live === true
      ? `${file.name}: this scanner has no database of its own`
      : `${file.name} says itself how old its database is`,
    "leave out --database-updated",
  );
}

/** A database that was made after the scan is not the one that was asked. */
export function checkDatabase(file: ReportFile, updated: number | undefined, finishedOn: string): void {
  if (updated === undefined || updated <= Date.parse(finishedOn) + DATABASE_SKEW) return;
  throw refuse(
    "intake-inconsistent",
    `${file.name}: the database is of ${formatUtc(updated)}, and the scan ended before, at ${finishedOn}`,
  );
}

/** One of a scanner's findings. */
export interface Found {
  readonly id: string;
  readonly method: string;
  readonly score: string;
}

/** Each finding once, as its worst place is graded: one vulnerability may be low in one package and critical in another. */
export function worstOfEach(found: readonly Found[]): Found[] {
  const all = new Map<string, Found>();
  for (const one of found) {
    const before = all.get(one.id);
    if (before === undefined || isWorse(one.score, before.score)) all.set(one.id, one);
  }
  return [...all.values()];
}

/** What the report does not say the attester may; never something else than it says. */
export function scopeOf(file: ReportFile, { scope }: Pick<Scan, "scope">, stated: Stated): Scope | undefined {
  const said = stated.scope;
  if (said === undefined) return scope;
  if (said !== "code" && said !== "dependencies" && said !== "image")
    throw refuse("usage", `found the scope "${said}" of a scan, wanted code, dependencies or image`);
  if (scope === undefined || scope === said) return said;
  throw refuse("intake-not-allowed", `${file.name} is a scan of ${scope}, not of ${said}`, "leave out --scope");
}

/** CVSS scores as words, for the summary alone. */
function word(score: string): string {
  const value = Number(score);
  if (score === "" || Number.isNaN(value)) return score.toLowerCase().replace("moderate", "medium");
  return value >= 9 ? "critical" : value >= 7 ? "high" : value >= 4 ? "medium" : "low";
}

/** A report's time. */
export function instant(file: ReportFile, member: string, text: string): number {
  const time = parseInstant(text);
  if (time === undefined) throw refuse("intake-missing-field", `${file.name}: "${member}" is no time with a zone`);
  return time;
}

/** "2 critical, 1 high" or "nothing found". */
export function summarise(severities: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const one of severities) counts.set(one, (counts.get(one) ?? 0) + 1);
  const parts = ["critical", "high", "medium", "low", "unknown"].flatMap((level) => {
    const many = counts.get(level);
    return many === undefined ? [] : [`${many} ${level}`];
  });
  return parts.length === 0 ? "nothing found" : parts.join(", ");
}
