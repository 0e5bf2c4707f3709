import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { HoldpointError } from "../rollout/errors";
import { CLOCK_FILE, resume, pauseClock, startClock } from "./clock";
import type { ClusterFile } from "./cluster";
import { TRUST_FILE, writeKeys } from "./keys";
import { dataOf } from "./merge";
import { end, pause, runs, startDetached, type Started } from "./processes";
import { OVERRIDES_FILE, projectFolder, stacksOf, writeProject, type Overrides } from "./project";
import { awaitPrometheus, freePort, prometheusUrl, startPrometheus, writeTargets } from "./prometheus";
import { MARKER } from "./providers/guard";
import { installStandIns } from "./providers/install";
import { readFile, writeFile } from "./providers/store";
import { Passphrase } from "./secrets";

/** Where the engine and Prometheus are on this machine (toolchain/setup.cjs finds or makes them). */
export interface Tools {
  readonly pulumi: string;
  /** The engine's folder: the language hosts lie beside it. */
  readonly pulumiDir: string;
  readonly prometheus: string;
  readonly promtool: string;
}

/** A sandbox that is up. Ports are on 127.0.0.1. */
export interface Running {
  readonly dir: string;
  readonly prometheus: string;
  readonly gateway: string;
  readonly admin: string;
}

export interface UpOptions {
  /** The project; by default the one that this program belongs to. */
  readonly root?: string;
  /** Plan time at which a new sandbox's clock starts, milliseconds since the epoch. */
  readonly start?: number;
  /** How much faster its time runs, 1..10000. */
  readonly factor?: number;
}

interface State {
  readonly cluster?: Started;
  readonly prometheus?: Started;
  readonly prometheusPort?: number;
}

const STATE_FILE = "state.json";
/** How long the cluster may take until it serves, milliseconds. */
const READY = 30_000;

/** The project that this program belongs to: bundles are told by their loader, tests run in it. */
export function projectRoot(): string {
  return (globalThis as { __holdpointRoot?: string }).__holdpointRoot ?? process.cwd();
}

/** Where a project's sandbox lies unless told otherwise; for the working copy in a sandbox, that very sandbox. */
export function defaultFolder(root: string): string {
  return existsSync(join(dirname(root), MARKER)) ? dirname(root) : join(root, ".sandbox");
}

function readState(dir: string): State {
  try {
    return JSON.parse(readFile(join(dir, STATE_FILE)) ?? "{}") as State;
  } catch {
    return {};
  }
}

function writeState(dir: string, state: State): void {
  writeFile(join(dir, STATE_FILE), `${JSON.stringify(state, null, 2)}\n`);
}

function locked<T>(dir: string, name: string, work: () => Promise<T>): Promise<T> {
  return withLock(projectRoot(), join(dir, `${name}.lock`), work);
}

/** Runs `work` while no other process does under the same lock, toolchain/lock.cjs; `onWait` may throw to wait for nobody. */
export function withLock<T>(
  root: string,
  file: string,
  work: () => Promise<T>,
  onWait?: (owner: string) => void,
): Promise<T> {
  const toolchain = createRequire(join(root, "package.json"))("./toolchain/lock.cjs") as {
    withLock<R>(file: string, work: () => Promise<R>, options: { onWait?: (owner: string) => void }): Promise<R>;
  };
  return toolchain.withLock(file, work, onWait === undefined ? {} : { onWait });
}

function rootOf(dir: string): string {
  try {
    const marker = JSON.parse(readFile(join(dir, MARKER)) ?? "") as { root?: unknown };
    if (typeof marker.root === "string") return marker.root;
  } catch {
    // No sandbox, told below.
  }
  throw down_(dir);
}

function down_(dir: string): HoldpointError {
  const { cluster, prometheus } = readState(dir);
  const ended = Object.entries({ cluster, prometheus }).filter(
    ([, process]) => process !== undefined && !runs(process),
  );
  const why = ended.map(([name]) => `: its ${name} ended by itself, see ${join(dir, "logs", `${name}.log`)}`).join("");
  return new HoldpointError("sandbox-down", `the sandbox in ${dir} is not up${why}`, {
    remedy: "npx holdpoint sandbox up",
  });
}

