/** The service: the version that takes the traffic and the one that is rolled out, side by side. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Release } from "../rollout/release";
import { checkArgs } from "./check";
import { APP_PORT, EMERGENCY_CONTROLS, REDIS_SECRET, TRACK_LABEL, TRACKS, type Track } from "./names";
import { commonLabels, FALLBACK, fallbackName, scopeName, trackName, trackSelector } from "./names";
import { containerSecurity, podSecurity, type PodParts } from "./pods";
import { environmentSchema, type EnvironmentSettings } from "./settings/environment";

export interface ServiceArgs {
  readonly service: string;
  readonly stage: string;
  /** What takes the traffic now. */
  readonly baseline: Release;
  /** What is rolled out. */
  readonly release: Release;
  /** Section `environment`. */
  readonly settings: EnvironmentSettings;
  /** How the service reaches Redis; the password is in the Secret `redis-auth`. */
  readonly redis: { readonly host: pulumi.Input<string>; readonly port: number; readonly tls: boolean };
  /** Secret whose keys become the service's environment. */
  readonly secretName: string;
  /** What has a fallback to the baseline in the plan: operations, or `undefined` for the whole service. */
  readonly fallbacks: readonly (string | undefined)[];
  /** What other components put into each pod. */
  readonly parts: readonly PodParts[];
}

/** Seconds that a pod goes on serving after it was told to end, while the gateway takes it out of rotation. */
const DRAIN_SECONDS = 10;

/** For each track: Deployment, Service, autoscaler and disruption budget. */
export class Service extends pulumi.ComponentResource {
  /** Both Deployments: what is declared after the service waits for them. */
  readonly deployments: readonly pulumi.Resource[];

  private readonly prefix: string;
  private readonly args: ServiceArgs;
  private readonly namespace: string;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("environment", environmentSchema, args.settings);
    super("holdpoint:environment:Service", name, {}, opts);
    this.prefix = name;
    this.args = args;
    this.namespace = scopeName(args.service, args.stage);

