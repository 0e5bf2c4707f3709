/**
 * The linter: what is contradictory or dangerous in a plan that is written without a mistake. Each rule is one small
 * function; what it finds says what stands in the plan, what is wrong with it, and what to write instead.
 */
import type { Plan } from "../plan";
import { typeSkipsAll, typeWithoutDebts, twoFinalWords, waiversByApprovers } from "./approvals";
import { canaryBefore, holdsFillWindow, holdTooShort, noWayDown, saidTooEarly } from "./canary";
import { forbiddenAndAsked, fromBefore, greyZone } from "./evidence";
import { alertAfterRollback, armedInRamp, goalBehindLevel } from "./levels";
import { comparisonInQuery, rateAsShare } from "./promql";
import {
  criticalWithoutRunbook,
  detectedBeforeItIs,
  levelWithoutDrill,
  marksAreCumulative,
  marksOutOfOrder,
  marksUnproved,
} from "./rollback";
import type { Found, Level, Rule } from "./rule";
import { branchUnapproved, branchUnproved, finishOfBaseline, loadOfNobody } from "./stages";

export type { Level, Rule } from "./rule";

/** Every rule, in the order of docs/plan.md. */
export const RULES: readonly Rule[] = [
  twoFinalWords,
  waiversByApprovers,
  typeSkipsAll,
  typeWithoutDebts,
  holdsFillWindow,
  saidTooEarly,
  holdTooShort,
  noWayDown,
  canaryBefore,
  alertAfterRollback,
  goalBehindLevel,
  armedInRamp,
  rateAsShare,
  comparisonInQuery,
  greyZone,
  forbiddenAndAsked,
  fromBefore,
  marksAreCumulative,
  marksOutOfOrder,
  marksUnproved,
  detectedBeforeItIs,
  levelWithoutDrill,
  criticalWithoutRunbook,
  branchUnproved,
  branchUnapproved,
  loadOfNobody,
  finishOfBaseline,
];

/** One finding. */
export interface LintFinding extends Omit<Found, "path"> {
  readonly rule: string;
  readonly level: Level;
  readonly file: string;
  readonly line: number;
}

/** Everything that the rules find, in the plan's order. */
export function lintPlan(plan: Plan): readonly LintFinding[] {
  return RULES.flatMap(({ id, level, check }) => check(plan).map((found) => placed(plan, id, level, found))).toSorted(
    (a, b) => a.line - b.line,
  );
}

/** What a rule found, at its place in the plan's file. */
export function placed(plan: Plan, rule: string, level: Level, { path, ...found }: Found): LintFinding {
  const at = plan.source.at(path);
  const colon = at.lastIndexOf(":");
  return { rule, level, file: at.slice(0, colon), line: Number(at.slice(colon + 1)), ...found };
}
