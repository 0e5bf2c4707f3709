import * as pulumi from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { Redis, type RedisArgs } from "../../components/redis";
import { TOKEN, declared, onceUnchanged, refusalOf, stageSettings } from "./support";

const elasticache = stageSettings("production").redis;
const inCluster = stageSettings("staging").redis;

function args(change: Partial<RedisArgs> = {}): RedisArgs {
  return {
    service: "omnihub",
    stage: "production",
    settings: elasticache,
    keyArn: "arn:aws:kms:example",
    authToken: pulumi.secret(TOKEN),
    protect: true,
    ...change,
  };
}

const redis = onceUnchanged((change: Partial<RedisArgs>) => declared(() => new Redis("redis", args(change))));

describe("kind elasticache", () => {
  test("is encrypted on the way and at rest, with a token that stays secret", async () => {
    const group = (await redis()).one("ReplicationGroup");
    expect(group.inputs).toMatchObject({
      transitEncryptionEnabled: true,
      transitEncryptionMode: "required",
      atRestEncryptionEnabled: true,
      kmsKeyId: "arn:aws:kms:example",
      authToken: TOKEN,
      authTokenUpdateStrategy: "ROTATE",
    });
    expect(group.secretInputs).toContain("authToken");
  });

  test("has replicas in other zones and takes over by itself", async () => {
    expect((await redis()).one("ReplicationGroup").inputs).toMatchObject({
      numCacheClusters: 3,
      multiAzEnabled: true,
      automaticFailoverEnabled: true,
    });
  });

  test("is kept: snapshots, a last one, and protection from deletion", async () => {
    const group = (await redis()).one("ReplicationGroup");
    expect(group.inputs).toMatchObject({
      snapshotRetentionLimit: 7,
      snapshotWindow: "01:00-02:00",
      finalSnapshotIdentifier: "omnihub-production-redis-final",
    });
    expect(group.protect).toBe(true);
    expect((await redis({ protect: false })).one("ReplicationGroup").protect).toBe(false);
  });

  test("writes its slow log, encrypted, for a time", async () => {
    const resources = await redis();
    expect(resources.one("ReplicationGroup").inputs.logDeliveryConfigurations).toEqual([
      {
        logType: "slow-log",
        logFormat: "json",
        destinationType: "cloudwatch-logs",
        destination: "/holdpoint/omnihub-production/redis-slow-log",
      },
    ]);
    expect(resources.one("LogGroup").inputs).toMatchObject({
      name: "/holdpoint/omnihub-production/redis-slow-log",
      retentionInDays: 30,
      kmsKeyId: "arn:aws:kms:example",
    });
  });

  test("has its own subnets and parameters", async () => {
    const resources = await redis();
    expect(resources.one("SubnetGroup").inputs.subnetIds).toHaveLength(3);
    const parameters = resources.one("ParameterGroup").inputs;
    expect(parameters.family).toBe("redis7");
    expect(parameters.parameters).toContainEqual({ name: "maxmemory-policy", value: "noeviction" });
    expect(resources.one("ReplicationGroup").inputs).toMatchObject({
      subnetGroupName: "omnihub-production-redis",
      parameterGroupName: "omnihub-production-redis",
      securityGroupIds: ["redis-security-group-id"],
    });
  });

  test("lets only the cluster's nodes connect, and nothing out", async () => {
    const resources = await redis();
    const group = resources.one("SecurityGroup").inputs;
    expect(group.ingress).toBeUndefined();
    expect(group.egress).toBeUndefined();
    expect(resources.ofType("SecurityGroupIngressRule").map((each) => each.inputs)).toMatchObject([
      {
        securityGroupId: "redis-security-group-id",
        referencedSecurityGroupId: "sg-0123456789abcdef0",
        ipProtocol: "tcp",
        fromPort: 6379,
        toPort: 6379,
      },
    ]);
  });

  test("gives the service its password as a secret, and a way to it", async () => {
    const resources = await redis();
    const secret = resources.one("kubernetes:core/v1:Secret", "redis-auth");
    expect(secret.inputs.stringData).toEqual({ password: TOKEN });
    expect(secret.secretInputs).toContain("stringData");
    expect(resources.one("NetworkPolicy", "allow-to-redis").inputs.spec.egress).toEqual([
      {
        to: ["10.20.32.0/22", "10.20.36.0/22", "10.20.40.0/22"].map((cidr) => ({ ipBlock: { cidr } })),
        ports: [{ protocol: "TCP", port: 6379 }],
      },
    ]);
  });

  test("is reached over TLS", async () => {
    let tls = false;
    await declared(() => {
      tls = new Redis("redis", args()).endpoint.tls;
    });
    expect(tls).toBe(true);
  });

  test("without its token is refused, with the command that sets it", async () => {
    let error: { message: string; remedy?: string } | undefined;
    const resources = await declared(() => {
      try {
        new Redis("redis", args({ authToken: undefined }));
      } catch (thrown) {
        error = thrown as { message: string; remedy?: string };
      }
    });
    expect(error?.message).toBe('redis: kind "elasticache" needs the secret "redisAuthToken", found nothing');
    expect(error?.remedy).toBe("pulumi config set --secret holdpoint:redisAuthToken");
    expect(resources.all).toEqual([]);
  });
});

