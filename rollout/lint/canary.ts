/** The ladder: its time, what it sees, what is said of it, and what sends it back. */
import { isArmed } from "../triggers";
import { trackOf } from "../questions";
import { showDuration } from "../units";
import { canariesOf, triggersOf } from "./rule";
import type { Rule } from "./rule";

/** Part of a window that holds may fill: what comes before the first step, and a step's own `up`, take time too. */
const FULL = 0.9;

export const holdsFillWindow: Rule = {
  id: "holds-fill-window",
  level: "warning",
  says: "The steps leave time in the stage's window",
  check: (plan) =>
    canariesOf(plan).flatMap(({ stage, path, canary }) => {
      const open = stage.window?.for;
      const total = canary.steps.reduce((sum, { hold }) => sum + hold, 0);
      if (open === undefined || !(total > FULL * open) || total > open) return [];
      return [
        {
          path: [...path, "steps"],
          found: `${Math.round(total / 60_000)} minutes of holds in a window of ${showDuration(open)}`,
          wrong: "a step may start only if its hold ends inside the window: after any wait the last one can't",
          instead: "shorter holds, a longer window, or the first steps in an earlier window",
        },
      ];
    }),
};

/** What is known only after a hold. */
const WELL = /\b(?:healthy|stable|passed|successful(?:ly)?|succeeded|complete(?:d)?|ok|good)\b/i;

export const saidTooEarly: Rule = {
  id: "said-too-early",
  level: "warning",
  says: "A step is called healthy when it was held, not when it begins",
  check: (plan) =>
    canariesOf(plan).flatMap(({ path, canary }) =>
      canary.steps.flatMap(({ announce }, at) => {
        const words = announce?.begins;
        if (words === undefined || !WELL.test(words)) return [];
        return [
          {
            path: [...path, "steps", at, "announce", "begins"],
            found: `"${words}", told when the step begins`,
            wrong: "nothing was measured yet: people are told what nobody knows",
            instead: `"announce: { held: ${words} }"`,
          },
        ];
      }),
    ),
};

export const holdTooShort: Rule = {
  id: "hold-too-short",
  level: "warning",
  says: "A hold sees enough requests on both tracks for a verdict",
  check: (plan) =>
    canariesOf(plan).flatMap(({ path, canary: { steps, judge } }) => {
      const { traffic, minRequests } = judge;
      if (traffic?.unit !== "per-second") return [];
      return steps.flatMap(({ weight, hold }, at) => {
        // At 100 % there is no baseline any more.
        const least = Math.min(weight, weight === 100 ? 100 : 100 - weight) / 100;
        const sees = (traffic.value * least * hold) / 1000;
        if (!(sees < minRequests)) return [];
        return [
          {
            path: [...path, "steps", at],
            found: `about ${Math.floor(sees)} requests on the smaller track in ${showDuration(hold)} at ${weight}%, of ${minRequests} that a verdict takes`,
            wrong: "the step can't be judged when its hold is over, and the canary stays where it is",
            instead: `a hold of ${showDuration((minRequests / (traffic.value * least)) * 1000)} or more, or a greater weight`,
          },
        ];
      });
    }),
};

export const noWayDown: Rule = {
  id: "canary-without-trigger",
  level: "warning",
  says: "Something sends a canary back by itself",
  check: (plan) =>
    canariesOf(plan)
      .filter(({ stage }) => !plan.triggers.some((one) => one.does === "rollback" && isArmed(one, stage.name)))
      .map(({ stage, path }) => ({
        path,
        found: `a canary in ${stage.name} without any trigger that rolls back there`,
        wrong: "a bad release is only not taken further; it stays with those who have it",
        instead: 'a trigger with "does: rollback" that is armed in the stage',
      })),
};

/** A canary has no past of its own: its series of then are another release's, or none. */
export const canaryBefore: Rule = {
  id: "canary-without-past",
  level: "warning",
  says: "What is compared with its own past has one: the canary's does not reach back before it began",
  check: (plan) => {
    const asked = canariesOf(plan).flatMap(({ path, canary }) => {
      const ladders = [["steps", canary.steps] as const, ...Object.entries(canary.stepsFor)].map(([key, steps]) => ({
        at: key === "steps" ? [...path, key] : [...path, "stepsFor", key],
        steps,
      }));
      return [
        ...canary.criteria.map((one, at) => ({ path: [...path, "criteria", at], one })),
        ...ladders.flatMap(({ at, steps }) =>
          steps.flatMap(({ criteria }, step) =>
            criteria.map((one, index) => ({ path: [...at, step, "criteria", index], one })),
          ),
        ),
      ].flatMap(({ path: at, one }) =>
        one.kind === "metric" ? [{ path: at, when: one, on: trackOf(one, { on: "canary" }) }] : [],
      );
    });
    const watched = triggersOf(plan).flatMap(({ path, value: { when } }) =>
      "criterion" in when ? [] : [{ path: [...path, "when"], when, on: trackOf(when, {}) }],
    );
    return [...asked, ...watched]
      .filter(({ when, on }) => when.of === "before" && on === "canary")
      .map(({ path, when: { metric, before } }) => ({
        path,
        found: `${metric} of the canary, compared with its own ${before === undefined ? "past" : `${showDuration(before)} before`}`,
        wrong: "then there was no canary, or another release's: it has no number, and without one the step stays shut",
        instead: '"on: service" for the whole service\'s, or "of: baseline" for the version beside it',
      }));
  },
};