/**
 * Brings a sandbox up: keys, clock, stand-in providers, the cluster and Prometheus as background processes, and the
 * project's stacks in a backend of its own. What is up already is left alone, what was killed is started again; two
 * that do this at once wait for each other.
 */
export async function up(
  dir: string,
  tools: Tools,
  progress: (text: string) => void = () => undefined,
  options: UpOptions = {},
): Promise<Running> {
  const folder = resolve(dir);
  const root = resolve(options.root ?? projectRoot());
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return locked(folder, "sandbox", async () => {
    prepare(folder, root, options);
    progress("starting the cluster");
    const cluster = startCluster(folder);
    progress("installing the stand-in providers");
    await Promise.all([installStandIns(projectRoot(), join(folder, "home")), writeOverrides(folder)]);
    progress("starting Prometheus");
    const prometheus = await ensurePrometheus(folder, tools);
    progress("initialising the stacks");
    writeProject(root, folder);
    await initStacks(folder, tools);
    const file = await awaitCluster(folder, cluster);
    writeTargets(folder, file.admin);
    const port = readState(folder).prometheusPort ?? 0;
    await awaitPrometheus(folder, prometheus, port);
    return running(folder, file, port);
  });
}

function prepare(dir: string, root: string, options: UpOptions): void {
  const marker = `${JSON.stringify({ apiVersion: "holdpoint.dev/v1", kind: "Sandbox", root }, null, 2)}\n`;
  if (readFile(join(dir, MARKER)) !== marker) writeFile(join(dir, MARKER), marker);
  for (const name of ["home", "backend", "cluster", "evidence", "logs"]) {
    mkdirSync(join(dir, name), { recursive: true, mode: 0o700 });
  }
  if (readFile(passphrasePath(dir)) === undefined)
    writeFile(passphrasePath(dir), randomBytes(24).toString("base64url"));
  writeKeys(dir, root);
  const factor = options.factor === undefined ? {} : { factor: options.factor };
  startClock(dir, { ...factor, ...(options.start === undefined ? {} : { plan: options.start }) });
  resume(dir);
}

const passphrasePath = (dir: string): string => join(dir, "passphrase");

/** Ciphertexts are made once: a new one each time would look like a change of the secret. */
async function writeOverrides(dir: string): Promise<void> {
  const state = readState(dir);
  const port =
    runs(state.prometheus) && state.prometheusPort !== undefined
      ? state.prometheusPort
      : await freePort(state.prometheusPort);
  writeState(dir, { ...state, prometheusPort: port });
  const path = join(dir, OVERRIDES_FILE);
  const before = JSON.parse(readFile(path) ?? "{}") as Partial<Overrides>;
  const where = { prometheus: prometheusUrl(port), trust: join(dir, TRUST_FILE), evidence: join(dir, "evidence") };
  const { encryptionsalt, digestKey, redisAuthToken } = before;
  const known = encryptionsalt !== undefined && digestKey !== undefined && redisAuthToken !== undefined;
  const sealed = known ? { encryptionsalt, digestKey, redisAuthToken } : newSecrets(dir);
  const text = `${JSON.stringify({ ...where, ...sealed }, null, 2)}\n`;
  if (readFile(path) !== text) writeFile(path, text);
}

function newSecrets(dir: string): Pick<Overrides, "encryptionsalt" | "digestKey" | "redisAuthToken"> {
  const passphrase = Passphrase.create(readFile(passphrasePath(dir)) ?? "");
  return {
    encryptionsalt: passphrase.salt,
    digestKey: passphrase.encrypt(randomBytes(32).toString("hex")),
    redisAuthToken: passphrase.encrypt(randomBytes(24).toString("hex")),
  };
}

function startCluster(dir: string): Started {
  const state = readState(dir);
  if (runs(state.cluster) && state.cluster !== undefined && existsSync(join(dir, "cluster.json"))) return state.cluster;
  rmSync(join(dir, "cluster.json"), { force: true });
  const launcher = join(projectRoot(), "sandbox", "cluster.cjs");
  const cluster = startDetached(process.execPath, [launcher, dir], join(dir, "logs", "cluster.log"), process.env);
  // At once: whatever happens next, `down` must find it.
  writeState(dir, { ...state, cluster });
  return cluster;
}

