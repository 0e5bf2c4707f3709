/** Where traces, metrics and logs of the service go: an OpenTelemetry Collector beside it, and the one backend behind that. */
import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArgs } from "./check";
import {
  neighbourHost,
  neighbourMetadata,
  neighbourSelector,
  openTo,
  openToService,
  type Neighbour,
} from "./neighbour";
import { containerSecurity, podSecurity, type PodParts } from "./pods";
import { SIGNALS, telemetrySchema, type TelemetrySettings } from "./settings/additions";

export interface TelemetryArgs {
  readonly service: string;
  readonly stage: string;
  /** Secret of the namespace with the backend's key. */
  readonly secretName: string;
  /** Section `telemetry`. */
  readonly settings: TelemetrySettings;
}

/** OTLP over gRPC and over HTTP, and the collector's own health: its default ports. */
const PORTS = { grpc: 4317, http: 4318 };
const HEALTH_PORT = 13133;

/** Variable of the collector that holds the backend's key: it stands in no file. */
const KEY = "BACKEND_KEY";

const FOLDER = "/etc/otelcol";

/**
 * Deployment with one configuration file for the backend and one for each signal (the collector merges them), the way from
 * the service to it, and the way out to the backend.
 */
export class Telemetry extends pulumi.ComponentResource {
  /** Tells OpenTelemetry's SDK in the service where to send. */
  readonly parts: PodParts;

  private readonly args: TelemetryArgs;
  private readonly self: Neighbour;

  constructor(name: string, args: TelemetryArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("telemetry", telemetrySchema, args.settings);
    super("holdpoint:telemetry:Telemetry", name, {}, opts);
    const { service, stage, settings } = args;
    this.args = args;
    this.self = { name, service, stage, parent: this, ports: PORTS };

    const files = collectorFiles(settings);
    const maps = Object.entries(files).map(([file, content]) => this.createConfig(file, content));
    this.createCollector(files, maps);
    openToService(this.self);
    openTo(this.self, settings.egress);
    this.parts = { env: sdkVariables(this.args, neighbourHost(this.self)) };
    this.registerOutputs({ signals: settings.signals });
  }

  private createConfig(file: string, content: object): pulumi.Resource {
    const { name } = this.self;
    return new k8s.core.v1.ConfigMap(
      `${name}-${file}`,
      {
        metadata: neighbourMetadata(this.self, `${name}-${file}`),
        data: { [`${file}.json`]: `${JSON.stringify(content, null, 2)}\n` },
      },
      { parent: this },
    );
  }

  private createCollector(files: Readonly<Record<string, object>>, dependsOn: pulumi.Resource[]): void {
    const { name } = this.self;
    const { replicas } = this.args.settings;
    // New pods for a new configuration: the collector reads its files once.
    const config = createHash("sha256").update(JSON.stringify(files)).digest("hex");
    new k8s.apps.v1.Deployment(
      `${name}-collector`,
      {
        metadata: neighbourMetadata(this.self),
        spec: {
          replicas,
          selector: { matchLabels: neighbourSelector(this.self) },
          template: {
            metadata: { labels: neighbourMetadata(this.self).labels, annotations: { "holdpoint.dev/config": config } },
            spec: this.podSpec(Object.keys(files)),
          },
        },
      },
      { parent: this, dependsOn },
    );
  }

  private podSpec(files: readonly string[]): k8s.types.input.core.v1.PodSpec {
    const { settings, secretName } = this.args;
    const { cpu, memory } = settings.pod;
    const health = { httpGet: { path: "/", port: "health" } };
    return {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurity,
      containers: [
        {
          name: "collector",
          image: settings.image,
          imagePullPolicy: "IfNotPresent",
          args: files.map((file) => `--config=${FOLDER}/${file}.json`),
          env: [
            { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
            { name: KEY, valueFrom: { secretKeyRef: { name: secretName, key: settings.backend.key } } },
          ],
          ports: [
            ...Object.entries(PORTS).map(([name, containerPort]) => ({ name, containerPort })),
            { name: "health", containerPort: HEALTH_PORT },
          ],
          resources: { requests: { cpu, memory }, limits: { memory } },
          readinessProbe: { ...health, periodSeconds: 5 },
          livenessProbe: { ...health, periodSeconds: 15, failureThreshold: 3 },
          securityContext: containerSecurity,
          volumeMounts: [{ name: "config", mountPath: FOLDER, readOnly: true }],
        },
      ],
      volumes: [
        {
          name: "config",
          projected: { sources: files.map((file) => ({ configMap: { name: `${this.self.name}-${file}` } })) },
        },
      ],
    };
  }
}

/** The collector's configuration by file: one of the backend's kind, and one for each signal that is sent to it. */
export function collectorFiles({ backend, signals }: TelemetrySettings): Record<string, object> {
  const [exporter, how] = exporterOf(backend);
  const base = {
    receivers: {
      otlp: {
        protocols: Object.fromEntries(
          Object.entries(PORTS).map(([name, port]) => [name, { endpoint: `\${env:POD_IP}:${port}` }]),
        ),
      },
    },
    processors: {
      memory_limiter: { check_interval: "1s", limit_percentage: 80, spike_limit_percentage: 20 },
      batch: {},
    },
    exporters: { [exporter]: how },
    extensions: { health_check: { endpoint: `\${env:POD_IP}:${HEALTH_PORT}` } },
    service: { extensions: ["health_check"] },
  };
  const pipeline = { receivers: ["otlp"], processors: ["memory_limiter", "batch"], exporters: [exporter] };
  const each = SIGNALS.filter((signal) => signals.includes(signal)).map(
    (signal) => [signal, { service: { pipelines: { [signal]: pipeline } } }] as const,
  );
  return { [backend.kind]: base, ...Object.fromEntries(each) };
}

function exporterOf(backend: TelemetrySettings["backend"]): [name: string, how: object] {
  const key = `\${env:${KEY}}`;
  if (backend.kind === "otlp")
    return ["otlphttp", { endpoint: backend.endpoint, headers: { [backend.header]: key }, compression: "gzip" }];
  return ["datadog", { api: { site: backend.site, key, fail_on_invalid_key: true } }];
}

/** Variables of OpenTelemetry's specification, which every SDK of it reads. */
function sdkVariables({ service, stage, settings }: TelemetryArgs, host: string) {
  const sent = SIGNALS.map((signal) => ({
    name: `OTEL_${signal.toUpperCase()}_EXPORTER`,
    value: settings.signals.includes(signal) ? "otlp" : "none",
  }));
  return [
    { name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: `http://${host}:${PORTS.http}` },
    { name: "OTEL_EXPORTER_OTLP_PROTOCOL", value: "http/protobuf" },
    { name: "OTEL_SERVICE_NAME", value: service },
    // The kubelet fills in the version, which is each track's own.
    {
      name: "OTEL_RESOURCE_ATTRIBUTES",
      value: `deployment.environment.name=${stage},service.version=$(VERSION),holdpoint.track=$(TRACK)`,
    },
    ...sent,
  ];
}
