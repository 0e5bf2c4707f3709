/** What of the documents is enforced, as the files of the mutation runs say; they must be about the plans as they are. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { countCoverage, parseDemands, parsePlanCoverage, parseSourceCoverage } from "../rollout/coverage";
import type { Count, CoverageCount, PlanCoverage, SourceCoverage } from "../rollout/coverage";
import { HoldpointError } from "../rollout/errors";
import { planDigest } from "../rollout/plan";

/** The count, and what is proved no longer. */
export interface CoverageNow extends CoverageCount {
  /** Demands that a part of a plan claims and that no case shows. */
  readonly claimedOnly: readonly string[];
  /** Sources that changed since they were broken for a test: their rows count as open. */
  readonly stale: readonly string[];
}

const FOLDER = "plans/coverage";
const SOURCES = `${FOLDER}/sources.json`;

/**
 * Counts the demands of plans/requirements.tsv.
 * @throws HoldpointError `file-missing`, `coverage-invalid`, `coverage-stale`
 */
export function readCoverage(root: string): CoverageNow {
  const demands = parseDemands(read(root, "plans/requirements.tsv"));
  const plans = files(root).map((file) => planCoverage(root, file));
  const sources = existsSync(join(root, SOURCES)) ? parseSourceCoverage(read(root, SOURCES), SOURCES) : [];
  const fresh = sources.filter((one) => one.digest === sourceDigest(root, one.by));
  const counted = countCoverage(demands, plans, fresh);
  const covered = new Set(Object.values(counted.documents).flatMap((document) => document.covered));
  const claimed = plans.flatMap((plan) => Object.keys(plan.claimedOnly));
  return {
    ...counted,
    claimedOnly: [...new Set(claimed)].filter((row) => !covered.has(row)).toSorted(),
    stale: stale(sources, fresh),
  };
}

const stale = (all: readonly SourceCoverage[], fresh: readonly SourceCoverage[]): string[] =>
  all.filter((one) => !fresh.includes(one)).map(({ by, rows }) => `${by} (${rows.join(", ")})`);

/** sha256 of files' texts, named as "cli/rollback.ts + test/cli/rollback.test.ts"; of a missing one, its name. */
export function sourceDigest(root: string, by: string): string {
  const hash = createHash("sha256");
  for (const file of by.split(" + "))
    hash
      .update(file)
      .update("\0")
      .update(existsSync(join(root, file)) ? readFileSync(join(root, file)) : "missing");
  return hash.digest("hex");
}

function files(root: string): string[] {
  const folder = join(root, FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json") && file !== "sources.json")
    .toSorted()
    .map((file) => `${FOLDER}/${file}`);
}

function planCoverage(root: string, file: string): PlanCoverage {
  const found = parsePlanCoverage(read(root, file), file);
  const now = planDigest(read(root, found.plan));
  if (now === found.digest) return found;
  throw new HoldpointError(
    "coverage-stale",
    `${file} is about another ${found.plan}: found its digest ${found.digest.slice(0, 12)}, wanted ${now.slice(0, 12)}`,
    { remedy: "npm run mutate" },
  );
}

function read(root: string, file: string): string {
  try {
    return readFileSync(join(root, file), "utf8");
  } catch (cause) {
    throw new HoldpointError("file-missing", `"${file}" can't be read`, { remedy: "npm run mutate", cause });
  }
}

/** A line a document and kind, then what is open by name. */
export function renderCoverage({ documents, total, claimedOnly, stale: old }: CoverageNow): string {
  const all = total.covered + total.open;
  const blocks = Object.entries(documents).map(([document, { kinds, ...whole }]) =>
    [
      line(document, whole),
      ...Object.entries(kinds).map(([kind, own]) => `  ${line(kind, own)}`),
      ...(whole.open.length === 0 ? [] : [`  open: ${whole.open.join(", ")}`]),
    ].join("\n"),
  );
  return [
    ...blocks,
    ...(claimedOnly.length === 0 ? [] : [`claimed by a plan, shown by no case: ${claimedOnly.join(", ")}`]),
    ...(old.length === 0 ? [] : [`changed since it was tried (npm run mutate -- --source): ${old.join("; ")}`]),
    `${total.covered} of ${all} demands are covered, ${total.open} open; ${total.narrative} are narrative`,
  ].join("\n\n");
}

function line(name: string, { covered, open, narrative }: Count): string {
  const rest = narrative.length === 0 ? "" : `, ${narrative.length} narrative`;
  return `${name}: ${covered.length} of ${covered.length + open.length}${rest}`;
}
