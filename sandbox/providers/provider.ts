import { aws } from "./aws";
import { spreadUnknowns, type Cloud, type Config } from "./cloud";
import { cloudflare } from "./cloudflare";
import { diff, type Diff } from "./diff";
import { hideSecretData, kubernetes, namespaceOf, project } from "./kubernetes";
import { Objects, type Holdings } from "./objects";
import { Sealer, Store, type Entry } from "./store";
import { at, hasUnknown, isMap, isSecret, plain, secret, UNKNOWN, type Props, type Value } from "./wire";

/** The stand-ins by name. */
export const CLOUDS = { aws, cloudflare, kubernetes } as const;
export type CloudName = keyof typeof CLOUDS;

/** Versions of a thing that no program sets; a change in place moves them. */
const MOVING = ["resourceVersion", "generation"] as const;

/** Inputs and what was computed from them, merged into one set of outputs. */
function merge(inputs: Value | undefined, computed: Value): Value {
  if (isSecret(inputs)) return secret(merge(inputs.value, computed));
  if (isMap(inputs) && isMap(computed)) {
    const merged: Record<string, Value> = { ...inputs };
    for (const [key, value] of Object.entries(computed)) merged[key] = merge(inputs[key], value);
    return merged;
  }
  return computed;
}

/** What a preview says of computed values: unknown, except where they repeat an input. */
function mask(inputs: Value | undefined, computed: Value): Value {
  if (isSecret(inputs)) return mask(inputs.value, computed);
  if (isMap(inputs) && isMap(computed)) {
    return Object.fromEntries(Object.entries(computed).map(([key, value]) => [key, mask(inputs[key], value)]));
  }
  if (Array.isArray(inputs) && Array.isArray(computed) && inputs.length === computed.length) {
    return computed.map((value, i) => mask(inputs[i], value));
  }
  return inputs !== undefined && JSON.stringify(plain(inputs)) === JSON.stringify(plain(computed)) ? inputs : UNKNOWN;
}

/** A resource as the engine names it in a call. */
export interface Subject {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
}

/** What a resource is after a call. */
export interface State {
  readonly id: string;
  readonly outputs: Props;
}

/** One stand-in provider at work: pure but for what it holds on disk. */
export class Provider {
  readonly cloud: Cloud;
  readonly #holdings: Holdings;
  readonly #sealer: Sealer;
  #config: Config = {};

  constructor(name: CloudName, dir: string) {
    this.cloud = CLOUDS[name];
    this.#holdings = name === "kubernetes" ? new Objects(dir) : new Store(dir, name);
    this.#sealer = Sealer.of(dir);
  }

  configure(config: Config): void {
    this.#config = config;
  }

  check(subject: Subject, inputs: Props, old: Props | undefined, seed: Uint8Array) {
    const filled = this.cloud.defaults(subject.type, subject.name, inputs, seed, old);
    return { inputs: filled, failures: this.cloud.check(subject.type, filled) };
  }

