import { describe, expect, test } from "vitest";
import { Monitoring, type MonitoringArgs } from "../../components/monitoring";
import { declared, omnihub, onceUnchanged, refusalOf, stageSettings } from "./support";

type Change = Partial<Omit<MonitoringArgs, "settings">> & { settings?: Partial<MonitoringArgs["settings"]> };

function args({ settings, ...change }: Change = {}): MonitoringArgs {
  return { plan: omnihub(), stage: "production", settings: { ...stageSettings().monitoring, ...settings }, ...change };
}

const monitoring = onceUnchanged((change: Change) => declared(() => new Monitoring("monitoring", args(change))));

describe("the rules", () => {
  test("are an object of the Prometheus operator with an alert for each trigger of the plan", async () => {
    const { inputs } = (await monitoring()).one("PrometheusRule");
    expect(inputs.apiVersion).toBe("monitoring.coreos.com/v1");
    expect(inputs.metadata).toMatchObject({ name: "omnihub", namespace: "omnihub-production" });
    expect(inputs.metadata.labels).toMatchObject({ release: "kube-prometheus-stack" });
    const alerts = inputs.spec.groups.flatMap((group: { rules: { alert?: string }[] }) =>
      group.rules.map((rule) => rule.alert),
    );
    for (const trigger of omnihub().triggers) expect(alerts).toContain(trigger.id);
  });

  test("change with the plan", async () => {
    const plan = omnihub();
    const { inputs } = (await monitoring({ plan: { ...plan, triggers: plan.triggers.slice(0, 1) } })).one(
      "PrometheusRule",
    );
    expect(inputs.spec.groups[1].rules).toHaveLength(1);
  });
});

test("the service monitor scrapes both tracks and names them", async () => {
  const { spec, metadata } = (await monitoring()).one("ServiceMonitor").inputs;
  expect(metadata.labels).toMatchObject({ release: "kube-prometheus-stack" });
  expect(spec.namespaceSelector).toEqual({ matchNames: ["omnihub-production"] });
  expect(spec.selector).toEqual({
    matchLabels: { "app.kubernetes.io/name": "omnihub" },
    matchExpressions: [{ key: "holdpoint.dev/track", operator: "Exists" }],
  });
  expect(spec.endpoints).toEqual([
    {
      port: "http",
      path: "/metrics",
      interval: "15s",
      relabelings: [{ sourceLabels: ["__meta_kubernetes_service_label_holdpoint_dev_track"], targetLabel: "track" }],
    },
  ]);
});

test.each(["baseline", "canary"])("the %s is probed at its health check, under its own label", async (track) => {
  const { spec } = (await monitoring()).one("Probe", `omnihub-${track}`).inputs;
  expect(spec.prober).toEqual({ url: "blackbox-exporter.monitoring.svc:9115", scheme: "http" });
  expect(spec.targets.staticConfig).toEqual({
    static: [`http://omnihub-${track}.omnihub-production.svc:8080/health`],
    labels: { namespace: "omnihub-production", track },
  });
});

test.each(["slo", "operator", "infrastructure"])("the dashboard %s is a ConfigMap that Grafana finds", async (name) => {
  const { inputs } = (await monitoring()).one("ConfigMap", `dashboard-${name}`);
  expect(inputs.metadata.labels).toMatchObject({ grafana_dashboard: "1" });
  expect(inputs.metadata.annotations).toEqual({ grafana_folder: "OmniHub" });
  expect(Object.keys(inputs.data)).toEqual([`omnihub-production-${name}.json`]);
  expect(JSON.parse(inputs.data[`omnihub-production-${name}.json`]).uid).toBe(`omnihub-production-${name}`);
});

test.each<[string, Change["settings"], string]>([
  [
    "a metric without labels",
    { databaseUp: "pg_up" },
    "databaseUp: expected a metric with its labels, 'pg_up{job=\"…\"}'",
  ],
  ["an interval without unit", { scrapeInterval: "15" }, 'scrapeInterval: expected a duration such as "15s" or "5m"'],
])("a wrong argument is refused: %s", (_what, settings, expected) => {
  expect(refusalOf(() => new Monitoring("monitoring", args({ settings: settings ?? {} })))).toBe(
    `monitoring: ${expected}`,
  );
});
