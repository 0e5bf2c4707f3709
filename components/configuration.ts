import * as pulumi from "@pulumi/pulumi";
import type { RawConfiguration } from "../evidence/request";

/** `isConfigSecret` is exported at run time, but marked internal in the SDK's types. */
const runtime = pulumi.runtime as typeof pulumi.runtime & { isConfigSecret(key: string): boolean };

/** The stack's configuration, as the engine gave it to this process: the same to a program and to a policy pack. */
export function rawConfiguration(): RawConfiguration {
  const values = runtime.allConfig();
  return { values, secretKeys: Object.keys(values).filter((key) => runtime.isConfigSecret(key)) };
}

/** The project's root: set by the loader, which is the only one to know it in a bundle. */
export function projectRoot(): string {
  return (globalThis as { __holdpointRoot?: string }).__holdpointRoot ?? process.cwd();
}
