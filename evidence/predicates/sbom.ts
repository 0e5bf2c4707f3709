/**
 * A list of the components of an artifact: CycloneDX or SPDX, each under its own predicate type. attest writes the
 * members that identify a component and names the whole list by digest, for an envelope has a limited size.
 */
import { z } from "zod";
import type { Predicate } from "./shared";
import { utc, words } from "./shared";

/** Predicate type of an SPDX document. */
export const SPDX_TYPE = "https://spdx.dev/Document";

const cycloneDx = z.object({
  bomFormat: z.literal("CycloneDX"),
  specVersion: words,
  metadata: z.object({ timestamp: utc }),
  components: z.array(
    z.object({ type: words, name: words, version: z.string().optional(), purl: z.string().optional() }),
  ),
});

const spdx = z.object({
  spdxVersion: z.string().regex(/^SPDX-2\.\d+$/, "SPDX-2.x"),
  name: words,
  creationInfo: z.object({ created: utc }),
  packages: z.array(z.object({ SPDXID: words, name: words, versionInfo: z.string().optional() })),
});

const schema = z.union([cycloneDx, spdx]);

/** What attest writes. */
export type SbomPredicate = z.input<typeof schema>;

/** Kind "sbom". It is about an artifact, not about a stage. */
export const sbom: Predicate<"sbom"> = {
  kind: "sbom",
  type: "https://cyclonedx.org/bom",
  otherTypes: [SPDX_TYPE],
  schema,
  read(predicate) {
    // Not the union: its error would name neither format's missing member.
    if (isSpdx(predicate)) {
      const { creationInfo, packages } = spdx.parse(predicate);
      return reading("SPDX", packages.length, creationInfo.created);
    }
    const { metadata, components } = cycloneDx.parse(predicate);
    return reading("CycloneDX", components.length, metadata.timestamp);
  },
};

function isSpdx(predicate: unknown): boolean {
  return typeof predicate === "object" && predicate !== null && "spdxVersion" in predicate;
}

function reading(format: "CycloneDX" | "SPDX", components: number, made: number): ReturnType<typeof sbom.read> {
  return { facts: { format, components }, finishedAt: made, stage: undefined, past: [made] };
}
