import { describe, expect, test } from "vitest";
import { declareCanary, declareStage } from "../../components/declare";
import {
  TOKEN,
  canarySettings,
  declared,
  objectName,
  omnihub,
  stageSettings,
  type Registered,
  type Resources,
} from "./support";

const stages = ["production", "staging"] as const;

/** Declared once for all tests that only look: every run registers some sixty resources. */
const runs = new Map<string, Promise<Resources>>();

function once(key: string, run: () => Promise<Resources>): Promise<Resources> {
  const known = runs.get(key) ?? run();
  runs.set(key, known);
  return known;
}

function stage(name: "production" | "staging", preview = false): Promise<Resources> {
  const config = { "holdpoint:redisAuthToken": TOKEN };
  return once(`${name} ${preview}`, () =>
    declared(() => declareStage(stageSettings(name), omnihub()), {
      stack: name,
      preview,
      config,
      secrets: Object.keys(config),
    }),
  );
}

function canary(name: "production" | "staging"): Promise<Resources> {
  return once(`${name}-canary`, () =>
    declared(() => declareCanary(canarySettings(name), omnihub().service, { switchesMayBeLifted: true }), {
      stack: `${name}-canary`,
    }),
  );
}

describe.each(stages)("%s", (name) => {
  test("declares all six things that were asked for", async () => {
    const types = (await stage(name)).all.map((each) => each.type);
    const components = [
      "environment:Environment",
      "environment:Service",
      "waf:Waf",
      "redis:Redis",
      "secrets:Secrets",
      "monitoring:Monitoring",
    ];
    for (const type of components) expect(types).toContain(`holdpoint:${type}`);
    expect((await canary(name)).all.map((each) => each.type)).toContain("holdpoint:canary:Canary");
  });

  test("can be previewed: nothing reads a value that is not there yet", async () => {
    const before = (await stage(name, true)).all.map((each) => each.urn);
    expect(before).toEqual((await stage(name)).all.map((each) => each.urn));
  });

  test("gives every object its name: none is left to Pulumi, which makes another at each run", async () => {
    const all = [...(await stage(name)).all, ...(await canary(name)).all];
    // These have no name of their own at their provider; their keys are the inputs that the program gives.
    const nameless = /:(Stash|Stack|RolePolicyAttachment|SecurityGroupIngressRule|Key)$/;
    const owned = all.filter((each) => !each.type.startsWith("holdpoint:") && !nameless.test(each.type));
    expect(owned.length).toBeGreaterThan(30);
    expect(owned.filter((each) => objectName(each) === undefined).map((each) => each.urn)).toEqual([]);
  });

  test("keeps every Kubernetes object in the stage's namespace, with its common labels", async () => {
    const all = [...(await stage(name)).kubernetes(), ...(await canary(name)).kubernetes()];
    for (const { type, inputs } of all) {
      if (!type.endsWith(":Namespace")) expect(inputs.metadata.namespace, type).toBe(`omnihub-${name}`);
      expect(inputs.metadata.labels, type).toMatchObject({ "app.kubernetes.io/managed-by": "holdpoint" });
    }
  });

  test("has only pods that the restricted level lets in", async () => {
    const workloads = [...(await stage(name)).ofType("Deployment"), ...(await stage(name)).ofType("StatefulSet")];
    expect(workloads.length).toBeGreaterThanOrEqual(2);
    for (const workload of workloads) expect(notRestricted(workload), workload.name).toEqual([]);
  });

  test("hangs every resource under its component, except the records", async () => {
    for (const each of (await stage(name)).all) {
      if (each.type.startsWith("holdpoint:") || /:(Stash|Stack)$/.test(each.type)) continue;
      expect(each.parent, each.urn).toContain("holdpoint:");
    }
  });

  test("ends with its record, which waits for everything", async () => {
    const resources = await stage(name);
    const record = resources.one("Stash", "record");
    const { image, commit } = stageSettings(name).release;
    expect(record.inputs).toEqual({ input: { release: { image, commit } } });
    const real = resources.all.filter(
      (each) => !each.type.startsWith("holdpoint:") && !/:(Stash|Stack)$/.test(each.type),
    );
    expect([...record.dependencies].sort()).toEqual(expect.arrayContaining(real.map((each) => each.urn).sort()));
  });

  test("has what runs in a Stash of its own, which nothing but that changes", async () => {
    const resources = await stage(name);
    const { image, commit } = stageSettings(name).release;
    expect(resources.one("Stash", "entered").inputs).toEqual({ input: { release: { image, commit } } });
    expect(resources.one("Stash", "record").dependencies).toContain(resources.one("Stash", "entered").urn);
  });

  test("starts the service only behind its guards, its secrets and its Redis", async () => {
    const resources = await stage(name);
    const dependencies = resources.one("holdpoint:environment:Service").dependencies;
    for (const type of ["Namespace", "ResourceQuota", "LimitRange", "ExternalSecret"]) {
      for (const { urn } of resources.ofType(type)) expect(dependencies).toContain(urn);
    }
    for (const { urn } of resources.ofType("NetworkPolicy")) expect(dependencies).toContain(urn);
  });
});

