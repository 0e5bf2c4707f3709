/** What runs beside the service in its namespace: its names, its address, and the way between the two, which is shut by default. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { commonLabels, scopeName } from "./names";

/** One of them. */
export interface Neighbour {
  /** Its own name in the namespace: "rdf-store". */
  readonly name: string;
  readonly service: string;
  readonly stage: string;
  readonly parent: pulumi.Resource;
  /** By name: what its pods listen on, and the service may connect to. */
  readonly ports: Readonly<Record<string, number>>;
}

/** Labels by which its pods are selected. */
export function neighbourSelector({ name }: Neighbour): Record<string, string> {
  return { "app.kubernetes.io/name": name };
}

/** Name and labels of one of its objects. */
export function neighbourMetadata(neighbour: Neighbour, name = neighbour.name) {
  const { service, stage } = neighbour;
  const labels = { ...commonLabels(service), ...neighbourSelector(neighbour) };
  return { name, namespace: scopeName(service, stage), labels };
}

/** Host under which the service finds it. */
export function neighbourHost({ name, service, stage }: Neighbour): string {
  return `${name}.${scopeName(service, stage)}.svc`;
}

/** Its Service, and the two network policies that let the service's pods, and nobody else, connect to it. */
export function openToService(neighbour: Neighbour): void {
  const { name, service, parent, ports } = neighbour;
  const listed = Object.entries(ports).map(([port, number]) => ({ name: port, port: number }));
  const open = listed.map(({ port }) => ({ protocol: "TCP", port }));
  new k8s.core.v1.Service(
    `${name}-service`,
    {
      metadata: neighbourMetadata(neighbour),
      spec: {
        type: "ClusterIP",
        selector: neighbourSelector(neighbour),
        ports: listed.map((port) => ({ ...port, targetPort: port.name, protocol: "TCP" })),
      },
    },
    { parent },
  );
  const app = { matchLabels: { "app.kubernetes.io/name": service } };
  const own = { matchLabels: neighbourSelector(neighbour) };
  allow(neighbour, `${name}-allow-from-service`, {
    podSelector: own,
    policyTypes: ["Ingress"],
    ingress: [{ from: [{ podSelector: app }], ports: open }],
  });
  allow(neighbour, `allow-to-${name}`, {
    podSelector: app,
    policyTypes: ["Egress"],
    egress: [{ to: [{ podSelector: own }], ports: open }],
  });
}

/** Lets its pods connect to an address outside. */
export function openTo(
  neighbour: Neighbour,
  { cidr, except, port }: { readonly cidr: string; readonly except: string[]; readonly port: number },
): void {
  allow(neighbour, `${neighbour.name}-allow-out`, {
    podSelector: { matchLabels: neighbourSelector(neighbour) },
    policyTypes: ["Egress"],
    egress: [{ to: [{ ipBlock: { cidr, except } }], ports: [{ protocol: "TCP", port }] }],
  });
}

function allow(neighbour: Neighbour, name: string, spec: k8s.types.input.networking.v1.NetworkPolicySpec): void {
  new k8s.networking.v1.NetworkPolicy(
    name,
    { metadata: neighbourMetadata(neighbour, name), spec },
    { parent: neighbour.parent },
  );
}
