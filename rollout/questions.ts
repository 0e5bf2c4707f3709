/**
 * What the metrics source is asked for a criterion or a trigger: pure, so that the judge and whoever asks agree by the
 * key alone. A number never comes by itself: beside it come how much of the time its series were there, how new the
 * newest sample is, and how much it rests on.
 */
import {
  bucketsQuery,
  countQuery,
  decimal,
  measureOf,
  nameOf,
  promDuration,
  RULES_EVALUATED,
  selector,
  valueQuery,
  wholeOf,
} from "./metrics";
import type { Look, Measure, MeasureSource, Scope } from "./metrics";
import { allAsked } from "./gate";
import { canaryOf, stageOf } from "./plan";
import type { CriterionOf, Judge, Plan, Trigger } from "./plan";
import type { Question } from "./readings";
import { armedTriggers, floorOf, TRIGGER_WINDOW } from "./triggers";
import type { MetricCondition } from "./triggers";

export type LiveCriterion = CriterionOf<"metric"> | CriterionOf<"no-alerts">;

/** Where and by whose clock is asked. */
export interface Asking extends MeasureSource {
  readonly plan: Plan;
  /** The stage whose numbers are meant. */
  readonly stage: string;
  /** Of the stage's canary: its floor and least requests hold for conditions on the canary too. */
  readonly judge?: Pick<Judge, "minRequests" | "errorRate"> | undefined;
  /** How long a span of plan time lasts on the clock of the metrics source. */
  readonly span: (planTime: number) => number;
  /** Whose numbers, where a condition does not say: a step's criteria are about the canary. */
  readonly on?: "canary" | undefined;
  /** Of an operation's canary: the operation. */
  readonly operation?: string | undefined;
}

/** A window shorter than this has too few samples for a rate, milliseconds. Only a compressed clock gets there. */
const SHORTEST = 5_000;
/** At so many instants of the time it is looked whether series were there. */
const LOOKS = 60;
/** Instants are at least so far apart, milliseconds. */
const STEP = 1_000;
/** The least time that a rate within a longer time is of, milliseconds. */
const RATE = 300_000;

/** Whether a criterion asks the metrics source. */
export function isLive<T extends { readonly kind: string }>(criterion: T): criterion is T & LiveCriterion {
  return criterion.kind === "metric" || criterion.kind === "no-alerts";
}

/** What the keys of a criterion's or trigger's questions begin with: an id is unique in its stage only. */
export function keyOf(id: string, { stage }: Pick<Asking, "stage">): string {
  return `${stage}.${id}`;
}

/** What the gate of a stage can ask, its own criteria and those that other stages' exits bring. */
export function gateQuestions(plan: Plan, stageName: string, span: Asking["span"]): Question[] {
  const stage = stageOf(plan, stageName);
  if (stage === undefined) return [];
  return allAsked(plan, stage).flatMap(({ criterion, stage: written }) =>
    isLive(criterion)
      ? criterionQuestions(criterion, { plan, stage: written.name, judge: written.canary?.judge, span })
      : [],
  );
}

/** What a step upwards of a canary can ask: its criteria, and the triggers that would have forced it back. */
export function stepQuestions(
  plan: Plan,
  stageName: string,
  {
    to,
    operation,
    span,
  }: { readonly to: number; readonly operation?: string | undefined; readonly span: Asking["span"] },
): Question[] {
  const stage = stageOf(plan, stageName);
  const canary = stage === undefined ? undefined : canaryOf(stage, operation);
  if (canary === undefined) return [];
  const asking: Asking = { plan, stage: stageName, judge: canary.judge, span, operation, on: "canary" };
  // Which type the release is of, and so which steps it takes, is the gate's matter: this is what any of them asks.
  const steps = [canary.steps, ...Object.values(canary.stepsFor)].flat().filter(({ weight }) => weight === to);
  const criteria = [...canary.criteria, ...steps.flatMap((step) => step.criteria)];
  return [
    ...triggerStepQuestions(plan, stageName, { operation, span }),
    ...criteria.filter(isLive).flatMap((criterion) => criterionQuestions(criterion, asking)),
  ];
}

/** What is asked for the triggers alone, which are watched all the while a step is held. */
export function triggerStepQuestions(
  plan: Plan,
  stageName: string,
  { operation, span }: { readonly operation?: string | undefined; readonly span: Asking["span"] },
): Question[] {
  const stage = stageOf(plan, stageName);
  const judge = stage === undefined ? undefined : canaryOf(stage, operation)?.judge;
  const asking: Asking = { plan, stage: stageName, judge, span, operation };
  return armedTriggers(plan, stageName).flatMap((trigger) => triggerQuestions(trigger, asking));
}

