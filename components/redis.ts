/** Redis for the distributed rate limit. One component with two kinds, chosen by data. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { HoldpointError } from "../rollout/errors";
import { checkArgs } from "./check";
import { REDIS_PORT, commonLabels, scopeName } from "./names";
import { createElastiCache } from "./redis/elasticache";
import { createInCluster } from "./redis/in-cluster";
import { redisSchema, type RedisSettings } from "./settings/redis";

export interface RedisArgs {
  readonly service: string;
  readonly stage: string;
  /** Section `redis`. */
  readonly settings: RedisSettings;
  /** Key that encrypts data and logs at rest; only for kind elasticache. */
  readonly keyArn: pulumi.Input<string>;
  /** The password; needed for kind elasticache. In the cluster it is made there and known to nobody. */
  readonly authToken?: pulumi.Input<string> | undefined;
  /** Whether the data is protected from deletion. */
  readonly protect: boolean;
}

/** How the service reaches Redis; the password is in the Secret `redis-auth`, key `password`. */
export interface RedisEndpoint {
  readonly host: pulumi.Input<string>;
  readonly port: number;
  readonly tls: boolean;
}

/** What both kinds are built from. */
export interface RedisParts extends Omit<RedisArgs, "settings"> {
  readonly prefix: string;
  /** Namespace, and prefix of names at AWS. */
  readonly scope: string;
  readonly parent: pulumi.Resource;
}

export class Redis extends pulumi.ComponentResource {
  readonly endpoint: RedisEndpoint;

  constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("redis", redisSchema, args.settings);
    if (args.settings.kind === "elasticache" && args.authToken === undefined) throw authTokenMissing();
    super("holdpoint:redis:Redis", name, { kind: args.settings.kind }, opts);

    const scope = scopeName(args.service, args.stage);
    const parts: RedisParts = { ...args, prefix: name, scope, parent: this };
    const { settings } = args;
    this.endpoint =
      settings.kind === "elasticache" ? createElastiCache(parts, settings) : createInCluster(parts, settings);
    this.allowService(parts, settings);
    this.registerOutputs({ host: this.endpoint.host, tls: this.endpoint.tls });
  }

  /** The service's pods may connect to Redis; everything else stays shut by the namespace's default. */
  private allowService(parts: RedisParts, settings: RedisSettings): void {
    const to =
      settings.kind === "elasticache"
        ? settings.subnetCidrs.map((cidr) => ({ ipBlock: { cidr } }))
        : [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "redis" } } }];
    new k8s.networking.v1.NetworkPolicy(
      `${parts.prefix}-allow-to-redis`,
      {
        metadata: { name: "allow-to-redis", namespace: parts.scope, labels: commonLabels(parts.service) },
        spec: {
          podSelector: { matchLabels: { "app.kubernetes.io/name": parts.service } },
          policyTypes: ["Egress"],
          egress: [{ to, ports: [{ protocol: "TCP", port: REDIS_PORT }] }],
        },
      },
      { parent: this },
    );
  }
}

/** The secret that only ElastiCache needs, and the command that sets it. */
export function authTokenMissing(): HoldpointError {
  return new HoldpointError(
    "config-invalid",
    'redis: kind "elasticache" needs the secret "redisAuthToken", found nothing',
    {
      remedy: "pulumi config set --secret holdpoint:redisAuthToken",
    },
  );
}
