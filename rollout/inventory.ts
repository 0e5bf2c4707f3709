/**
 * What a stage's program declares, by features that a plan can ask for: "waf/ddos", "service/autoscaling". The same table
 * reads the resources of a program and those of a state, so that two stages can be compared.
 */
import type { FlagType } from "./plan/flags";

/** A resource as far as features go by it. */
export interface DeclaredResource {
  /** Pulumi's type token, "cloudflare:index/ruleset:Ruleset". */
  readonly type: string;
  /** Its name in the program, the last part of the URN. */
  readonly name: string;
  /** What the program asked for; read only where a feature is a part of a resource that others share. */
  readonly inputs?: unknown;
}

/** One alert that the program makes. */
export interface DeclaredAlert {
  /** Id of the trigger that it was made from, or its own name. */
  readonly name: string;
  readonly severity: "critical" | "warning";
  /** Where its runbook is kept; absent where it names none. */
  readonly runbook?: string;
}

/** One feature flag that the program makes. */
export interface DeclaredFlag {
  readonly name: string;
  readonly type: FlagType;
  /** The variant that is served in this stage. */
  readonly serves: string;
}

/** What a stage's configuration and the plan make of the program, before anything is changed. */
export interface Inventory {
  /** Of FEATURES. */
  readonly features: readonly string[];
  readonly alerts: readonly DeclaredAlert[];
  /** Dashboards by name. */
  readonly dashboards: readonly string[];
  readonly flags: readonly DeclaredFlag[];
}

type Test = (resource: DeclaredResource) => boolean;

const typed =
  (suffix: string, name?: RegExp): Test =>
  (resource) =>
    resource.type.endsWith(suffix) && (name === undefined || name.test(resource.name));

/** Name of the rule that limits the size of requests, among the team's own. */
export const REQUEST_SIZE_RULE = "request-size";

/** Whether a ruleset has a rule of a name. */
const ruled =
  (suffix: string, name: RegExp, ref: string): Test =>
  (resource) => {
    const { rules } = (resource.inputs ?? {}) as { rules?: unknown };
    const isMeant = (rule: unknown): boolean =>
      typeof rule === "object" && rule !== null && "ref" in rule && rule.ref === ref;
    return typed(suffix, name)(resource) && Array.isArray(rules) && rules.some(isMeant);
  };

/**
 * Every feature and the resource that gives it. A plan that asks for anything else has a mistake: nothing declares it.
 */
export const FEATURES: Readonly<Record<string, Test>> = {
  environment: typed("holdpoint:environment:Environment"),
  "environment/namespace": typed(":Namespace"),
  "environment/quota": typed(":ResourceQuota"),
  "environment/limits": typed(":LimitRange"),
  "environment/network-policies": typed(":NetworkPolicy", /default-deny$/),
  service: typed("holdpoint:environment:Service"),
  "service/two-tracks": typed(":Deployment", /-canary$/),
  "service/autoscaling": typed(":HorizontalPodAutoscaler"),
  "service/disruption-budget": typed(":PodDisruptionBudget"),
  waf: typed("holdpoint:waf:Waf"),
  "waf/dns": typed(":DnsRecord"),
  "waf/managed-rules": typed(":Ruleset", /-managed-rules$/),
  "waf/custom-rules": typed(":Ruleset", /-custom-rules$/),
  "waf/request-size": ruled(":Ruleset", /-custom-rules$/, REQUEST_SIZE_RULE),
  "waf/rate-limit": typed(":Ruleset", /-rate-limit$/),
  "waf/ddos": typed(":Ruleset", /-ddos$/),
  "waf/tls": typed(":ZoneSetting", /-ssl$/),
  "waf/security-headers": typed(":ZoneSetting", /-security-header$/),
  redis: typed("holdpoint:redis:Redis"),
  "redis/elasticache": typed(":ReplicationGroup"),
  "redis/in-cluster": typed(":StatefulSet", /^redis-/),
  secrets: typed("holdpoint:secrets:Secrets"),
  "secrets/key": typed("kms/key:Key", /^secrets-/),
  "secrets/store": typed(":SecretStore", /^secrets-/),
  "secrets/sync": typed(":ExternalSecret", /^secrets-/),
  monitoring: typed("holdpoint:monitoring:Monitoring"),
  "monitoring/alerts": typed(":PrometheusRule"),
  "monitoring/metrics": typed(":ServiceMonitor"),
  "monitoring/health-probes": typed(":Probe"),
  "monitoring/dashboards": typed(":ConfigMap", /^monitoring-dashboard-/),
  flags: typed("holdpoint:flags:Flags"),
  "flags/definitions": typed(":FeatureFlag"),
  "flags/source": typed(":FeatureFlagSource"),
  logging: typed("holdpoint:logging:Logging"),
  "logging/format": typed(":ConfigMap", /^logging-format$/),
  telemetry: typed("holdpoint:telemetry:Telemetry"),
  "telemetry/collector": typed(":Deployment", /^telemetry-collector$/),
  "telemetry/otlp": typed(":ConfigMap", /^telemetry-otlp$/),
  "telemetry/datadog": typed(":ConfigMap", /^telemetry-datadog$/),
  "telemetry/traces": typed(":ConfigMap", /^telemetry-traces$/),
  "telemetry/metrics": typed(":ConfigMap", /^telemetry-metrics$/),
  "telemetry/logs": typed(":ConfigMap", /^telemetry-logs$/),
  "error-tracking": typed("holdpoint:errorTracking:ErrorTracking"),
  "error-tracking/dsn": typed(":ExternalSecret", /^error-tracking-dsn$/),
  "on-call": typed("holdpoint:onCall:OnCall"),
  "on-call/critical-alerts": typed(":AlertmanagerConfig"),
  "rdf-store": typed("holdpoint:rdfStore:RdfStore"),
  "rdf-store/oxigraph": typed(":StatefulSet", /^rdf-store-/),
  signing: typed("holdpoint:signing:Signing"),
  "signing/key": typed("kms/key:Key", /^signing-key$/),
  vault: typed("holdpoint:vault:Vault"),
  "vault/store": typed(":SecretStore", /^vault-store$/),
  canary: typed("holdpoint:canary:Canary"),
  "canary/route": typed(":HTTPRoute"),
  "canary/emergency-controls": typed(":ConfigMap", /-emergency-controls$/),
  "canary/fallback": typed(":ConfigMap", /-fallback$/),
};

/** Features whose resources are on the canary stack: they are asked of its state, since it has a program of its own. */
export function isOnCanaryStack(feature: string): boolean {
  return feature === "canary" || feature.startsWith("canary/");
}

/** Features that a list of resources gives, in the table's order. */
export function featuresOf(resources: readonly DeclaredResource[]): string[] {
  return Object.keys(FEATURES).filter((feature) => resources.some((resource) => FEATURES[feature]?.(resource)));
}

/** A resource of a state, by its URN: "urn:pulumi:stack::project::type$of$parents::name". */
export function fromUrn(urn: string, inputs?: unknown): DeclaredResource | undefined {
  const [, , types = "", ...name] = urn.split("::");
  const type = types.split("$").at(-1);
  return type === undefined || type === "" || name.length === 0 ? undefined : { type, name: name.join("::"), inputs };
}
