import { describe, expect, test } from "vitest";
import { Service, type ServiceArgs } from "../../components/service";
import { declared, onceUnchanged, refusalOf, stageSettings } from "./support";

function args(change: Partial<ServiceArgs> = {}): ServiceArgs {
  const { environment, baseline, release } = stageSettings();
  return {
    service: "omnihub",
    stage: "production",
    baseline,
    release,
    settings: environment,
    redis: { host: "redis.example", port: 6379, tls: true },
    fallbacks: [],
    parts: [],
    secretName: "omnihub-secrets",
    ...change,
  };
}

const service = onceUnchanged((change: Partial<ServiceArgs>) => declared(() => new Service("service", args(change))));

describe.each(["baseline", "canary"] as const)("the %s", (track) => {
  const name = `omnihub-${track}`;
  const release = stageSettings()[track === "baseline" ? "baseline" : "release"];

  test("runs its release's image, by digest", async () => {
    const { spec } = (await service()).one("Deployment", name).inputs;
    const [container] = spec.template.spec.containers;
    expect(container.name).toBe("app");
    expect(container.image).toBe(release.image);
    expect(container.env).toContainEqual({ name: "VERSION", value: release.version });
    expect(container.env).toContainEqual({ name: "TRACK", value: track });
    expect(container.ports).toEqual([{ name: "http", containerPort: 8080 }]);
  });

  test("is told apart by its label, on the pods, the selector and the Service", async () => {
    const labels = { "app.kubernetes.io/name": "omnihub", "holdpoint.dev/track": track };
    const resources = await service();
    const { spec } = resources.one("Deployment", name).inputs;
    expect(spec.selector.matchLabels).toEqual(labels);
    expect(spec.template.metadata.labels).toMatchObject(labels);
    const found = resources.one("Service", name).inputs;
    expect(found.spec.selector).toEqual(labels);
    expect(found.metadata.labels).toMatchObject(labels);
    expect(found.spec.type).toBe("ClusterIP");
    expect(found.spec.ports).toEqual([{ name: "http", port: 8080, targetPort: "http", protocol: "TCP" }]);
  });

  test("is probed at /health for start, traffic and life", async () => {
    const [container] = (await service()).one("Deployment", name).inputs.spec.template.spec.containers;
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
      expect(container[probe].httpGet, probe).toEqual({ path: "/health", port: "http" });
    }
  });

  test("asks for what it needs and is limited in memory, not in CPU", async () => {
    const [container] = (await service()).one("Deployment", name).inputs.spec.template.spec.containers;
    expect(container.resources).toEqual({ requests: { cpu: "250m", memory: "256Mi" }, limits: { memory: "512Mi" } });
  });

  test("is spread over zones and nodes", async () => {
    const { topologySpreadConstraints } = (await service()).one("Deployment", name).inputs.spec.template.spec;
    expect(topologySpreadConstraints.map((each: { topologyKey: string }) => each.topologyKey)).toEqual([
      "topology.kubernetes.io/zone",
      "kubernetes.io/hostname",
    ]);
    expect(topologySpreadConstraints[0].labelSelector.matchLabels["holdpoint.dev/track"]).toBe(track);
  });

  test("never has fewer pods than before while it is updated", async () => {
    const { spec } = (await service()).one("Deployment", name).inputs;
    expect(spec.strategy.rollingUpdate.maxUnavailable).toBe(0);
  });

  test("is scaled between the data's limits, and an update leaves the number alone", async () => {
    const resources = await service();
    const { min, max } = stageSettings().environment[track];
    const { spec } = resources.one("HorizontalPodAutoscaler", name).inputs;
    expect(spec).toMatchObject({
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: min,
      maxReplicas: max,
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
      ],
    });
    const deployment = resources.one("Deployment", name);
    expect(deployment.inputs.spec.replicas).toBe(min);
    expect(deployment.ignoreChanges).toEqual(["spec.replicas"]);
  });

  test("loses at most one pod at a time to a node's maintenance", async () => {
    expect((await service()).one("PodDisruptionBudget", name).inputs.spec).toEqual({
      maxUnavailable: 1,
      selector: { matchLabels: { "app.kubernetes.io/name": "omnihub", "holdpoint.dev/track": track } },
    });
  });

  test("sees the emergency controls, also before the canary stack wrote them", async () => {
    const pod = (await service()).one("Deployment", name).inputs.spec.template.spec;
    expect(pod.volumes).toContainEqual({
      name: "emergency-controls",
      configMap: { name: "emergency-controls", optional: true },
    });
    expect(pod.containers[0].volumeMounts).toContainEqual({
      name: "emergency-controls",
      mountPath: "/etc/emergency-controls",
      readOnly: true,
    });
  });

  test("sees the switches of its fallbacks in one folder, where the plan has any", async () => {
    const pod = (await service({ fallbacks: ["search", "install"] })).one("Deployment", name).inputs.spec.template.spec;
    const source = (of: string) => ({ configMap: { name: of, optional: true } });
    expect(pod.volumes).toContainEqual({
      name: "fallback",
      projected: { sources: [source("search-fallback"), source("install-fallback")] },
    });
    expect(pod.containers[0].volumeMounts).toContainEqual({
      name: "fallback",
      mountPath: "/etc/fallback",
      readOnly: true,
    });
    expect(pod.containers[0].env).toContainEqual({ name: "FALLBACK_DIR", value: "/etc/fallback" });
    const bare = (await service()).one("Deployment", name).inputs.spec.template.spec;
    expect(JSON.stringify(bare)).not.toMatch(/fallback/i);
  });

  test("gets Redis' address, and its password only by reference", async () => {
    const [container] = (await service()).one("Deployment", name).inputs.spec.template.spec.containers;
    expect(container.env).toContainEqual({ name: "REDIS_HOST", value: "redis.example" });
    expect(container.env).toContainEqual({ name: "REDIS_TLS", value: "true" });
    expect(container.env).toContainEqual({
      name: "REDIS_PASSWORD",
      valueFrom: { secretKeyRef: { name: "redis-auth", key: "password" } },
    });
    expect(container.envFrom).toEqual([{ secretRef: { name: "omnihub-secrets" } }]);
  });

  test("runs as the service's own account, without a token", async () => {
    const pod = (await service()).one("Deployment", name).inputs.spec.template.spec;
    expect(pod.serviceAccountName).toBe("omnihub");
    expect(pod.automountServiceAccountToken).toBe(false);
  });
});

test("a canary that could not carry all traffic is refused", () => {
  const { environment } = stageSettings();
  const settings = { ...environment, canary: { min: 1, max: environment.baseline.max - 1 } };
  expect(refusalOf(() => new Service("service", args({ settings })))).toBe(
    "environment: canary.max: expected at least environment.baseline.max, since at 100 % the canary carries everything",
  );
});
