/**
 * What a schema of single values can't see: names that must exist, ids that must be unique, steps that must rise,
 * limits that must agree. Reads the raw data, so that these mistakes are told beside those of types.
 */
import { wrongEvidence } from "./names/evidence";
import { wrongFlags } from "./names/flags";
import { wrongLimits } from "./names/limits";
import { wrongMetrics } from "./names/metrics";
import { wrongOrder } from "./names/order";
import { tree } from "./names/raw";
import { danglingNames } from "./names/references";
import { declaredAtSteps, typedSteps } from "./names/steps";
import { repeatedNames } from "./names/unique";
import { checkApprovals } from "./plan/approvals-names";
import { checkCalendar } from "./plan/calendar-names";
import type { Mistake } from "./yaml";

/** Every mistake of names and order in a plan's raw data. Tolerates any shape: types are the schema's matter. */
export function checkNames(data: unknown): Mistake[] {
  const plan = tree(data);
  return [
    ...repeatedNames(plan),
    ...danglingNames(plan),
    ...wrongOrder(plan),
    ...typedSteps(plan),
    ...declaredAtSteps(plan),
    ...wrongLimits(plan),
    ...wrongEvidence(plan),
    ...wrongFlags(plan),
    ...wrongMetrics(plan),
    ...checkCalendar(plan),
    ...checkApprovals(plan),
  ];
}
