/**
 * Redis inside the namespace, for stages that may lose their counters: one pod, nothing on disk, no TLS, since its
 * traffic never leaves the namespace and the network policies let only the service in.
 */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { REDIS_PORT, REDIS_SECRET, commonLabels } from "../names";
import { containerSecurity, podSecurity } from "../pods";
import type { RedisEndpoint, RedisParts } from "../redis";
import type { InClusterRedisSettings } from "../settings/redis";

const NAME = "redis";
const AUTH_FILE = "auth.conf";

/** Declares the pod, its configuration, its service, and the password that is made inside the cluster. */
export function createInCluster(parts: RedisParts, settings: InClusterRedisSettings): RedisEndpoint {
  const password = createPassword(parts);
  const config = createConfig(parts, settings);
  createStatefulSet(parts, settings, [password, config]);
  createService(parts);
  createNetworkPolicy(parts);
  return { host: `${NAME}.${parts.scope}.svc`, port: REDIS_PORT, tls: false };
}

/** External Secrets' generator makes a password once; it is in no program, no configuration and no state. */
function createPassword(parts: RedisParts): pulumi.Resource {
  const apiVersion = "generators.external-secrets.io/v1alpha1";
  const generator = new k8s.apiextensions.CustomResource(
    `${parts.prefix}-password-generator`,
    {
      apiVersion,
      kind: "Password",
      metadata: metadata(parts, REDIS_SECRET),
      spec: { length: 48, digits: 12, symbols: 0, noUpper: false, allowRepeat: true },
    },
    { parent: parts.parent },
  );
  return new k8s.apiextensions.CustomResource(
    `${parts.prefix}-password`,
    {
      apiVersion: "external-secrets.io/v1",
      kind: "ExternalSecret",
      metadata: metadata(parts, REDIS_SECRET),
      spec: {
        refreshPolicy: "CreatedOnce",
        dataFrom: [{ sourceRef: { generatorRef: { apiVersion, kind: "Password", name: REDIS_SECRET } } }],
        target: {
          name: REDIS_SECRET,
          creationPolicy: "Owner",
          template: {
            engineVersion: "v2",
            // As a file of Redis' own: on the command line every process of the node could read it.
            data: { password: "{{ .password }}", [AUTH_FILE]: "requirepass {{ .password }}\n" },
          },
        },
      },
    },
    { parent: parts.parent, dependsOn: [generator] },
  );
}

function createConfig(parts: RedisParts, settings: InClusterRedisSettings): pulumi.Resource {
  const lines = [
    `port ${REDIS_PORT}`,
    "protected-mode yes",
    `maxmemory ${settings.maxMemory}`,
    `maxmemory-policy ${settings.eviction}`,
    'save ""',
    "appendonly no",
    `include /etc/redis-auth/${AUTH_FILE}`,
  ];
  return new k8s.core.v1.ConfigMap(
    `${parts.prefix}-config`,
    { metadata: metadata(parts, NAME), data: { "redis.conf": `${lines.join("\n")}\n` } },
    { parent: parts.parent },
  );
}

function createStatefulSet(parts: RedisParts, settings: InClusterRedisSettings, dependsOn: pulumi.Resource[]): void {
  new k8s.apps.v1.StatefulSet(
    `${parts.prefix}-stateful-set`,
    {
      metadata: metadata(parts, NAME),
      spec: {
        serviceName: NAME,
        replicas: 1,
        selector: { matchLabels: { "app.kubernetes.io/name": NAME } },
        template: { metadata: { labels: labels(parts) }, spec: podSpec(settings) },
      },
    },
    { parent: parts.parent, dependsOn, protect: parts.protect },
  );
}

function podSpec(settings: InClusterRedisSettings): k8s.types.input.core.v1.PodSpec {
  const { cpu, memory } = settings.pod;
  const ping = { exec: { command: ["sh", "-c", 'test "$(redis-cli ping)" = PONG'] } };
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurity,
    containers: [
      {
        name: NAME,
        image: settings.image,
        command: ["redis-server", "/etc/redis/redis.conf"],
        env: [{ name: "REDISCLI_AUTH", valueFrom: { secretKeyRef: { name: REDIS_SECRET, key: "password" } } }],
        ports: [{ name: NAME, containerPort: REDIS_PORT }],
        resources: { requests: { cpu, memory }, limits: { memory } },
        readinessProbe: { ...ping, periodSeconds: 5, timeoutSeconds: 2 },
        livenessProbe: { ...ping, periodSeconds: 15, timeoutSeconds: 5 },
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "config", mountPath: "/etc/redis", readOnly: true },
          { name: "auth", mountPath: "/etc/redis-auth", readOnly: true },
          { name: "data", mountPath: "/data" },
        ],
      },
    ],
    volumes: [
      { name: "config", configMap: { name: NAME } },
      { name: "auth", secret: { secretName: REDIS_SECRET, items: [{ key: AUTH_FILE, path: AUTH_FILE }] } },
      { name: "data", emptyDir: { sizeLimit: "64Mi" } },
    ],
  };
}

function createService(parts: RedisParts): void {
  new k8s.core.v1.Service(
    `${parts.prefix}-service`,
    {
      metadata: metadata(parts, NAME),
      spec: {
        type: "ClusterIP",
        selector: { "app.kubernetes.io/name": NAME },
        ports: [{ name: NAME, port: REDIS_PORT, targetPort: NAME, protocol: "TCP" }],
      },
    },
    { parent: parts.parent },
  );
}

/** In: the service's pods. Out: nothing, by the namespace's default. */
function createNetworkPolicy(parts: RedisParts): void {
  new k8s.networking.v1.NetworkPolicy(
    `${parts.prefix}-allow-from-service`,
    {
      metadata: metadata(parts, "redis-allow-from-service"),
      spec: {
        podSelector: { matchLabels: { "app.kubernetes.io/name": NAME } },
        policyTypes: ["Ingress"],
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": parts.service } } }],
            ports: [{ protocol: "TCP", port: REDIS_PORT }],
          },
        ],
      },
    },
    { parent: parts.parent },
  );
}

function labels(parts: RedisParts): Record<string, string> {
  return { ...commonLabels(parts.service), "app.kubernetes.io/name": NAME };
}

function metadata(parts: RedisParts, name: string) {
  return { name, namespace: parts.scope, labels: labels(parts) };
}
