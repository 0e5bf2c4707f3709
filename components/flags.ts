/** The plan's feature flags, as OpenFeature's operator keeps them: one definition of all, and what serves it. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { servedIn, type Flag } from "../rollout/plan/flags";
import { checkArgs } from "./check";
import { objectMetadata, scopeName } from "./names";
import type { PodParts } from "./pods";
import { flagsSchema, type FlagsSettings } from "./settings/flags";

export interface FlagsArgs {
  readonly service: string;
  readonly stage: string;
  /** The plan's, by name. */
  readonly flags: Readonly<Record<string, Flag>>;
  /** Section `flags`. */
  readonly settings: FlagsSettings;
}

/** Port on which flagd answers in the pod, and the one of its probes: its own defaults. */
const PORT = 8013;
const MANAGEMENT_PORT = 8014;

/** Name of the definitions and of their source in the namespace. */
const NAME = "flags";

/**
 * One FeatureFlag with every flag of the plan, and the FeatureFlagSource that flagd reads it by: as a mounted file, which
 * needs neither a token of the cluster nor a way out of the namespace, and is read again when it changes.
 */
export class Flags extends pulumi.ComponentResource {
  /** Annotations that have the operator put flagd into a pod. */
  readonly parts: PodParts = {
    annotations: { "openfeature.dev/enabled": "true", "openfeature.dev/featureflagsource": NAME },
  };

  private readonly prefix: string;
  private readonly args: FlagsArgs;

  constructor(name: string, args: FlagsArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("flags", flagsSchema, args.settings);
    super("holdpoint:flags:Flags", name, {}, opts);
    this.prefix = name;
    this.args = args;

    const spec = { flagSpec: { flags: this.definitions() } };
    const definitions = this.create("definitions", "FeatureFlag", spec, { annotations: this.types() });
    this.create("source", "FeatureFlagSource", this.source(), { dependsOn: [definitions] });
    this.registerOutputs({ flags: Object.keys(args.flags) });
  }

  private definitions(): Record<string, object> {
    const { flags, stage } = this.args;
    return Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, definition(flag, stage)]));
  }

  /** Type and owner of each flag, for whoever looks into the cluster: flagd has no place for them. */
  private types(): Record<string, string> {
    const all = Object.entries(this.args.flags);
    return Object.fromEntries(
      all.map(([name, { type, owner }]) => [`flags.holdpoint.dev/${name}`, `${type}, ${owner}`]),
    );
  }

  private source(): object {
    const { service, stage, settings } = this.args;
    const { cpu, memory } = settings;
    // The last colon before the digest: a registry may have a port.
    const [, image, tag] = /^(.+):([^:]+@sha256:.+)$/.exec(settings.image) ?? [];
    return {
      sources: [{ source: `${scopeName(service, stage)}/${NAME}`, provider: "file" }],
      evaluator: "json",
      image,
      tag,
      port: PORT,
      managementPort: MANAGEMENT_PORT,
      probesEnabled: true,
      resources: { requests: { cpu, memory }, limits: { memory } },
    };
  }

  private create(
    suffix: string,
    kind: string,
    spec: object,
    { annotations, dependsOn = [] }: { annotations?: Record<string, string>; dependsOn?: pulumi.Resource[] },
  ): pulumi.Resource {
    return new k8s.apiextensions.CustomResource(
      `${this.prefix}-${suffix}`,
      {
        apiVersion: "core.openfeature.dev/v1beta1",
        kind,
        metadata: { ...objectMetadata(this.args, NAME), ...(annotations === undefined ? {} : { annotations }) },
        spec,
      },
      { parent: this, dependsOn },
    );
  }
}

/** A flag as flagd reads it. */
export function definition(flag: Flag, stage: string): object {
  const { variants, split } = flag;
  return {
    state: "ENABLED",
    variants,
    defaultVariant: servedIn(flag, stage),
    // A stage that names one variant has no experiment.
    ...(split === undefined || Object.hasOwn(flag.stages, stage) ? {} : { targeting: shares(split) }),
  };
}

/** Users by their targeting key, so that each stays with one variant; shares are weights, in thousandths of all. */
function shares(split: Readonly<Record<string, number>>): object {
  return { fractional: Object.entries(split).map(([variant, share]) => [variant, Math.round(share * 1000)]) };
}