    this.deployments = TRACKS.map((track) => {
      const deployment = this.createDeployment(track);
      this.createService(track);
      this.createAutoscaler(track);
      this.createDisruptionBudget(track);
      return deployment;
    });
    this.registerOutputs({ baseline: args.baseline.image, release: args.release.image });
  }

  private createDeployment(track: Track): pulumi.Resource {
    const selector = trackSelector(this.args.service, track);
    return new k8s.apps.v1.Deployment(
      `${this.prefix}-${track}`,
      {
        metadata: this.metadata(track),
        spec: {
          replicas: this.args.settings[track].min,
          selector: { matchLabels: selector },
          strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "25%" } },
          revisionHistoryLimit: 5,
          template: {
            metadata: {
              labels: { ...commonLabels(this.args.service), ...selector },
              ...this.annotations(),
            },
            spec: this.podSpec(track),
          },
        },
      },
      // The number of replicas is the autoscaler's from the first minute: an update must not put it back.
      { parent: this, ignoreChanges: ["spec.replicas"] },
    );
  }

  private podSpec(track: Track): k8s.types.input.core.v1.PodSpec {
    const matchLabels = trackSelector(this.args.service, track);
    const spread = (topologyKey: string) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels },
    });
    return {
      serviceAccountName: this.args.service,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurity,
      terminationGracePeriodSeconds: DRAIN_SECONDS + 30,
      topologySpreadConstraints: [spread("topology.kubernetes.io/zone"), spread("kubernetes.io/hostname")],
      containers: [this.container(track)],
      volumes: [
        { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
        // Optional: the canary stack, which writes it, comes after this one.
        { name: EMERGENCY_CONTROLS, configMap: { name: EMERGENCY_CONTROLS, optional: true } },
        ...this.fallbackVolume(),
        ...this.args.parts.flatMap(({ volumes }) => volumes ?? []),
      ],
    };
  }

  private annotations(): { annotations?: Record<string, string> } {
    const all = Object.assign({}, ...this.args.parts.map(({ annotations }) => annotations)) as Record<string, string>;
    return Object.keys(all).length === 0 ? {} : { annotations: all };
  }

  /** A file for each operation whose canary has the fallback switched on, all in one folder. */
  private fallbackVolume(): k8s.types.input.core.v1.Volume[] {
    const { fallbacks } = this.args;
    if (fallbacks.length === 0) return [];
    const sources = fallbacks.map((of) => ({ configMap: { name: fallbackName(of), optional: true } }));
    return [{ name: FALLBACK, projected: { sources } }];
  }

  private container(track: Track): k8s.types.input.core.v1.Container {
    const release = track === "baseline" ? this.args.baseline : this.args.release;
    const { cpu, memory, memoryLimit } = this.args.settings.pod;
    const health = { httpGet: { path: "/health", port: "http" } };
    return {
      name: "app",
      image: release.image,
      imagePullPolicy: "IfNotPresent",
      ports: [{ name: "http", containerPort: APP_PORT }],
      env: this.environmentVariables(track, release),
      envFrom: [
        { secretRef: { name: this.args.secretName } },
        ...this.args.parts.flatMap(({ envFrom }) => envFrom ?? []),
      ],
      // No CPU limit: throttling looks like a slow release, and the verdict would be about the limit.
      resources: { requests: { cpu, memory }, limits: { memory: memoryLimit } },
      startupProbe: { ...health, periodSeconds: 2, failureThreshold: 30 },
      readinessProbe: { ...health, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 2 },
      livenessProbe: { ...health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
      lifecycle: { preStop: { sleep: { seconds: DRAIN_SECONDS } } },
      securityContext: containerSecurity,
      volumeMounts: [
        { name: "tmp", mountPath: "/tmp" },
        { name: EMERGENCY_CONTROLS, mountPath: `/etc/${EMERGENCY_CONTROLS}`, readOnly: true },
        ...(this.args.fallbacks.length === 0
          ? []
          : [{ name: FALLBACK, mountPath: `/etc/${FALLBACK}`, readOnly: true }]),
        ...this.args.parts.flatMap(({ mounts }) => mounts ?? []),
      ],
    };
  }

  private environmentVariables(track: Track, release: Release): k8s.types.input.core.v1.EnvVar[] {
    const { host, port, tls } = this.args.redis;
    return [
      { name: "VERSION", value: release.version },
      { name: "COMMIT", value: release.commit },
      { name: "TRACK", value: track },
      { name: "PORT", value: String(APP_PORT) },
      { name: "EMERGENCY_CONTROLS_DIR", value: `/etc/${EMERGENCY_CONTROLS}` },
      ...(this.args.fallbacks.length === 0 ? [] : [{ name: "FALLBACK_DIR", value: `/etc/${FALLBACK}` }]),
      { name: "REDIS_HOST", value: host },
      { name: "REDIS_PORT", value: String(port) },
      { name: "REDIS_TLS", value: String(tls) },
      { name: "REDIS_PASSWORD", valueFrom: { secretKeyRef: { name: REDIS_SECRET, key: "password" } } },
      ...this.args.parts.flatMap(({ env }) => env ?? []),
    ];
  }

  private createService(track: Track): void {
    new k8s.core.v1.Service(
      `${this.prefix}-${track}-service`,
      {
        metadata: this.metadata(track),
        spec: {
          type: "ClusterIP",
          selector: trackSelector(this.args.service, track),
          ports: [{ name: "http", port: APP_PORT, targetPort: "http", protocol: "TCP" }],
        },
      },
      { parent: this },
    );
  }

  private createAutoscaler(track: Track): void {
    const { min, max } = this.args.settings[track];
    new k8s.autoscaling.v2.HorizontalPodAutoscaler(
      `${this.prefix}-${track}-autoscaler`,
      {
        metadata: this.metadata(track),
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: trackName(this.args.service, track) },
          minReplicas: min,
          maxReplicas: max,
          metrics: [
            {
              type: "Resource",
              resource: {
                name: "cpu",
                target: { type: "Utilization", averageUtilization: this.args.settings.targetCpu },
              },
            },
          ],
          // A weight that is lowered in an emergency may be raised again soon: go down slowly.
          behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
        },
      },
      { parent: this },
    );
  }

  private createDisruptionBudget(track: Track): void {
    new k8s.policy.v1.PodDisruptionBudget(
      `${this.prefix}-${track}-disruption-budget`,
      {
        metadata: this.metadata(track),
        // One pod at a time, as maxUnavailable: with minAvailable a single replica would block every node's drain.
        spec: { maxUnavailable: 1, selector: { matchLabels: trackSelector(this.args.service, track) } },
      },
      { parent: this },
    );
  }

  private metadata(track: Track) {
    return {
      name: trackName(this.args.service, track),
      namespace: this.namespace,
      labels: { ...commonLabels(this.args.service), [TRACK_LABEL]: track },
    };
  }
}
