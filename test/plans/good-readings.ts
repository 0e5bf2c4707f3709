/** What a metrics source answers in a good world: every criterion's number is within its limits, no trigger has fired. */
import { measureOf, unitOf } from "../../rollout/metrics";
import { criterionQuestions, isLive, triggerQuestions } from "../../rollout/questions";
import type { Asking } from "../../rollout/questions";
import type { ReadSample, Readings } from "../../rollout/readings";
import type { Canary, Criterion, Plan } from "../../rollout/plan";
import { fitting } from "./fitting";
import type { Limits } from "./fitting";

const PLENTY = 1e9;

/** Answers to all that the criteria and triggers of a stage's gates ask. */
export function goodReadings(plan: Plan, canaryNow: Canary | undefined): Readings {
  const answers = plan.stages.flatMap((stage) => {
    const canary = canaryNow ?? stage.canary;
    const asking: Asking = { plan, stage: stage.name, judge: canary?.judge, span: (time) => time };
    const canaries = [...(stage.canary === undefined ? [] : [stage.canary]), ...Object.values(stage.canaries ?? {})];
    const gates: readonly Criterion[] = [
      ...stage.enter.criteria,
      ...(stage.exit?.criteria ?? []),
      ...(stage.finish?.criteria ?? []),
    ];
    const ofSteps = canaries.flatMap((one) => [...one.criteria, ...one.steps.flatMap(({ criteria }) => criteria)]);
    const live = [
      ...gates.map((criterion) => ({ criterion, on: undefined })),
      ...ofSteps.map((criterion) => ({ criterion, on: "canary" as const })),
    ];
    return [
      ...live.flatMap(({ criterion, on }) =>
        isLive(criterion)
          ? criterionQuestions(criterion, { ...asking, on }).map(({ key }) =>
              answer(key, criterion.kind === "metric" ? good(criterion, asking) : 0),
            )
          : [],
      ),
      ...plan.triggers.flatMap((trigger) => {
        const { when } = trigger;
        if ("criterion" in when) return [];
        return triggerQuestions(trigger, asking).map(({ key }) => answer(key, outside(when, asking)));
      }),
    ];
  });
  return Object.fromEntries(answers);
}

/** A number within the limits; what is compared has 100 to be compared with. */
function good(
  limits: Limits & { readonly metric: string; readonly of?: unknown; readonly as?: unknown },
  asking: Asking,
) {
  const given = [limits.below, limits.atMost, limits.above, limits.atLeast].some((limit) => limit !== undefined);
  const { value } = given ? fitting([limits]) : { value: 1 };
  return limits.as === "difference" ? value + otherOf(limits.metric, asking) : value;
}

/** A number outside of every limit of a trigger. */
function outside(
  when: Limits & { readonly metric: string; readonly of?: unknown; readonly for?: unknown },
  asking: Asking,
): number {
  const least = when.above?.value ?? when.atLeast?.value;
  const most = when.below?.value ?? when.atMost?.value;
  // What lasts is asked for as the ratio itself.
  const times = when.of === undefined || when.for !== undefined ? 1 : otherOf(when.metric, asking);
  if (least !== undefined) return (least / 2) * times;
  return (most ?? 0) * 2 * times;
}

function otherOf(metric: string, asking: Asking): number {
  const measure = measureOf(metric, asking);
  return measure !== undefined && unitOf(measure) === "ratio" ? 0.01 : 100;
}

function answer(key: string, value: number): [string, readonly ReadSample[]] {
  const one = (number: number): readonly ReadSample[] => [{ labels: {}, value: number }];
  switch (key.slice(key.lastIndexOf(".") + 1)) {
    case "firing":
      return [key, []];
    case "buckets":
      return [key, [{ labels: { le: String(PLENTY) }, value: PLENTY }]];
    case "count":
    case "other-count":
      return [key, one(PLENTY)];
    case "seen":
    case "other-seen":
    case "rare":
      return [key, one(1)];
    case "age":
    case "rise":
      return [key, one(0)];
    case "other":
      return [key, one(100)];
    default:
      return [key, one(value)];
  }
}
