/** What packages are signed with: an Ed25519 key that never leaves AWS, and the one service account that may use it. */
import * as aws from "@pulumi/aws";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArgs } from "./check";
import { commonTags, objectMetadata, scopeName } from "./names";
import { createServiceAccountRole } from "./service-account-role";
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
    return createServiceAccountRole(
      this.prefix,
      {
        service,
        stage,
        accountId,
        oidcIssuer,
        account: settings.account,
        name: `${this.scope}-signing`,
        description: `sign packages of ${this.scope}`,
        policy: pulumi.jsonStringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Action: ["kms:Sign", "kms:GetPublicKey"], Resource: key.arn }],
        }),
        policyDescription: `sign with the key of ${this.scope}, and nothing else`,
      },
      { parent: this },
    );
  }

  private createAccount(role: aws.iam.Role): void {
    new k8s.core.v1.ServiceAccount(
      `${this.prefix}-account`,
      {
        metadata: {
          ...objectMetadata(this.args, this.args.settings.account),
          annotations: { "eks.amazonaws.com/role-arn": role.arn },
        },
        automountServiceAccountToken: false,
      },
      { parent: this },
    );
  }
}
