/** The dashboards of a stage as Grafana's JSON: pure, so that promtool can check every query in them. */
import { measureOf, unitOf, valueQuery } from "../../rollout/metrics";
import type { Plan } from "../../rollout/plan";
import { TRIGGER_WINDOW } from "../../rollout/triggers";
import type { Unit } from "../../rollout/units";
import { APP_PORT, TRACKS } from "../names";
import { RECORD, WINDOWS, selector, serviceErrors, type Window } from "./metrics";
import { BURN_RATES, burnFactor } from "./rules";

export interface DashboardsInput {
  readonly namespace: string;
  readonly stage: string;
  readonly plan: Pick<Plan, "service" | "slo" | "stages" | "runbooks" | "metrics" | "dashboards">;
}

/** Kinds of panel that are used; Grafana knows more. */
type PanelType = "timeseries" | "stat" | "text" | "table";

interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** What a panel shows, before it gets its place. */
interface PanelSpec {
  readonly title: string;
  readonly type: PanelType;
  /** What a reader learns from it, and when to worry. */
  readonly description: string;
  readonly queries?: readonly Query[];
  /** Grafana's unit id: percentunit, s, reqps, bytes, short. */
  readonly unit?: string;
  /** From this value on it is red (or below it, with `redBelow`). */
  readonly redAbove?: number;
  readonly redBelow?: number;
  readonly markdown?: string;
  /** Value → word, for states. */
  readonly words?: Readonly<Record<string, string>>;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Record<string, unknown>[];
  readonly [key: string]: unknown;
}

/** Grid of Grafana: 24 units wide; two panels a row. */
const PANEL = { width: 12, height: 8, perRow: 2 } as const;

/** Those that every stage has. */
type OwnDashboards = Readonly<Record<"slo" | "operator" | "infrastructure", Dashboard>>;

/** Name → dashboard: `slo`, `operator`, `infrastructure`, and the plan's own. */
export function dashboards(input: DashboardsInput): OwnDashboards & Readonly<Record<string, Dashboard>> {
  const planned = Object.entries(input.plan.dashboards).map(([name, { title, panels }]) => [
    name,
    dashboard(
      input,
      name,
      title,
      panels.map((panel) => plannedPanel(input, panel)),
    ),
  ]);
  return {
    ...(Object.fromEntries(planned) as Readonly<Record<string, Dashboard>>),
    slo: dashboard(input, "slo", "Service level", sloPanels(input)),
    operator: dashboard(input, "operator", "Operator", operatorPanels(input)),
    infrastructure: dashboard(input, "infrastructure", "Infrastructure", infrastructurePanels(input)),
  };
}

/** Every PromQL expression of a dashboard. */
export function queriesOf(dashboard: Dashboard): string[] {
  return dashboard.panels.flatMap((panel) =>
    ((panel["targets"] as { expr: string }[] | undefined) ?? []).map((target) => target.expr),
  );
}

type PlannedPanel = Plan["dashboards"][string]["panels"][number];

/** Grafana's unit ids. */
const UNITS = {
  ms: "ms",
  bytes: "bytes",
  ratio: "percentunit",
  count: "short",
  "per-second": "reqps",
  x: "short",
} as const satisfies Readonly<Record<Unit, string>>;

/** A panel of the plan: one of its metrics over five minutes, or a query of its own. */
function plannedPanel(input: DashboardsInput, panel: PlannedPanel): PanelSpec {
  const { title, trigger, below, atMost, above, atLeast } = panel;
  const redAbove = (below ?? atMost)?.value;
  const redBelow = (above ?? atLeast)?.value;
  return {
    title,
    type: "timeseries",
    description: trigger === undefined ? "As the rollout plan asks for it." : `The alert ${trigger} watches it.`,
    ...plannedQuery(input, panel),
    ...(redAbove === undefined ? {} : { redAbove }),
    ...(redBelow === undefined ? {} : { redBelow }),
  };
}

function plannedQuery(
  { namespace, plan }: DashboardsInput,
  { title, metric, query, below, atMost, above, atLeast }: PlannedPanel,
): Pick<PanelSpec, "queries" | "unit"> {
  if (query !== undefined) {
    // What a query of its own comes out in is said by its lines alone.
    const line = below ?? atMost ?? above ?? atLeast;
    const queries = [{ expr: query.replaceAll("$namespace", namespace), legend: "__auto" }];
    return { queries, ...(line === undefined ? {} : { unit: UNITS[line.unit] }) };
  }
  const measure = metric === undefined ? undefined : measureOf(metric, { plan });
  if (measure === undefined) throw new Error(`a panel of the metric "${metric}", which the plan does not have`);
  const expr = valueQuery(measure, { namespace }, { window: TRIGGER_WINDOW, gauges: "instant" });
  return { queries: [{ expr, legend: title }], unit: UNITS[unitOf(measure)] };
}

function sloPanels(input: DashboardsInput): PanelSpec[] {
  const { slo } = input.plan;
  return [...(slo === undefined ? [] : objectivePanels(input, slo)), trafficPanel(input)];
}