/** What is asked for a criterion. */
export function criterionQuestions(written: LiveCriterion, asking: Asking): Question[] {
  const criterion = { ...written, id: keyOf(written.id, asking) };
  const window = spanOf(criterion.over, asking);
  if (criterion.kind === "no-alerts") return alertQuestions(criterion, window, asking);
  const measure = measureOf(criterion.metric, asking);
  if (measure === undefined) return [];
  const scope = scopeOf(criterion, asking);
  const look: Look = { window, gauges: "window" };
  const { id } = criterion;
  return [
    ...numberQuestions(id, measure, scope, look),
    ...seenQuestions(id, measure, scope, look),
    { key: `${id}.age`, promql: age(selector(wholeOf(measure), scope)) },
    ...otherQuestions(criterion, measure, scope, look, asking),
    ...(criterion.steady === undefined ? [] : steadyQuestions(id, measure, scope, window)),
  ];
}

/** What is asked for a trigger on a metric. */
export function triggerQuestions(trigger: Trigger, asking: Asking): Question[] {
  const { when } = trigger;
  if ("criterion" in when) return [];
  const measure = measureOf(when.metric, asking);
  if (measure === undefined) return [];
  const id = keyOf(triggerId(trigger), asking);
  const scope = scopeOf(when, asking);
  const look: Look = { window: spanOf(TRIGGER_WINDOW, asking), gauges: "instant" };
  if (when.for === undefined) {
    return [
      ...numberQuestions(id, measure, scope, look),
      ...otherQuestions({ ...when, id }, measure, scope, look, asking),
    ];
  }
  return [...countQuestion(id, measure, scope, look), ...lastingQuestions(id, when, measure, scope, look, asking)];
}

/** What a trigger is called among findings. */
export function triggerId({ id }: Pick<Trigger, "id">): string {
  return `trigger.${id}`;
}

/** Whose series a condition means. */
export function trackOf(condition: Pick<MetricCondition, "on" | "of">, asking: Pick<Asking, "on">): Scope["track"] {
  const on = condition.on ?? (condition.of === "baseline" ? "canary" : asking.on);
  return on === "service" ? undefined : on;
}

function spanOf(planTime: number, { span }: Pick<Asking, "span">): number {
  return Math.max(SHORTEST, Math.round(span(planTime)));
}

function stepOf(window: number): number {
  return Math.max(STEP, Math.round(window / LOOKS));
}

function scopeOf(condition: Pick<MetricCondition, "on" | "of">, asking: Asking): Scope {
  const track = trackOf(condition, asking);
  const namespace = `${asking.plan.service}-${asking.stage}`;
  return { namespace, track, ...(track === undefined ? {} : { operation: asking.operation }) };
}

/** The number, what it rests on, and for a histogram whether it can tell at all. */
function numberQuestions(id: string, measure: Measure, scope: Scope, look: Look): Question[] {
  const buckets = bucketsQuery(measure, scope, look);
  return [
    { key: `${id}.value`, promql: valueQuery(measure, scope, look) },
    ...countQuestion(id, measure, scope, look),
    ...(buckets === undefined ? [] : [{ key: `${id}.buckets`, promql: buckets }]),
  ];
}

function countQuestion(id: string, measure: Measure, scope: Scope, look: Look): Question[] {
  const count = countQuery(measure, scope, look);
  return count === undefined ? [] : [{ key: `${id}.count`, promql: count }];
}

/** At how many instants of the time the series were there; and whether what may be rare exists at all. */
function seenQuestions(id: string, measure: Measure, scope: Scope, look: Look): Question[] {
  const rare = "ratio" in measure ? nameOf(measure.ratio) : undefined;
  const known = rare === undefined || rare === nameOf(wholeOf(measure)) ? undefined : rare;
  return [
    { key: `${id}.seen`, promql: seen(selector(wholeOf(measure), scope), look) },
    ...(known === undefined ? [] : [{ key: `${id}.rare`, promql: rareQuery(known, scope, look) }]),
  ];
}

/** The whole stage's: a version that never failed need not have the series. */
function rareQuery(name: string, { namespace }: Scope, { window }: Look): string {
  return `count(count_over_time(${selector(name, { namespace })}[${promDuration(window)}]))`;
}