describe("what must not be deleted", () => {
  const KEPT = ["Namespace", "kms/key:Key", "secretsmanager/secret:Secret", "ReplicationGroup", "DnsRecord", "Ruleset"];

  test.each(KEPT)("%s is protected in production", async (type) => {
    const found = (await stage("production")).ofType(type);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((each) => !each.protect)).toEqual([]);
  });

  test("the route and the emergency controls are protected in production", async () => {
    const resources = await canary("production");
    expect(resources.one("HTTPRoute").protect).toBe(true);
    expect(resources.one("ConfigMap").protect).toBe(true);
  });

  test("the records are protected in production: each depends on all else, so that a destroy stops before its first delete", async () => {
    expect((await stage("production")).one("Stash", "record").protect).toBe(true);
    expect((await canary("production")).one("Stash", "step").protect).toBe(true);
  });

  test("nothing is protected in staging", async () => {
    expect([...(await stage("staging")).all, ...(await canary("staging")).all].filter((each) => each.protect)).toEqual(
      [],
    );
  });
});

describe("differences between stages are data", () => {
  test("the same settings under another stage's name give the same resources", async () => {
    const settings = stageSettings("staging");
    const renamed = { ...settings, stage: "production", stack: "production" };
    const shape = (resources: Resources) => resources.all.map((each) => `${each.type} ${each.name}`);
    const one = await declared(() => declareStage(settings, omnihub()), { stack: "staging" });
    const other = await declared(() => declareStage(renamed, omnihub()), { stack: "production" });
    expect(shape(other)).toEqual(shape(one));
  });

  test("production's Redis is ElastiCache, staging's is in the cluster", async () => {
    expect((await stage("production")).ofType("ReplicationGroup")).toHaveLength(1);
    expect((await stage("production")).ofType("StatefulSet")).toHaveLength(0);
    expect((await stage("staging")).ofType("ReplicationGroup")).toHaveLength(0);
    expect((await stage("staging")).ofType("StatefulSet")).toHaveLength(1);
  });
});

test("no plain text of Redis' token reaches the engine", async () => {
  const resources = await stage("production");
  const holders = resources.all.filter((each) => JSON.stringify(each.inputs).includes(TOKEN));
  expect(holders.map((each) => each.type)).toEqual([
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "kubernetes:core/v1:Secret",
  ]);
  for (const each of holders) expect(each.secretInputs.length).toBeGreaterThan(0);
});

test("a canary stack is the route, the controls and the step, and nothing else", async () => {
  const types = (await canary("production")).all.map((each) => each.type);
  expect(types.filter((type) => type !== "pulumi:pulumi:Stack")).toEqual([
    "holdpoint:canary:Canary",
    "kubernetes:core/v1:ConfigMap",
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
    "pulumi:index:Stash",
  ]);
});

/**
 * What the restricted level would object to, by its own list: kubernetes.io/docs/concepts/security/pod-security-standards.
 * Only what the program uses; a field that it comes to use must be added here.
 */
function notRestricted({ inputs }: Registered): string[] {
  const pod = inputs.spec.template.spec;
  const allowedVolumes = [
    "configMap",
    "emptyDir",
    "secret",
    "projected",
    "downwardAPI",
    "csi",
    "ephemeral",
    "persistentVolumeClaim",
  ];
  const wrong: string[] = [];
  if (pod.hostNetwork || pod.hostPID || pod.hostIPC) wrong.push("the host's namespaces");
  for (const volume of pod.volumes ?? []) {
    const kinds = Object.keys(volume).filter((key) => key !== "name");
    if (kinds.some((kind) => !allowedVolumes.includes(kind))) wrong.push(`volume ${volume.name}`);
  }
  for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
    const own = container.securityContext ?? {};
    const seccomp = own.seccompProfile?.type ?? pod.securityContext?.seccompProfile?.type;
    if (own.privileged) wrong.push("privileged");
    if (own.allowPrivilegeEscalation !== false) wrong.push("allowPrivilegeEscalation");
    if (!(own.runAsNonRoot ?? pod.securityContext?.runAsNonRoot)) wrong.push("runAsNonRoot");
    if ((own.runAsUser ?? pod.securityContext?.runAsUser) === 0) wrong.push("runAsUser");
    if (!["RuntimeDefault", "Localhost"].includes(seccomp)) wrong.push("seccompProfile");
    if (JSON.stringify(own.capabilities?.drop) !== '["ALL"]') wrong.push("capabilities.drop");
    if ((own.capabilities?.add ?? []).some((each: string) => each !== "NET_BIND_SERVICE"))
      wrong.push("capabilities.add");
    if (container.ports?.some((port: { hostPort?: number }) => port.hostPort)) wrong.push("hostPort");
    // Ours, beyond the level.
    if (own.readOnlyRootFilesystem !== true) wrong.push("readOnlyRootFilesystem");
  }
  return wrong;
}
