/** The service's secrets: a key, a place for each value at AWS, and the one way from there into the namespace. */
import * as aws from "@pulumi/aws";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArgs } from "./check";
import { commonTags, objectMetadata, remoteSecretName, scopeName } from "./names";
import { createServiceAccountRole } from "./service-account-role";
import { secretsSchema, type SecretsSettings } from "./settings/secrets";

export interface SecretsArgs {
  readonly service: string;
  readonly stage: string;
  /** AWS region of the secrets. */
  readonly region: string;
  /** Section `secrets`. */
  readonly settings: SecretsSettings;
  /** Whether key and secrets are protected from deletion. */
  readonly protect: boolean;
}

/** The service account, of nothing that runs, as which External Secrets reads: its role may read these secrets only. */
const READER = "secrets-reader";

/**
 * KMS key with rotation, one Secrets Manager secret for each name, a role that may read just those, and the store and
 * the external secret that bring them into the namespace. Values are put in by hand or by their rotation, never here:
 * `aws secretsmanager put-secret-value --secret-id <service>/<stage>/<NAME> --secret-string file://…`
 */
export class Secrets extends pulumi.ComponentResource {
  /** ARN of the key, for everything of this stage that is encrypted at rest. */
  readonly keyArn: pulumi.Output<string>;
  /** Secret in the namespace whose keys are the names of the section. */
  readonly secretName: string;

  private readonly prefix: string;
  private readonly args: SecretsArgs;
  private readonly scope: string;

  constructor(name: string, args: SecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("secrets", secretsSchema, args.settings);
    super("holdpoint:secrets:Secrets", name, {}, opts);
    this.prefix = name;
    this.args = args;
    this.scope = scopeName(args.service, args.stage);
    this.secretName = `${args.service}-secrets`;

    const key = this.createKey();
    const secrets = args.settings.names.map((secret) => this.createSecret(secret, key));
    const role = this.createRole(key, secrets);
    const store = this.createStore(role);
    this.createExternalSecret(store);
    this.keyArn = key.arn;
    this.registerOutputs({ keyArn: this.keyArn });
  }

  private createKey(): aws.kms.Key {
    const { keyDeletionDays, rotationDays } = this.args.settings;
    const key = new aws.kms.Key(
      `${this.prefix}-key`,
      {
        description: `secrets and data of ${this.scope}`,
        keyUsage: "ENCRYPT_DECRYPT",
        enableKeyRotation: true,
        rotationPeriodInDays: rotationDays,
        deletionWindowInDays: keyDeletionDays,
        policy: JSON.stringify(this.keyPolicy()),
        tags: commonTags(this.args.service, this.args.stage),
      },
      { parent: this, protect: this.args.protect },
    );
    new aws.kms.Alias(
      `${this.prefix}-key-alias`,
      { name: `alias/${this.scope}`, targetKeyId: key.keyId },
      { parent: this },
    );
    return key;
  }

  /** The account's own IAM decides, as in AWS' default policy; and CloudWatch may encrypt this stage's logs. */
  private keyPolicy(): object {
    const { accountId } = this.args.settings;
    const { region } = this.args;
    return {
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "Account",
          Effect: "Allow",
          Principal: { AWS: `arn:aws:iam::${accountId}:root` },
          Action: "kms:*",
          Resource: "*",
        },
        {
          Sid: "Logs",
          Effect: "Allow",
          Principal: { Service: `logs.${region}.amazonaws.com` },
          Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
          Resource: "*",
          Condition: {
            ArnLike: {
              "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${region}:${accountId}:log-group:/holdpoint/${this.scope}/*`,
            },
          },
        },
      ],
    };
  }

  private createSecret(secret: string, key: aws.kms.Key): aws.secretsmanager.Secret {
    const { service, stage, settings, protect } = this.args;
    return new aws.secretsmanager.Secret(
      `${this.prefix}-${secret}`,
      {
        name: this.remoteName(secret),
        description: `${secret} of ${this.scope}`,
        kmsKeyId: key.arn,
        recoveryWindowInDays: settings.recoveryDays,
        tags: commonTags(service, stage),
      },
      { parent: this, protect },
    );
  }

  private createRole(key: aws.kms.Key, secrets: aws.secretsmanager.Secret[]): aws.iam.Role {
    const { service, stage, settings } = this.args;
    const { accountId, oidcIssuer } = settings;
    return createServiceAccountRole(
      this.prefix,
      {
        service,
        stage,
        accountId,
        oidcIssuer,
        account: READER,
        name: `${this.scope}-${READER}`,
        description: `read the secrets of ${this.scope}, as External Secrets`,
        policy: this.readPolicy(key, secrets),
        policyDescription: `read the secrets of ${this.scope} and nothing else`,
      },
      { parent: this },
    );
  }

  private readPolicy(key: aws.kms.Key, secrets: aws.secretsmanager.Secret[]): pulumi.Output<string> {
    return pulumi.jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
          Resource: secrets.map((secret) => secret.arn),
        },
        {
          Effect: "Allow",
          Action: "kms:Decrypt",
          Resource: key.arn,
          Condition: { StringEquals: { "kms:ViaService": `secretsmanager.${this.args.region}.amazonaws.com` } },
        },
      ],
    });
  }

  private createStore(role: aws.iam.Role): pulumi.Resource {
    const account = new k8s.core.v1.ServiceAccount(
      `${this.prefix}-reader`,
      {
        metadata: { ...this.metadata(READER), annotations: { "eks.amazonaws.com/role-arn": role.arn } },
        automountServiceAccountToken: false,
      },
      { parent: this },
    );
    return new k8s.apiextensions.CustomResource(
      `${this.prefix}-store`,
      {
        apiVersion: "external-secrets.io/v1",
        kind: "SecretStore",
        metadata: this.metadata(this.scope),
        spec: {
          provider: {
            aws: {
              service: "SecretsManager",
              region: this.args.region,
              auth: { jwt: { serviceAccountRef: { name: READER } } },
            },
          },
        },
      },
      { parent: this, dependsOn: [account] },
    );
  }

  private createExternalSecret(store: pulumi.Resource): void {
    const { names, refresh } = this.args.settings;
    new k8s.apiextensions.CustomResource(
      `${this.prefix}-external-secret`,
      {
        apiVersion: "external-secrets.io/v1",
        kind: "ExternalSecret",
        metadata: this.metadata(this.secretName),
        spec: {
          refreshInterval: refresh,
          secretStoreRef: { kind: "SecretStore", name: this.scope },
          target: { name: this.secretName, creationPolicy: "Owner", deletionPolicy: "Retain" },
          data: names.map((secret) => ({ secretKey: secret, remoteRef: { key: this.remoteName(secret) } })),
        },
      },
      { parent: this, dependsOn: [store] },
    );
  }

  private remoteName(secret: string): string {
    return remoteSecretName(this.args.service, this.args.stage, secret);
  }

  private metadata(name: string) {
    return objectMetadata(this.args, name);
  }
}
