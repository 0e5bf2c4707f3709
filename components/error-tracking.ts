/** Errors of the service, each with its stack and its release, at Sentry or a service that speaks its protocol. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArgs } from "./check";
import { objectMetadata, remoteSecretName, scopeName } from "./names";
import type { PodParts } from "./pods";
import { errorTrackingSchema, type ErrorTrackingSettings } from "./settings/additions";

export interface ErrorTrackingArgs {
  readonly service: string;
  readonly stage: string;
  /** How often a change of the DSN is looked for. */
  readonly refresh: string;
  /** Section `errorTracking`. */
  readonly settings: ErrorTrackingSettings;
}

const NAME = "error-tracking";

/** The DSN out of the stage's secret store, and what Sentry's SDKs read beside it. */
export class ErrorTracking extends pulumi.ComponentResource {
  readonly parts: PodParts;

  private readonly args: ErrorTrackingArgs;

  constructor(name: string, args: ErrorTrackingArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("errorTracking", errorTrackingSchema, args.settings);
    super("holdpoint:errorTracking:ErrorTracking", name, {}, opts);
    this.args = args;
    const { service, stage, settings } = args;

    this.createDsn(name);
    const data = {
      SENTRY_ENVIRONMENT: stage,
      SENTRY_SAMPLE_RATE: String(settings.sampleRate),
      SENTRY_TRACES_SAMPLE_RATE: String(settings.tracesSampleRate),
    };
    new k8s.core.v1.ConfigMap(`${name}-settings`, { metadata: this.metadata(), data }, { parent: this });
    this.parts = {
      envFrom: [{ configMapRef: { name: NAME } }, { secretRef: { name: NAME } }],
      // The kubelet fills in the version, which is each track's own.
      env: [{ name: "SENTRY_RELEASE", value: `${service}@$(VERSION)` }],
    };
    this.registerOutputs({ dsn: settings.dsn });
  }

  private createDsn(name: string): void {
    const { service, stage, refresh, settings } = this.args;
    new k8s.apiextensions.CustomResource(
      `${name}-dsn`,
      {
        apiVersion: "external-secrets.io/v1",
        kind: "ExternalSecret",
        metadata: this.metadata(),
        spec: {
          refreshInterval: refresh,
          secretStoreRef: { kind: "SecretStore", name: scopeName(service, stage) },
          target: { name: NAME, creationPolicy: "Owner", deletionPolicy: "Retain" },
          data: [{ secretKey: "SENTRY_DSN", remoteRef: { key: remoteSecretName(service, stage, settings.dsn) } }],
        },
      },
      { parent: this },
    );
  }

  private metadata() {
    return objectMetadata(this.args, NAME);
  }
}