describe("kind in-cluster", () => {
  const change = { settings: inCluster, authToken: undefined, stage: "staging", protect: false };

  test("asks nothing of AWS", async () => {
    expect((await redis(change)).all.filter((each) => each.type.startsWith("aws:"))).toEqual([]);
  });

  test("makes its password in the cluster, once, and gives it to Redis as a file", async () => {
    const resources = await redis(change);
    expect(resources.one("Password").inputs.spec).toMatchObject({ length: 48, symbols: 0 });
    const { spec } = resources.one("ExternalSecret").inputs;
    expect(spec.refreshPolicy).toBe("CreatedOnce");
    expect(spec.target.name).toBe("redis-auth");
    expect(spec.target.template.data).toEqual({
      password: "{{ .password }}",
      "auth.conf": "requirepass {{ .password }}\n",
    });
    expect(resources.one("ConfigMap", "redis").inputs.data["redis.conf"]).toContain(
      "include /etc/redis-auth/auth.conf",
    );
    const [container] = resources.one("StatefulSet").inputs.spec.template.spec.containers;
    expect(container.command).toEqual(["redis-server", "/etc/redis/redis.conf"]);
  });

  test("is limited in memory, Redis below its pod", async () => {
    const resources = await redis(change);
    const [container] = resources.one("StatefulSet").inputs.spec.template.spec.containers;
    expect(container.resources).toEqual({ requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "256Mi" } });
    expect(resources.one("ConfigMap", "redis").inputs.data["redis.conf"]).toContain("maxmemory 200mb\n");
  });

  test("lets only the service's pods in", async () => {
    const resources = await redis(change);
    expect(resources.one("NetworkPolicy", "redis-allow-from-service").inputs.spec).toEqual({
      podSelector: { matchLabels: { "app.kubernetes.io/name": "redis" } },
      policyTypes: ["Ingress"],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "omnihub" } } }],
          ports: [{ protocol: "TCP", port: 6379 }],
        },
      ],
    });
    expect(resources.one("NetworkPolicy", "allow-to-redis").inputs.spec.egress[0].to).toEqual([
      { podSelector: { matchLabels: { "app.kubernetes.io/name": "redis" } } },
    ]);
  });

  test("is known to the service by its name in the namespace", async () => {
    const endpoints: unknown[] = [];
    await declared(() => endpoints.push(new Redis("redis", args(change)).endpoint));
    expect(endpoints).toEqual([{ host: "redis.omnihub-staging.svc", port: 6379, tls: false }]);
  });
});

describe("a wrong argument is refused:", () => {
  test.each<[string, object, string]>([
    ["no replica", { ...elasticache, replicas: 0 }, "replicas: expected a whole number from 1 to 5 replicas"],
    [
      "one subnet",
      { ...elasticache, subnetIds: ["subnet-0123456789abcdef0"] },
      "subnetIds: expected at least two subnets, in two zones",
    ],
    [
      "an image without its digest",
      { ...inCluster, image: "redis:7.2" },
      'image: expected an image with its digest, "<registry>/<name>@sha256:<64 hex>"',
    ],
    ["another kind", { kind: "memcached" }, 'kind: expected kind "elasticache" or "in-cluster"'],
  ])("%s", (_what, settings, expected) => {
    expect(refusalOf(() => new Redis("redis", args({ settings: settings as RedisArgs["settings"] })))).toBe(
      `redis: ${expected}`,
    );
  });
});
