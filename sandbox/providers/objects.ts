import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { isClusterKind, kindOf } from "./kubernetes";
import { fileName, readFile, Store, writeFile, type Entry } from "./store";
import { isMap, type Props, type Value } from "./wire";

/** Where a stand-in keeps things. */
export interface Holdings {
  get(type: string, id: string): Entry | undefined;
  put(entry: Entry): void;
  remove(type: string, id: string): void;
}

/** Fields that a cluster adds to an object's metadata; they are not what was declared. */
const COMPUTED_METADATA = ["uid", "resourceVersion", "generation", "creationTimestamp"] as const;

/** The file of an object: `<namespace>/<kind>-<name>.yaml`; what belongs to no namespace lies in `_cluster`. */
export function objectPath(dir: string, type: string, id: string): string {
  const kind = kindOf(type);
  const slash = isClusterKind(kind) ? -1 : id.indexOf("/");
  const name = id.slice(slash + 1);
  const own = slash < 0 ? "default" : id.slice(0, slash);
  const folder = kind === "Namespace" ? name : isClusterKind(kind) ? "_cluster" : own;
  return join(dir, "cluster", fileName(folder), fileName(`${kind.toLowerCase()}-${name}.yaml`));
}

/** Splits what lies in the cluster into what was declared and what the cluster added to its metadata. */
function split(live: Props): { declared: Props; added: Props } {
  const metadata = live["metadata"];
  if (!isMap(metadata)) return { declared: live, added: {} };
  const declared: Record<string, Value> = { ...metadata };
  const added: Props = {};
  for (const key of COMPUTED_METADATA) {
    const value = declared[key];
    if (value !== undefined) added[key] = value;
    Reflect.deleteProperty(declared, key);
  }
  return { declared: { ...live, metadata: declared }, added };
}

/**
 * Kubernetes objects as YAML, as `kubectl get -o yaml` would show them: these files are the truth, read by the
 * sandbox's cluster and editable by hand. Who declared an object is kept beside, in JSON.
 */
export class Objects implements Holdings {
  readonly #dir: string;
  readonly #owners: Store;

  constructor(dir: string) {
    this.#dir = dir;
    this.#owners = new Store(dir, "kubernetes");
  }

  get(type: string, id: string): Entry | undefined {
    const text = readFile(objectPath(this.#dir, type, id));
    if (text === undefined) return undefined;
    const live = parse(text) as Value;
    if (!isMap(live)) throw new Error(`${objectPath(this.#dir, type, id)} holds no object`);
    const { declared, added } = split(live);
    const owner = this.#owners.get(type, id);
    const computed = { ...(owner?.computed ?? {}), metadata: added };
    return { standIn: "kubernetes", type, id, urn: owner?.urn ?? "", inputs: declared, computed };
  }

  put(entry: Entry): void {
    const added = isMap(entry.computed["metadata"]) ? entry.computed["metadata"] : {};
    const metadata = isMap(entry.inputs["metadata"]) ? entry.inputs["metadata"] : {};
    const { apiVersion = "", kind = "", ...rest } = entry.inputs;
    const object = { apiVersion, kind, ...rest, metadata: { ...metadata, ...added } };
    this.#owners.put({ ...entry, inputs: {} });
    writeFile(
      objectPath(this.#dir, entry.type, entry.id),
      stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }),
    );
  }

  remove(type: string, id: string): void {
    rmSync(objectPath(this.#dir, type, id), { force: true });
    this.#owners.remove(type, id);
    // As in a real cluster, a namespace takes everything in it along.
    if (kindOf(type) === "Namespace")
      rmSync(join(this.#dir, "cluster", fileName(id)), { recursive: true, force: true });
  }

  hasNamespace(name: string): boolean {
    if (["default", "kube-system", "kube-public"].includes(name)) return true;
    try {
      return readdirSync(join(this.#dir, "cluster", fileName(name))).includes(fileName(`namespace-${name}.yaml`));
    } catch {
      return false;
    }
  }
}
