/**
 * The mutation run: each part of a plan that covers demands is taken away and loosened in turn, and the cases of those
 * demands are tried under what is left. A demand is covered if a case of it is refused by the whole plan and no longer
 * by the plan without the part that names it.
 */
import type { Plan } from "../../rollout/plan";
import { whyNot } from "./cases";
import type { Case } from "./cases";
import { itemsOf, mutantsOf } from "./mutants";

/** What a run found of one document. */
export interface DocumentCoverage {
  readonly plan: string;
  /** sha256 of the plan's text: another plan is another coverage. */
  readonly digest: string;
  /** Demand → the parts that cover it, each with the cases that notice when it is gone. */
  readonly rows: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Demands that a part claims and that no case notices, with the part. */
  readonly claimedOnly: Readonly<Record<string, readonly string[]>>;
  /** Parts that were loosened without that any case noticed: "…security-scan: maxAge × 1000". */
  readonly unnoticed: readonly string[];
}

/** Runs all mutants of a plan against its cases. */
export function runMutants(plan: Plan, cases: readonly Case[]): DocumentCoverage {
  const rows: Record<string, Record<string, string[]>> = {};
  const claimedOnly: Record<string, string[]> = {};
  const unnoticed: string[] = [];
  for (const item of itemsOf(plan)) {
    const concerned = cases.filter((one) => one.rows.some((row) => item.covers.includes(row)));
    const noticed = new Set<Case>();
    for (const mutant of mutantsOf(plan, item)) {
      // What does not notice that a criterion is gone does not notice that it asks for less.
      const tried = mutant.how !== "removed" && item.path.at(-2) === "criteria" ? [...noticed] : concerned;
      const by = tried.filter((one) => notices(one, mutant.plan, plan));
      by.forEach((one) => noticed.add(one));
      if (by.length === 0) unnoticed.push(`${item.id}: ${mutant.how}`);
    }
    for (const row of item.covers) {
      const titles = [...noticed].filter((one) => one.rows.includes(row)).map(({ title }) => title);
      if (titles.length === 0) (claimedOnly[row] ??= []).push(item.id);
      else (rows[row] ??= {})[item.id] = titles.toSorted();
    }
  }
  for (const row of Object.keys(rows)) Reflect.deleteProperty(claimedOnly, row);
  const { file, digest } = plan.source;
  return { plan: file, digest, rows: sorted(rows), claimedOnly: sorted(claimedOnly), unnoticed };
}

/** Whether a case holds no longer under a mutant, in the whole plan's good world. A gate that throws is noticed too. */
function notices(one: Case, mutant: Plan, whole: Plan): boolean {
  try {
    return whyNot(one, mutant, whole) !== undefined;
  } catch {
    return true;
  }
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
