import { describe, expect, test } from "vitest";
import { declareAdditions } from "../../components/additions";
import { declareStage } from "../../components/declare";
import { plannedInventory } from "../../components/inventory";
import { collectorFiles } from "../../components/telemetry";
import type { TelemetrySettings } from "../../components/settings/additions";
import { FEATURES, featuresOf, fromUrn, isOnCanaryStack } from "../../rollout/inventory";
import { flag } from "../../rollout/plan/flags";
import { ADDITIONS, declared, fullSettings, objectName, omnihub, refusalOf, TOKEN } from "./support";

const FLAG = flag.parse({ title: "A flag", type: "release", owner: "sre", serves: "off" });
const plan = () => ({ ...omnihub(), flags: { "new-search": FLAG } });
const stage = () =>
  declared(() => declareStage(fullSettings(), plan()), {
    config: { "holdpoint:redisAuthToken": TOKEN },
    secrets: ["holdpoint:redisAuthToken"],
  });

/** Only what the sections add: the rest of a stage is always the same. */
const added = (more: object) =>
  declared(() => declareAdditions(fullSettings("production", more), plan(), { secretName: "omnihub-secrets" }));
const SECTIONS = /^(flags|logging|telemetry|error-tracking|on-call|rdf-store|signing|vault)\b/;

let whole: ReturnType<typeof stage> | undefined;
const all = () => (whole ??= stage());

