/** Goal, alert, rollback: three levels of one number, in this order. */
import type { Plan, Trigger } from "../plan";
import { measureOf } from "../metrics";
import { isArmed } from "../triggers";
import type { MetricCondition } from "../triggers";
import { showDuration, showQuantity } from "../units";
import type { Quantity } from "../units";
import type { Path } from "../yaml";
import { canariesOf, triggersOf } from "./rule";
import type { Found, Rule } from "./rule";

interface Level {
  readonly path: Path;
  readonly trigger: Trigger;
  readonly when: MetricCondition;
  readonly limit: Quantity;
  /** Whether more of the number is worse. */
  readonly up: boolean;
}

function levelsOf(plan: Plan): Level[] {
  return triggersOf(plan).flatMap(({ path, value: trigger }) => {
    const { when } = trigger;
    if ("criterion" in when) return [];
    const high = when.above ?? when.atLeast;
    const limit = high ?? when.below ?? when.atMost;
    return limit === undefined ? [] : [{ path, trigger, when, limit, up: high !== undefined }];
  });
}

/** Whether one level is worse than another of the same number. */
const isWorse = (a: Level, b: Level): boolean => (a.up ? a.limit.value > b.limit.value : a.limit.value < b.limit.value);

const sameNumber = (a: Level, b: Level): boolean =>
  a.when.metric === b.when.metric &&
  (a.when.on ?? "service") === (b.when.on ?? "service") &&
  a.when.of === b.when.of &&
  a.when.as === b.when.as &&
  a.up === b.up &&
  a.limit.unit === b.limit.unit;

const together = (plan: Plan, a: Trigger, b: Trigger): boolean =>
  plan.stages.some(({ name }) => isArmed(a, name) && isArmed(b, name));

/** An alert speaks before the rollback acts, or it is of no use. */
export const alertAfterRollback: Rule = {
  id: "alert-after-rollback",
  level: "warning",
  says: "An alert comes before the rollback of the same number",
  check: (plan) => {
    const levels = levelsOf(plan);
    const rollbacks = levels.filter(({ trigger }) => trigger.does === "rollback");
    return levels
      .filter(({ trigger }) => trigger.does !== "rollback")
      .flatMap((alert) => {
        const first = rollbacks.find(
          (rollback) =>
            sameNumber(alert, rollback) &&
            together(plan, alert.trigger, rollback.trigger) &&
            !isWorse(rollback, alert) &&
            (isWorse(alert, rollback) || (alert.when.for ?? 0) >= (rollback.when.for ?? 0)),
        );
        return first === undefined ? [] : [lateAlert(alert, first)];
      });
  },
};

const shown = ({ limit, when }: Level): string =>
  `${showQuantity(limit)}${when.for === undefined ? "" : ` for ${showDuration(when.for)}`}`;

function lateAlert(alert: Level, rollback: Level): Found {
  return {
    path: [...alert.path, "when"],
    found: `"${alert.trigger.id}" at ${shown(alert)}, where "${rollback.trigger.id}" rolls back at ${shown(rollback)}`,
    wrong: "when the alert fires, what it warns of has been done already",
    instead: "a level between the goal and the rollback, a shorter time, or stages where nothing rolls back",
  };
}

/** A goal is met before anything is alarmed. */
export const goalBehindLevel: Rule = {
  id: "goal-behind-level",
  level: "error",
  says: "A number that meets its goal alarms nobody and rolls nothing back",
  check: (plan) =>
    levelsOf(plan).flatMap((level) => {
      const { when, up, limit, trigger, path } = level;
      const goals = Object.hasOwn(plan.goals, when.metric) ? plan.goals[when.metric] : undefined;
      const goal = up ? (goals?.below ?? goals?.atMost) : (goals?.above ?? goals?.atLeast);
      if (goal === undefined || when.of !== undefined || goal.unit !== limit.unit) return [];
      if (up ? limit.value >= goal.value : limit.value <= goal.value) return [];
      return [
        {
          path: [...path, "when"],
          found: `"${trigger.id}" at ${showQuantity(limit)}, where the goal is ${showQuantity(goal)}`,
          wrong: "a release that meets its goal sets it off",
          instead: "goal, alert and rollback in this order, each further off than the one before",
        },
      ];
    }),
};

/** The share of the new version can't be high while the canary's ramp keeps it low. */
export const armedInRamp: Rule = {
  id: "armed-in-ramp",
  level: "error",
  says: "What expects most of the traffic on the new version is armed after its ramp only",
  check: (plan) =>
    levelsOf(plan).flatMap(({ path, trigger, when, limit, up }) => {
      if (up || limit.unit !== "ratio" || !isOwnShare(plan, when.metric)) return [];
      const ramp = canariesOf(plan).find(
        ({ stage, canary }) =>
          isArmed(trigger, stage.name) && canary.steps.some(({ weight }) => weight / 100 < limit.value),
      );
      if (ramp === undefined) return [];
      const first = ramp.canary.steps[0]?.weight ?? 0;
      return [
        {
          path: [...path, "when"],
          found: `"${trigger.id}" below ${showQuantity(limit)} of "${when.metric}", armed in ${ramp.stage.name}, whose canary begins at ${first}%`,
          wrong: "it fires through the whole ramp, as the plan itself wants it",
          instead: '"stages" that come after the ramp is done',
        },
      ];
    }),
};

/** A share of one series in itself: of those requests that the new version served. */
function isOwnShare(plan: Plan, metric: string): boolean {
  const measure = measureOf(metric, { plan });
  if (measure === undefined) return false;
  const name = (series: string): string => series.replace(/\{.*$/, "");
  if ("ratio" in measure) return name(measure.ratio) === name(measure.to) && measure.ratio !== measure.to;
  return "share" in measure && name(measure.share) === name(measure.of) && measure.share !== measure.of;
}
