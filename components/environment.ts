/** The namespace of one stage and what guards it. The service itself is in service.ts: it comes after its secrets. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArgs } from "./check";
import { APP_PORT, commonLabels, scopeName } from "./names";
import { environmentSchema, type EnvironmentSettings } from "./settings/environment";

export interface EnvironmentArgs {
  /** Name of the service, from the plan. */
  readonly service: string;
  readonly stage: string;
  /** Section `environment`. */
  readonly settings: EnvironmentSettings;
  /** Whether the namespace, and with it everything inside, is protected from deletion. */
  readonly protect: boolean;
}

type Egress = k8s.types.input.networking.v1.NetworkPolicyEgressRule;
type Ingress = k8s.types.input.networking.v1.NetworkPolicyIngressRule;

/**
 * Namespace at the restricted pod security level, service account without a token, quota, limits, and network policies
 * that close everything but DNS, the gateway, monitoring and the places that the service connects to.
 */
export class Environment extends pulumi.ComponentResource {
  /** Name of the namespace: `<service>-<stage>`. */
  readonly namespace: string;
  /** What waits for the namespace waits for this. */
  readonly namespaceResource: k8s.core.v1.Namespace;
  /** Everything that must be in force before the first pod starts. */
  readonly guards: readonly pulumi.Resource[];

  private readonly prefix: string;
  private readonly args: EnvironmentArgs;

  constructor(name: string, args: EnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("environment", environmentSchema, args.settings);
    super("holdpoint:environment:Environment", name, {}, opts);
    this.prefix = name;
    this.args = args;
    this.namespace = scopeName(args.service, args.stage);

    this.namespaceResource = this.createNamespace();
    this.guards = [
      this.namespaceResource,
      this.createServiceAccount(),
      this.createQuota(),
      this.createLimits(),
      ...this.createNetworkPolicies(),
    ];
    this.registerOutputs({ namespace: this.namespace });
  }

  private createNamespace(): k8s.core.v1.Namespace {
    const levels = ["enforce", "audit", "warn"].flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, "restricted"],
      [`pod-security.kubernetes.io/${mode}-version`, "latest"],
    ]);
    return new k8s.core.v1.Namespace(
      `${this.prefix}-namespace`,
      {
        metadata: {
          name: this.namespace,
          labels: {
            ...commonLabels(this.args.service),
            "holdpoint.dev/stage": this.args.stage,
            ...Object.fromEntries(levels),
          },
        },
      },
      { parent: this, protect: this.args.protect },
    );
  }

  private createServiceAccount(): pulumi.Resource {
    return new k8s.core.v1.ServiceAccount(
      `${this.prefix}-service-account`,
      { metadata: this.metadata(this.args.service), automountServiceAccountToken: false },
      this.inNamespace(),
    );
  }

  private createQuota(): pulumi.Resource {
    const { cpu, memory, pods } = this.args.settings.quota;
    return new k8s.core.v1.ResourceQuota(
      `${this.prefix}-quota`,
      {
        metadata: this.metadata("quota"),
        spec: {
          hard: {
            "requests.cpu": cpu,
            "requests.memory": memory,
            "limits.memory": memory,
            pods: String(pods),
            // Ways around the gateway: the service is reached through the route or not at all.
            "services.loadbalancers": "0",
            "services.nodeports": "0",
          },
        },
      },
      this.inNamespace(),
    );
  }

  /** What a container gets that asks for nothing: with the quota in force, it would not be let in without. */
  private createLimits(): pulumi.Resource {
    const { cpu, memory, memoryLimit } = this.args.settings.pod;
    return new k8s.core.v1.LimitRange(
      `${this.prefix}-limits`,
      {
        metadata: this.metadata("limits"),
        spec: { limits: [{ type: "Container", defaultRequest: { cpu, memory }, default: { memory: memoryLimit } }] },
      },
      this.inNamespace(),
    );
  }

  private createNetworkPolicies(): pulumi.Resource[] {
    const { gatewayNamespace, monitoringNamespace, egress } = this.args.settings;
    return [
      this.policy("default-deny", {}, { ingress: [], egress: [] }),
      this.policy("allow-dns", {}, { egress: [toDns] }),
      this.policy("allow-gateway", this.app(), { ingress: [fromNamespace(gatewayNamespace)] }),
      this.policy("allow-monitoring", this.app(), { ingress: [fromNamespace(monitoringNamespace)] }),
      ...egress.map((to) =>
        this.policy(`allow-to-${to.name}`, this.app(), {
          egress: [
            { to: [{ ipBlock: { cidr: to.cidr, except: to.except } }], ports: [{ protocol: "TCP", port: to.port }] },
          ],
        }),
      ),
    ];
  }

  private policy(name: string, podLabels: Record<string, string>, rules: { ingress?: Ingress[]; egress?: Egress[] }) {
    const policyTypes = [...(rules.ingress ? ["Ingress"] : []), ...(rules.egress ? ["Egress"] : [])];
    return new k8s.networking.v1.NetworkPolicy(
      `${this.prefix}-${name}`,
      { metadata: this.metadata(name), spec: { podSelector: { matchLabels: podLabels }, policyTypes, ...rules } },
      this.inNamespace(),
    );
  }

  private app(): Record<string, string> {
    return { "app.kubernetes.io/name": this.args.service };
  }

  private metadata(name: string) {
    return { name, namespace: this.namespace, labels: commonLabels(this.args.service) };
  }

  private inNamespace(): pulumi.CustomResourceOptions {
    return { parent: this, dependsOn: [this.namespaceResource] };
  }
}

/** To the cluster's DNS and nowhere else on port 53: an open port 53 is a way out for data. */
const toDns: Egress = {
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
};

function fromNamespace(namespace: string): Ingress {
  return {
    from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } }],
    ports: [{ protocol: "TCP", port: APP_PORT }],
  };
}
