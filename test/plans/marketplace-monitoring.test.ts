/** What becomes of the marketplace's dashboards and alert rules: the document's, written rightly. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { dashboards } from "../../components/monitoring/dashboards";
import { prometheusRules } from "../../components/monitoring/rules";
import { parsePlan } from "../../rollout/plan";

const plan = parsePlan(readFileSync("plans/marketplace.yaml", "utf8"), "plans/marketplace.yaml");

/** A rate of a series over five minutes, in a stage. */
const rate = (stage: string, series: string, label = "") =>
  `sum(rate(${series}{${label}namespace="marketplace-${stage}"}[5m]))`;

/** The share of one series in another, 0 where the rare one was never counted. */
function share(
  stage: string,
  [part, all]: readonly [string, string],
  [ofPart = "", ofAll = ""]: string[] = [],
): string {
  const whole = rate(stage, all, ofAll);
  return `(${rate(stage, part, ofPart)} or ${whole} * 0) / (${whole} > 0)`;
}

const p95 = (stage: string, histogram: string) =>
  `histogram_quantile(0.95, sum by (le) (rate(${histogram}_bucket{namespace="marketplace-${stage}"}[5m])))`;

const v2 = 'backend="v2",';
const errors = (stage: string) => share(stage, ["marketplace_errors_total", "marketplace_requests_total"]);
const fallbacks = (stage: string) =>
  share(stage, ["marketplace_fallback_count", "marketplace_backend_selection_total"], ["", v2]);
const v2Share = (stage: string) =>
  share(stage, ["marketplace_backend_selection_total", "marketplace_backend_selection_total"], [v2]);

interface Shown {
  readonly title: string;
  readonly expr: readonly string[];
  readonly unit: string;
  /** Where its line is, and which alert watches it. */
  readonly line?: number;
  readonly alert?: string;
}

function panelsOf(name: string): Shown[] {
  const made = dashboards({ namespace: "marketplace-production", stage: "production", plan })[name];
  if (made === undefined) throw new Error(`no dashboard ${name}`);
  return made.panels.map((panel) => {
    const { defaults } = panel["fieldConfig"] as {
      defaults: { unit: string; thresholds: { steps: { value: number | null }[] } };
    };
    const line = defaults.thresholds.steps.map(({ value }) => value).find((value) => value !== null);
    const alert = /^The alert (\S+) watches it\.$/.exec(String(panel["description"]))?.[1];
    return {
      title: String(panel["title"]),
      expr: (panel["targets"] as { expr: string }[]).map(({ expr }) => expr),
      unit: defaults.unit,
      ...(line === undefined ? {} : { line }),
      ...(alert === undefined ? {} : { alert }),
    };
  });
}

describe("the dashboards of the marketplace", () => {
  test("Backend Health has the share of V2, fallbacks and errors of each backend", () => {
    const by = (series: string) => `sum by (backend) (rate(${series}{namespace="marketplace-production"}[5m]))`;
    expect(panelsOf("backend-health")).toEqual([
      {
        title: "Backend Selection Distribution",
        expr: [v2Share("production")],
        unit: "percentunit",
        line: 0.9,
        alert: "v2-share-low",
      },
      {
        title: "Fallback Rate",
        expr: [fallbacks("production")],
        unit: "percentunit",
        line: 0.05,
        alert: "fallbacks-over-goal",
      },
      {
        title: "Error Rate by Backend",
        expr: [`${by("marketplace_errors_total")} / ${by("marketplace_requests_total")}`],
        unit: "percentunit",
        line: 0.01,
        alert: "errors-over-goal",
      },
    ]);
  });
  test("Performance Metrics has two quantiles and the throughput", () => {
    expect(panelsOf("performance")).toEqual([
      {
        title: "Search Latency (p95)",
        expr: [p95("production", "marketplace_search_latency")],
        unit: "ms",
        line: 100,
        alert: "search-latency-over-goal",
      },
      {
        title: "Installation Latency (p95)",
        expr: [p95("production", "marketplace_install_latency")],
        unit: "ms",
        line: 5000,
        alert: "install-latency-over-goal",
      },
      {
        title: "Throughput (req/s)",
        expr: ['sum(rate(marketplace_requests_total{namespace="marketplace-production"}[1m]))'],
        unit: "short",
      },
    ]);
  });
  test("Business Metrics has what is published, installed and signed", () => {
    const inOneHour = (series: string) => `sum(increase(${series}{namespace="marketplace-production"}[1h]))`;
    const sum = (series: string) => `sum(${series}{namespace="marketplace-production"})`;
    expect(panelsOf("business")).toEqual([
      { title: "Packages Published", expr: [inOneHour("marketplace_publish_count")], unit: "short" },
      { title: "Packages Installed", expr: [inOneHour("marketplace_install_count")], unit: "short" },
      {
        title: "Signing Adoption Rate",
        expr: [`${sum("marketplace_signed_packages")} / (${sum("marketplace_total_packages")} > 0)`],
        unit: "percentunit",
      },
    ]);
  });
});