function objectivePanels({ namespace }: DashboardsInput, slo: NonNullable<Plan["slo"]>): PanelSpec[] {
  const budget = 1 - slo.availability;
  const burn = (window: Window) => `${serviceErrors(window)}${selector(namespace)} / ${Number(budget.toPrecision(10))}`;
  const fastest = Math.max(...BURN_RATES.map((rate) => burnFactor(rate.budget, rate.hours, slo.window)));
  return [
    {
      title: "Error budget left",
      type: "stat",
      description: "Of the whole window. After a rollout's first day the plan wants more than the red limit.",
      queries: [{ expr: `${RECORD.budgetLeft}${selector(namespace)}`, legend: "left" }],
      unit: "percentunit",
      redBelow: slo.errorBudgetLeft,
    },
    {
      title: "Availability, 1 day",
      type: "stat",
      description: "Requests that did not fail.",
      queries: [{ expr: `1 - ${serviceErrors("1d")}${selector(namespace)}`, legend: "availability" }],
      unit: "percentunit",
      redBelow: slo.availability,
    },
    {
      title: "Burn rate",
      type: "timeseries",
      description: "1 uses the budget up exactly at the end of the window; the red limit pages.",
      queries: WINDOWS.map((window) => ({ expr: burn(window), legend: window })),
      unit: "short",
      redAbove: Number(fastest.toPrecision(6)),
    },
    {
      title: "p95 latency",
      type: "timeseries",
      description: "95 % of requests are faster.",
      queries: [{ expr: `${RECORD.serviceP95}${selector(namespace)}`, legend: "p95" }],
      unit: "s",
      redAbove: slo.p95 / 1000,
    },
  ];
}

function trafficPanel({ namespace }: DashboardsInput): PanelSpec {
  return {
    title: "Requests by code",
    type: "timeseries",
    description: "Traffic, and what it is answered with.",
    queries: [
      {
        expr: `sum by (code) (rate(http_requests_total${selector(namespace)}[$__rate_interval]))`,
        legend: "{{code}}",
      },
    ],
    unit: "reqps",
  };
}

function operatorPanels(input: DashboardsInput): PanelSpec[] {
  const { namespace } = input;
  const all = `sum(${RECORD.trackRequests}${selector(namespace)})`;
  return [
    {
      title: "Kill switch",
      type: "stat",
      description: "On: every request is refused and the canary gets none. As the service itself reports it.",
      queries: [
        {
          expr: `max(emergency_control_enabled{namespace="${namespace}",control="killSwitch"})`,
          legend: "kill switch",
        },
      ],
      words: { "0": "off", "1": "ON" },
      redAbove: 1,
    },
    {
      title: "Safe mode",
      type: "stat",
      description: "On: the service answers and changes nothing. As the service itself reports it.",
      queries: [
        { expr: `max(emergency_control_enabled{namespace="${namespace}",control="safeMode"})`, legend: "safe mode" },
      ],
      words: { "0": "off", "1": "ON" },
      redAbove: 1,
    },
    {
      title: "Traffic that the canary really gets",
      type: "timeseries",
      description: "Share of the requests of the last five minutes, to compare with the step's weight.",
      queries: [
        { expr: `sum(${RECORD.trackRequests}${selector(namespace, "canary")}) / (${all} > 0)`, legend: "canary" },
      ],
      unit: "percentunit",
    },
    tracksPanel(input, "Error rate", RECORD.trackErrors, "percentunit"),
    tracksPanel(input, "p95 latency", RECORD.trackP95, "s"),
    {
      title: "Health checks",
      type: "timeseries",
      description: "1 while a track answers its health check.",
      queries: [{ expr: `min by (track) (probe_success${selector(namespace)})`, legend: "{{track}}" }],
      unit: "short",
      redBelow: 1,
    },
    {
      title: "Alerts that fire",
      type: "table",
      description: "Every alert of this stage.",
      queries: [{ expr: `ALERTS{namespace="${namespace}",alertstate="firing"}`, legend: "{{alertname}}" }],
    },
    {
      title: "Steps and approvals",
      type: "text",
      description: "What the gate waits for.",
      markdown: operatorText(input),
    },
  ];
}

/** What no metric tells: the queue of approvals is in the evidence store, and the command reads it. */
function operatorText({ plan, stage }: DashboardsInput): string {
  const steps = plan.stages.find((candidate) => candidate.name === stage)?.canary?.steps ?? [];
  const runbooks = Object.entries(plan.runbooks).map(([name, address]) => `- [${name}](${address})`);
  return [
    `**Steps**: ${steps.map((step) => `${step.weight} % for ${step.hold / 60_000} min`).join(", ") || "none"}`,
    "",
    "**What the gate waits for**, approvals included:",
    "```",
    `npx holdpoint status ${stage}`,
    "```",
    "**Back, at any time**:",
    "```",
    `npx holdpoint rollback ${stage}`,
    "```",
    "**Runbooks**",
    ...runbooks,
  ].join("\n");
}

