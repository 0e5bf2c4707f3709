/**
 * How much of the documents is enforced: every demand is covered, open, or narrative, and a demand is covered only where a
 * test was seen to fail without what enforces it (test/plans, `npm run mutate`).
 */
import { z } from "zod";
import { HoldpointError } from "./errors";

/** One demand of a document. */
export interface Demand {
  /** "OH-71" */
  readonly id: string;
  readonly document: string;
  /** "checklist", "canary-step" */
  readonly kind: string;
  /** How it can be met: "evidence", "live-metric"; "out-of-scope: …" for narrative. */
  readonly how: string;
  /** In brief. */
  readonly demand: string;
}

const COLUMNS = "id\tdocument\tkind\thow\tdemand";

/**
 * The demands in a table of plans/requirements.tsv.
 * @throws HoldpointError `coverage-invalid`
 */
export function parseDemands(text: string): readonly Demand[] {
  const [head, ...lines] = text.split("\n").filter((line) => line !== "");
  const demands = lines.map((line) => {
    const [id = "", document = "", kind = "", how = "", demand = ""] = line.split("\t");
    return { id, document, kind, how, demand };
  });
  const ids = new Set(demands.map(({ id }) => id));
  if (head !== COLUMNS || ids.size !== demands.length || demands.some(({ how }) => how === ""))
    throw new HoldpointError("coverage-invalid", "plans/requirements.tsv is no table of demands, each once");
  return demands;
}

/** What a mutation run of one plan found (test/plans/mutation-run.ts). */
const ofPlan = z.looseObject({
  plan: z.string(),
  digest: z.string(),
  rows: z.record(z.string(), z.record(z.string(), z.array(z.string()))),
  claimedOnly: z.record(z.string(), z.array(z.string())),
  unnoticed: z.array(z.string()),
});
export type PlanCoverage = z.output<typeof ofPlan>;

/** What a run over sources found (test/plans/source-run.ts): what enforces rows outside of any plan. */
const ofSources = z.array(
  z.strictObject({ rows: z.array(z.string()), by: z.string(), digest: z.string(), noticed: z.boolean() }),
);
export type SourceCoverage = z.output<typeof ofSources>[number];

/** @throws HoldpointError `coverage-invalid` */
export function parsePlanCoverage(text: string, file: string): PlanCoverage {
  return parsed(ofPlan, text, file);
}

/** @throws HoldpointError `coverage-invalid` */
export function parseSourceCoverage(text: string, file: string): readonly SourceCoverage[] {
  return parsed(ofSources, text, file);
}

function parsed<T extends z.ZodType>(schema: T, text: string, file: string): z.output<T> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new HoldpointError("coverage-invalid", `${file} is not what a mutation run writes`, {
      remedy: "npm run mutate",
      cause,
    });
  }
}

/** Demands by what became of them. Ids, in the table's order. */
export interface Count {
  readonly covered: readonly string[];
  readonly open: readonly string[];
  readonly narrative: readonly string[];
}

export interface Counted extends Count {
  readonly kinds: Readonly<Record<string, Count>>;
}

/** By document, and over all of them. */
export interface CoverageCount {
  readonly documents: Readonly<Record<string, Counted>>;
  readonly total: { readonly covered: number; readonly open: number; readonly narrative: number };
}

/**
 * Counts. Rows of sources count only where breaking them was noticed.
 * @throws HoldpointError `coverage-invalid` for a row that no document has
 */
export function countCoverage(
  demands: readonly Demand[],
  plans: readonly PlanCoverage[],
  sources: readonly SourceCoverage[],
): CoverageCount {
  const covered = new Set([
    ...plans.flatMap(({ rows }) => Object.keys(rows)),
    ...sources.filter(({ noticed }) => noticed).flatMap(({ rows }) => rows),
  ]);
  const known = new Set(demands.map(({ id }) => id));
  const unknown = [...covered].find((id) => !known.has(id));
  if (unknown !== undefined)
    throw new HoldpointError(
      "coverage-invalid",
      `"${unknown}" is covered, and plans/requirements.tsv has no such demand`,
    );
  const documents = Object.fromEntries(
    [...groups(demands, ({ document }) => document)].map(([document, own]) => [
      document,
      {
        ...count(own, covered),
        kinds: Object.fromEntries(
          [...groups(own, ({ kind }) => kind)].map(([kind, all]) => [kind, count(all, covered)]),
        ),
      },
    ]),
  );
  const sum = (key: keyof Count): number =>
    Object.values(documents).reduce((all, document) => all + document[key].length, 0);
  return { documents, total: { covered: sum("covered"), open: sum("open"), narrative: sum("narrative") } };
}

function count(demands: readonly Demand[], covered: ReadonlySet<string>): Count {
  const ids = (is: (demand: Demand) => boolean): string[] => demands.filter(is).map(({ id }) => id);
  const isNarrative = ({ id, how }: Demand): boolean => how.startsWith("out-of-scope") && !covered.has(id);
  return {
    covered: ids(({ id }) => covered.has(id)),
    open: ids((demand) => !covered.has(demand.id) && !isNarrative(demand)),
    narrative: ids(isNarrative),
  };
}

function groups<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) found.set(keyOf(one), [...(found.get(keyOf(one)) ?? []), one]);
  return found;
}
