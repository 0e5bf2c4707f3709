/** SPDX: version 2 as JSON, version 3 as JSON-LD. The whole list is kept by digest; the statement names the packages. */
import { z } from "zod";
import type { SbomPredicate } from "../predicates/sbom";
import { SPDX_TYPE } from "../predicates/sbom";
import { MAX_WITH_PURL } from "./cyclonedx";
import type { Format, ReportFile } from "./report";
import { finish, isRecord, refuse, single } from "./report";
import { instant } from "./scans";
import { readAs } from "./schema";

const spdx2Schema = z.object({
  spdxVersion: z.string().regex(/^SPDX-2\.\d+$/, "SPDX-2.x"),
  name: z.string().min(1),
  creationInfo: z.object({ created: z.string() }),
  packages: z.array(
    z.object({ SPDXID: z.string().min(1), name: z.string().min(1), versionInfo: z.string().optional() }),
    "a list of packages",
  ),
});

/** SPDX 2 → "sbom". */
export const spdx: Format = {
  name: "SPDX JSON",
  kind: "sbom",
  recognises: ({ json }) => isRecord(json) && "spdxVersion" in json,
  read(files, stated) {
    const file = single(files, "SPDX JSON");
    const { spdxVersion, name, creationInfo, packages } = readAs(spdx2Schema, file.json, file, "SPDX");
    if (packages.length === 0) throw nothingIn(file);
    const predicate: SbomPredicate = {
      spdxVersion,
      name,
      creationInfo: { created: finish(file, instant(file, "created", creationInfo.created), stated).finishedOn },
      packages: packages.map(({ SPDXID, name: named, versionInfo }) => ({
        SPDXID,
        name: named,
        ...(versionInfo === undefined ? {} : { versionInfo }),
      })),
    };
    return { predicate, type: SPDX_TYPE, summary: `${packages.length} packages (${spdxVersion})` };
  },
};

/** The context of a version: a name here, never fetched. */
const CONTEXT = /^https:\/\/spdx\.org\/rdf\/3\.\d+\.\d+\/spdx-context\.jsonld$/;
const element = z.looseObject({ type: z.string() });
const spdx3Schema = z.object({ "@context": z.string().regex(CONTEXT, "SPDX 3"), "@graph": z.array(element) });
const creation = z.object({ created: z.string(), specVersion: z.string().regex(/^3\.\d+\.\d+$/, "3.x.x") });
const packaged = z.object({
  name: z.string().min(1),
  software_packageVersion: z.string().optional(),
  software_packageUrl: z.string().optional(),
});
type Graph = z.output<typeof spdx3Schema>["@graph"];

/** SPDX 3 → "sbom". */
export const spdx3: Format = {
  name: "SPDX 3 JSON-LD",
  kind: "sbom",
  recognises: ({ json }) => isRecord(json) && typeof json["@context"] === "string" && CONTEXT.test(json["@context"]),
  read(files, stated) {
    const file = single(files, "SPDX 3 JSON-LD");
    const { "@context": context, "@graph": graph } = readAs(spdx3Schema, file.json, file, "SPDX 3");
    const { created, specVersion } = creationOf(file, graph);
    const packages = graph
      .filter(({ type }) => type === "software_Package")
      .map((one) => readAs(packaged, one, file, "an SPDX 3 package"));
    if (packages.length === 0) throw nothingIn(file);
    const { finishedOn } = finish(file, instant(file, "created", created), stated);
    const predicate: SbomPredicate = {
      "@context": context,
      "@graph": [
        { type: "CreationInfo", created: finishedOn, specVersion },
        ...packages.map(({ name, software_packageVersion: version, software_packageUrl: url }) => ({
          type: "software_Package" as const,
          name,
          ...(version === undefined ? {} : { software_packageVersion: version }),
          ...(url === undefined || packages.length > MAX_WITH_PURL ? {} : { software_packageUrl: url }),
        })),
      ],
    };
    return { predicate, type: SPDX_TYPE, summary: `${packages.length} packages (SPDX-${specVersion})` };
  },
};

/** Where it was made: of the one document in the graph, written in it or named by it. Merged graphs have others, too. */
function creationOf(file: ReportFile, graph: Graph): z.output<typeof creation> {
  const documents = graph.filter(({ type }) => type === "SpdxDocument");
  if (documents.length !== 1) {
    throw refuse("intake-missing-field", `${file.name}: ${documents.length} documents in the graph, wanted one`);
  }
  const info = documents[0]?.["creationInfo"];
  const found =
    typeof info === "string" ? graph.find((one) => one.type === "CreationInfo" && one["@id"] === info) : info;
  return readAs(creation, found, file, "the creation of an SPDX 3 document");
}

function nothingIn(file: ReportFile): Error {
  return refuse("intake-empty", `${file.name}: a list without one package`);
}
