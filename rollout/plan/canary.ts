/** How traffic moves to a release: steps, holds, what is measured in between, for whom, and for which operation. */
import { z } from "zod";
import { duration, percent, quantity, ratio, weight } from "../units";
import { stepApproval } from "./approvals";
import { STEP_PROGRESS_CRITERIA } from "./calendar";
import { DECLARED_CRITERIA } from "./declared";
import { METRIC_CRITERIA } from "./metrics";
import { EVIDENCE_CRITERIA } from "./evidence-criteria";
import { atLeastOne, covers, name, text } from "./words";

/** Criteria that may guard a canary's steps. */
const stepCriterion = z.discriminatedUnion("kind", [
  ...EVIDENCE_CRITERIA,
  ...METRIC_CRITERIA,
  ...DECLARED_CRITERIA,
  ...STEP_PROGRESS_CRITERIA,
]);
const stepCriteria = z.array(stepCriterion).readonly().default([]);

const step = z.strictObject({
  weight,
  /** The least time at this step; for the last one, the watch after it, which must end inside the window. */
  hold: duration.optional(),
  /** In place of holds: the day, from 1, on which this step may be taken; the hold before it is the days between. */
  day: atLeastOne.optional(),
  /** Asked before this step besides the canary's own. */
  criteria: stepCriteria,
  /** What people are told when the step begins, and when it was held. That it is healthy is known only then. */
  announce: z.strictObject({ begins: text.optional(), held: text.optional(), covers }).optional(),
  covers,
});

/** A step with its hold worked out. */
export interface Step {
  readonly weight: number;
  /** Milliseconds. */
  readonly hold: number;
  readonly criteria: z.output<typeof stepCriteria>;
  readonly announce?: z.output<typeof step>["announce"];
  readonly covers: readonly string[];
}

const DAY = 86_400_000;

/** Days become holds: each step is held until the day of the next one; the last keeps its own hold. */
const steps = z
  .array(step, "a list of steps")
  .min(1, "at least one step")
  .transform((all, context): readonly Step[] =>
    all.map((one, index) => {
      const next = all[index + 1];
      const between =
        one.day !== undefined && next?.day !== undefined && next.day > one.day ? (next.day - one.day) * DAY : undefined;
      const hold = one.hold ?? between;
      if (hold === undefined) {
        context.issues.push({
          code: "custom",
          message: `a duration such as "15 minutes"; or the key "day", with a later day at the next step`,
          input: undefined,
          path: [index, "hold"],
        });
      }
      const { weight, criteria, announce, covers } = one;
      return { weight, hold: hold ?? Number.NaN, criteria, ...(announce === undefined ? {} : { announce }), covers };
    }),
  );

/** When a step counts as passed, by what was measured while it was held. */
const judge = z.strictObject({
  /** Fewer requests than this on either track are no verdict: the step stays. */
  minRequests: atLeastOne,
  /** Requests that the whole service gets, counted on at its quietest: "2/s". holdpoint lint works out if a hold sees enough. */
  traffic: quantity.optional(),
  /** Fewer health probes than this of the canary are no verdict. */
  minProbes: atLeastOne.default(1),
  errorRate: z.strictObject({
    below: ratio,
    of: z.literal("baseline"),
    /** The baseline's rate counts as at least this, so that a baseline without any error can be compared with. */
    floor: percent,
    covers,
  }),
  p95: z.strictObject({ below: ratio, of: z.literal("baseline"), covers }),
  health: z.strictObject({ passing: percent, covers }),
});

const canaryShape = {
  steps,
  /** Release types with other steps: a major release's longer way. */
  stepsFor: z.record(name, steps).default({}),
  owner: name,
  judge,
  /** Asked before every step but the first, besides the judge. */
  criteria: stepCriteria,
  /** Approval for each step. */
  approval: stepApproval.optional(),
  /**
   * The baseline answers a request that the new version could not. Routes can't do it (Gateway API only weighs): it is a
   * switch that the application reads, and no step is taken while it is not declared.
   */
  fallback: z.strictObject({ to: z.literal("baseline"), covers }).optional(),
  covers,
};

/** One canary for the whole service. */
export const canary = z.strictObject(canaryShape);

/** One of several side by side: the requests of one operation, with its own weights. */
export const operationCanary = z.strictObject({
  ...canaryShape,
  /** Requests that belong to it. */
  path: z.string("a path such as /search").regex(/^\/[A-Za-z0-9/_-]{0,99}$/, 'a path such as "/search"'),
});

/** Whom a stage is for. */
export const cohort = z.strictObject({
  who: text,
  /** How many people. */
  people: z.strictObject({ min: atLeastOne.optional(), max: atLeastOne.optional() }).optional(),
  /** How their requests are known; without it, everybody's count. */
  by: z
    .union(
      [
        z.strictObject({ header: text, value: text }),
        z.strictObject({ cookie: text, value: text }),
        z.strictObject({ group: name }),
      ],
      "a header and its value, a cookie and its value, or a group",
    )
    .optional(),
  covers,
});
