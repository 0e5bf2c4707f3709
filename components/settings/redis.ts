/** Section `redis`: the counters of the distributed rate limit. Which kind a stage has is data, never its name. */
import { z } from "zod";
import { awsId, cidr, cpu, image, integer, memory, oneOf, some } from "./values";

/** What Redis drops when it is full. Rate limit counters all expire, so only `noeviction` can lose a limit loudly. */
const eviction = oneOf("noeviction", "volatile-lru", "volatile-ttl", "allkeys-lru");

/** "sun:05:00-sun:06:00", UTC. */
const weekly = z.string().regex(/^(mon|tue|wed|thu|fri|sat|sun):\d\d:\d\d-(mon|tue|wed|thu|fri|sat|sun):\d\d:\d\d$/, {
  error: 'a weekly time in UTC such as "mon:03:00-mon:04:00"',
});

/** "01:00-02:00", UTC. */
const daily = z.string().regex(/^\d\d:\d\d-\d\d:\d\d$/, { error: 'a daily time in UTC such as "01:00-02:00"' });

const elasticacheSchema = z.strictObject({
  kind: z.literal("elasticache"),
  /** Instance type, "cache.t4g.small". */
  nodeType: z.string().regex(/^cache\.[a-z0-9]+\.[a-z0-9]+$/, { error: 'a node type such as "cache.t4g.small"' }),
  engineVersion: z.string().regex(/^7\.\d+$/, { error: 'a Redis OSS version such as "7.1", in quotes' }),
  /** Copies besides the primary, in other zones; failover needs one. */
  replicas: integer(1, 5, "replicas"),
  vpcId: awsId("vpc"),
  /** One a zone; the group spreads over them. */
  subnetIds: z.array(awsId("subnet")).min(2, { error: "at least two subnets, in two zones" }),
  /** Ranges of those subnets: the network policy lets the service reach them. */
  subnetCidrs: some(cidr, "the subnets' ranges"),
  /** Security groups of the cluster's nodes: the only ones that may connect. */
  clientSecurityGroupIds: some(awsId("sg"), "the security groups of the cluster's nodes"),
  eviction,
  maintenanceWindow: weekly,
  snapshotWindow: daily,
  /** Days that a daily snapshot is kept. */
  snapshotDays: integer(1, 35, "days"),
  /** Days that the slow log is kept, in CloudWatch. */
  slowLogDays: z.literal([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400], {
    error: "a number of days that CloudWatch takes: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 or 400",
  }),
});

const inClusterSchema = z.strictObject({
  kind: z.literal("in-cluster"),
  image,
  pod: z.strictObject({ cpu, memory }),
  /** Redis' own limit, under the pod's memory: "200mb". */
  maxMemory: z.string().regex(/^[1-9]\d*(mb|gb)$/, { error: 'an amount as Redis writes it, such as "200mb"' }),
  eviction,
});

export const redisSchema = z.discriminatedUnion("kind", [elasticacheSchema, inClusterSchema], {
  error: (issue) => (issue.code === "invalid_union" ? 'kind "elasticache" or "in-cluster"' : undefined),
});

/** What ElastiCache takes as a token: 16 to 128 letters, digits and `!&#$^<>-` (AWS' own rule). */
export const AUTH_TOKEN = /^[A-Za-z0-9!&#$^<>-]{16,128}$/;

export type RedisSettings = z.infer<typeof redisSchema>;
export type ElastiCacheSettings = z.infer<typeof elasticacheSchema>;
export type InClusterRedisSettings = z.infer<typeof inClusterSchema>;
