/**
 * A list of the components of an artifact: CycloneDX or SPDX (2, 3), each under its own predicate type. attest writes the
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

const spdx3 = z.object({
  "@context": words,
  "@graph": z
    .tuple([
      z.object({ type: z.literal("CreationInfo"), created: utc, specVersion: z.string().regex(/^3\.\d+\.\d+$/) }),
    ])
    .rest(
      z.object({
        type: z.literal("software_Package"),
        name: words,
        software_packageVersion: z.string().optional(),
        software_packageUrl: z.string().optional(),
      }),
    ),
});

const schema = z.union([cycloneDx, spdx, spdx3]);

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
    if (has(predicate, "@graph")) {
      const [{ created }, ...packages] = spdx3.parse(predicate)["@graph"];
      return reading("SPDX", packages.length, created);
    }
    if (has(predicate, "spdxVersion")) {
      const { creationInfo, packages } = spdx.parse(predicate);
      return reading("SPDX", packages.length, creationInfo.created);
    }
    const { metadata, components } = cycloneDx.parse(predicate);
    return reading("CycloneDX", components.length, metadata.timestamp);
  },
};

function has(predicate: unknown, member: string): boolean {
  return typeof predicate === "object" && predicate !== null && Object.hasOwn(predicate, member);
}

function reading(format: "CycloneDX" | "SPDX", components: number, made: number): ReturnType<typeof sbom.read> {
  return { facts: { format, components }, finishedAt: made, stage: undefined, past: [made] };
}
