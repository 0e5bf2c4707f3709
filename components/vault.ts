/** Secrets that HashiCorp Vault keeps: the store by which External Secrets logs in there, and what it brings to the service. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArgs } from "./check";
import { objectMetadata } from "./names";
import type { PodParts } from "./pods";
import { vaultSchema, type VaultSettings } from "./settings/additions";

export interface VaultArgs {
  readonly service: string;
  readonly stage: string;
  /** Section `vault`. */
  readonly settings: VaultSettings;
}

const NAME = "vault";
/** The service account, of nothing that runs, as which External Secrets logs in. */
const READER = "vault-reader";

/** Service account, SecretStore and ExternalSecret. Nothing of Vault itself: it is there before any stage is. */
export class Vault extends pulumi.ComponentResource {
  readonly parts: PodParts = { envFrom: [{ secretRef: { name: NAME } }] };

  private readonly prefix: string;
  private readonly args: VaultArgs;

  constructor(name: string, args: VaultArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("vault", vaultSchema, args.settings);
    super("holdpoint:vault:Vault", name, {}, opts);
    this.prefix = name;
    this.args = args;

    const account = new k8s.core.v1.ServiceAccount(
      `${name}-reader`,
      { metadata: this.metadata(READER), automountServiceAccountToken: false },
      { parent: this },
    );
    const { server, path, mount, role, values, refresh } = args.settings;
    const login = { kubernetes: { mountPath: mount, role, serviceAccountRef: { name: READER } } };
    const store = this.create(
      "store",
      "SecretStore",
      { provider: { vault: { server, path, version: "v2", auth: login } } },
      account,
    );
    this.create(
      "external-secret",
      "ExternalSecret",
      {
        refreshInterval: refresh,
        secretStoreRef: { kind: "SecretStore", name: NAME },
        target: { name: NAME, creationPolicy: "Owner", deletionPolicy: "Retain" },
        data: Object.entries(values).map(([secretKey, remoteRef]) => ({ secretKey, remoteRef })),
      },
      store,
    );
    this.registerOutputs({ names: Object.keys(values) });
  }

  private create(suffix: string, kind: string, spec: object, after: pulumi.Resource): pulumi.Resource {
    return new k8s.apiextensions.CustomResource(
      `${this.prefix}-${suffix}`,
      { apiVersion: "external-secrets.io/v1", kind, metadata: this.metadata(NAME), spec },
      { parent: this, dependsOn: [after] },
    );
  }

  private metadata(name: string) {
    return objectMetadata(this.args, name);
  }
}
