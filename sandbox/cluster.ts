/**
 * The sandbox's cluster, one background process: kubelet (a small HTTP server for each Deployment of the service),
 * gateway (weights of the rendered HTTPRoute), prober, users, and the metrics that the real Prometheus scrapes.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Admin } from "./cluster/admin";
import { Faults, parseFault, type Fault } from "./cluster/faults";
import { Gateway } from "./cluster/gateway";
import { Load, rateOf } from "./cluster/load";
import { probe } from "./cluster/probe";
import { rulesFile } from "./cluster/rules";
import { ServedLog } from "./cluster/served";
import { Version } from "./cluster/version";
import { endpoints, World, type Workload } from "./cluster/world";
import { paceNow } from "./clock";
import { end, type Started } from "./processes";
import { loadRules } from "./prometheus";
import { MARKER } from "./providers/guard";
import { writeFile } from "./providers/store";

/** Where a running cluster says how it can be reached. */
export const CLUSTER_FILE = "cluster.json";

/** What the cluster says of itself in `cluster.json`. Ports are on 127.0.0.1. */
export interface ClusterFile {
  readonly pid: number;
  readonly gateway: number;
  readonly admin: number;
}

/** How often the objects are looked at: a new weight is in force this many milliseconds after it was written. */
const LOOK = 20;
/** How often each track's health is probed, milliseconds. */
const PROBE = 500;

const key = (workload: Workload): string => `${workload.namespace}/${workload.name}`;
const same = (a: Workload, b: Workload): boolean =>
  a.version === b.version && a.image === b.image && a.track === b.track;

/** How long a version that is out of rotation goes on serving what was sent to it before, milliseconds. */
const DRAIN = 300;

function drain(version: Version): void {
  setTimeout(() => void version.stop(), DRAIN).unref();
}

/** How often rules are looked at, milliseconds: as an operator does it, soon and not at once. */
const RULES = 500;

/** The running cluster of one sandbox. */
export class Cluster {
  readonly #dir: string;
  readonly #world: World;
  readonly #faults: Faults;
  readonly #served = new ServedLog();
  readonly #versions = new Map<string, Version>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #gateway: Gateway;
  readonly #admin: Admin;
  #load: Load | undefined;
  #reconciling = false;
  /** Whether something was declared since the last look at what runs. */
  #changed = false;
  /** The rules that Prometheus has, by namespace. */
  #rules: ReadonlyMap<string, string> = new Map();
  #loading = false;
  /** Why rules did not reach Prometheus, as it was said last. */
  #said = "";