async function ensurePrometheus(dir: string, tools: Tools): Promise<Started> {
  const state = readState(dir);
  if (runs(state.prometheus) && state.prometheus !== undefined) return state.prometheus;
  const prometheus = startPrometheus(dir, tools.prometheus, state.prometheusPort ?? 0);
  writeState(dir, { ...state, prometheus });
  return Promise.resolve(prometheus);
}

async function awaitCluster(dir: string, cluster: Started): Promise<ClusterFile> {
  const until = Date.now() + READY;
  while (Date.now() < until && runs(cluster)) {
    const file = clusterFile(dir);
    if (file?.pid === cluster.pid) return file;
    await pause(20);
  }
  const log = join(dir, "logs", "cluster.log");
  const last = (readFile(log) ?? "").trim().split("\n").slice(-1)[0] ?? "";
  throw new HoldpointError("sandbox-down", `the sandbox's cluster does not start: ${last.slice(0, 300)} (${log})`, {
    remedy: "npx holdpoint sandbox down, then npx holdpoint sandbox up",
  });
}

function clusterFile(dir: string): ClusterFile | undefined {
  try {
    return JSON.parse(readFile(join(dir, "cluster.json")) ?? "") as ClusterFile;
  } catch {
    return undefined;
  }
}

function running(dir: string, file: ClusterFile, prometheusPort: number): Running {
  const at = (port: number): string => `http://127.0.0.1:${String(port)}`;
  return { dir, prometheus: prometheusUrl(prometheusPort), gateway: at(file.gateway), admin: at(file.admin) };
}

/** The sandbox if it is up and both of its processes run, else undefined. */
export function status(dir: string): Running | undefined {
  const folder = resolve(dir);
  const state = readState(folder);
  const file = clusterFile(folder);
  if (file === undefined || state.prometheusPort === undefined) return undefined;
  return runs(state.cluster) && runs(state.prometheus) ? running(folder, file, state.prometheusPort) : undefined;
}

/**
 * The sandbox that is up.
 * @throws HoldpointError `sandbox-down`, with what to do
 */
export function requireUp(dir: string): Running {
  const found = status(dir);
  if (found === undefined) throw down_(resolve(dir));
  return found;
}

/** Stops a sandbox's processes, and lets its clock run at the usual pace; what it holds stays for the next `up`. */
export async function down(dir: string): Promise<void> {
  const folder = resolve(dir);
  if (!existsSync(join(folder, MARKER))) return;
  await locked(folder, "sandbox", async () => {
    const { cluster, prometheus, ...rest } = readState(folder);
    await Promise.all([end(cluster), end(prometheus)]);
    rmSync(join(folder, "cluster.json"), { force: true });
    writeState(folder, rest);
    if (existsSync(join(folder, CLOCK_FILE))) pauseClock(folder);
  });
}

/** What a caller's shell may have set that would lead a command out of the sandbox. */
const LEFTOVER = /^(AWS_|CLOUDFLARE_|CF_API_|KUBE|PULUMI_|HOLDPOINT_(?!DEBUG$)|NODE_OPTIONS$|NODE_PATH$)/i;

