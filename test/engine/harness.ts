/**
 * What the engine tests stand on: a sandbox of their own in a temporary folder, driven by the real Pulumi CLI. Built
 * once a file, then put back to a named point before each test.
 */
import { spawn } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseDocument } from "yaml";
import { attest, attestRun } from "../../evidence/attest";
import { signApproval } from "../../evidence/approval";
import { loadKey } from "../../evidence/keys";
import { openStore, type Store } from "../../evidence/store";
import { imageDigest, type Release } from "../../rollout/release";
import { parseDeployment, stateDigest, type StateResource } from "../../rollout/state";
import { updatePlanContent, updatePlanDigest } from "../../rollout/update-plan";
import { requestDigest, type Request } from "../../evidence/request";
import { CLOCK_FILE, planTime, type Segment } from "../../sandbox/clock";
import { setFault } from "../../sandbox/command";
import { keyPath } from "../../sandbox/keys";
import { down, environment, up, type Tools } from "../../sandbox/lifecycle";
import { projectFolder } from "../../sandbox/project";
import { writeFile } from "../../sandbox/providers/store";
import { Attester } from "../../sandbox/story/complete";
import { smokeReport } from "../../sandbox/story/reports";

/** The plan that the tests stand on: OmniHub's as it was when it was small, so that the document's can grow. */
const TEST_PLAN = join("test", "fixtures", "rollout", "plan.yaml");

/** Half an hour into OmniHub's window. */
export const IN_WINDOW = Date.parse("2026-11-29T02:30:00Z");

/** Milliseconds that both releases take longer where they are compared: what a busy machine adds is little beside it. */
export const EVEN = 300;

/** What a command did. */
export interface Ran {
  readonly code: number | null;
  /** stdout and stderr, colours and progress left out. */
  readonly text: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds before it is killed; a run that had to be killed has code null. */
  readonly timeout?: number;
}

/** The engine and Prometheus, as `npm test` hands them on. */
export function tools(): Tools {
  const pulumiDir = process.env["HOLDPOINT_PULUMI_DIR"];
  const prometheus = process.env["HOLDPOINT_PROMETHEUS"];
  if (pulumiDir === undefined || prometheus === undefined) throw new Error("run the engine tests by `npm test`");
  const exe = process.platform === "win32" ? ".exe" : "";
  const promtool = join(dirname(prometheus), `promtool${exe}`);
  return { pulumi: join(pulumiDir, `pulumi${exe}`), pulumiDir, prometheus, promtool };
}

/** What a gate says where only approvals are missing. */
const SAW = { outcome: "PENDING", unmet: ["update-plan-reviewed", "sign-off"] } as const;

/** One sandbox for one test file. */
export class Stand {
  readonly dir: string;
  readonly project: string;
  readonly store: Store;

  private constructor(dir: string) {
    this.dir = dir;
    this.project = projectFolder(dir);
    this.store = openStore(join(dir, "evidence"));
  }

  /**
   * @param start plan time; it runs at the machine's pace unless a factor is given
   * @param plan "omnihub" keeps the document's whole plan; otherwise the small one of the tests is in its place
   */
  static async make(options: { start?: number; factor?: number; plan?: "omnihub" } = {}): Promise<Stand> {
    const stand = new Stand(mkdtempSync(join(tmpdir(), "holdpoint-")));
    await up(stand.dir, tools(), undefined, { start: options.start ?? IN_WINDOW, factor: options.factor ?? 1 });
    if (options.plan === undefined) cpSync(TEST_PLAN, join(stand.project, "plans", "omnihub.yaml"));
    return stand;
  }

