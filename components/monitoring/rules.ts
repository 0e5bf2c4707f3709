/**
 * Recording and alerting rules from the plan: pure, so that promtool can check what comes out. Every trigger of the plan
 * becomes one alert of the same name, and the objective becomes burn-rate alerts.
 */
import {
  BUILT_IN,
  countQuery,
  decimal,
  measureOf,
  promDuration,
  selector as seriesOf,
  valueQuery,
  wholeOf,
  type Look,
  type Measure,
  type Scope,
} from "../../rollout/metrics";
import { LIMITS } from "../../rollout/limits";
import type { Judge, Plan, Trigger } from "../../rollout/plan";
import { TRIGGER_WINDOW, floorOf, isArmed, leastRequests, type MetricCondition } from "../../rollout/triggers";
import { RECORD, WINDOWS, errorRatio, p95, selector, serviceErrors, type Window } from "./metrics";

/** One rule as Prometheus reads it: recorded or alerted, never both. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  /** How long it must hold. */
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly Rule[];
}

export interface RulesInput {
  readonly namespace: string;
  readonly stage: string;
  readonly plan: Pick<Plan, "service" | "slo" | "metrics" | "runbooks" | "triggers">;
  /** How the stage's canary is judged: the floor of the baseline's rate and the least requests hold for alerts too. */
  readonly judge: Pick<Judge, "minRequests" | "errorRate"> | undefined;
  /** Metric that is 1 while the database answers. */
  readonly databaseUp: string;
}

/**
 * Which part of the error budget may go in which time. For 30 days these are the burn rates 14.4, 6, 3 and 1.
 * Source: Google, The Site Reliability Workbook, chapter 5, table 5-8 ("Alerting on SLOs", multiwindow, multi-burn-rate);
 * the short window, a twelfth, makes the alert end soon after the trouble does.
 */
export const BURN_RATES: readonly {
  readonly severity: "critical" | "warning";
  readonly budget: number;
  readonly long: Window;
  readonly short: Window;
  readonly hours: number;
}[] = [
  { severity: "critical", budget: 0.02, long: "1h", short: "5m", hours: 1 },
  { severity: "critical", budget: 0.05, long: "6h", short: "30m", hours: 6 },
  { severity: "warning", budget: 0.1, long: "1d", short: "2h", hours: 24 },
  { severity: "warning", budget: 0.1, long: "3d", short: "6h", hours: 72 },
];

const HOUR = 3_600_000;

type Objective = NonNullable<Plan["slo"]>;

/** All rules of one stage. */
export function prometheusRules(input: RulesInput): RuleGroup[] {
  const { slo } = input.plan;
  return [
    { name: "holdpoint-recorded", rules: recordedRules(input) },
    { name: "holdpoint-triggers", rules: triggerRules(input) },
    ...(slo === undefined ? [] : [{ name: "holdpoint-objective", rules: objectiveRules(input, slo) }]),
  ];
}

function recordedRules({ namespace, plan: { slo } }: RulesInput): Rule[] {
  return [
    { record: RECORD.rulesEvaluated, expr: "vector(1)", labels: { namespace } },
    { record: RECORD.trackErrors, expr: errorRatio(namespace, "5m", "namespace, track") },
    { record: RECORD.trackP95, expr: p95(namespace, "namespace, track") },
    {
      record: RECORD.trackRequests,
      expr: `sum by (namespace, track) (increase(http_requests_total{namespace="${namespace}"}[5m]))`,
    },
    ...WINDOWS.map((window) => ({ record: serviceErrors(window), expr: errorRatio(namespace, window, "namespace") })),
    { record: RECORD.serviceP95, expr: p95(namespace, "namespace") },
    ...(slo === undefined
      ? []
      : [
          {
            record: RECORD.budgetLeft,
            expr: `1 - (${errorRatio(namespace, promDuration(slo.window), "namespace")}) / ${decimal(errorBudget(slo))}`,
          },
        ]),
  ];
}

/** Triggers on evidence have no series to watch: the gates judge them. */
function triggerRules(input: RulesInput): Rule[] {
  return input.plan.triggers.flatMap((trigger) => {
    const { when } = trigger;
    return "criterion" in when || !isArmed(trigger, input.stage) ? [] : [triggerRule(trigger, when, input)];
  });
}

/** The alert of one trigger. Prometheus' own word for "how long" is kept; a trigger without it fires at once. */
function triggerRule(trigger: Trigger, when: MetricCondition, input: RulesInput): Rule {
  return {
    alert: trigger.id,
    expr: triggerExpression(when, input),
    ...(when.for === undefined ? {} : { for: promDuration(when.for) }),
    labels: {
      ...alertLabels(input, trigger.severity),
      action: trigger.does,
      owner: trigger.owner,
      ...(trigger.level === undefined ? {} : { level: trigger.level }),
    },
    annotations: {
      summary: `${trigger.title} (${input.plan.service}, ${input.stage})`,
      ...runbook(input, trigger.runbook),
      ...(trigger.does === "rollback" ? { command: `npx holdpoint rollback ${input.stage}` } : {}),
    },
  };
}

const SIGNS = { below: "<", atMost: "<=", above: ">", atLeast: ">=" } as const;
const NOW: Look = { window: TRIGGER_WINDOW, gauges: "instant" };