describe("a stage with every section", () => {
  test("declares what its inventory promises: everything but the other kinds", async () => {
    const features = featuresOf((await all()).all);
    expect(features).toEqual(plannedInventory(fullSettings(), plan()).features);
    const left = Object.keys(FEATURES).filter((one) => !isOnCanaryStack(one) && !features.includes(one));
    expect(left).toEqual(["redis/in-cluster", "telemetry/datadog"]);
  });

  test.each([
    ["logging", { logging: undefined }],
    ["telemetry", { telemetry: undefined }],
    ["telemetry/logs", { telemetry: { ...ADDITIONS.telemetry, signals: ["traces", "metrics"] } }],
    [
      "telemetry/otlp",
      {
        telemetry: { ...ADDITIONS.telemetry, backend: { kind: "datadog", site: "datadoghq.eu", key: "TELEMETRY_KEY" } },
      },
    ],
    ["error-tracking", { errorTracking: undefined }],
    ["on-call", { onCall: undefined }],
    ["rdf-store", { rdfStore: undefined }],
    ["signing", { signing: undefined }],
    ["vault", { vault: undefined }],
    ["flags", { flags: undefined }],
  ])("but %s declares and promises all but that", async (feature, more) => {
    const features = featuresOf((await added(more)).all);
    const { features: promised } = plannedInventory(fullSettings("production", more), plan());
    expect(features).toEqual(promised.filter((one) => SECTIONS.test(one)));
    expect(features).not.toContain(feature);
  });

  test("gives every object its name, its namespace and its labels", async () => {
    for (const resource of (await all()).kubernetes()) {
      expect(objectName(resource), resource.urn).toBeDefined();
      if (resource.type.endsWith(":Namespace")) continue;
      expect(resource.inputs.metadata.namespace, resource.urn).toBe("omnihub-production");
      expect(resource.inputs.metadata.labels, resource.urn).toMatchObject({ "app.kubernetes.io/part-of": "omnihub" });
    }
  });

  test("runs every pod restricted, within limits, and of exactly one image", async () => {
    const sets = [...(await all()).ofType("apps/v1:Deployment"), ...(await all()).ofType("apps/v1:StatefulSet")];
    expect(sets.map((each) => objectName(each)).sort()).toEqual([
      "omnihub-baseline",
      "omnihub-canary",
      "rdf-store",
      "telemetry",
    ]);
    for (const { inputs, urn } of sets) {
      const { spec } = inputs.spec.template;
      expect(spec.automountServiceAccountToken, urn).toBe(false);
      expect(spec.securityContext, urn).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      for (const container of spec.containers) {
        expect(container.image, urn).toMatch(/@sha256:[0-9a-f]{64}$/);
        expect(container.resources.limits.memory, urn).toBeDefined();
        expect(container.resources.requests, urn).toMatchObject({
          cpu: expect.any(String),
          memory: expect.any(String),
        });
        expect(container.securityContext, urn).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(container.readinessProbe, urn).toBeDefined();
        expect(container.livenessProbe, urn).toBeDefined();
      }
    }
  });

  test("has no secret in a ConfigMap or in a pod's own text", async () => {
    for (const { inputs, urn } of (await all()).ofType("ConfigMap")) {
      expect(JSON.stringify(inputs.data), urn).not.toMatch(/TELEMETRY_KEY|PAGERDUTY_KEY|SENTRY_DSN|STRIPE_KEY/);
    }
  });

  test("names each policy and object once", async () => {
    const names = (await all()).kubernetes().map((one) => `${one.type} ${objectName(one)}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("tells the service what there is, after what the values rest on", async () => {
    const pod = (await all()).one("apps/v1:Deployment", "omnihub-canary").inputs.spec.template.spec.containers[0];
    const env = Object.fromEntries(pod.env.map(({ name, value }: { name: string; value: string }) => [name, value]));
    expect(env).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://telemetry.omnihub-production.svc:4318",
      OTEL_RESOURCE_ATTRIBUTES:
        "deployment.environment.name=production,service.version=$(VERSION),holdpoint.track=$(TRACK)",
      OTEL_LOGS_EXPORTER: "otlp",
      SENTRY_RELEASE: "omnihub@$(VERSION)",
      RDF_STORE_URL: "http://rdf-store.omnihub-production.svc:7878",
    });
    const names = pod.env.map(({ name }: { name: string }) => name);
    expect(names.indexOf("VERSION")).toBeLessThan(names.indexOf("OTEL_RESOURCE_ATTRIBUTES"));
    expect(pod.envFrom).toEqual([
      { secretRef: { name: "omnihub-secrets" } },
      { configMapRef: { name: "logging" } },
      { configMapRef: { name: "error-tracking" } },
      { secretRef: { name: "error-tracking" } },
      { secretRef: { name: "vault" } },
    ]);
    expect(pod.volumeMounts).toContainEqual({ name: "logging", mountPath: "/var/log/app" });
  });
});

describe("the way between the service and what runs beside it", () => {
  test.each([
    ["telemetry", [4317, 4318]],
    ["rdf-store", [7878]],
  ])("is open to %s for the service alone", async (name, ports) => {
    const open = ports.map((port) => ({ protocol: "TCP", port }));
    const app = { matchLabels: { "app.kubernetes.io/name": "omnihub" } };
    const own = { matchLabels: { "app.kubernetes.io/name": name } };
    expect((await all()).one("NetworkPolicy", `${name}-allow-from-service`).inputs.spec).toEqual({
      podSelector: own,
      policyTypes: ["Ingress"],
      ingress: [{ from: [{ podSelector: app }], ports: open }],
    });
    expect((await all()).one("NetworkPolicy", `allow-to-${name}`).inputs.spec).toEqual({
      podSelector: app,
      policyTypes: ["Egress"],
      egress: [{ to: [{ podSelector: own }], ports: open }],
    });
    expect((await all()).one("core/v1:Service", name).inputs.spec.selector).toEqual(own.matchLabels);
  });

  test("is open from the collector to its backend, and to nothing else outside", async () => {
    expect((await all()).one("NetworkPolicy", "telemetry-allow-out").inputs.spec.egress).toEqual([
      {
        to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }],
        ports: [{ protocol: "TCP", port: 443 }],
      },
    ]);
  });
});

describe("the collector", () => {
  const settings = (more: Partial<TelemetrySettings> = {}): TelemetrySettings =>
    ({ ...ADDITIONS.telemetry, ...more }) as unknown as TelemetrySettings;

  test("has a file for its backend and one for each signal, which take what the service sends", () => {
    const { otlp, ...signals } = collectorFiles(settings()) as Record<string, never>;
    expect(otlp).toMatchObject({
      receivers: { otlp: { protocols: { grpc: { endpoint: "${env:POD_IP}:4317" } } } },
      exporters: { otlphttp: { endpoint: "https://otlp.example", headers: { "x-api-key": "${env:BACKEND_KEY}" } } },
      service: { extensions: ["health_check"] },
    });
    expect(Object.keys(signals)).toEqual(["traces", "metrics", "logs"]);
    for (const [signal, file] of Object.entries(signals)) {
      expect(file).toEqual({
        service: {
          pipelines: {
            [signal]: { receivers: ["otlp"], processors: ["memory_limiter", "batch"], exporters: ["otlphttp"] },
          },
        },
      });
    }
  });

  test("sends to Datadog as Datadog wants it", () => {
    const files = collectorFiles(settings({ backend: { kind: "datadog", site: "datadoghq.eu", key: "DD_API_KEY" } }));
    expect(files["datadog"]).toMatchObject({
      exporters: { datadog: { api: { site: "datadoghq.eu", key: "${env:BACKEND_KEY}" } } },
    });
  });

  test("gets the key from the stage's secrets, mounts each of its files, and starts anew when one changes", async () => {
    const { template } = (await all()).one("apps/v1:Deployment", "telemetry").inputs.spec;
    const [container] = template.spec.containers;
    expect(container.env).toContainEqual({
      name: "BACKEND_KEY",
      valueFrom: { secretKeyRef: { name: "omnihub-secrets", key: "TELEMETRY_KEY" } },
    });
    expect(container.args).toEqual(
      ["otlp", "traces", "metrics", "logs"].map((file) => `--config=/etc/otelcol/${file}.json`),
    );
    const maps = template.spec.volumes[0].projected.sources.map(
      (one: { configMap: { name: string } }) => one.configMap.name,
    );
    for (const name of maps) expect((await all()).one("ConfigMap", name).inputs.data).toBeDefined();
    const settings = { telemetry: { ...ADDITIONS.telemetry, signals: ["logs"] } };
    const less = await added(settings);
    const annotations = less.one("apps/v1:Deployment", "telemetry").inputs.spec.template.metadata.annotations;
    expect(annotations).not.toEqual(template.metadata.annotations);
  });
});

test("what is not collected is not sent", async () => {
  const settings = fullSettings("production", { telemetry: { ...ADDITIONS.telemetry, signals: ["logs"] } });
  let env: unknown;
  await declared(() => {
    const { parts } = declareAdditions(settings, plan(), { secretName: "omnihub-secrets" });
    env = parts.flatMap((one) => one.env ?? []);
  });
  expect(env).toContainEqual({ name: "OTEL_TRACES_EXPORTER", value: "none" });
  expect(env).toContainEqual({ name: "OTEL_LOGS_EXPORTER", value: "otlp" });
});

test("logs are JSON, to standard output and to files that have room of their own", async () => {
  expect((await all()).one("ConfigMap", "logging").inputs.data).toEqual({
    LOG_FORMAT: "json",
    LOG_LEVEL: "info",
    LOG_OUTPUTS: "stdout,file",
    LOG_FILE: "/var/log/app/omnihub.log",
  });
  const { volumes } = (await all()).one("apps/v1:Deployment", "omnihub-baseline").inputs.spec.template.spec;
  expect(volumes).toContainEqual({ name: "logging", emptyDir: { sizeLimit: "256Mi" } });
});

test("errors go to the DSN of the stage's own secret, under its name", async () => {
  expect((await all()).one("ExternalSecret", "error-tracking").inputs.spec).toEqual({
    refreshInterval: "15m",
    secretStoreRef: { kind: "SecretStore", name: "omnihub-production" },
    target: { name: "error-tracking", creationPolicy: "Owner", deletionPolicy: "Retain" },
    data: [{ secretKey: "SENTRY_DSN", remoteRef: { key: "omnihub/production/SENTRY_DSN" } }],
  });
  expect((await all()).one("ConfigMap", "error-tracking").inputs.data).toEqual({
    SENTRY_ENVIRONMENT: "production",
    SENTRY_SAMPLE_RATE: "1",
    SENTRY_TRACES_SAMPLE_RATE: "0.1",
  });
});

describe("whoever is on call", () => {
  test("is called by PagerDuty for critical alerts, with the runbook", async () => {
    const { inputs } = (await all()).one("AlertmanagerConfig");
    expect(inputs.metadata.labels).toMatchObject({ alertmanager: "main" });
    expect(inputs.spec.route).toMatchObject({
      receiver: "on-call",
      matchers: [{ name: "severity", matchType: "=", value: "critical" }],
    });
    expect(inputs.spec.receivers).toEqual([
      {
        name: "on-call",
        pagerdutyConfigs: [
          {
            routingKey: { name: "omnihub-secrets", key: "PAGERDUTY_KEY" },
            sendResolved: true,
            severity: "critical",
            description: "{{ .CommonAnnotations.summary }}",
            details: [{ key: "runbook", value: "{{ .CommonAnnotations.runbook_url }}" }],
          },
        ],
      },
    ]);
  });

  test("or by Opsgenie", async () => {
    const { spec } = (await added({ onCall: { ...ADDITIONS.onCall, kind: "opsgenie" } })).one(
      "AlertmanagerConfig",
    ).inputs;
    expect(spec.receivers[0].opsgenieConfigs[0]).toMatchObject({
      apiKey: { name: "omnihub-secrets", key: "PAGERDUTY_KEY" },
      priority: "P1",
    });
  });

  test("is called for alerts that carry the stage's namespace, without which the route is not theirs", async () => {
    const [rules] = (await all()).ofType("PrometheusRule");
    const groups = rules?.inputs.spec.groups as { rules: { alert?: string; labels?: Record<string, string> }[] }[];
    const critical = groups.flatMap((group) => group.rules).filter(({ labels }) => labels?.["severity"] === "critical");
    expect(critical.length).toBeGreaterThan(2);
    for (const { alert, labels } of critical) expect(labels?.["namespace"], alert).toBe("omnihub-production");
  });
});

test("the RDF store keeps its data on a volume that outlives it, and is protected", async () => {
  const set = (await all()).one("apps/v1:StatefulSet", "rdf-store");
  expect(set.protect).toBe(true);
  expect(set.inputs.spec).toMatchObject({
    replicas: 1,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    volumeClaimTemplates: [
      {
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "20Gi" } } },
      },
    ],
  });
  expect(set.inputs.spec.template.spec.containers[0].args).toEqual([
    "serve",
    "--location",
    "/data",
    "--bind",
    "0.0.0.0:7878",
  ]);
  const fast = await added({ rdfStore: { ...ADDITIONS.rdfStore, storageClass: "gp3" } });
  const [claim] = fast.one("apps/v1:StatefulSet", "rdf-store").inputs.spec.volumeClaimTemplates;
  expect(claim.spec.storageClassName).toBe("gp3");
});

test("packages are signed with an Ed25519 key that never leaves AWS, by one service account", async () => {
  const key = (await all()).one("aws:kms/key:Key", "signing-key");
  expect(key.protect).toBe(true);
  expect(key.inputs).toMatchObject({ keyUsage: "SIGN_VERIFY", customerMasterKeySpec: "ECC_NIST_EDWARDS25519" });
  expect(key.inputs.enableKeyRotation).toBeUndefined();
  const role = (await all()).one("aws:iam/role:Role", "omnihub-production-signing").inputs;
  expect(JSON.parse(role.assumeRolePolicy).Statement[0].Condition.StringEquals).toMatchObject({
    "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE0000000000000000000000001:sub":
      "system:serviceaccount:omnihub-production:signer",
  });
  const policy = (await all()).one("aws:iam/policy:Policy", "omnihub-production-signing").inputs;
  expect(JSON.parse(policy.policy).Statement).toEqual([
    { Effect: "Allow", Action: ["kms:Sign", "kms:GetPublicKey"], Resource: "arn:aws:example:signing-key" },
  ]);
  expect((await all()).one("core/v1:ServiceAccount", "signer").inputs.metadata.annotations).toEqual({
    "eks.amazonaws.com/role-arn": "arn:aws:example:signing-role",
  });
});

test("Vault's secrets come by a store that logs in as an account of the namespace", async () => {
  expect((await all()).one("SecretStore", "vault").inputs.spec).toEqual({
    provider: {
      vault: {
        server: "https://vault.example:8200",
        path: "secret",
        version: "v2",
        auth: { kubernetes: { mountPath: "kubernetes", role: "omnihub", serviceAccountRef: { name: "vault-reader" } } },
      },
    },
  });
  expect((await all()).one("ExternalSecret", "vault").inputs.spec).toMatchObject({
    secretStoreRef: { kind: "SecretStore", name: "vault" },
    data: [{ secretKey: "STRIPE_KEY", remoteRef: { key: "omnihub/stripe", property: "key" } }],
  });
});

describe("the size of requests", () => {
  test("is limited before the team's own rules", async () => {
    const [rule] = (await all()).one("Ruleset", "omnihub-production-custom-rules").inputs.rules;
    expect(rule).toEqual({
      ref: "request-size",
      description: "bodies of more than 1048576 bytes",
      expression: "(http.request.body.size gt 1048576)",
      action: "block",
      enabled: true,
    });
  });

  test("is read from a state's ruleset by the rule, not by the ruleset's name", () => {
    const urn =
      "urn:pulumi:production::holdpoint::holdpoint:waf:Waf$cloudflare:index/ruleset:Ruleset::waf-custom-rules";
    const features = (inputs: unknown) => featuresOf([fromUrn(urn, inputs)].filter((one) => one !== undefined));
    expect(features({ rules: [{ ref: "request-size" }] })).toEqual(["waf/custom-rules", "waf/request-size"]);
    for (const inputs of [undefined, null, {}, { rules: [] }, { rules: [{ ref: "other" }, null] }])
      expect(features(inputs)).toEqual(["waf/custom-rules"]);
  });
});

describe("a section with a mistake is refused:", () => {
  const { telemetry, errorTracking, vault, rdfStore } = ADDITIONS;
  test.each<[string, object, string]>([
    [
      "a key that is no secret of the stage",
      { telemetry: { ...telemetry, backend: { ...telemetry.backend, key: "OTHER" } } },
      'telemetry.backend.key: found "OTHER", expected one of secrets.names: ',
    ],
    [
      "a DSN that is none either",
      { errorTracking: { ...errorTracking, dsn: "OTHER" } },
      'errorTracking.dsn: found "OTHER", expected one of secrets.names: ',
    ],
    [
      "a backend without TLS",
      { telemetry: { ...telemetry, backend: { ...telemetry.backend, endpoint: "http://otlp.example" } } },
      'an address with "https://"',
    ],
    ["a Vault without TLS", { vault: { ...vault, server: "http://vault.example" } }, 'an address with "https://"'],
    [
      "an image without a digest",
      { rdfStore: { ...rdfStore, image: "ghcr.io/oxigraph/oxigraph:latest" } },
      "an image with its digest",
    ],
    ["a signal that there is not", { telemetry: { ...telemetry, signals: ["profiles"] } }, "traces"],
    [
      "a DSN in plain text",
      { errorTracking: { ...errorTracking, dsn: "https://key@sentry.example/1" } },
      "one of secrets.names",
    ],
  ])("%s", (_what, more, expected) => {
    expect(refusalOf(() => fullSettings("production", more))).toContain(expected);
  });
});