  async close(): Promise<void> {
    await down(this.dir);
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** What a point is made of: everything but the sandbox's processes and keys. */
  private parts(): string[] {
    const own = readdirSync(this.project).filter((name) => name !== "node_modules" && name !== "build");
    return ["backend", "cluster", "cloud", "evidence", CLOCK_FILE, ...own.map((name) => join("project", name))];
  }

  /** Remembers everything as it is now. */
  mark(point: string): void {
    for (const part of this.parts()) {
      const from = join(this.dir, part);
      if (existsSync(from))
        cpSync(from, join(this.dir, "points", point, part), { recursive: true, preserveTimestamps: true });
    }
  }

  /** Puts everything back to how it was. */
  back(point: string): void {
    for (const part of this.parts()) rmSync(join(this.dir, part), { recursive: true, force: true });
    cpSync(join(this.dir, "points", point), this.dir, { recursive: true, preserveTimestamps: true });
  }

  /** From now on the sandbox's time runs so many times faster than the machine's. */
  runAt(factor: number): void {
    const path = join(this.dir, CLOCK_FILE);
    const clock = JSON.parse(readFileSync(path, "utf8")) as { segments: Segment[] };
    const machine = Date.now();
    const segment = { machine, plan: planTime(clock.segments, machine), factor };
    // In one go: the sandbox's processes read it all the while.
    writeFile(path, JSON.stringify({ ...clock, segments: [...clock.segments, segment] }));
  }

  pulumi(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.run(tools().pulumi, [...args, "--color", "never"], options);
  }

  /** `pulumi preview` with the pack, and with whatever else is asked for. */
  preview(stack: string, ...more: string[]): Promise<Ran> {
    return this.pulumi(["preview", "-s", stack, "--non-interactive", "--policy-pack", "policies", ...more]);
  }

  /** `pulumi up` with the pack, without its own preview, which the tests make themselves where they need one. */
  up(stack: string, ...more: string[]): Promise<Ran> {
    return this.pulumi([
      "up",
      "-s",
      stack,
      "--yes",
      "--skip-preview",
      "--non-interactive",
      "--policy-pack",
      "policies",
      ...more,
    ]);
  }

  holdpoint(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.run(process.execPath, [join(this.project, "bin", "holdpoint.cjs"), ...args], options);
  }

  run(command: string, args: readonly string[], { env = {}, timeout = 120_000 }: RunOptions = {}): Promise<Ran> {
    const child = spawn(command, args, {
      cwd: this.project,
      env: { ...environment(this.dir, tools()), ...env },
      timeout,
      killSignal: "SIGKILL",
    });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        keep(`$ ${[command, ...args].join(" ")}\n${text}\nexit code ${code}\n\n`);
        resolve({ code, text });
      });
    });
  }

  /** The stack's real resources: without the root, the Stashes and their provider. By URN, sorted. */
  async resources(stack: string): Promise<readonly StateResource[]> {
    const { resources } = parseDeployment(await this.exported(stack));
    return resources.filter(({ type }) => !/^pulumi:(pulumi:Stack|index:Stash|providers:pulumi)$/.test(type));
  }

  /** Everything of the resources that an update could have changed, to compare before and after. */
  async fingerprint(stack: string): Promise<string> {
    const resources = await this.resources(stack);
    const stand = resources.map(({ urn, modified, inputs, outputs }) =>
      JSON.stringify({ urn, modified, inputs, outputs }),
    );
    return stand
      .map((text) => text.replace(/"ciphertext":"[^"]*"/g, ""))
      .sort()
      .join("\n");
  }

  async exported(stack: string): Promise<string> {
    const { code, text } = await this.pulumi(["stack", "export", "-s", stack]);
    if (code !== 0) throw new Error(text);
    return text;
  }

  /** Sets a value of a stack's configuration: `set("production", "holdpoint:environment.targetCpu", 60)`. */
  set(stack: string, path: string, value: unknown): void {
    const file = join(this.project, `Pulumi.${stack}.yaml`);
    const document = parseDocument(readFileSync(file, "utf8"));
    document.setIn(["config", ...path.split(".")], value);
    writeFileSync(file, document.toString());
  }

  /** A value of a stack's configuration. */
  get<T>(stack: string, key: string): T {
    const document = parseDocument(readFileSync(join(this.project, `Pulumi.${stack}.yaml`), "utf8"));
    return (document.toJS() as { config: Record<string, T> }).config[key] as T;
  }

  release(): Release {
    return this.get<Release>("production", "holdpoint:release");
  }

  /** How the two releases answer until it is said anew. Milliseconds; the error rate is the new release's alone. */
  async answers({ errorRate = 0, latency = 0 }: { errorRate?: number; latency?: number }): Promise<void> {
    const { version } = this.get<Release>("production", "holdpoint:baseline");
    await setFault(this.dir, { release: version, errorRate: 0, latency });
    await setFault(this.dir, { release: this.release().version, errorRate, latency });
  }

  /** Changes a file of the project's copy. */
  edit(file: string, change: (text: string) => string): void {
    const path = join(this.project, file);
    const before = readFileSync(path, "utf8");
    const after = change(before);
    if (after === before) throw new Error(`${file}: the change changes nothing`);
    writeFileSync(path, after);
  }

  async attestFiles(
    by: string,
    files: readonly string[],
    more: Partial<Parameters<typeof attest>[0]> = {},
  ): Promise<string> {
    const release = this.release();
    const done = await attest({
      files,
      root: this.project,
      stage: "production",
      subject: { commit: release.commit, sha256: imageDigest(release) },
      key: await loadKey(keyPath(this.dir, by), { allowPlain: true }),
      store: this.store,
      ...more,
    });
    return done.id;
  }

  async attestSmoke(
    at = Date.now(),
    failed: readonly string[] = [],
    more: Partial<Parameters<typeof attest>[0]> = {},
  ): Promise<string> {
    const file = join(this.dir, `smoke-${Math.random().toString(36).slice(2)}.xml`);
    writeFileSync(file, smokeReport(at, failed));
    return this.attestFiles("ci-staging", [file], { stage: "staging", suite: "smoke", ...more });
  }

  async attestDrill(drill: string, more: Partial<Parameters<typeof attestRun>[0]> = {}): Promise<string> {
    const release = this.release();
    const done = await attestRun({
      command: [process.execPath, "-e", "0"],
      ...(drill === "restore" ? { verify: [process.execPath, "-e", "0"] } : {}),
      drill,
      cwd: this.project,
      stage: "staging",
      subject: { commit: release.commit, sha256: imageDigest(release) },
      key: await loadKey(keyPath(this.dir, "sam@omnihub.dev"), { allowPlain: true }),
      store: this.store,
      ...more,
    });
    return done.id;
  }

  /** All the evidence that OmniHub's plan wants for production. */
  attestAll(): Promise<void> {
    return new Attester(this.dir, this.release()).all();
  }

  /** Previews with `--save-plan` and returns the file. */
  async savePlan(stack: string): Promise<string> {
    const file = join(this.dir, `plan-${Math.random().toString(36).slice(2)}.json`);
    const { code, text } = await this.preview(stack, "--save-plan", file);
    if (code !== 0) throw new Error(`the preview failed:\n${text}`);
    return file;
  }

  /** Signs exactly the change in an update plan, without the command's own checks: the tests forge with it. */
  async approve(plan: string, by: string, change: Partial<Parameters<typeof signApproval>[0]> = {}): Promise<string> {
    const content = updatePlanContent(readFileSync(plan, "utf8"));
    const updatePlan = updatePlanDigest(content);
    const request = requestIn(content);
    const state = stateDigest(parseDeployment(await this.exported(request.stack)));
    await this.store.putUpdatePlan(updatePlan, content);
    const binding = { stack: request.stack, updatePlan, request: requestDigest(request), state };
    const key = await loadKey(keyPath(this.dir, by), { allowPlain: true });
    return this.store.put(
      signApproval({ approver: by, binding, decision: "approved", saw: SAW, approvedAt: Date.now(), ...change }, key),
    );
  }

  /** The two approvals that OmniHub's plan asks for. */
  async approveAll(plan: string): Promise<void> {
    await this.approve(plan, "sam@omnihub.dev");
    await this.approve(plan, "priya@omnihub.dev");
  }

  /** Staging has the release, and all evidence is there: only approvals are missing. */
  async ready(): Promise<void> {
    await this.attestAll();
    await this.expectDone(this.up("staging"));
    this.mark("ready");
  }

  /** The release is in production too, under an approved update plan. */
  async entered(): Promise<void> {
    const plan = await this.savePlan("production");
    await this.approveAll(plan);
    await this.expectDone(this.up("production", "--plan", plan));
    await this.expectDone(this.up("production-canary"));
    this.mark("entered");
  }

  /**
   * Expects a command to fail without anything being created, changed or deleted: neither in a stack's state (the
   * clearance's own record and a new stack's root aside) nor in the cluster and the clouds.
   * @returns what it said
   */
  async expectRefused(stack: string, command: () => Promise<Ran>): Promise<string> {
    const before = await this.everything(stack);
    const { code, text } = await command();
    if (code === 0 || code === null) throw new Error(`expected it to be refused, its exit code is ${code}:\n${text}`);
    const after = await this.everything(stack);
    const changed = [...new Set([...before, ...after])].filter((entry) => !before.has(entry) || !after.has(entry));
    if (changed.length > 0) throw new Error(`refused, but this was changed:\n${changed.join("\n")}\n${text}`);
    return text;
  }

  private async everything(stack: string): Promise<ReadonlySet<string>> {
    const folders = ["cluster", "cloud"].map((name) => join(this.dir, name)).filter((folder) => existsSync(folder));
    const files = folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        // The key is what the stand-ins keep secrets with; it is made on first use, also by a preview.
        .filter((entry) => entry.isFile() && entry.name !== "seal.key")
        .map((entry) => join(entry.parentPath, entry.name)),
    );
    const contents = files.sort().map((file) => `${file}\n${readFileSync(file, "utf8")}`);
    return new Set([...(await this.fingerprint(stack)).split("\n"), ...contents]);
  }

  async expectDone(run: Promise<Ran>): Promise<Ran> {
    const ran = await run;
    if (ran.code !== 0) throw new Error(`expected it to be done:\n${ran.text}`);
    return ran;
  }
}