function triggerExpression(when: MetricCondition, input: RulesInput): string {
  const measure = measureOf(when.metric, input);
  if (measure === undefined) throw new Error(`a trigger on the metric "${when.metric}", which the plan does not have`);
  const track = when.on ?? (when.of === "baseline" ? "canary" : "service");
  const scope: Scope = { namespace: input.namespace, track: track === "service" ? undefined : track };
  const value = valueQuery(measure, scope, NOW);
  const other = otherValue(when, measure, input, scope);
  const sides = LIMITS.flatMap((side) => {
    const limit = when[side];
    return limit === undefined ? [] : [compared(value, SIGNS[side], limit.value, other, when.as)];
  });
  const fires = sides.length === 1 ? String(sides[0]) : sides.map((side) => `(${side})`).join(" and ");
  return `${fires}${enough(when, measure, input, scope)}${silence(measure, scope)}`;
}

function compared(value: string, sign: string, limit: number, other: string | undefined, as?: "difference"): string {
  if (other === undefined) return `${value} ${sign} ${decimal(limit)}`;
  return as === undefined
    ? `${value} ${sign} ${decimal(limit)} * ${other}`
    : `${value} - ${other} ${sign} ${decimal(limit)}`;
}

/** What the number is compared with: the baseline's, or its own some time ago, each as at least the floor. */
function otherValue(when: MetricCondition, measure: Measure, input: RulesInput, scope: Scope): string | undefined {
  if (when.of === undefined) return undefined;
  const floor = floorOf(when, measure, input.judge);
  const value =
    when.of === "baseline"
      ? valueQuery(measure, { ...scope, track: "baseline" }, NOW)
      : valueQuery(measure, scope, { ...NOW, ...(when.before === undefined ? {} : { offset: when.before }) });
  return floor === undefined ? `(${value})` : `clamp_min(${value}, ${decimal(floor)})`;
}

/** Once there were requests enough to say so. */
function enough(when: MetricCondition, measure: Measure, { judge }: RulesInput, scope: Scope): string {
  const least = leastRequests(when, scope.track, judge);
  const count = countQuery(measure, scope, NOW);
  return count === undefined || least <= 1 ? "" : ` and ${count} >= ${least}`;
}

/** A probe that is missing counts as failing: silence is no sign of health. */
function silence(measure: Measure, scope: Scope): string {
  if ("up" in measure) return ` or absent(${measure.up})`;
  return measure === BUILT_IN.health ? ` or absent(${seriesOf(wholeOf(measure), scope)})` : "";
}

function objectiveRules(input: RulesInput, slo: Objective): Rule[] {
  const { plan, namespace } = input;
  const severities = ["critical", "warning"] as const;
  return [
    ...severities.map((severity) => ({
      alert: severity === "critical" ? "error-budget-burns-fast" : "error-budget-burns-slowly",
      expr: burnExpression(severity, input, slo),
      labels: { ...alertLabels(input, severity), action: "page", owner: "slo" },
      annotations: {
        summary: `${plan.service}, ${input.stage}: the error budget of ${percentText(slo.availability)} is used up too fast`,
        ...runbook(input, runbookOn("error-rate", input)),
      },
    })),
    {
      alert: "latency-objective",
      expr: `${RECORD.serviceP95}${selector(namespace)} > ${decimal(slo.p95 / 1000)}`,
      for: "10m",
      labels: { ...alertLabels(input, "warning"), action: "page", owner: "slo" },
      annotations: {
        summary: `${plan.service}, ${input.stage}: p95 is over the objective of ${slo.p95} ms`,
        ...runbook(input, runbookOn("p95", input)),
      },
    },
  ];
}

function burnExpression(severity: "critical" | "warning", { namespace }: RulesInput, slo: Objective): string {
  const budget = errorBudget(slo);
  return BURN_RATES.filter((rate) => rate.severity === severity)
    .map((rate) => {
      const limit = decimal(burnFactor(rate.budget, rate.hours, slo.window) * budget);
      const above = (window: Window) => `${serviceErrors(window)}${selector(namespace)} > ${limit}`;
      return `(${above(rate.long)} and ${above(rate.short)})`;
    })
    .join(" or ");
}

/** How many times faster than allowed the budget goes when `budget` of it is used in `hours`. `window` in milliseconds. */
export function burnFactor(budget: number, hours: number, window: number): number {
  return (budget * (window / HOUR)) / hours;
}

function errorBudget(slo: Objective): number {
  return 1 - slo.availability;
}

function alertLabels({ plan, stage, namespace }: RulesInput, severity: string): Record<string, string> {
  return { severity, service: plan.service, stage, namespace };
}

/** The runbook of the plan's own alert on the same number: whoever the objective calls has the same trouble. */
function runbookOn(metric: string, { plan, stage }: RulesInput): string | undefined {
  return plan.triggers.find(
    (trigger) =>
      trigger.runbook !== undefined &&
      isArmed(trigger, stage) &&
      !("criterion" in trigger.when) &&
      trigger.when.metric === metric,
  )?.runbook;
}

function runbook({ plan }: RulesInput, name: string | undefined): Record<string, string> {
  const address = name === undefined ? undefined : plan.runbooks[name];
  return address === undefined ? {} : { runbook_url: address };
}

function percentText(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(7))}%`;
}
