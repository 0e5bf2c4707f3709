/** Who is called by a critical alert of the stage: Alertmanager's route to PagerDuty or Opsgenie. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArgs } from "./check";
import { objectMetadata } from "./names";
import { onCallSchema, type OnCallSettings } from "./settings/additions";

export interface OnCallArgs {
  readonly service: string;
  readonly stage: string;
  /** Secret of the namespace with the key. */
  readonly secretName: string;
  /** Section `onCall`. */
  readonly settings: OnCallSettings;
}

const NAME = "on-call";

/** An AlertmanagerConfig: it is about the alerts of its own namespace only, and of those about the critical ones. */
export class OnCall extends pulumi.ComponentResource {
  constructor(name: string, args: OnCallArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("onCall", onCallSchema, args.settings);
    super("holdpoint:onCall:OnCall", name, {}, opts);
    const { settings } = args;
    const metadata = objectMetadata(args, NAME);
    new k8s.apiextensions.CustomResource(
      `${name}-route`,
      {
        apiVersion: "monitoring.coreos.com/v1alpha1",
        kind: "AlertmanagerConfig",
        metadata: { ...metadata, labels: { ...metadata.labels, ...settings.labels } },
        spec: {
          route: {
            receiver: NAME,
            groupBy: ["alertname"],
            groupWait: "10s",
            groupInterval: "1m",
            repeatInterval: "1h",
            matchers: [{ name: "severity", matchType: "=", value: "critical" }],
          },
          receivers: [{ name: NAME, ...receiver(args) }],
        },
      },
      { parent: this },
    );
    this.registerOutputs({ kind: settings.kind });
  }
}

function receiver({ secretName, settings }: OnCallArgs): object {
  const key = { name: secretName, key: settings.key };
  const text = "{{ .CommonAnnotations.summary }}";
  const runbook = "{{ .CommonAnnotations.runbook_url }}";
  if (settings.kind === "opsgenie") {
    const details = [{ key: "runbook", value: runbook }];
    return { opsgenieConfigs: [{ apiKey: key, sendResolved: true, message: text, priority: "P1", details }] };
  }
  const details = [{ key: "runbook", value: runbook }];
  return {
    pagerdutyConfigs: [{ routingKey: key, sendResolved: true, severity: "critical", description: text, details }],
  };
}