/** With HOLDPOINT_TEST_LOG=<file> whatever a command said is kept there, to look at what a test does not print. */
function keep(said: string): void {
  const log = process.env["HOLDPOINT_TEST_LOG"];
  if (log !== undefined) appendFileSync(log, said);
}

/** What each refused criterion said that it found, by the criterion's id. */
export const refusals = (text: string): Record<string, string> => found(text, "NO-GO");

/** The same of each criterion that only waits for approval. */
export const waiting = (text: string): Record<string, string> => found(text, "PENDING");

function found(text: string, label: string): Record<string, string> {
  const blocks = text.matchAll(new RegExp(`${label} ([a-z0-9.-]+): [^\\n]*\\n\\s*found: ([^\\n]*)`, "g"));
  return Object.fromEntries([...blocks].map(([, id = "", what = ""]) => [id, what.trim()]));
}

/** The request that a plan's clearance asks with. */
function requestIn(content: ReturnType<typeof updatePlanContent>): Request {
  const clearance = Object.entries(content.resourcePlans).find(([urn]) =>
    urn.endsWith("::pulumi:index:Stash::clearance"),
  );
  const { adds, updates } = clearance?.[1].goal?.inputDiff ?? {};
  return ((adds?.["input"] ?? updates?.["input"]) as { request: Request }).request;
}