  constructor(dir: string, random: () => number = Math.random) {
    this.#dir = dir;
    this.#world = new World(dir);
    this.#faults = new Faults(readFaults(dir));
    this.#gateway = new Gateway({
      random,
      spaces: () => this.#world.spaces,
      endpoint: (space, service) => {
        const running = endpoints(space, service).flatMap((workload) => this.#versions.get(key(workload)) ?? []);
        const version = running[Math.floor(random() * running.length)];
        return version === undefined ? undefined : { workload: version.workload, port: version.port };
      },
    });
    this.#admin = new Admin({
      faults: this.#faults,
      served: this.#served,
      tracks: () => [...this.#versions.values()].map((version) => version.metrics),
      describe: () => this.#describe(),
      faultsChanged: () => {
        writeFile(join(dir, "faults.json"), `${JSON.stringify(this.#faults.all(), null, 2)}\n`);
      },
    });
  }

  /** Serves; the answer says where. */
  async start(): Promise<ClusterFile> {
    this.#world.poll();
    await this.#reconcile();
    const gateway = await this.#gateway.start();
    const admin = await this.#admin.start();
    this.#load = new Load(gateway, () => this.#world.spaces, Math.random);
    this.#timers.push(
      setInterval(() => {
        if (!this.#world.poll()) return;
        this.#changed = true;
        void this.#reconcile();
      }, LOOK),
      setInterval(() => {
        for (const version of this.#versions.values())
          void probe(version.port).then((ok) => {
            version.metrics.probed(ok);
          });
      }, PROBE),
      setInterval(() => void this.#giveRules(), RULES),
    );
    return { pid: process.pid, gateway, admin };
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#load?.stop();
    this.#gateway.stop();
    this.#admin.stop();
    await Promise.all([...this.#versions.values()].map((version) => version.stop()));
  }

  /** Starts what is declared and not running, and stops what is running and not declared. */
  async #reconcile(): Promise<void> {
    if (this.#reconciling) return;
    this.#reconciling = true;
    try {
      let declared: Map<string, Workload>;
      do {
        this.#changed = false;
        declared = new Map(
          [...this.#world.spaces.values()].flatMap(({ workloads }) => workloads.map((w) => [key(w), w])),
        );
        for (const [name, workload] of declared) {
          const running = this.#versions.get(name);
          if (running !== undefined && same(running.workload, workload)) continue;
          const version = this.#version(workload);
          await version.start();
          version.metrics.probed(await probe(version.port));
          this.#versions.set(name, version);
          if (running !== undefined) drain(running);
        }
        for (const [name, version] of this.#versions) {
          if (declared.has(name)) continue;
          this.#versions.delete(name);
          drain(version);
        }
        // What was declared while a version started is looked at in the same go; the timer may have seen it first.
      } while (this.#world.poll() || this.#changed);
    } finally {
      this.#reconciling = false;
    }
  }

  /**
   * What the Prometheus operator does: rules that were declared reach Prometheus. Until they have it is tried again; rules
   * or a clock that can't be read are said once, and nothing else of the cluster waits for them.
   */
  async #giveRules(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      await this.#newRules();
      this.#said = "";
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (text !== this.#said) console.error(`rules do not reach Prometheus: ${text}`);
      this.#said = text;
    } finally {
      this.#loading = false;
    }
  }

  async #newRules(): Promise<void> {
    const port = readJson<{ prometheusPort?: number }>(join(this.#dir, "state.json"))?.prometheusPort;
    if (port === undefined) return;
    const pace = paceNow(this.#dir);
    const declared = [...this.#world.spaces.values()].filter(({ rules }) => rules.length > 0);
    const wanted = new Map(declared.map(({ namespace, rules }) => [namespace, rulesFile(rules, namespace, pace)]));
    if ([...wanted].every(([namespace, text]) => this.#rules.get(namespace) === text)) return;
    if (await loadRules(this.#dir, port, wanted)) this.#rules = wanted;
  }

  #version(workload: Workload): Version {
    return new Version({
      workload,
      faults: this.#faults,
      random: Math.random,
      controls: () => this.#world.spaces.get(workload.namespace)?.controls ?? { killSwitch: false, safeMode: false },
      served: (at) => {
        this.#served.add(workload.namespace, workload.track, workload.version, at);
      },
    });
  }

  #describe(): unknown {
    return [...this.#world.spaces.values()]
      .filter(({ workloads, routes }) => workloads.length + routes.length > 0)
      .map(({ namespace, workloads, routes, controls }) => ({
        namespace,
        controls,
        requestsPerSecond: routes.length === 0 ? 0 : rateOf(namespace),
        versions: workloads.map(({ name, track, version, image }) => ({ name, track, version, image })),
        routes: routes.map(({ name, hostnames, rules }) => ({
          name,
          hostnames,
          backends: rules.flatMap((r) => r.backends),
        })),
      }));
  }
}

function readFaults(dir: string): readonly Fault[] {
  try {
    const raw = JSON.parse(readFileSync(join(dir, "faults.json"), "utf8")) as unknown;
    return Array.isArray(raw) ? raw.map(parseFault).filter((fault): fault is Fault => typeof fault !== "string") : [];
  } catch {
    return [];
  }
}

/** The process: runs until it is told to end, or its sandbox's folder is gone. */
export async function main(dir: string): Promise<void> {
  const cluster = new Cluster(dir);
  const finish = (): void => {
    void cluster.stop().then(() => process.exit(0));
    setTimeout(() => process.exit(0), 3_000).unref();
  };
  process.on("SIGTERM", finish);
  process.on("SIGINT", finish);
  writeFile(join(dir, CLUSTER_FILE), `${JSON.stringify(await cluster.start())}\n`);
  let prometheus: Started | undefined;
  setInterval(() => {
    if (existsSync(join(dir, MARKER))) {
      prometheus = readJson<{ prometheus?: Started }>(join(dir, "state.json"))?.prometheus ?? prometheus;
      // Another cluster took over, or `down` ended this one and it was started in the same moment.
      if (readJson<ClusterFile>(join(dir, CLUSTER_FILE))?.pid !== process.pid) finish();
      return;
    }
    // Someone deleted the folder instead of calling `down`: nothing may be left running.
    void end(prometheus).then(finish);
  }, 1_000);
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}