/** The part of the time in which the series were there; a little more than 1 where both of its ends count. */
function seen(series: string, { window, offset }: Look): string {
  const back = offset === undefined ? "" : ` offset ${promDuration(offset)}`;
  const step = stepOf(window);
  const range = `[${promDuration(window)}:${promDuration(step)}]${back}`;
  return `count_over_time((count(${series}))${range}) / ${Math.floor(window / step)}`;
}

/** How old the newest sample is, in seconds. */
function age(series: string): string {
  return `time() - max(timestamp(${series}))`;
}

type Compared = Pick<MetricCondition, "of" | "before" | "on"> & { readonly id: string };

/** What the number is compared with: of the baseline over the same time, or its own so long before. */
function otherQuestions(condition: Compared, measure: Measure, scope: Scope, look: Look, asking: Asking): Question[] {
  const other = otherLook(condition, scope, look, asking);
  if (other === undefined) return [];
  const count = countQuery(measure, other.scope, other.look);
  const key = `${condition.id}.other`;
  return [
    { key, promql: valueQuery(measure, other.scope, other.look) },
    ...(count === undefined ? [] : [{ key: `${key}-count`, promql: count }]),
    { key: `${key}-seen`, promql: seen(selector(wholeOf(measure), other.scope), other.look) },
  ];
}

function otherLook(
  { of, before }: Pick<MetricCondition, "of" | "before">,
  scope: Scope,
  look: Look,
  asking: Asking,
): { readonly scope: Scope; readonly look: Look } | undefined {
  if (of === "baseline") return { scope: { ...scope, track: "baseline" }, look };
  if (of !== "before" || before === undefined) return undefined;
  return { scope, look: { ...look, offset: spanOf(before, asking) } };
}

/** The line of least squares through the number as it was at each instant: how much it rose, and about which mean. */
function steadyQuestions(id: string, measure: Measure, scope: Scope, window: number): Question[] {
  const step = stepOf(window);
  const at: Look = { window: Math.max(Math.min(RATE, window), step), gauges: "window" };
  const over = `(${valueQuery(measure, scope, at)})[${promDuration(window)}:${promDuration(step)}]`;
  return [
    { key: `${id}.rise`, promql: `deriv(${over}) * ${decimal(window / 1000)}` },
    { key: `${id}.mean`, promql: `avg_over_time(${over})` },
  ];
}

/** The least and the most that the number was in the time, and in which part of it there was one. */
function lastingQuestions(
  id: string,
  when: MetricCondition,
  measure: Measure,
  scope: Scope,
  look: Look,
  asking: Asking,
): Question[] {
  const window = spanOf(when.for ?? 0, asking);
  const step = stepOf(window);
  const range = `(${relative(when, measure, scope, look, asking)})[${promDuration(window)}:${promDuration(step)}]`;
  return [
    { key: `${id}.least`, promql: `min_over_time(${range})` },
    { key: `${id}.most`, promql: `max_over_time(${range})` },
    { key: `${id}.seen`, promql: `count_over_time(${range}) / ${Math.floor(window / step)}` },
  ];
}

function relative(when: MetricCondition, measure: Measure, scope: Scope, look: Look, asking: Asking): string {
  const value = valueQuery(measure, scope, look);
  const other = otherLook(when, scope, look, asking);
  if (other === undefined) return value;
  const floor = floorOf(when, measure, asking.judge);
  const whole = valueQuery(measure, other.scope, other.look);
  const least = floor === undefined ? `(${whole})` : `clamp_min(${whole}, ${decimal(floor)})`;
  return when.as === "difference" ? `(${value}) - ${least}` : `(${value}) / ${least}`;
}

function alertQuestions({ id, alerts }: CriterionOf<"no-alerts">, window: number, asking: Asking): Question[] {
  const scope: Scope = { namespace: `${asking.plan.service}-${asking.stage}` };
  const severity = alerts === "critical" ? 'severity="critical"' : 'severity=~"critical|warning"';
  const firing = selector(`ALERTS{alertstate="firing",${severity}}`, scope);
  const evaluated = selector(RULES_EVALUATED, scope);
  const look: Look = { window, gauges: "window" };
  return [
    { key: `${id}.firing`, promql: `sum by (alertname) (count_over_time(${firing}[${promDuration(window)}]))` },
    { key: `${id}.seen`, promql: seen(evaluated, look) },
    { key: `${id}.age`, promql: age(evaluated) },
  ];
}
