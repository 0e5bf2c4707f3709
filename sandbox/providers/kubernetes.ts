import { made, madeUuid, text, type Cloud } from "./cloud";
import { at, isMap, isSecret, plain, secret, type Props, type Value } from "./wire";

/** Kinds that belong to no namespace. */
const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  "Namespace",
  "Node",
  "PersistentVolume",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "PriorityClass",
  "StorageClass",
  "IngressClass",
  "GatewayClass",
  "ClusterIssuer",
  "ClusterSecretStore",
  "ClusterExternalSecret",
  "RuntimeClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
  "APIService",
]);

/**
 * What the real provider replaces an object for, beside its name and namespace. The real one also replaces
 * ConfigMaps and Secrets when their data change, unless it is configured to change them in place.
 */
const FORCE_NEW: Readonly<Record<string, readonly string[]>> = {
  Deployment: ["spec.selector"],
  DaemonSet: ["spec.selector"],
  StatefulSet: ["spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates"],
  Job: ["spec.selector", "spec.template", "spec.completions", "spec.parallelism"],
  Pod: ["spec"],
  PersistentVolumeClaim: ["spec"],
  ResourceQuota: ["spec.scopes"],
  Service: ["spec.clusterIP"],
  StorageClass: ["parameters", "provisioner"],
  RoleBinding: ["roleRef"],
  ClusterRoleBinding: ["roleRef"],
};

export const kindOf = (type: string): string => type.slice(type.lastIndexOf(":") + 1);
export const isClusterKind = (kind: string): boolean => CLUSTER_KINDS.has(kind);

/** The kind of an object: what its inputs say, else its type's last part. */
const objectKind = (type: string, inputs: Props): string => text(inputs, "kind") ?? kindOf(type);

/** Namespace of an object, or undefined where its kind has none. */
export function namespaceOf(type: string, inputs: Props): string | undefined {
  const kind = objectKind(type, inputs);
  return isClusterKind(kind) ? undefined : (text(inputs, "metadata.namespace") ?? "default");
}

function withMetadata(inputs: Props, more: Props): Props {
  const before = inputs["metadata"];
  if (isSecret(before))
    return { ...inputs, metadata: secret({ ...(isMap(before.value) ? before.value : {}), ...more }) };
  return { ...inputs, metadata: { ...(isMap(before) ? before : {}), ...more } };
}

function status(kind: string, inputs: Props): Value | undefined {
  const replicas = at(inputs, "spec.replicas") ?? 1;
  switch (kind) {
    case "Deployment":
      return { availableReplicas: replicas, readyReplicas: replicas, replicas, updatedReplicas: replicas };
    case "Namespace":
      return { phase: "Active" };
    default:
      return undefined;
  }
}

function clusterAddress(id: string): string {
  const hex = made(6, "clusterIP", id);
  return `10.${[0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)).join(".")}`;
}

/** The stand-in for kubernetes. Its computed properties are merged into `metadata` and `spec`, and `status`. */
export const kubernetes: Cloud = {
  name: "kubernetes",
  check: (type, inputs) => {
    const failures = [];
    if (text(inputs, "kind") === undefined) failures.push({ property: "kind", reason: "required" });
    if (text(inputs, "apiVersion") === undefined) failures.push({ property: "apiVersion", reason: "required" });
    const name = at(inputs, "metadata.name");
    if (typeof name === "string" && name.length > 253) {
      failures.push({ property: "metadata.name", reason: "must be no more than 253 characters" });
    }
    if (/(Patch|:Chart|:Release|ConfigGroup|ConfigFile)$/.test(type)) {
      failures.push({ property: "kind", reason: `the stand-in for kubernetes does not do ${type}` });
    }
    return failures;
  },
  defaults: (type, name, inputs, seed, old) => {
    if (at(inputs, "metadata.name") !== undefined && at(inputs, "metadata.name") !== null) return inputs;
    const kept = old === undefined ? undefined : at(old, "metadata.name");
    const automatic = typeof kept === "string" ? kept : `${name}-${made(8, [...seed], type)}`;
    return withMetadata(inputs, { name: automatic });
  },
  forceNew: (type, config) => {
    const kind = kindOf(type);
    const always = ["metadata.name", "metadata.namespace", "kind", "apiVersion", ...(FORCE_NEW[kind] ?? [])];
    if (kind === "ConfigMap" && config["enableConfigMapMutable"] !== "true") always.push("data", "binaryData");
    if (kind === "Secret" && config["enableSecretMutable"] !== "true") always.push("data", "stringData", "type");
    return always;
  },
  naming: () => ["metadata.name", "metadata.namespace"],
  idIsName: () => true,
  id: (type, _urn, inputs) => {
    const namespace = namespaceOf(type, inputs);
    const name = text(inputs, "metadata.name") ?? "";
    return namespace === undefined ? name : `${namespace}/${name}`;
  },
  computed: (type, id, inputs) => {
    const kind = objectKind(type, inputs);
    const state = status(kind, inputs);
    return {
      metadata: {
        uid: madeUuid(type, id),
        resourceVersion: "1",
        generation: 1,
        creationTimestamp: "2024-01-01T00:00:00Z",
      },
      ...(kind === "Service" && at(inputs, "spec.clusterIP") === undefined
        ? { spec: { clusterIP: clusterAddress(id), clusterIPs: [clusterAddress(id)] } }
        : {}),
      ...(state === undefined ? {} : { status: state }),
    };
  },
};

/** Properties that a Secret holds are secret however they were given. */
export function hideSecretData(type: string, outputs: Props): Props {
  if (kindOf(type) !== "Secret") return outputs;
  const hidden: Props = { ...outputs };
  for (const key of ["data", "stringData"]) {
    const value = hidden[key];
    if (value !== undefined) hidden[key] = secret(value);
  }
  return hidden;
}

/** What a refresh reports as declared: of what lies in the cluster, the fields that the program declares. */
export function project(live: Value | undefined, declared: Value | undefined): Value | undefined {
  if (live === undefined || declared === undefined) return undefined;
  if (isSecret(live) || isSecret(declared)) {
    const inner = project(plain(live), plain(declared));
    return inner === undefined ? undefined : secret(inner);
  }
  if (isMap(live) && isMap(declared)) {
    const entries = Object.keys(declared).map((key) => [key, project(live[key], declared[key])] as const);
    return Object.fromEntries(entries.filter((entry): entry is [string, Value] => entry[1] !== undefined));
  }
  if (Array.isArray(live) && Array.isArray(declared) && live.length === declared.length) {
    return live.map((item, i) => project(item, declared[i]) ?? item);
  }
  return live;
}
