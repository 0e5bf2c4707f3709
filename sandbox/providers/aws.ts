import { isMap, plain, type Props, type Value } from "./wire";
import { made, madeUuid, text, type Cloud, type Config } from "./cloud";

/** The account of examples in the vendor's documentation: nobody mistakes it for a real one. */
const ACCOUNT = "123456789012";

interface Kind {
  /** Property that names it, and so is its id. */
  readonly name?: string;
  /** Made-up id where none is named: a prefix and hex, or a UUID. */
  readonly prefix?: string;
  /** ARN after `arn:aws:`, with {region}, {account}, {id}, {name}; absent: has no ARN. */
  readonly arn?: string;
  /** The id is the ARN. */
  readonly idIsArn?: boolean;
  /** Further inputs that cannot be changed in place (the name never can). */
  readonly forceNew?: readonly string[];
  readonly computed?: (id: string, inputs: Props, region: string) => Props;
}

/** ElastiCache's made-up part of an endpoint's host name. */
const cacheHost = (prefix: string, id: string, region: string): string =>
  `${prefix}.${id}.${made(6, "cache", id)}.${region}.cache.amazonaws.com`;

/** What stands in for each type; a type that is not here gets an id from its name, and an ARN. */
const KINDS: Readonly<Record<string, Kind>> = {
  "aws:kms/key:Key": {
    arn: "kms:{region}:{account}:key/{id}",
    forceNew: ["customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion"],
    computed: (id, inputs) => ({
      keyId: id,
      rotationPeriodInDays: inputs["enableKeyRotation"] === true ? 365 : 0,
    }),
  },
  "aws:kms/alias:Alias": {
    name: "name",
    arn: "kms:{region}:{account}:{name}",
    computed: (_, inputs, region) => ({
      targetKeyArn: `arn:aws:kms:${region}:${ACCOUNT}:key/${text(inputs, "targetKeyId") ?? ""}`,
    }),
  },
  "aws:secretsmanager/secret:Secret": {
    name: "name",
    idIsArn: true,
    arn: "secretsmanager:{region}:{account}:secret:{name}-{six}",
    computed: () => ({ replicas: [] }),
  },
  "aws:secretsmanager/secretVersion:SecretVersion": {
    forceNew: ["secretId", "secretString", "secretBinary"],
    computed: (id, inputs) => ({
      arn: text(inputs, "secretId") ?? "",
      versionId: id.slice(id.lastIndexOf("|") + 1),
      versionStages: ["AWSCURRENT"],
      hasSecretStringWo: false,
    }),
  },
  "aws:elasticache/replicationGroup:ReplicationGroup": {
    name: "replicationGroupId",
    arn: "elasticache:{region}:{account}:replicationgroup:{id}",
    forceNew: ["atRestEncryptionEnabled", "kmsKeyId", "port", "subnetGroupName", "snapshotName", "snapshotArns"],
    computed: (id, inputs, region) => ({
      clusterEnabled: typeof inputs["numNodeGroups"] === "number" && inputs["numNodeGroups"] > 1,
      configurationEndpointAddress: "",
      engineVersionActual: text(inputs, "engineVersion") ?? "7.1",
      memberClusters: Array.from(
        { length: Number(inputs["numCacheClusters"] ?? 1) || 1 },
        (_, i) => `${id}-${String(i + 1).padStart(3, "0")}`,
      ),
      primaryEndpointAddress: cacheHost("master", id, region),
      readerEndpointAddress: cacheHost("replica", id, region),
    }),
  },
  "aws:elasticache/subnetGroup:SubnetGroup": {
    name: "name",
    arn: "elasticache:{region}:{account}:subnetgroup:{id}",
    computed: (id) => ({ vpcId: `vpc-${made(17, "vpc", id)}` }),
  },
  "aws:elasticache/parameterGroup:ParameterGroup": {
    name: "name",
    arn: "elasticache:{region}:{account}:parametergroup:{id}",
    forceNew: ["family", "description"],
  },
  "aws:elasticache/user:User": {
    name: "userId",
    arn: "elasticache:{region}:{account}:user:{id}",
    forceNew: ["userName"],
  },
  "aws:elasticache/userGroup:UserGroup": { name: "userGroupId", arn: "elasticache:{region}:{account}:usergroup:{id}" },
  "aws:ec2/securityGroup:SecurityGroup": {
    prefix: "sg-",
    arn: "ec2:{region}:{account}:security-group/{id}",
    forceNew: ["name", "namePrefix", "description", "vpcId"],
    computed: () => ({ ownerId: ACCOUNT }),
  },
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
    prefix: "sgr-",
    arn: "ec2:{region}:{account}:security-group-rule/{id}",
    forceNew: ["securityGroupId"],
    computed: (id) => ({ securityGroupRuleId: id }),
  },
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": {
    prefix: "sgr-",
    arn: "ec2:{region}:{account}:security-group-rule/{id}",
    forceNew: ["securityGroupId"],
    computed: (id) => ({ securityGroupRuleId: id }),
  },
  "aws:ec2/securityGroupRule:SecurityGroupRule": {
    prefix: "sgrule-",
    forceNew: ["securityGroupId", "type", "protocol"],
  },
  "aws:iam/role:Role": {
    name: "name",
    arn: "iam::{account}:role/{name}",
    computed: (id) => ({ createDate: "2024-01-01T00:00:00Z", uniqueId: `AROA${made(17, id).toUpperCase()}` }),
  },
  "aws:iam/policy:Policy": {
    name: "name",
    idIsArn: true,
    arn: "iam::{account}:policy/{name}",
    forceNew: ["description", "path"],
    computed: (id) => ({ policyId: `ANPA${made(17, id).toUpperCase()}`, attachmentCount: 0 }),
  },
  "aws:iam/rolePolicy:RolePolicy": { forceNew: ["name", "role"] },
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": { forceNew: ["policyArn", "role"] },
  "aws:cloudwatch/logGroup:LogGroup": { name: "name", arn: "logs:{region}:{account}:log-group:{name}" },
  "aws:cloudwatch/metricAlarm:MetricAlarm": { name: "name", arn: "cloudwatch:{region}:{account}:alarm:{name}" },
  "aws:sns/topic:Topic": { name: "name", idIsArn: true, arn: "sns:{region}:{account}:{name}" },
  "aws:s3/bucket:Bucket": {
    name: "bucket",
    arn: "s3:::{id}",
    computed: (id, _, region) => ({
      bucketDomainName: `${id}.s3.amazonaws.com`,
      bucketRegionalDomainName: `${id}.s3.${region}.amazonaws.com`,
    }),
  },
  "aws:backup/vault:Vault": {
    name: "name",
    arn: "backup:{region}:{account}:backup-vault:{name}",
    computed: () => ({ recoveryPoints: 0 }),
  },
  "aws:backup/plan:Plan": {
    arn: "backup:{region}:{account}:backup-plan:{id}",
    computed: (id) => ({ version: made(48, "plan", id) }),
  },
};

