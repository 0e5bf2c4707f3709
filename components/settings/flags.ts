/** Section `flags`: what answers the service when it asks for a flag. The flags themselves are the plan's. */
import { z } from "zod";
import { cpu, memory } from "./values";

const taggedImage = z
  .string({ error: 'an image with its tag and digest, "ghcr.io/open-feature/flagd:v0.12.9@sha256:<64 hex>"' })
  .regex(/^[a-z0-9]+([._/-][a-z0-9]+)*:(?!latest@)[\w][\w.-]{0,127}@sha256:[0-9a-f]{64}$/, {
    error: 'an image with its tag and digest, "ghcr.io/open-feature/flagd:v0.12.9@sha256:<64 hex>"',
  });

export const flagsSchema = z.strictObject({
  /** flagd, which the OpenFeature operator puts beside the service in each pod. */
  image: taggedImage,
  /** What it asks for and may not exceed, in each pod. */
  cpu,
  memory,
});

export type FlagsSettings = z.infer<typeof flagsSchema>;
