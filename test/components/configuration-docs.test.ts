import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { z } from "zod";
import { canarySchema, operationRouteSchema } from "../../components/settings/canary";
import { commonShape } from "../../components/settings/common";
import {
  errorTrackingSchema,
  loggingSchema,
  onCallSchema,
  rdfStoreSchema,
  signingSchema,
  telemetrySchema,
  vaultSchema,
} from "../../components/settings/additions";
import { environmentSchema } from "../../components/settings/environment";
import { flagsSchema } from "../../components/settings/flags";
import { monitoringSchema } from "../../components/settings/monitoring";
import { redisSchema } from "../../components/settings/redis";
import { secretsSchema } from "../../components/settings/secrets";
import { wafSchema } from "../../components/settings/waf";

const page = readFileSync("docs/configuration.md", "utf8");

/** Every key of a schema, at any depth. */
function keysOf(schema: z.ZodType): string[] {
  const { shape, element, options } = schema as unknown as {
    shape?: Record<string, z.ZodType>;
    element?: z.ZodType;
    options?: z.ZodType[];
  };
  const own = Object.entries(shape ?? {}).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
  return [...own, ...(element ? keysOf(element) : []), ...(options ?? []).flatMap(keysOf)];
}

const all = {
  canary: canarySchema,
  route: operationRouteSchema,
  environment: environmentSchema,
  waf: wafSchema,
  redis: redisSchema,
  secrets: secretsSchema,
  monitoring: monitoringSchema,
  flags: flagsSchema,
  telemetry: telemetrySchema,
  logging: loggingSchema,
  errorTracking: errorTrackingSchema,
  onCall: onCallSchema,
  rdfStore: rdfStoreSchema,
  signing: signingSchema,
  vault: vaultSchema,
  ...commonShape,
};

test.each(Object.entries(all))("docs/configuration.md has every key of %s", (section, schema) => {
  for (const key of [section, ...keysOf(schema)])
    expect(page, key).toMatch(new RegExp(`(^####? |[\`.])${key}\\b`, "m"));
});
