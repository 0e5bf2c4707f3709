/**
 * Recording and alerting rules from the plan: pure, so that promtool can check what comes out. Every trigger of the plan
 * becomes one alert of the same name, and the objective becomes burn-rate alerts.
 */
import type { Judge, Plan, Trigger } from "../../rollout/plan";
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
  readonly plan: Pick<Plan, "service" | "slo" | "runbooks" | "triggers">;
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

/** Without a judge in the plan, a baseline without errors still counts as failing this often. */
const DEFAULT_FLOOR = 0.001;

const HOUR = 3_600_000;

/** All rules of one stage. */
export function prometheusRules(input: RulesInput): RuleGroup[] {
  return [
    { name: "holdpoint-recorded", rules: recordedRules(input) },
    { name: "holdpoint-triggers", rules: input.plan.triggers.map((trigger) => triggerRule(trigger, input)) },
    { name: "holdpoint-objective", rules: objectiveRules(input) },
  ];
}

function recordedRules({ namespace, plan }: RulesInput): Rule[] {
  const budget = errorBudget(plan);
  return [
    { record: RECORD.trackErrors, expr: errorRatio(namespace, "5m", "namespace, track") },
    { record: RECORD.trackP95, expr: p95(namespace, "namespace, track") },
    {
      record: RECORD.trackRequests,
      expr: `sum by (namespace, track) (increase(http_requests_total{namespace="${namespace}"}[5m]))`,
    },
    ...WINDOWS.map((window) => ({ record: serviceErrors(window), expr: errorRatio(namespace, window, "namespace") })),
    { record: RECORD.serviceP95, expr: p95(namespace, "namespace") },
    {
      record: RECORD.budgetLeft,
      expr: `1 - (${errorRatio(namespace, promDuration(plan.slo.window), "namespace")}) / ${decimal(budget)}`,
    },
  ];
}

/** The alert of one trigger. Prometheus' own word for "how long" is kept; a trigger without it fires at once. */
function triggerRule(trigger: Trigger, input: RulesInput): Rule {
  const { when } = trigger;
  return {
    alert: trigger.id,
    expr: triggerExpression(when, input),
    ...(when.for === undefined ? {} : { for: promDuration(when.for) }),
    labels: {
      ...alertLabels(input, trigger.severity),
      action: trigger.does,
      owner: trigger.owner,
    },
    annotations: {
      summary: `${trigger.title} (${input.plan.service}, ${input.stage})`,
      ...runbook(input, trigger.runbook),
      ...(trigger.does === "rollback" ? { command: `npx holdpoint rollback ${input.stage}` } : {}),
    },
  };
}

function triggerExpression(when: Trigger["when"], input: RulesInput): string {
  switch (when.metric) {
    case "error-rate":
      return when.of === "baseline"
        ? canaryAbove(RECORD.trackErrors, when.above, input, input.judge?.errorRate.floor ?? DEFAULT_FLOOR)
        : `${serviceErrors("5m")}${selector(input.namespace)} > ${decimal(when.above)}`;
    case "p95":
      return when.of === "baseline"
        ? canaryAbove(RECORD.trackP95, when.above, input)
        : `${RECORD.serviceP95}${selector(input.namespace)} > ${decimal(when.above / 1000)}`;
    case "health":
      return healthExpression(when.of, input);
  }
}

/** The canary's number over a multiple of the baseline's, once there were requests enough to say so. */
function canaryAbove(metric: string, times: number, { namespace, judge }: RulesInput, floor?: number): string {
  const baseline = `${metric}${selector(namespace, "baseline")}`;
  const atLeast = floor === undefined ? baseline : `clamp_min(${baseline}, ${decimal(floor)})`;
  const enough = `${RECORD.trackRequests}${selector(namespace, "canary")} >= ${judge?.minRequests ?? 1}`;
  return `${metric}${selector(namespace, "canary")} > on (namespace) ${decimal(times)} * ${atLeast} and on (namespace) ${enough}`;
}

/** A probe that is missing counts as failing: silence is no sign of health. */
function healthExpression(of: "canary" | "service" | "database", { namespace, databaseUp }: RulesInput): string {
  if (of === "database") return `min(${databaseUp}) == 0 or absent(${databaseUp})`;
  if (of === "canary") {
    const probe = `probe_success${selector(namespace, "canary")}`;
    return `min by (namespace) (${probe}) == 0 or absent(${probe})`;
  }
  const probe = `probe_success${selector(namespace)}`;
  return `min by (namespace) (${probe}) == 0 or absent(${probe})`;
}

function objectiveRules(input: RulesInput): Rule[] {
  const { plan, namespace } = input;
  const severities = ["critical", "warning"] as const;
  return [
    ...severities.map((severity) => ({
      alert: severity === "critical" ? "error-budget-burns-fast" : "error-budget-burns-slowly",
      expr: burnExpression(severity, input),
      labels: { ...alertLabels(input, severity), action: "page", owner: "slo" },
      annotations: {
        summary: `${plan.service}, ${input.stage}: the error budget of ${percentText(plan.slo.availability)} is used up too fast`,
        ...runbook(input, "high-error-rate"),
      },
    })),
    {
      alert: "latency-objective",
      expr: `${RECORD.serviceP95}${selector(namespace)} > ${decimal(plan.slo.p95 / 1000)}`,
      for: "10m",
      labels: { ...alertLabels(input, "warning"), action: "page", owner: "slo" },
      annotations: {
        summary: `${plan.service}, ${input.stage}: p95 is over the objective of ${plan.slo.p95} ms`,
        ...runbook(input, "high-error-rate"),
      },
    },
  ];
}

function burnExpression(severity: "critical" | "warning", { namespace, plan }: RulesInput): string {
  const budget = errorBudget(plan);
  return BURN_RATES.filter((rate) => rate.severity === severity)
    .map((rate) => {
      const limit = decimal(burnFactor(rate.budget, rate.hours, plan.slo.window) * budget);
      const above = (window: Window) => `${serviceErrors(window)}${selector(namespace)} > ${limit}`;
      return `(${above(rate.long)} and ${above(rate.short)})`;
    })
    .join(" or ");
}

/** How many times faster than allowed the budget goes when `budget` of it is used in `hours`. `window` in milliseconds. */
export function burnFactor(budget: number, hours: number, window: number): number {
  return (budget * (window / HOUR)) / hours;
}

function errorBudget(plan: Pick<Plan, "slo">): number {
  return 1 - plan.slo.availability;
}

function alertLabels({ plan, stage, namespace }: RulesInput, severity: string): Record<string, string> {
  return { severity, service: plan.service, stage, namespace };
}

function runbook({ plan }: RulesInput, name: string | undefined): Record<string, string> {
  const address = name === undefined ? undefined : plan.runbooks[name];
  return address === undefined ? {} : { runbook_url: address };
}

/** A number without the noise of binary fractions: 0.0144, not 0.014400000000000012. */
function decimal(value: number): string {
  return String(Number(value.toPrecision(10)));
}

function percentText(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(7))}%`;
}

const PROM_UNITS = [
  ["d", 24 * HOUR],
  ["h", HOUR],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** Milliseconds in Prometheus' largest unit that fits: 300000 → "5m". */
export function promDuration(milliseconds: number): string {
  const fit = PROM_UNITS.find(([, size]) => milliseconds >= size && milliseconds % size === 0);
  return fit === undefined ? `${milliseconds}ms` : `${milliseconds / fit[1]}${fit[0]}`;
}
