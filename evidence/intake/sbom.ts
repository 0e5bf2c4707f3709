/** Lists of components: CycloneDX JSON and SPDX 2 JSON. The whole list is kept by digest; the statement names the components. */
import { z } from "zod";
import type { SbomPredicate } from "../predicates/sbom";
import { SPDX_TYPE } from "../predicates/sbom";
import { parseInstant } from "../time";
import type { Format } from "./report";
import { finish, isRecord, refuse, single } from "./report";
import { readAs } from "./schema";

/** A statement's size is limited: beyond so many components each is told without its URL. */
const MAX_WITH_PURL = 2000;

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version?: string | undefined;
  readonly purl?: string | undefined;
  readonly components?: readonly Component[] | undefined;
}

const component: z.ZodType<Component> = z.object({
  type: z.string().min(1),
  name: z.string().min(1),
  version: z.string().optional(),
  purl: z.string().optional(),
  get components() {
    return z.array(component).optional();
  },
});
const cycloneDxSchema = z.object({
  specVersion: z.string(),
  metadata: z.object({ timestamp: z.string().optional() }).default({}),
  components: z.array(component, "a list of components"),
});

/** CycloneDX → "sbom". */
export const cycloneDx: Format = {
  name: "CycloneDX JSON",
  kind: "sbom",
  recognises: ({ json }) => isRecord(json) && json["bomFormat"] === "CycloneDX",
  read(files, stated) {
    const file = single(files, "CycloneDX JSON");
    const { specVersion, metadata, components } = readAs(cycloneDxSchema, file.json, file, "CycloneDX");
    const all = flat(components);
    if (all.length === 0) throw refuse("intake-empty", `${file.name}: a list without one component`);
    const made =
      metadata.timestamp === undefined ? undefined : time(file.name, "metadata.timestamp", metadata.timestamp);
    const { finishedOn, statedBy } = finish(file, made, stated);
    const predicate: SbomPredicate = {
      bomFormat: "CycloneDX",
      specVersion,
      metadata: { timestamp: finishedOn },
      components: all.map(({ type, name, version, purl }) => ({
        type,
        name,
        ...(version === undefined ? {} : { version }),
        ...(purl === undefined || all.length > MAX_WITH_PURL ? {} : { purl }),
      })),
    };
    const stating = statedBy === undefined ? {} : { "https://holdpoint.dev/statedBy": statedBy };
    return { predicate: { ...predicate, ...stating }, summary: `${all.length} components (CycloneDX ${specVersion})` };
  },
};

/** What is inside of a component is one, too. */
function flat(components: readonly Component[]): Component[] {
  return components.flatMap((one) => [one, ...flat(one.components ?? [])]);
}

const spdxSchema = z.object({
  spdxVersion: z.string().regex(/^SPDX-2\.\d+$/, "SPDX-2.x"),
  name: z.string().min(1),
  creationInfo: z.object({ created: z.string() }),
  packages: z.array(
    z.object({ SPDXID: z.string().min(1), name: z.string().min(1), versionInfo: z.string().optional() }),
    "a list of packages",
  ),
});

/** SPDX → "sbom". */
export const spdx: Format = {
  name: "SPDX JSON",
  kind: "sbom",
  recognises: ({ json }) => isRecord(json) && "spdxVersion" in json,
  read(files, stated) {
    const file = single(files, "SPDX JSON");
    const { spdxVersion, name, creationInfo, packages } = readAs(spdxSchema, file.json, file, "SPDX");
    if (packages.length === 0) throw refuse("intake-empty", `${file.name}: a list without one package`);
    const predicate: SbomPredicate = {
      spdxVersion,
      name,
      creationInfo: { created: finish(file, time(file.name, "created", creationInfo.created), stated).finishedOn },
      packages: packages.map(({ SPDXID, name: named, versionInfo }) => ({
        SPDXID,
        name: named,
        ...(versionInfo === undefined ? {} : { versionInfo }),
      })),
    };
    return { predicate, type: SPDX_TYPE, summary: `${packages.length} packages (${spdxVersion})` };
  },
};

function time(file: string, member: string, text: string): number {
  const found = parseInstant(text);
  if (found === undefined) throw refuse("intake-missing-field", `${file}: "${member}" is no time with a zone`);
  return found;
}
