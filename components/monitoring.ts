/** Alerts, dashboards and what Prometheus scrapes, made from the plan. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stageOf, type Plan } from "../rollout/plan";
import { checkArgs } from "./check";
import { dashboards } from "./monitoring/dashboards";
import { prometheusRules } from "./monitoring/rules";
import { APP_PORT, TRACKS, TRACK_LABEL, commonLabels, scopeName, trackName, type Track } from "./names";
import { monitoringSchema, type MonitoringSettings } from "./settings/monitoring";

export interface MonitoringArgs {
  readonly plan: Plan;
  readonly stage: string;
  /** Section `monitoring`. */
  readonly settings: MonitoringSettings;
}

/** Prometheus rules, a service monitor, a health probe for each track, and three dashboards. */
export class Monitoring extends pulumi.ComponentResource {
  private readonly prefix: string;
  private readonly args: MonitoringArgs;
  private readonly namespace: string;

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("monitoring", monitoringSchema, args.settings);
    super("holdpoint:monitoring:Monitoring", name, {}, opts);
    this.prefix = name;
    this.args = args;
    this.namespace = scopeName(args.plan.service, args.stage);

    this.createRules();
    this.createServiceMonitor();
    for (const track of TRACKS) this.createProbe(track);
    this.createDashboards();
    this.registerOutputs({ alerts: args.plan.triggers.map((trigger) => trigger.id) });
  }

  private createRules(): void {
    const { plan, stage, settings } = this.args;
    const groups = prometheusRules({
      namespace: this.namespace,
      stage,
      plan,
      judge: stageOf(plan, stage)?.canary?.judge,
      databaseUp: settings.databaseUp,
    });
    this.createOperated("rules", "PrometheusRule", plan.service, { groups });
  }

  private createServiceMonitor(): void {
    const { plan, settings } = this.args;
    const { service } = plan;
    const selector = {
      matchLabels: { "app.kubernetes.io/name": service },
      matchExpressions: [{ key: TRACK_LABEL, operator: "Exists" }],
    };
    this.createOperated("service-monitor", "ServiceMonitor", service, {
      selector,
      namespaceSelector: { matchNames: [this.namespace] },
      endpoints: [
        {
          port: "http",
          path: "/metrics",
          interval: settings.scrapeInterval,
          relabelings: [
            { sourceLabels: ["__meta_kubernetes_service_label_holdpoint_dev_track"], targetLabel: "track" },
          ],
        },
      ],
    });
  }

  private createProbe(track: Track): void {
    const { plan, settings } = this.args;
    const name = trackName(plan.service, track);
    const { address, scheme, module } = settings.prober;
    this.createOperated(`probe-${track}`, "Probe", name, {
      jobName: `${this.namespace}-${track}`,
      interval: settings.scrapeInterval,
      module,
      prober: { url: address, scheme },
      targets: {
        staticConfig: {
          static: [`http://${name}.${this.namespace}.svc:${APP_PORT}/health`],
          labels: { namespace: this.namespace, track },
        },
      },
    });
  }

  /** An object that the Prometheus operator reads. */
  private createOperated(suffix: string, kind: string, name: string, spec: object): void {
    const { plan, settings } = this.args;
    new k8s.apiextensions.CustomResource(
      `${this.prefix}-${suffix}`,
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind,
        metadata: { name, namespace: this.namespace, labels: { ...commonLabels(plan.service), ...settings.labels } },
        spec,
      },
      { parent: this },
    );
  }

  private createDashboards(): void {
    const { plan, stage, settings } = this.args;
    for (const [name, dashboard] of Object.entries(dashboards({ namespace: this.namespace, stage, plan }))) {
      new k8s.core.v1.ConfigMap(
        `${this.prefix}-dashboard-${name}`,
        {
          metadata: {
            name: `dashboard-${name}`,
            namespace: this.namespace,
            labels: { ...commonLabels(plan.service), ...settings.dashboardLabels },
            annotations: { grafana_folder: settings.dashboardFolder },
          },
          data: { [`${this.namespace}-${name}.json`]: `${JSON.stringify(dashboard, null, 2)}\n` },
        },
        { parent: this },
      );
    }
  }
}
