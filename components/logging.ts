/** How the service logs: one JSON object a line, to standard output and to files of its own. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArgs } from "./check";
import { objectMetadata } from "./names";
import type { PodParts } from "./pods";
import { loggingSchema, type LoggingSettings } from "./settings/additions";

export interface LoggingArgs {
  readonly service: string;
  readonly stage: string;
  /** Section `logging`. */
  readonly settings: LoggingSettings;
}

const NAME = "logging";
const FOLDER = "/var/log/app";

/** ConfigMap of what the service reads, and room for the files: the root of a pod can't be written to. */
export class Logging extends pulumi.ComponentResource {
  readonly parts: PodParts;

  constructor(name: string, args: LoggingArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("logging", loggingSchema, args.settings);
    super("holdpoint:logging:Logging", name, {}, opts);
    const { service, settings } = args;
    const metadata = objectMetadata(args, NAME);
    const data = {
      LOG_FORMAT: "json",
      LOG_LEVEL: settings.level,
      LOG_OUTPUTS: "stdout,file",
      LOG_FILE: `${FOLDER}/${service}.log`,
    };
    new k8s.core.v1.ConfigMap(`${name}-format`, { metadata, data }, { parent: this });
    this.parts = {
      envFrom: [{ configMapRef: { name: NAME } }],
      volumes: [{ name: NAME, emptyDir: { sizeLimit: settings.files } }],
      mounts: [{ name: NAME, mountPath: FOLDER }],
    };
    this.registerOutputs({ level: settings.level });
  }
}
