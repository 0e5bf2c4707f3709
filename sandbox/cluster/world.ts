import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Route } from "./route";
import type { RuleGroup } from "./rules";

/** One track's Deployment, as the kubelet needs it. */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
  /** Labels of its pods: what a Service selects by. */
  readonly labels: Readonly<Record<string, string>>;
  /** Label holdpoint.dev/track, else the last part of the name. */
  readonly track: string;
  readonly version: string;
  readonly image: string;
}

/** What the ConfigMap emergency-controls says in one namespace. */
export interface Controls {
  readonly killSwitch: boolean;
  readonly safeMode: boolean;
}

/** The objects of one namespace that the sandbox's cluster acts on. */
export interface Space {
  readonly namespace: string;
  readonly workloads: readonly Workload[];
  /** Selector by name of the Service. */
  readonly services: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly routes: readonly Route[];
  readonly controls: Controls;
  /** Groups of its PrometheusRules. */
  readonly rules: readonly RuleGroup[];
}

/** Larger than any object that a program declares. */
const MAX_BYTES = 1024 * 1024;
const KINDS = /^(deployment|service|httproute|configmap|prometheusrule)-.+\.yaml$/;

/* eslint-disable @typescript-eslint/no-explicit-any -- objects of any shape: what is absent reads as undefined */
function workload(object: any): Workload | undefined {
  const spec = object?.spec;
  if (spec === undefined || Number(spec.replicas ?? 1) < 1) return undefined;
  const name = String(object.metadata?.name ?? "");
  const labels = spec.template?.metadata?.labels ?? {};
  const containers: any[] = spec.template?.spec?.containers ?? [];
  const container = containers.find((each) => each?.name === "app") ?? containers[0];
  // Only the service's own pods are played; Redis and others have no version to answer with.
  const version = container?.env?.find?.((entry: any) => entry?.name === "VERSION")?.value;
  if (version === undefined) return undefined;
  return {
    namespace: String(object.metadata?.namespace ?? "default"),
    name,
    labels,
    track: String(labels["holdpoint.dev/track"] ?? name.slice(name.lastIndexOf("-") + 1)),
    version: String(version),
    image: String(container?.image ?? ""),
  };
}

function route(object: any): Route {
  const rules: any[] = object?.spec?.rules ?? [];
  return {
    namespace: String(object?.metadata?.namespace ?? "default"),
    name: String(object?.metadata?.name ?? ""),
    hostnames: (object?.spec?.hostnames ?? []).map(String),
    rules: rules.map((rule) => ({
      prefixes: (rule?.matches ?? []).map((match: any) => String(match?.path?.value ?? "/")),
      // Gateway API: a backend without a weight has weight 1.
      backends: (rule?.backendRefs ?? []).map((ref: any) => ({
        service: String(ref?.name ?? ""),
        weight: Number(ref?.weight ?? 1),
      })),
    })),
  };
}
/* eslint-enable @typescript-eslint/no-explicit-any */

const on = (value: unknown): boolean => value === "true" || value === true;

/** The objects of a namespace out of the texts of its files; a file that cannot be read counts as absent. */
export function readSpace(namespace: string, objects: readonly unknown[]): Space {
  const workloads: Workload[] = [];
  const services = new Map<string, Record<string, string>>();
  const routes: Route[] = [];
  const rules: RuleGroup[] = [];
  let controls: Controls = { killSwitch: false, safeMode: false };
  for (const object of objects as { kind?: string; metadata?: { name?: string }; [key: string]: unknown }[]) {
    const name = object?.metadata?.name ?? "";
    if (object?.kind === "Deployment") {
      const found = workload(object);
      if (found !== undefined) workloads.push(found);
    } else if (object?.kind === "Service") {
      const spec = object["spec"] as { selector?: Record<string, string> } | undefined;
      services.set(name, spec?.selector ?? {});
    } else if (object?.kind === "HTTPRoute") routes.push(route(object));
    else if (object?.kind === "PrometheusRule") {
      rules.push(...((object["spec"] as { groups?: readonly RuleGroup[] } | undefined)?.groups ?? []));
    } else if (object?.kind === "ConfigMap" && name === "emergency-controls") {
      const data = object["data"] as Record<string, unknown> | undefined;
      controls = { killSwitch: on(data?.["killSwitch"]), safeMode: on(data?.["safeMode"]) };
    }
  }
  return { namespace, workloads, services, routes, controls, rules };
}

/** The pods behind a Service: those that carry every label of its selector. */
export function endpoints(space: Space, service: string): readonly Workload[] {
  const selector = space.services.get(service);
  if (selector === undefined) return [];
  return space.workloads.filter((each) =>
    Object.entries(selector).every(([label, value]) => each.labels[label] === value),
  );
}

interface Cached {
  readonly stamp: string;
  readonly object: unknown;
}

/**
 * Watches the folder of objects by looking at their times: a handful of `stat` calls, cheap enough to make fifty times
 * a second, and, unlike notifications, the same on every system.
 */
export class World {
  readonly #folder: string;
  readonly #cache = new Map<string, Cached>();
  #spaces: ReadonlyMap<string, Space> = new Map();

  constructor(dir: string) {
    this.#folder = join(dir, "cluster");
  }

  get spaces(): ReadonlyMap<string, Space> {
    return this.#spaces;
  }

  /** Looks once; true if anything that matters has changed. */
  poll(): boolean {
    const seen = new Map<string, Map<string, unknown>>();
    let changed = false;
    for (const namespace of list(this.#folder)) {
      const objects = new Map<string, unknown>();
      for (const file of list(join(this.#folder, namespace))) {
        if (!KINDS.test(file)) continue;
        const path = join(this.#folder, namespace, file);
        const before = this.#cache.get(path);
        const now = this.#look(path, before);
        if (now === undefined) continue;
        if (now !== before) changed = true;
        objects.set(path, now.object);
        this.#cache.set(path, now);
      }
      seen.set(namespace, objects);
    }
    for (const path of this.#cache.keys()) {
      if ([...seen.values()].some((objects) => objects.has(path))) continue;
      this.#cache.delete(path);
      changed = true;
    }
    if (changed || seen.size !== this.#spaces.size) {
      this.#spaces = new Map([...seen].map(([name, objects]) => [name, readSpace(name, [...objects.values()])]));
      return true;
    }
    return false;
  }

  #look(path: string, before: Cached | undefined): Cached | undefined {
    try {
      const { mtimeMs, size, ino } = statSync(path);
      const stamp = `${mtimeMs}:${size}:${ino}`;
      if (before?.stamp === stamp) return before;
      if (size > MAX_BYTES) return undefined;
      return { stamp, object: parse(readFileSync(path, "utf8")) as unknown };
    } catch {
      // Gone since it was listed, or half typed by hand: what was there before stays in force.
      return before;
    }
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
