/** Redis at AWS: a replication group over several zones, with TLS, a token, and encryption at rest. */
import * as aws from "@pulumi/aws";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { REDIS_PORT, REDIS_SECRET, commonLabels, commonTags } from "../names";
import type { RedisEndpoint, RedisParts } from "../redis";
import type { ElastiCacheSettings } from "../settings/redis";

/** Declares the replication group and what it needs, and the Secret with its password in the namespace. */
export function createElastiCache(parts: RedisParts, settings: ElastiCacheSettings): RedisEndpoint {
  const group = createGroup(parts, settings);
  createPassword(parts);
  return { host: group.primaryEndpointAddress, port: REDIS_PORT, tls: true };
}

function createGroup(parts: RedisParts, settings: ElastiCacheSettings): aws.elasticache.ReplicationGroup {
  const name = `${parts.scope}-redis`;
  const { parent, protect } = parts;
  return new aws.elasticache.ReplicationGroup(
    `${parts.prefix}-group`,
    {
      replicationGroupId: name,
      description: `distributed rate limit of ${parts.scope}`,
      engine: "redis",
      engineVersion: settings.engineVersion,
      nodeType: settings.nodeType,
      port: REDIS_PORT,
      numCacheClusters: settings.replicas + 1,
      automaticFailoverEnabled: true,
      multiAzEnabled: true,
      transitEncryptionEnabled: true,
      transitEncryptionMode: "required",
      atRestEncryptionEnabled: true,
      kmsKeyId: parts.keyArn,
      ...(parts.authToken === undefined ? {} : { authToken: parts.authToken }),
      // Both the old and the new token work while a changed one is rolled out.
      authTokenUpdateStrategy: "ROTATE",
      subnetGroupName: createSubnetGroup(parts, settings, name).name,
      parameterGroupName: createParameterGroup(parts, settings, name).name,
      securityGroupIds: [createSecurityGroup(parts, settings, name).id],
      logDeliveryConfigurations: [
        {
          logType: "slow-log",
          logFormat: "json",
          destinationType: "cloudwatch-logs",
          destination: createSlowLog(parts, settings).name,
        },
      ],
      maintenanceWindow: settings.maintenanceWindow,
      snapshotWindow: settings.snapshotWindow,
      snapshotRetentionLimit: settings.snapshotDays,
      finalSnapshotIdentifier: `${name}-final`,
      autoMinorVersionUpgrade: true,
      // Changes that restart nodes wait for the maintenance window.
      applyImmediately: false,
      tags: tags(parts),
    },
    { parent, protect },
  );
}

function createSubnetGroup(parts: RedisParts, settings: ElastiCacheSettings, name: string) {
  return new aws.elasticache.SubnetGroup(
    `${parts.prefix}-subnets`,
    { name, description: `subnets of ${name}`, subnetIds: settings.subnetIds, tags: tags(parts) },
    { parent: parts.parent },
  );
}

function createParameterGroup(parts: RedisParts, settings: ElastiCacheSettings, name: string) {
  return new aws.elasticache.ParameterGroup(
    `${parts.prefix}-parameters`,
    {
      name,
      description: `parameters of ${name}`,
      family: `redis${settings.engineVersion.split(".")[0]}`,
      parameters: [
        { name: "maxmemory-policy", value: settings.eviction },
        // Microseconds from which a command is in the slow log: Redis' own default, said openly.
        { name: "slowlog-log-slower-than", value: "10000" },
      ],
      tags: tags(parts),
    },
    { parent: parts.parent },
  );
}

/** Only the cluster's nodes may connect, and nothing is allowed out. */
function createSecurityGroup(parts: RedisParts, settings: ElastiCacheSettings, name: string) {
  const options: pulumi.CustomResourceOptions = { parent: parts.parent };
  const group = new aws.ec2.SecurityGroup(
    `${parts.prefix}-security-group`,
    { name, description: `connections to ${name}`, vpcId: settings.vpcId, tags: { ...tags(parts), Name: name } },
    options,
  );
  for (const client of settings.clientSecurityGroupIds) {
    new aws.vpc.SecurityGroupIngressRule(
      `${parts.prefix}-from-${client}`,
      {
        securityGroupId: group.id,
        referencedSecurityGroupId: client,
        ipProtocol: "tcp",
        fromPort: REDIS_PORT,
        toPort: REDIS_PORT,
        description: "Redis from the nodes of the cluster",
        tags: tags(parts),
      },
      options,
    );
  }
  return group;
}

function createSlowLog(parts: RedisParts, settings: ElastiCacheSettings) {
  return new aws.cloudwatch.LogGroup(
    `${parts.prefix}-slow-log`,
    {
      // Under this prefix the key's policy lets CloudWatch encrypt (secrets.ts).
      name: `/holdpoint/${parts.scope}/redis-slow-log`,
      retentionInDays: settings.slowLogDays,
      kmsKeyId: parts.keyArn,
      tags: tags(parts),
    },
    { parent: parts.parent },
  );
}

function createPassword(parts: RedisParts): void {
  new k8s.core.v1.Secret(
    `${parts.prefix}-password`,
    {
      metadata: { name: REDIS_SECRET, namespace: parts.scope, labels: commonLabels(parts.service) },
      type: "Opaque",
      ...(parts.authToken === undefined ? {} : { stringData: { password: parts.authToken } }),
    },
    { parent: parts.parent, additionalSecretOutputs: ["stringData", "data"] },
  );
}

function tags(parts: RedisParts): Record<string, string> {
  return commonTags(parts.service, parts.stage);
}