/** The environment of commands inside a sandbox: its own engine, backend, home and passphrase, nothing of the caller's. */
export function environment(dir: string, tools: Tools, from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const folder = resolve(dir);
  const kept = Object.entries(from).filter(([name]) => !LEFTOVER.test(name) && name.toUpperCase() !== "PATH");
  const path = Object.entries(from).find(([name]) => name.toUpperCase() === "PATH")?.[1] ?? "";
  return {
    ...Object.fromEntries(kept),
    ...withoutProxy(from),
    PATH: [tools.pulumiDir, dirname(process.execPath), path].filter((part) => part !== "").join(delimiter),
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: pathToFileURL(join(folder, "backend")).href,
    PULUMI_CONFIG_PASSPHRASE: readFileSync(passphrasePath(folder), "utf8"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}

/** A proxy is for what is elsewhere; gRPC for Node.js sends the engine's own connections through it, too. */
function withoutProxy(from: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = ["no_proxy", "NO_PROXY", ...(from["no_grpc_proxy"] === undefined ? [] : ["no_grpc_proxy"])];
  return Object.fromEntries(
    names.map((name) => [name, [from[name], "127.0.0.1", "localhost"].filter(Boolean).join(",")]),
  );
}

/** Makes the stacks that the project has files for, two at a time; those that are there are left alone. */
async function initStacks(dir: string, tools: Tools): Promise<void> {
  const project = projectFolder(dir);
  const name = String(dataOf(readFileSync(join(project, "Pulumi.yaml"), "utf8"))["name"] ?? "");
  const stacks = join(dir, "backend", ".pulumi", "stacks", name);
  const missing = stacksOf(project).filter((stack) => !existsSync(join(stacks, `${stack}.json`)));
  const one = async (): Promise<void> => {
    for (let stack = missing.shift(); stack !== undefined; stack = missing.shift()) await initStack(dir, tools, stack);
  };
  await Promise.all([one(), one()]);
}

async function initStack(dir: string, tools: Tools, stack: string): Promise<void> {
  const args = ["stack", "init", stack, "--no-select", "--non-interactive"];
  const options = { cwd: projectFolder(dir), env: environment(dir, tools), timeout: 60_000 };
  try {
    await promisify(execFile)(tools.pulumi, args, options);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() ?? String(error);
    throw new HoldpointError(
      "engine-failed",
      `pulumi stack init ${stack} failed in the sandbox: ${said.slice(0, 500)}`,
      {
        cause: error,
      },
    );
  }
}

/** The program that a command's first word means inside a sandbox. */
function resolveCommand(dir: string, tools: Tools, argv: readonly string[]): readonly [string, ...string[]] {
  const [command = "", ...rest] = argv;
  switch (command) {
    case "pulumi":
      return [tools.pulumi, ...rest];
    case "promtool":
      return [tools.promtool, ...rest];
    case "node":
      return [process.execPath, ...rest];
    case "holdpoint":
      return [process.execPath, join(projectFolder(dir), "bin", "holdpoint.cjs"), ...rest];
    default:
      return [command, ...rest];
  }
}

/**
 * Runs a command inside a sandbox that is up: in the working copy of the project, which is brought up to date first,
 * with the sandbox's environment and this process's own input and output.
 * @returns its exit code; 128 and the signal's number if a signal ended it
 * @throws HoldpointError `sandbox-down`; `usage` if there is no such command
 */
export async function exec(dir: string, tools: Tools, argv: readonly string[]): Promise<number> {
  const folder = resolve(dir);
  if (argv.length === 0) {
    throw new HoldpointError("usage", "no command given", { remedy: "npx holdpoint sandbox exec -- pulumi stack ls" });
  }
  requireUp(folder);
  await sync(folder);
  const [command, ...args] = resolveCommand(folder, tools, argv);
  const child = spawn(command, args, { cwd: projectFolder(folder), env: environment(folder, tools), stdio: "inherit" });
  const pass = (signal: NodeJS.Signals) => (): void => {
    // From a terminal it goes to the whole group: passed on, the engine would get it twice, which aborts an update.
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    child.kill(signal);
  };
  const handlers = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => [signal, pass(signal)] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  try {
    return await new Promise<number>((resolve_, reject) => {
      child.on("error", (error) => {
        reject(
          new HoldpointError("usage", `cannot run "${argv[0] ?? ""}" in the sandbox: ${error.message}`, {
            cause: error,
          }),
        );
      });
      child.on("exit", (code, signal) => {
        resolve_(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}

/** Brings a sandbox's working copy of the project up to date. */
export async function sync(dir: string): Promise<void> {
  const folder = resolve(dir);
  const root = rootOf(folder);
  await locked(folder, "sync", () => {
    writeProject(root, folder);
    return Promise.resolve();
  });
}
