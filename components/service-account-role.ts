/** A role at AWS for one service account of one namespace of one cluster: it logs in by the token that the cluster signs for it. */
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { commonTags, scopeName } from "./names";

export interface ServiceAccountRole {
  readonly service: string;
  readonly stage: string;
  /** AWS account, and the cluster's OIDC issuer without "https://". */
  readonly accountId: string;
  readonly oidcIssuer: string;
  /** The service account in the stage's namespace. */
  readonly account: string;
  /** Of role and policy. */
  readonly name: string;
  readonly description: string;
  /** What the role may do, as JSON, and in words. */
  readonly policy: pulumi.Output<string>;
  readonly policyDescription: string;
}

/** Declares the role, its one policy, and that the two belong together. */
export function createServiceAccountRole(
  prefix: string,
  role: ServiceAccountRole,
  options: pulumi.CustomResourceOptions,
): aws.iam.Role {
  const { service, stage, name, description, policy, policyDescription } = role;
  const tags = commonTags(service, stage);
  const assumeRolePolicy = JSON.stringify(trustPolicy(role));
  const made = new aws.iam.Role(`${prefix}-role`, { name, description, assumeRolePolicy, tags }, options);
  const may = new aws.iam.Policy(`${prefix}-policy`, { name, description: policyDescription, policy, tags }, options);
  new aws.iam.RolePolicyAttachment(`${prefix}-role-policy`, { role: made.name, policyArn: may.arn }, options);
  return made;
}

function trustPolicy({ service, stage, accountId, oidcIssuer, account }: ServiceAccountRole): object {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: `arn:aws:iam::${accountId}:oidc-provider/${oidcIssuer}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            [`${oidcIssuer}:sub`]: `system:serviceaccount:${scopeName(service, stage)}:${account}`,
            [`${oidcIssuer}:aud`]: "sts.amazonaws.com",
          },
        },
      },
    ],
  };
}
