import { describe, expect, test } from "vitest";
import { Environment, type EnvironmentArgs } from "../../components/environment";
import { declared, onceUnchanged, refusalOf, stageSettings } from "./support";

function args(change: Partial<EnvironmentArgs> = {}): EnvironmentArgs {
  return { service: "omnihub", stage: "production", settings: stageSettings().environment, protect: true, ...change };
}

const environment = onceUnchanged((change: Partial<EnvironmentArgs>) =>
  declared(() => new Environment("environment", args(change))),
);

describe("the namespace", () => {
  test("enforces, audits and warns at the restricted pod security level", async () => {
    const { inputs } = (await environment()).one("Namespace");
    expect(inputs.metadata.name).toBe("omnihub-production");
    expect(inputs.metadata.labels).toMatchObject({
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/enforce-version": "latest",
      "pod-security.kubernetes.io/audit": "restricted",
      "pod-security.kubernetes.io/audit-version": "latest",
      "pod-security.kubernetes.io/warn": "restricted",
      "pod-security.kubernetes.io/warn-version": "latest",
    });
  });

  test.each([true, false])("is protected from deletion as the data says: %s", async (protect) => {
    expect((await environment({ protect })).one("Namespace").protect).toBe(protect);
  });

  test("exists before anything inside it", async () => {
    const resources = await environment();
    const { urn } = resources.one("Namespace");
    for (const inside of resources.kubernetes().filter((each) => each.inputs.metadata.namespace !== undefined)) {
      expect(inside.dependencies, inside.name).toContain(urn);
    }
  });

  test("has a quota, which leaves no way around the gateway", async () => {
    expect((await environment()).one("ResourceQuota").inputs.spec.hard).toEqual({
      "requests.cpu": "8",
      "requests.memory": "16Gi",
      "limits.memory": "16Gi",
      pods: "40",
      "services.loadbalancers": "0",
      "services.nodeports": "0",
    });
  });

  test("has limits for containers that ask for nothing", async () => {
    expect((await environment()).one("LimitRange").inputs.spec.limits).toEqual([
      { type: "Container", defaultRequest: { cpu: "250m", memory: "256Mi" }, default: { memory: "512Mi" } },
    ]);
  });

  test("has a service account of the service without a token", async () => {
    const account = (await environment()).one("ServiceAccount", "omnihub");
    expect(account.inputs.automountServiceAccountToken).toBe(false);
  });
});

describe("the network policies", () => {
  test("close both ways for every pod", async () => {
    expect((await environment()).one("NetworkPolicy", "default-deny").inputs.spec).toEqual({
      podSelector: { matchLabels: {} },
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
      egress: [],
    });
  });

  test("open DNS to the cluster's own servers only", async () => {
    const { spec } = (await environment()).one("NetworkPolicy", "allow-dns").inputs;
    expect(spec.policyTypes).toEqual(["Egress"]);
    expect(spec.egress).toEqual([
      {
        to: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
            podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
          },
        ],
        ports: [
          { protocol: "UDP", port: 53 },
          { protocol: "TCP", port: 53 },
        ],
      },
    ]);
  });

  test.each([
    ["allow-gateway", "gateway"],
    ["allow-monitoring", "monitoring"],
  ])("%s lets only the namespace %s in, to the service's port", async (policy, namespace) => {
    const { spec } = (await environment()).one("NetworkPolicy", policy).inputs;
    expect(spec.podSelector.matchLabels).toEqual({ "app.kubernetes.io/name": "omnihub" });
    expect(spec.ingress).toEqual([
      {
        from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } }],
        ports: [{ protocol: "TCP", port: 8080 }],
      },
    ]);
  });

  test("let the service out only to what the data names, without our own networks", async () => {
    const { spec } = (await environment()).one("NetworkPolicy", "allow-to-internet").inputs;
    expect(spec.egress).toEqual([
      {
        to: [
          {
            ipBlock: {
              cidr: "0.0.0.0/0",
              except: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"],
            },
          },
        ],
        ports: [{ protocol: "TCP", port: 443 }],
      },
    ]);
  });

  test("are these and no others", async () => {
    const names = (await environment()).ofType("NetworkPolicy").map((each) => each.inputs.metadata.name);
    expect(names).toEqual(["allow-dns", "allow-gateway", "allow-monitoring", "allow-to-internet", "default-deny"]);
  });
});

test("a wrong argument is refused before anything is registered", async () => {
  let message = "";
  const settings = { ...stageSettings().environment, targetCpu: 150 };
  const resources = await declared(() => {
    message = refusalOf(() => new Environment("environment", args({ settings })));
  });
  expect(message).toBe("environment: targetCpu: expected a whole number from 10 to 95 percent");
  expect(resources.all).toEqual([]);
});

describe("a quota that both tracks at their largest would not fit into is refused:", () => {
  test.each([
    [{ pods: 23 }, "quota.pods: expected room for both tracks at their largest, 24 pods"],
    [{ cpu: "5999m" }, "quota.cpu: expected room for both tracks at their largest, 24 pods of 250m CPU"],
    [{ memory: "12287Mi" }, "quota.memory: expected room for both tracks at their largest, 24 pods of 512Mi"],
  ])("%j", (change, expected) => {
    const { environment: shipped } = stageSettings();
    const settings = { ...shipped, quota: { ...shipped.quota, ...change } };
    expect(refusalOf(() => new Environment("environment", args({ settings })))).toBe(`environment: ${expected}`);
  });

  test("and one that just fits is taken", async () => {
    const { environment: shipped } = stageSettings();
    const settings = { ...shipped, quota: { cpu: "6", memory: "12Gi", pods: 24 } };
    expect((await environment({ settings })).ofType("ResourceQuota")).toHaveLength(1);
  });
});