const kindOf = (type: string): Kind =>
  KINDS[type] ?? { name: "name", arn: `${type.split(/[:/]/)[1] ?? "unknown"}:{region}:{account}:{id}` };

const region = (inputs: Props, config: Config): string => text(inputs, "region") ?? config["region"] ?? "eu-central-1";

function arnOf(kind: Kind, id: string, inputs: Props, config: Config): string {
  const name = (kind.name === undefined ? undefined : text(inputs, kind.name)) ?? text(inputs, "name") ?? id;
  const parts: Record<string, string> = {
    region: region(inputs, config),
    account: ACCOUNT,
    id,
    name,
    six: made(6, name),
  };
  return `arn:aws:${(kind.arn ?? "").replace(/\{(\w+)\}/g, (_, part: string) => parts[part] ?? "")}`;
}

function defaultTags(config: Config): Props {
  try {
    const parsed = JSON.parse(config["defaultTags"] ?? "{}") as Value;
    const tags = isMap(parsed) ? parsed["tags"] : undefined;
    return isMap(tags) ? tags : {};
  } catch {
    return {};
  }
}

/** The stand-in for aws. */
export const aws: Cloud = {
  name: "aws",
  check: () => [],
  defaults: (_type, _name, inputs) => inputs,
  forceNew: (type) => {
    const kind = kindOf(type);
    return [...(kind.name === undefined ? [] : [kind.name]), ...(kind.forceNew ?? []), "region"];
  },
  naming: (type) => {
    const name = kindOf(type).name;
    return name === undefined ? [] : [name];
  },
  idIsName: (type) => kindOf(type).name !== undefined,
  id: (type, urn, inputs, attempt, config) => {
    const kind = kindOf(type);
    const name = kind.name === undefined ? undefined : text(inputs, kind.name);
    if (kind.idIsArn === true && name !== undefined) return arnOf(kind, name, inputs, config);
    if (name !== undefined) return name;
    if (type.endsWith(":SecretVersion")) return `${text(inputs, "secretId") ?? ""}|${made(32, urn, attempt)}`;
    if (type.endsWith(":RolePolicy")) return `${text(inputs, "role") ?? ""}:${text(inputs, "name") ?? made(8, urn)}`;
    return kind.prefix === undefined ? madeUuid(urn, attempt) : `${kind.prefix}${made(17, urn, attempt)}`;
  },
  computed: (type, id, inputs, config) => {
    const kind = kindOf(type);
    const where = region(inputs, config);
    const tags = plain(inputs["tags"] ?? {});
    return {
      ...(kind.arn === undefined ? {} : { arn: kind.idIsArn === true ? id : arnOf(kind, id, inputs, config) }),
      ...("region" in inputs ? {} : { region: where }),
      tagsAll: { ...defaultTags(config), ...(isMap(tags) ? tags : {}) },
      ...(kind.computed?.(id, inputs, where) ?? {}),
    };
  },
};
