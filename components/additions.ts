/** What a stage has only where its configuration has a section for it: each is declared before the service, which uses it. */
import type * as pulumi from "@pulumi/pulumi";
import type { Plan } from "../rollout/plan";
import { ErrorTracking } from "./error-tracking";
import { Flags } from "./flags";
import { hasFlags } from "./inventory";
import { Logging } from "./logging";
import { OnCall } from "./on-call";
import type { PodParts } from "./pods";
import { RdfStore } from "./rdf-store";
import type { StageSettings } from "./settings";
import { Signing } from "./signing";
import { Telemetry } from "./telemetry";
import { Vault } from "./vault";

/** Components, and what they put into the service's pods. */
export interface Additions {
  readonly components: readonly pulumi.ComponentResource[];
  readonly parts: readonly PodParts[];
}

/** @param options of each; those that read the stage's secrets wait for them */
export function declareAdditions(
  settings: StageSettings,
  plan: Plan,
  { secretName, ...options }: pulumi.ComponentResourceOptions & { readonly secretName: string },
): Additions {
  const { stage, protect, secrets, flags, telemetry, logging, errorTracking, onCall, rdfStore, signing, vault } =
    settings;
  const { service } = plan;
  const base = { service, stage };
  const made: readonly ((pulumi.ComponentResource & { readonly parts?: PodParts }) | undefined)[] = [
    flags && hasFlags(settings, plan)
      ? new Flags("flags", { ...base, flags: plan.flags, settings: flags }, options)
      : undefined,
    logging && new Logging("logging", { ...base, settings: logging }, options),
    telemetry && new Telemetry("telemetry", { ...base, secretName, settings: telemetry }, options),
    errorTracking &&
      new ErrorTracking("error-tracking", { ...base, refresh: secrets.refresh, settings: errorTracking }, options),
    onCall && new OnCall("on-call", { ...base, secretName, settings: onCall }, options),
    rdfStore && new RdfStore("rdf-store", { ...base, settings: rdfStore, protect }, options),
    signing && new Signing("signing", { ...base, ...secrets, settings: signing, protect }, options),
    vault && new Vault("vault", { ...base, settings: vault }, options),
  ];
  const components = made.filter((one) => one !== undefined);
  return { components, parts: components.flatMap(({ parts }) => parts ?? []) };
}
