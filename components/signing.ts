/** What packages are signed with: an Ed25519 key that never leaves AWS, and the one service account that may use it. */
import * as aws from "@pulumi/aws";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArgs } from "./check";
import { commonLabels, commonTags, scopeName } from "./names";
import { signingSchema, type SigningSettings } from "./settings/additions";

export interface SigningArgs {
  readonly service: string;
  readonly stage: string;
  /** AWS account, and the cluster's OIDC issuer without "https://". */
  readonly accountId: string;
  readonly oidcIssuer: string;
  /** Section `signing`. */
  readonly settings: SigningSettings;
  /** Whether the key is protected from deletion: what it signed could not be signed again. */
  readonly protect: boolean;
}

/** KMS key, its alias, a role that may sign with it and read its public half, and the service account that has the role. */
export class Signing extends pulumi.ComponentResource {
  private readonly prefix: string;
  private readonly args: SigningArgs;
  private readonly scope: string;

  constructor(name: string, args: SigningArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("signing", signingSchema, args.settings);
    super("holdpoint:signing:Signing", name, {}, opts);
    this.prefix = name;
    this.args = args;
    this.scope = scopeName(args.service, args.stage);

    const key = this.createKey();
    this.createAccount(this.createRole(key));
    this.registerOutputs({ keyArn: key.arn });
  }

  private createKey(): aws.kms.Key {
    const { service, stage, settings, protect } = this.args;
    const key = new aws.kms.Key(
      `${this.prefix}-key`,
      {
        description: `signs packages of ${this.scope}`,
        keyUsage: "SIGN_VERIFY",
        customerMasterKeySpec: "ECC_NIST_EDWARDS25519",
        deletionWindowInDays: settings.keyDeletionDays,
        tags: commonTags(service, stage),
      },
      { parent: this, protect },
    );
    new aws.kms.Alias(
      `${this.prefix}-key-alias`,
      { name: `alias/${this.scope}-signing`, targetKeyId: key.keyId },
      { parent: this },
    );
    return key;
  }

  private createRole(key: aws.kms.Key): aws.iam.Role {
    const { service, stage, accountId, oidcIssuer, settings } = this.args;
    const name = `${this.scope}-signing`;
    const tags = commonTags(service, stage);
    const role = new aws.iam.Role(
      `${this.prefix}-role`,
      {
        name,
        description: `sign packages of ${this.scope}`,
        assumeRolePolicy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { Federated: `arn:aws:iam::${accountId}:oidc-provider/${oidcIssuer}` },
              Action: "sts:AssumeRoleWithWebIdentity",
              Condition: {
                StringEquals: {
                  [`${oidcIssuer}:sub`]: `system:serviceaccount:${this.scope}:${settings.account}`,
                  [`${oidcIssuer}:aud`]: "sts.amazonaws.com",
                },
              },
            },
          ],
        }),
        tags,
      },
      { parent: this },
    );
    const policy = new aws.iam.Policy(
      `${this.prefix}-policy`,
      {
        name,
        description: `sign with the key of ${this.scope}, and nothing else`,
        policy: pulumi.jsonStringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Action: ["kms:Sign", "kms:GetPublicKey"], Resource: key.arn }],
        }),
        tags,
      },
      { parent: this },
    );
    new aws.iam.RolePolicyAttachment(
      `${this.prefix}-role-policy`,
      { role: role.name, policyArn: policy.arn },
      { parent: this },
    );
    return role;
  }

  private createAccount(role: aws.iam.Role): void {
    const { service, settings } = this.args;
    new k8s.core.v1.ServiceAccount(
      `${this.prefix}-account`,
      {
        metadata: {
          name: settings.account,
          namespace: this.scope,
          labels: commonLabels(service),
          annotations: { "eks.amazonaws.com/role-arn": role.arn },
        },
        automountServiceAccountToken: false,
      },
      { parent: this },
    );
  }
}