  diff(subject: Subject, before: Props, after: Props): Diff & { readonly deleteBeforeReplace: boolean } {
    const found = diff(before, after, this.cloud.forceNew(subject.type, this.#config));
    const naming = this.cloud.naming(subject.type);
    const sameName = naming.every((path) => JSON.stringify(at(before, path)) === JSON.stringify(at(after, path)));
    return { ...found, deleteBeforeReplace: found.replaces.length > 0 && naming.length > 0 && sameName };
  }

  /** What a preview of a new thing shows: its inputs, and unknowns for all that is computed. */
  previewCreate(subject: Subject, inputs: Props): State {
    const computed = this.cloud.computed(subject.type, "", inputs, this.#config);
    return { id: "", outputs: this.#outputs(subject, inputs, mask(inputs, computed) as Props) };
  }

  create(subject: Subject, inputs: Props): State {
    if (hasUnknown(inputs)) throw new Error(`${subject.urn}: an input is still unknown`);
    const id = this.#newId(subject, inputs);
    this.#requireNamespace(subject, inputs);
    const computed = this.cloud.computed(subject.type, id, inputs, this.#config);
    this.#put(subject, id, inputs, computed);
    return { id, outputs: this.#outputs(subject, inputs, computed) };
  }

  previewUpdate(subject: Subject, id: string, inputs: Props): State {
    const computed = spreadUnknowns(this.cloud.computed(subject.type, id, inputs, this.#config));
    const moving = this.#moved(computed, () => UNKNOWN);
    return { id, outputs: this.#outputs(subject, inputs, moving) };
  }

  update(subject: Subject, id: string, inputs: Props): State {
    if (hasUnknown(inputs)) throw new Error(`${subject.urn}: an input is still unknown`);
    const stored = this.#holdings.get(subject.type, id);
    // Server-side apply makes what is missing; the other two refuse to change what is not there.
    if (stored === undefined && this.cloud.name !== "kubernetes") {
      throw new Error(`${id} does not exist any more; run \`pulumi refresh\``);
    }
    this.#requireNamespace(subject, inputs);
    const fresh = this.cloud.computed(subject.type, id, inputs, this.#config);
    const computed = this.#moved(fresh, (key, value) => {
      const before = Number(at(stored?.computed, `metadata.${key}`) ?? 0) + 1;
      return typeof value === "string" ? String(before) : before;
    });
    this.#put(subject, id, inputs, computed);
    return { id, outputs: this.#outputs(subject, inputs, computed) };
  }

  /** What is really there now, or undefined if it is gone; `declared` and `known` are what the engine believes. */
  read(subject: Subject, id: string, declared: Props, known: Props): (State & { inputs: Props }) | undefined {
    const entry = this.#holdings.get(subject.type, id);
    if (entry === undefined) return undefined;
    const live = this.#sealer.unseal(entry.inputs, merge(known, declared)) as Props;
    const computed = this.#sealer.unseal(entry.computed, known) as Props;
    const importing = Object.keys(declared).length === 0;
    const inputs = importing ? live : (project(live, declared) as Props);
    // A drifted input must not be hidden by an output that repeats what it was when it was written.
    const outputs = this.#outputs(subject, live, this.#repeated(entry, live, computed));
    return { id, inputs, outputs };
  }

  delete(subject: Subject, id: string): void {
    this.#holdings.remove(subject.type, id);
  }

  #repeated(entry: Entry, live: Props, computed: Props): Props {
    const now = this.cloud.computed(entry.type, entry.id, live, this.#config);
    const changed = Object.entries(now).filter(([key]) => key in live && key !== "metadata" && key !== "spec");
    return { ...computed, ...Object.fromEntries(changed) };
  }

  #outputs(subject: Subject, inputs: Props, computed: Props): Props {
    return hideSecretData(subject.type, merge(inputs, computed) as Props);
  }

  #moved(computed: Props, next: (key: string, value: Value) => Value): Props {
    const metadata = computed["metadata"];
    if (!isMap(metadata)) return computed;
    const moved: Record<string, Value> = { ...metadata };
    for (const key of MOVING) if (moved[key] !== undefined) moved[key] = next(key, moved[key]);
    return { ...computed, metadata: moved };
  }

  #newId(subject: Subject, inputs: Props): string {
    for (let attempt = 0; ; attempt++) {
      const id = this.cloud.id(subject.type, subject.urn, inputs, attempt, this.#config);
      const holder = this.#holdings.get(subject.type, id);
      // The same resource's own thing: an update was killed after it made it and before the engine wrote that down.
      if (holder === undefined || (this.cloud.idIsName(subject.type) && holder.urn === subject.urn)) return id;
      if (this.cloud.idIsName(subject.type)) {
        throw new Error(`${id} already exists${holder.urn === "" ? "" : `, declared by ${holder.urn}`}`);
      }
      if (attempt > 1000) throw new Error(`no free id for ${subject.urn}`);
    }
  }

  #requireNamespace(subject: Subject, inputs: Props): void {
    if (!(this.#holdings instanceof Objects)) return;
    const namespace = namespaceOf(subject.type, inputs);
    if (namespace !== undefined && !this.#holdings.hasNamespace(namespace)) {
      throw new Error(`namespaces "${namespace}" not found`);
    }
  }

  #put(subject: Subject, id: string, inputs: Props, computed: Props): void {
    this.#holdings.put({
      standIn: this.cloud.name,
      type: subject.type,
      id,
      urn: subject.urn,
      inputs: this.#sealer.seal(hideSecretData(subject.type, inputs)) as Props,
      computed: this.#sealer.seal(computed) as Props,
    });
  }
}