/** [condition, for how long, severity, what it does, runbook, what its summary says] */
type Rule = readonly [string, string | undefined, string, string, string | undefined, string];

function alertsOf(stage: string): Readonly<Record<string, Rule>> {
  const groups = prometheusRules({
    namespace: `marketplace-${stage}`,
    stage,
    plan,
    judge: undefined,
    databaseUp: 'up{job="db"}',
  });
  const own = new Set(plan.triggers.map(({ id }) => id));
  return Object.fromEntries(
    groups
      .flatMap(({ rules }) => rules)
      .filter(({ alert }) => alert !== undefined && own.has(alert))
      .map(({ alert = "", expr, for: lasting, labels = {}, annotations = {} }) => [
        alert,
        [
          expr,
          lasting,
          labels["severity"] ?? "",
          labels["action"] ?? "",
          annotations["runbook_url"]?.split("/").at(-1),
          annotations["summary"]?.replace(` (marketplace, ${stage})`, "") ?? "",
        ],
      ]),
  );
}

describe("the alert rules of the marketplace", () => {
  test.each(["production", "v2-default"])("are the document's four in %s, as shares and with le", (stage) => {
    expect(alertsOf(stage)).toMatchObject({
      "high-fallback-rate": [
        `${fallbacks(stage)} > 0.1`,
        "5m",
        "critical",
        "page",
        "troubleshooting",
        "High V2 to V1 fallback rate (over 10 %); look into the failures of V2",
      ],
      "high-error-rate": [
        `${errors(stage)} > 0.02`,
        "3m",
        "critical",
        "page",
        "troubleshooting",
        "High error rate of the marketplace (over 2 %); read the logs and weigh a rollback",
      ],
      "search-latency-high": [
        `${p95(stage, "marketplace_search_latency")} > 150`,
        "10m",
        "warning",
        "page",
        "troubleshooting",
        "The search's p95 is over 150 ms; look at the speed of SPARQL queries",
      ],
      "rdf-store-unhealthy": [
        `min(up{job="rdf-store",namespace="marketplace-${stage}"}) < 1`,
        "1m",
        "critical",
        "page",
        "troubleshooting",
        "The RDF store is down; restart it and switch on the fallback to V1",
      ],
    });
  });
  test("roll back at the third level", () => {
    const production = alertsOf("production");
    expect(production["errors-roll-back"]?.slice(0, 4)).toEqual([
      `${errors("production")} > 0.05`,
      "10m",
      "critical",
      "rollback",
    ]);
    expect(production["fallbacks-roll-back"]?.slice(0, 4)).toEqual([
      `${fallbacks("production")} > 0.2`,
      "15m",
      "critical",
      "rollback",
    ]);
    expect(production["search-latency-rolls-back"]?.slice(0, 4)).toEqual([
      `${p95("production", "marketplace_search_latency")} > 200`,
      "15m",
      "critical",
      "rollback",
    ]);
  });
  test("watch the panels at the goals", () => {
    const production = alertsOf("production");
    const goals = [
      ["fallbacks-over-goal", `${fallbacks("production")} > 0.05`, "critical"],
      ["errors-over-goal", `${errors("production")} > 0.01`, "critical"],
      ["search-latency-over-goal", `${p95("production", "marketplace_search_latency")} > 100`, "warning"],
      ["install-latency-over-goal", `${p95("production", "marketplace_install_latency")} > 5000`, "warning"],
    ] as const;
    for (const [id, expr, severity] of goals) {
      expect(production[id]?.slice(0, 4)).toEqual([expr, undefined, severity, "notify"]);
    }
  });
  test("want 90% on V2 once the ramp is over, and not before", () => {
    expect(alertsOf("production")["v2-share-low"]).toBeUndefined();
    expect(alertsOf("v2-default")["v2-share-low"]?.slice(0, 4)).toEqual([
      `${v2Share("v2-default")} < 0.9`,
      undefined,
      "warning",
      "notify",
    ]);
  });
});