function tracksPanel({ namespace }: DashboardsInput, title: string, metric: string, unit: string): PanelSpec {
  return {
    title: `${title}, canary beside baseline`,
    type: "timeseries",
    description: "Over the same five minutes.",
    queries: TRACKS.map((track) => ({ expr: `${metric}${selector(namespace, track)}`, legend: track })),
    unit,
  };
}

function infrastructurePanels({ namespace, plan }: DashboardsInput): PanelSpec[] {
  const inNamespace = `namespace="${namespace}"`;
  const container = `${inNamespace},container!=""`;
  const byPod = (expr: string): Query[] => [{ expr, legend: "{{pod}}" }];
  return [
    {
      title: "CPU",
      type: "timeseries",
      description: "Cores in use, of each pod.",
      queries: byPod(`sum by (pod) (rate(container_cpu_usage_seconds_total{${container}}[$__rate_interval]))`),
      unit: "short",
    },
    {
      title: "Memory, of the limit",
      type: "timeseries",
      description: "At 1 the pod is killed.",
      queries: byPod(
        `sum by (pod) (container_memory_working_set_bytes{${container}}) / sum by (pod) (kube_pod_container_resource_limits{${inNamespace},resource="memory"})`,
      ),
      unit: "percentunit",
      redAbove: 0.9,
    },
    {
      title: "Disk",
      type: "timeseries",
      description: "What each pod has written to its own disk.",
      queries: byPod(`sum by (pod) (container_fs_usage_bytes{${container}})`),
      unit: "bytes",
    },
    {
      title: "Network",
      type: "timeseries",
      description: "Bytes received a second, of each pod.",
      queries: byPod(`sum by (pod) (rate(container_network_receive_bytes_total{${inNamespace}}[$__rate_interval]))`),
      unit: "Bps",
    },
    {
      title: "Restarts, 1 hour",
      type: "timeseries",
      description: "A pod that restarts is one that its probes gave up on.",
      queries: byPod(`sum by (pod) (increase(kube_pod_container_status_restarts_total{${inNamespace}}[1h]))`),
      unit: "short",
      redAbove: 1,
    },
    {
      title: "Pods that are ready",
      type: "timeseries",
      description: `Of each track of ${plan.service}, on port ${APP_PORT}.`,
      queries: [
        {
          expr: `sum by (deployment) (kube_deployment_status_replicas_available{${inNamespace}})`,
          legend: "{{deployment}}",
        },
      ],
      unit: "short",
    },
    {
      title: "Quota in use",
      type: "timeseries",
      description: "At 1 the namespace gets no more pods, whatever the autoscaler wants.",
      queries: [
        {
          expr: `sum by (resource) (kube_resourcequota{${inNamespace},type="used"}) / sum by (resource) (kube_resourcequota{${inNamespace},type="hard"} > 0)`,
          legend: "{{resource}}",
        },
      ],
      unit: "percentunit",
      redAbove: 0.9,
    },
  ];
}

function dashboard(input: DashboardsInput, name: string, title: string, panels: PanelSpec[]): Dashboard {
  return {
    uid: `${input.namespace}-${name}`,
    title: `${input.plan.service} ${input.stage}: ${title}`,
    tags: ["holdpoint", input.plan.service, input.stage],
    schemaVersion: 39,
    editable: false,
    timezone: "utc",
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    templating: {
      list: [{ name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus", hide: 0 }],
    },
    panels: panels.map(place),
  };
}

function place(spec: PanelSpec, index: number): Record<string, unknown> {
  const datasource = { type: "prometheus", uid: "${datasource}" };
  const head = {
    id: index + 1,
    title: spec.title,
    type: spec.type,
    description: spec.description,
    gridPos: {
      x: (index % PANEL.perRow) * PANEL.width,
      y: Math.floor(index / PANEL.perRow) * PANEL.height,
      w: PANEL.width,
      h: PANEL.height,
    },
  };
  if (spec.type === "text") return { ...head, options: { mode: "markdown", content: spec.markdown ?? "" } };
  return {
    ...head,
    datasource,
    fieldConfig: { defaults: fieldDefaults(spec), overrides: [] },
    targets: (spec.queries ?? []).map(({ expr, legend }, query) => ({
      refId: String.fromCharCode(65 + query),
      datasource,
      expr,
      legendFormat: legend,
      ...(spec.type === "table" ? { format: "table", instant: true } : {}),
    })),
  };
}

function fieldDefaults({ unit, redAbove, redBelow, words }: PanelSpec): Record<string, unknown> {
  const steps =
    redBelow === undefined
      ? [{ color: "green", value: null }, ...(redAbove === undefined ? [] : [{ color: "red", value: redAbove }])]
      : [
          { color: "red", value: null },
          { color: "green", value: redBelow },
        ];
  const options = Object.fromEntries(Object.entries(words ?? {}).map(([value, text]) => [value, { text }]));
  return {
    unit: unit ?? "short",
    // An empty panel must not look like a good one.
    noValue: "no data",
    thresholds: { mode: "absolute", steps },
    ...(words === undefined ? {} : { mappings: [{ type: "value", options }] }),
  };
}
