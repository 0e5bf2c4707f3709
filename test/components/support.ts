/** Runs components under Pulumi's mocks and keeps what they asked the engine for, options included. */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import {
  parseSettings,
  type CanaryStackSettings,
  type RawSettings,
  type StageSettings,
} from "../../components/settings";
import { parsePlan, type Plan } from "../../rollout/plan";

/** One resource as it was registered. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  // Inputs are whatever the SDK made of them: tests read into them freely.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly inputs: any;
  readonly protect: boolean;
  readonly ignoreChanges: readonly string[];
  /** URNs, for order. */
  readonly dependencies: readonly string[];
  readonly urn: string;
  readonly parent: string;
  /** Names of the inputs that hold a secret somewhere. */
  readonly secretInputs: readonly string[];
}

/** Every type of resource that the program may declare. Anything else is a mistake of ours, or a decision to take. */
const KNOWN_TYPES = new Set([
  "pulumi:pulumi:Stack",
  "pulumi:index:Stash",
  "holdpoint:environment:Environment",
  "holdpoint:environment:Service",
  "holdpoint:canary:Canary",
  "holdpoint:waf:Waf",
  "holdpoint:secrets:Secrets",
  "holdpoint:redis:Redis",
  "holdpoint:monitoring:Monitoring",
  "holdpoint:flags:Flags",
  "holdpoint:logging:Logging",
  "holdpoint:telemetry:Telemetry",
  "holdpoint:errorTracking:ErrorTracking",
  "holdpoint:onCall:OnCall",
  "holdpoint:rdfStore:RdfStore",
  "holdpoint:signing:Signing",
  "holdpoint:vault:Vault",
  "kubernetes:core/v1:Namespace",
  "kubernetes:core/v1:ServiceAccount",
  "kubernetes:core/v1:ResourceQuota",
  "kubernetes:core/v1:LimitRange",
  "kubernetes:core/v1:ConfigMap",
  "kubernetes:core/v1:Secret",
  "kubernetes:core/v1:Service",
  "kubernetes:apps/v1:Deployment",
  "kubernetes:apps/v1:StatefulSet",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
  "kubernetes:policy/v1:PodDisruptionBudget",
  "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
  "kubernetes:external-secrets.io/v1:SecretStore",
  "kubernetes:external-secrets.io/v1:ExternalSecret",
  "kubernetes:generators.external-secrets.io/v1alpha1:Password",
  "kubernetes:core.openfeature.dev/v1beta1:FeatureFlag",
  "kubernetes:core.openfeature.dev/v1beta1:FeatureFlagSource",
  "kubernetes:monitoring.coreos.com/v1alpha1:AlertmanagerConfig",
  "kubernetes:monitoring.coreos.com/v1:PrometheusRule",
  "kubernetes:monitoring.coreos.com/v1:ServiceMonitor",
  "kubernetes:monitoring.coreos.com/v1:Probe",
  "cloudflare:index/zoneSetting:ZoneSetting",
  "cloudflare:index/ruleset:Ruleset",
  "cloudflare:index/dnsRecord:DnsRecord",
  "aws:kms/key:Key",
  "aws:kms/alias:Alias",
  "aws:secretsmanager/secret:Secret",
  "aws:iam/role:Role",
  "aws:iam/policy:Policy",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
  "aws:elasticache/replicationGroup:ReplicationGroup",
  "aws:elasticache/subnetGroup:SubnetGroup",
  "aws:elasticache/parameterGroup:ParameterGroup",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  "aws:cloudwatch/logGroup:LogGroup",
]);

/** Resources of a program, by what a test asks of them. */
export class Resources {
  readonly all: readonly Registered[];

  constructor(all: readonly Registered[]) {
    this.all = all;
  }

  ofType(type: string): Registered[] {
    return this.all.filter((resource) => resource.type === type || resource.type.endsWith(`:${type}`));
  }

  /** The one of a type, or with a Kubernetes name. */
  one(type: string, name?: string): Registered {
    const found = this.ofType(type).filter(
      (each) => name === undefined || objectName(each) === name || each.name === name,
    );
    if (found.length !== 1 || found[0] === undefined) {
      const seen = this.ofType(type).map((each) => objectName(each));
      throw new Error(`expected one ${type} ${name ?? ""}, found ${found.length} among ${seen.join(", ") || "none"}`);
    }
    return found[0];
  }

