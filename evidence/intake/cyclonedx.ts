/** CycloneDX, as JSON or XML. The whole list is kept by digest; the statement names the components. */
import { z } from "zod";
import type { SbomPredicate } from "../predicates/sbom";
import type { Format, Intake, ReportFile, Stated } from "./report";
import { finish, isRecord, refuse, single } from "./report";
import { instant } from "./scans";
import { readAs } from "./schema";
import { attribute, children, type Element, parseXml, rootName, textOf, withoutDoctype } from "./xml";

/** A statement's size is limited: beyond so many components each is told without its URL. */
export const MAX_WITH_PURL = 2000;

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
const schema = z.object({
  specVersion: z.string(),
  metadata: z.object({ timestamp: z.string().optional() }).default({}),
  components: z.array(component, "a list of components"),
});

/** CycloneDX as JSON → "sbom". */
export const cycloneDx: Format = {
  name: "CycloneDX JSON",
  kind: "sbom",
  recognises: ({ json }) => isRecord(json) && json["bomFormat"] === "CycloneDX",
  read(files, stated) {
    const file = single(files, "CycloneDX JSON");
    return intakeOf(file, file.json, stated);
  },
};

/** The versions' namespaces; nothing is fetched from there. */
const NAMESPACE = /^http:\/\/cyclonedx\.org\/schema\/bom\/(1\.\d{1,2})$/;

/** CycloneDX as XML → "sbom". */
export const cycloneDxXml: Format = {
  name: "CycloneDX XML",
  kind: "sbom",
  recognises: ({ text, json }) => json === undefined && rootName(text) === "bom",
  read(files, stated) {
    const file = single(files, "CycloneDX XML");
    const [bom = {}] = children(parseXml(file, withoutDoctype(file)), "bom");
    const [, specVersion] = NAMESPACE.exec(attribute(bom, "xmlns") ?? "") ?? [];
    if (specVersion === undefined) {
      throw refuse("intake-missing-field", `${file.name}: "bom" without the namespace of a CycloneDX version`);
    }
    const [metadata = {}] = children(bom, "metadata");
    const listed = children(bom, "components").flatMap(componentsIn);
    const read = { specVersion, metadata: { timestamp: textOf(metadata, "timestamp") }, components: listed };
    return intakeOf(file, read, stated);
  },
};

function componentsIn(list: Element): unknown[] {
  return children(list, "component").map((one) => ({
    type: attribute(one, "type"),
    name: textOf(one, "name"),
    version: textOf(one, "version"),
    purl: textOf(one, "purl"),
    components: children(one, "components").flatMap(componentsIn),
  }));
}

function intakeOf(file: ReportFile, read: unknown, stated: Stated): Intake {
  const { specVersion, metadata, components } = readAs(schema, read, file, "CycloneDX");
  const all = flat(components);
  if (all.length === 0) throw refuse("intake-empty", `${file.name}: a list without one component`);
  const { timestamp } = metadata;
  const made = timestamp === undefined ? undefined : instant(file, "metadata.timestamp", timestamp);
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
}

/** What is inside of a component is one, too. */
function flat(components: readonly Component[]): Component[] {
  return components.flatMap((one) => [one, ...flat(one.components ?? [])]);
}
