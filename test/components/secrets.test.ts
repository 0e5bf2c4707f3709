import { describe, expect, test } from "vitest";
import { Secrets, type SecretsArgs } from "../../components/secrets";
import { declared, onceUnchanged, refusalOf, stageSettings } from "./support";

type Change = Partial<Omit<SecretsArgs, "settings">> & { settings?: Partial<SecretsArgs["settings"]> };

function args({ settings, ...change }: Change = {}): SecretsArgs {
  return {
    service: "omnihub",
    stage: "production",
    region: "eu-central-1",
    protect: true,
    settings: { ...stageSettings().secrets, ...settings },
    ...change,
  };
}

const secrets = onceUnchanged((change: Change) => declared(() => new Secrets("secrets", args(change))));

const NAMES = ["DATABASE_URL", "DATADOG_KEY", "PAGERDUTY_KEY", "SENTRY_DSN", "SUPABASE_SERVICE_KEY"];
const ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE0000000000000000000000001";

describe("the key", () => {
  test("is rotated, can be brought back, and is protected from deletion", async () => {
    const key = (await secrets()).one("kms/key:Key");
    expect(key.inputs).toMatchObject({ enableKeyRotation: true, rotationPeriodInDays: 365, deletionWindowInDays: 30 });
    expect(key.protect).toBe(true);
    expect((await secrets({ protect: false })).one("kms/key:Key").protect).toBe(false);
  });

  test("has an alias of its stage", async () => {
    expect((await secrets()).one("kms/alias:Alias").inputs).toEqual({
      name: "alias/omnihub-production",
      targetKeyId: "secrets-key-key-id",
    });
  });

  test("is the account's, and CloudWatch's for this stage's logs only", async () => {
    const { Statement } = JSON.parse((await secrets()).one("kms/key:Key").inputs.policy);
    expect(Statement).toHaveLength(2);
    expect(Statement[0].Principal).toEqual({ AWS: "arn:aws:iam::111122223333:root" });
    expect(Statement[1].Principal).toEqual({ Service: "logs.eu-central-1.amazonaws.com" });
    expect(Statement[1].Condition).toEqual({
      ArnLike: {
        "kms:EncryptionContext:aws:logs:arn":
          "arn:aws:logs:eu-central-1:111122223333:log-group:/holdpoint/omnihub-production/*",
      },
    });
  });
});

describe("the secrets", () => {
  test("are one each, encrypted with the key, recoverable and protected", async () => {
    const found = (await secrets()).ofType("aws:secretsmanager/secret:Secret");
    expect(found.map((each) => each.inputs.name)).toEqual(NAMES.map((name) => `omnihub/production/${name}`));
    for (const secret of found) {
      expect(secret.inputs).toMatchObject({ kmsKeyId: "arn:aws:example:secrets-key", recoveryWindowInDays: 30 });
      expect(secret.protect).toBe(true);
    }
  });

  test("have no value in the program: nothing declares a version of one", async () => {
    const { all } = await secrets();
    expect(all.filter((each) => each.type.includes("secretVersion"))).toEqual([]);
    expect(all.flatMap((each) => Object.keys(each.inputs)).filter((key) => key.startsWith("secretString"))).toEqual([]);
  });
});

describe("who may read them", () => {
  test("is one service account of the namespace", async () => {
    const { Statement } = JSON.parse((await secrets()).one("Role").inputs.assumeRolePolicy);
    expect(Statement).toEqual([
      {
        Effect: "Allow",
        Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${ISSUER}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            [`${ISSUER}:sub`]: "system:serviceaccount:omnihub-production:secrets-reader",
            [`${ISSUER}:aud`]: "sts.amazonaws.com",
          },
        },
      },
    ]);
  });

  test("may read just those secrets, and use the key through Secrets Manager only", async () => {
    const resources = await secrets();
    const { Statement } = JSON.parse(resources.one("Policy").inputs.policy);
    expect(Statement).toEqual([
      {
        Effect: "Allow",
        Action: ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
        Resource: stageSettings().secrets.names.map((name) => `arn:aws:example:secrets-${name}`),
      },
      {
        Effect: "Allow",
        Action: "kms:Decrypt",
        Resource: "arn:aws:example:secrets-key",
        Condition: { StringEquals: { "kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com" } },
      },
    ]);
    expect(resources.one("RolePolicyAttachment").inputs).toEqual({
      role: "omnihub-production-secrets-reader",
      policyArn: "arn:aws:example:secrets-policy",
    });
  });
});

describe("the way into the namespace", () => {
  test("is a store that reads as that service account", async () => {
    const resources = await secrets();
    expect(resources.one("ServiceAccount").inputs).toMatchObject({
      metadata: {
        name: "secrets-reader",
        namespace: "omnihub-production",
        annotations: { "eks.amazonaws.com/role-arn": "arn:aws:example:secrets-role" },
      },
      automountServiceAccountToken: false,
    });
    const store = resources.one("SecretStore").inputs;
    expect(store.apiVersion).toBe("external-secrets.io/v1");
    expect(store.spec.provider.aws).toEqual({
      service: "SecretsManager",
      region: "eu-central-1",
      auth: { jwt: { serviceAccountRef: { name: "secrets-reader" } } },
    });
  });

  test("is an external secret with every name", async () => {
    const external = (await secrets()).one("ExternalSecret").inputs;
    expect(external.apiVersion).toBe("external-secrets.io/v1");
    expect(external.metadata).toMatchObject({ name: "omnihub-secrets", namespace: "omnihub-production" });
    expect(external.spec.secretStoreRef).toEqual({ kind: "SecretStore", name: "omnihub-production" });
    expect(external.spec.target.name).toBe("omnihub-secrets");
    expect(external.spec.data).toEqual(
      stageSettings().secrets.names.map((name) => ({
        secretKey: name,
        remoteRef: { key: `omnihub/production/${name}` },
      })),
    );
  });
});

describe("a wrong argument is refused:", () => {
  test.each<[string, Change["settings"], string]>([
    ["no recovery", { recoveryDays: 0 }, "recoveryDays: expected a whole number from 7 to 30 days"],
    ["a key without rotation", { rotationDays: 0 }, "rotationDays: expected a whole number from 90 to 2560 days"],
    ["a name twice", { names: ["A", "A"] }, "names: expected each name once"],
    ["an account that is none", { accountId: "1111" }, "accountId: expected an AWS account of 12 digits, in quotes"],
    [
      "an issuer with its scheme",
      { oidcIssuer: `https://${ISSUER}` },
      'oidcIssuer: expected an issuer without "https://", "oidc.eks.<region>.amazonaws.com/id/<id>"',
    ],
  ])("%s", (_what, settings, expected) => {
    expect(refusalOf(() => new Secrets("secrets", args({ settings: settings ?? {} })))).toBe(`secrets: ${expected}`);
  });
});