  kubernetes(): Registered[] {
    return this.all.filter((resource) => resource.type.startsWith("kubernetes:"));
  }
}

/** The name that the resource has at its provider; undefined where the program leaves it to Pulumi. */
export function objectName({ inputs }: Registered): string | undefined {
  return inputs.metadata?.name ?? inputs.name ?? inputs.replicationGroupId ?? inputs.settingId;
}

interface Monitor {
  registerResource(
    request: Request,
    callback: (error: unknown, response: { getUrn(): string } | undefined) => void,
  ): void;
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProtect(): boolean | undefined;
  getIgnorechangesList(): string[];
  getDependenciesList(): string[];
}

/** Runs `program` as a stack's program would run; rejects with what it threw. */
export async function declared(
  program: () => void,
  options: { stack?: string; preview?: boolean; config?: Record<string, string>; secrets?: string[] } = {},
): Promise<Resources> {
  const all: Registered[] = [];
  const inputs = new Map<string, { plain: unknown; secret: string[] }>();
  pulumi.runtime.setAllConfig(options.config ?? {}, options.secrets ?? []);
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs: raw }) => {
        if (!KNOWN_TYPES.has(type)) throw new Error(`a resource of unknown type: ${type}`);
        const plain = withoutSecrets(raw) as Record<string, unknown>;
        const secret = Object.keys(raw as object).filter((key) => hasSecret((raw as Record<string, unknown>)[key]));
        inputs.set(`${type} ${name}`, { plain, secret });
        // In a preview a provider knows no more than what it was given: the rest is unknown to the program.
        if (options.preview) return { id: undefined, state: plain };
        return { id: `${name}-id`, state: { ...plain, ...computed(type, name) } };
      },
      call: ({ token }) => {
        throw new Error(`a function was called, which needs a provider to preview: ${token}`);
      },
    },
    "holdpoint",
    options.stack ?? "production",
    options.preview ?? false,
  );
  watch((request, urn) => {
    const seen = inputs.get(`${request.getType()} ${request.getName()}`);
    all.push({
      type: request.getType(),
      name: request.getName(),
      inputs: seen?.plain,
      secretInputs: seen?.secret ?? [],
      protect: request.getProtect() ?? false,
      ignoreChanges: request.getIgnorechangesList(),
      dependencies: request.getDependenciesList(),
      parent: request.getParent(),
      urn,
    });
  });
  try {
    program();
  } finally {
    await pulumi.runtime.disconnect();
  }
  return new Resources(all.toSorted((a, b) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`)));
}

/** Runs the unchanged case once for all tests that only look at it. */
export function onceUnchanged<C extends object>(
  run: (change: C) => Promise<Resources>,
): (change?: C) => Promise<Resources> {
  let unchanged: Promise<Resources> | undefined;
  return (change = {} as C) => (Object.keys(change).length === 0 ? (unchanged ??= run(change)) : run(change));
}

/** The mocks are told type and inputs only; protect, order and ignored changes are in the request itself. */
function watch(registered: (request: Request, urn: string) => void): void {
  const { getMonitor } = pulumi.runtime as unknown as { getMonitor(): Monitor };
  const monitor = getMonitor();
  const original = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    original(request, (error, response) => {
      if (response !== undefined) registered(request, response.getUrn());
      callback(error, response);
    });
  };
}

/** What providers compute, as far as the program reads it. */
function computed(type: string, name: string): Record<string, string> {
  if (type === "aws:elasticache/replicationGroup:ReplicationGroup")
    return { primaryEndpointAddress: "primary.redis.example" };
  if (type.startsWith("aws:")) return { arn: `arn:aws:example:${name}`, keyId: `${name}-key-id` };
  return {};
}

const SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d";

function isSecret(value: object): value is { value: unknown } {
  return SECRET_SIGNATURE in value;
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value)) return withoutSecrets(value.value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(item)]));
}

function hasSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return isSecret(value) || Object.values(value).some(hasSecret);
}

export const TOKEN = "0123456789abcdefghijklmnopqrstuv";

/** The plan that the repository ships. */
export function omnihub(): Plan {
  return parsePlan(readFileSync("plans/omnihub.yaml", "utf8"), "plans/omnihub.yaml");
}

/** A stack's shipped configuration as Pulumi would give it, with the secret that production needs. */
export function rawSettings(
  stack: string,
): RawSettings & { config: Record<string, string>; file: { path: string; text: string } } {
  const path = `Pulumi.${stack}.yaml`;
  const text = readFileSync(path, "utf8");
  const { config } = parse(text) as { config: Record<string, unknown> };
  const flat = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const secrets = stack === "production" ? { "holdpoint:redisAuthToken": TOKEN } : {};
  return {
    stack,
    config: { ...(Object.fromEntries(flat) as Record<string, string>), ...secrets },
    file: { path, text },
  };
}

const parsed = new Map<string, StageSettings>();

/** Settings of a shipped stage stack; not to be changed, only copied. */
export function stageSettings(stage: "production" | "staging" = "production"): StageSettings {
  const known = parsed.get(stage);
  if (known !== undefined) return known;
  const settings = parseSettings(rawSettings(stage));
  if (settings.kind !== "stage") throw new Error(`${stage} is no stage stack`);
  parsed.set(stage, settings);
  return settings;
}

const DIGEST = `sha256:${"a".repeat(64)}`;
const SMALL = { cpu: "100m", memory: "256Mi" };

/** A section for everything that a stage may leave out. */
export const ADDITIONS = {
  flags: { image: `ghcr.io/open-feature/flagd:v0.12.9@${DIGEST}`, cpu: "50m", memory: "64Mi" },
  logging: { level: "info", files: "256Mi" },
  telemetry: {
    image: `otel/opentelemetry-collector-contrib@${DIGEST}`,
    replicas: 2,
    pod: SMALL,
    signals: ["traces", "metrics", "logs"],
    backend: { kind: "otlp", endpoint: "https://otlp.example", header: "x-api-key", key: "TELEMETRY_KEY" },
    egress: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"], port: 443 },
  },
  errorTracking: { dsn: "SENTRY_DSN", sampleRate: 1, tracesSampleRate: 0.1 },
  onCall: { kind: "pagerduty", key: "PAGERDUTY_KEY", labels: { alertmanager: "main" } },
  rdfStore: { image: `ghcr.io/oxigraph/oxigraph@${DIGEST}`, pod: SMALL, storage: "20Gi" },
  signing: { account: "signer", keyDeletionDays: 30 },
  vault: {
    server: "https://vault.example:8200",
    path: "secret",
    mount: "kubernetes",
    role: "omnihub",
    values: { STRIPE_KEY: { key: "omnihub/stripe", property: "key" } },
    refresh: "15m",
  },
} as const;

/** Settings of a shipped stage with every such section, and whatever else is said. */
export function fullSettings(stage: "production" | "staging" = "production", more: object = {}): StageSettings {
  const { config, ...raw } = rawSettings(stage);
  const { secrets, waf } = stageSettings(stage);
  const names = [...new Set([...secrets.names, "TELEMETRY_KEY", "PAGERDUTY_KEY"])];
  const sections = {
    ...ADDITIONS,
    secrets: { ...secrets, names },
    waf: { ...waf, maxBodyBytes: 1_048_576 },
    ...more,
  };
  const added = Object.entries(sections).map(([key, value]) => [`holdpoint:${key}`, JSON.stringify(value)]);
  const settings = parseSettings({ stack: raw.stack, config: { ...config, ...Object.fromEntries(added) } });
  if (settings.kind !== "stage") throw new Error(`${stage} is no stage stack`);
  return settings;
}

export function canarySettings(stage: "production" | "staging" = "production"): CanaryStackSettings {
  const settings = parseSettings(rawSettings(`${stage}-canary`));
  if (settings.kind !== "canary") throw new Error(`${stage}-canary is no canary stack`);
  return settings;
}

/** What is wrong with a call, as text. */
export function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was not refused");
}
