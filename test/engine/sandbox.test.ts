import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assertSandbox, readClock } from "../../sandbox/clock";
import { down, environment, exec, status, up, type Running, type Tools } from "../../sandbox/lifecycle";
import { runs } from "../../sandbox/processes";
import { projectFolder } from "../../sandbox/project";

const tools: Tools = {
  pulumi: process.env["HOLDPOINT_PULUMI"] ?? "pulumi",
  pulumiDir: process.env["HOLDPOINT_PULUMI_DIR"] ?? "",
  prometheus: process.env["HOLDPOINT_PROMETHEUS"] ?? "prometheus",
  promtool: process.env["HOLDPOINT_PROMTOOL"] ?? "promtool",
};

const SECRETS = ["hunter2-is-the-secret-string", "auth-token-0123456789", "plain-but-in-a-secret-object"];

/** A program on the three SDKs whose resources depend on what others compute. */
const PROGRAM = `
const k8s = require("@pulumi/kubernetes"), aws = require("@pulumi/aws"), cloudflare = require("@pulumi/cloudflare");
const pulumi = require("@pulumi/pulumi");
const weight = new pulumi.Config("holdpoint").getNumber("weight") ?? 0;
const namespace = new k8s.core.v1.Namespace("namespace", { metadata: { name: "omnihub-staging" } });
const inside = { namespace: namespace.metadata.name };
const key = new aws.kms.Key("key", { description: "secrets", enableKeyRotation: true });
new aws.kms.Alias("alias", { name: "alias/omnihub", targetKeyId: key.keyId });
const secret = new aws.secretsmanager.Secret("secret", { name: "omnihub/staging/redis", kmsKeyId: key.arn });
new aws.secretsmanager.SecretVersion("version", { secretId: secret.id, secretString: pulumi.secret("${SECRETS[0]}") });
const redis = new aws.elasticache.ReplicationGroup("redis", {
  replicationGroupId: "omnihub-staging", description: "redis", authToken: pulumi.secret("${SECRETS[1]}"),
});
new k8s.core.v1.ConfigMap("config", {
  metadata: { ...inside, name: "redis" },
  data: { host: redis.primaryEndpointAddress, uid: namespace.metadata.uid, key: key.arn },
});
new k8s.core.v1.Secret("password", { metadata: { ...inside, name: "redis" }, stringData: { password: "${SECRETS[2]}" } });
new cloudflare.DnsRecord("dns", {
  zoneId: "0".repeat(32), name: "omnihub.dev", type: "CNAME", content: redis.primaryEndpointAddress, ttl: 1, proxied: true,
});
for (const [track, version] of [["baseline", "1.0.0"], ["canary", "2.0.0"]]) {
  const labels = { "holdpoint.dev/track": track };
  new k8s.core.v1.Service(track, { metadata: { ...inside, name: "omnihub-" + track }, spec: { selector: labels, ports: [{ port: 8080 }] } });
  new k8s.apps.v1.Deployment(track, {
    metadata: { ...inside, name: "omnihub-" + track },
    spec: {
      replicas: 1, selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [
        { name: "app", image: "registry.example/omnihub:" + version, env: [{ name: "VERSION", value: version }] },
      ] } },
    },
  });
}
new k8s.apiextensions.CustomResource("route", {
  apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata: { ...inside, name: "omnihub" },
  spec: { hostnames: ["staging.omnihub.dev"], rules: [{ backendRefs: [
    { name: "omnihub-baseline", port: 8080, weight: 100 - weight }, { name: "omnihub-canary", port: 8080, weight },
  ] }] },
});
exports.uid = namespace.metadata.uid;
exports.host = redis.primaryEndpointAddress;
`;

let folder: string;
let root: string;
let dir: string;
let running: Running;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdpoint-sandbox-"));
  root = join(folder, "project");
  dir = join(root, ".sandbox");
  mkdirSync(root);
  symlinkSync(join(process.cwd(), "node_modules"), join(root, "node_modules"), "junction");
  writeFileSync(join(root, "Pulumi.yaml"), "name: tiny\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n");
  writeFileSync(join(root, "package.json"), '{ "name": "tiny", "main": "index.cjs" }\n');
  writeFileSync(join(root, "index.cjs"), PROGRAM);
  for (const stack of ["staging", "staging-canary"]) {
    writeFileSync(join(root, `Pulumi.${stack}.yaml`), "config:\n  holdpoint:weight: 0\n  aws:region: eu-central-1\n");
  }
  running = await up(dir, tools, undefined, { root });
});

afterAll(async () => {
  await down(dir);
  rmSync(folder, { recursive: true, force: true });
});

interface Result {
  readonly code: number;
  readonly said: string;
}

function pulumi(args: readonly string[], env: NodeJS.ProcessEnv = environment(dir, tools)): Promise<Result> {
  return new Promise((resolve) => {
    const options = { cwd: projectFolder(dir), env, timeout: 120_000 };
    execFile(tools.pulumi, [...args, "--non-interactive"], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), said: stdout + stderr });
    });
  });
}

const object = (name: string): string => join(dir, "cluster", "omnihub-staging", name);

/** Everything in the sandbox but the engine's own state, which encrypts, and the program's text. */
function texts(at: string): string[] {
  return readdirSync(at, { withFileTypes: true }).flatMap((entry) => {
    const path = join(at, entry.name);
    if (entry.isDirectory()) return entry.name === "project" ? [] : texts(path);
    return entry.isFile() ? [readFileSync(path, "latin1")] : [];
  });
}

describe("a sandbox on the real engine", () => {
  it("shows what is not known yet as unknown, says that providers are stand-ins, and applies an honest plan", async () => {
    const plan = join(dir, "plan.json");
    const preview = await pulumi(["preview", "--stack", "staging", "--diff", "--save-plan", plan]);
    expect(preview.said).toContain("stand-in for aws: nothing real is changed");
    expect(preview.said).toMatch(/host\s*: \[unknown\]/);
    expect(preview.said).toMatch(/targetKeyId\s*: \[unknown\]/);
    expect(preview.said).toMatch(/uid\s*: \[unknown\]/);
    expect(preview.code).toBe(0);

    const applied = await pulumi(["up", "--stack", "staging", "--yes", "--plan", plan]);
    expect(applied.said).not.toContain("violates plan");
    expect(applied.code).toBe(0);
    expect(readFileSync(object("configmap-redis.yaml"), "utf8")).toMatch(/host: master\.omnihub-staging\./);

    const again = await pulumi(["preview", "--stack", "staging", "--expect-no-changes"]);
    expect(again.code).toBe(0);
  });

  it("serves the declared versions by the declared weights, and gives the numbers to Prometheus", async () => {
    const setWeight = await pulumi(["config", "set", "holdpoint:weight", "50", "--stack", "staging"]);
    expect(setWeight.code).toBe(0);
    expect((await pulumi(["up", "--stack", "staging", "--yes", "--skip-preview"])).code).toBe(0);
    const served = async (): Promise<string[]> => {
      const answer = await fetch(`${running.admin}/last?namespace=omnihub-staging`);
      return ((await answer.json()) as { version: string }[]).map(({ version }) => version).sort();
    };
    await expect.poll(served, { timeout: 30_000 }).toEqual(["1.0.0", "2.0.0"]);
    const query = encodeURIComponent('sum by (track) (http_requests_total{namespace="omnihub-staging"}) > 0');
    const counted = async (): Promise<string[]> => {
      const answer = (await (await fetch(`${running.prometheus}/api/v1/query?query=${query}`)).json()) as {
        data: { result: { metric: { track: string } }[] };
      };
      return answer.data.result.map(({ metric }) => metric.track).sort();
    };
    await expect.poll(counted, { timeout: 30_000 }).toEqual(["baseline", "canary"]);
  });

  it("keeps a value that was set in it when the project is synced, and writes nothing into the project", async () => {
    expect(await exec(dir, tools, ["node", "-e", ""])).toBe(0);
    expect(readFileSync(join(projectFolder(dir), "Pulumi.staging.yaml"), "utf8")).toMatch(/holdpoint:weight: "?50"?/);
    expect(readFileSync(join(root, "Pulumi.staging.yaml"), "utf8")).toBe(
      "config:\n  holdpoint:weight: 0\n  aws:region: eu-central-1\n",
    );
  });

  it("passes on the exit code of a command, and says which command there is not", async () => {
    expect(await exec(dir, tools, ["node", "-e", "process.exit(7)"])).toBe(7);
    expect(await exec(dir, tools, ["node", "-e", "process.kill(process.pid, 'SIGTERM')"])).toBe(143);
    await expect(exec(dir, tools, ["no-such-command"])).rejects.toMatchObject({ code: "usage" });
  });

  it("passes a signal on to the command and waits for it", async () => {
    const program =
      'process.on("SIGTERM", () => process.exit(5)); setInterval(() => {}, 1000); process.kill(process.ppid, "SIGTERM")';
    expect(await exec(dir, tools, ["node", "-e", program])).toBe(5);
  });

  it("sees on refresh what someone changed behind the engine's back", async () => {
    const path = object("httproute-omnihub.yaml");
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("weight: 50", "weight: 37"));
    const refreshed = await pulumi(["refresh", "--stack", "staging", "--yes", "--diff"]);
    expect(refreshed.said).toMatch(/weight: 50 => 37/);
    const preview = await pulumi(["preview", "--stack", "staging", "--diff"]);
    expect(preview.said).toMatch(/weight: 37 => 50/);
    rmSync(object("service-omnihub-canary.yaml"));
    const gone = await pulumi(["refresh", "--stack", "staging", "--yes"]);
    expect(gone.said).toMatch(/1 deleted/);
    expect((await pulumi(["up", "--stack", "staging", "--yes", "--skip-preview"])).code).toBe(0);
    expect(readFileSync(path, "utf8")).toContain("weight: 50");
  });

  it("replaces a ConfigMap whose data change, as the real provider does unless it is told otherwise", async () => {
    writeFileSync(join(root, "index.cjs"), PROGRAM.replace("uid: namespace.metadata.uid", 'uid: "other"'));
    expect(await exec(dir, tools, ["node", "-e", ""])).toBe(0);
    expect((await pulumi(["preview", "--stack", "staging"])).said).toMatch(/1 to replace/);
    await pulumi(["config", "set", "kubernetes:enableConfigMapMutable", "true", "--stack", "staging"]);
    const inPlace = await pulumi(["preview", "--stack", "staging"]);
    expect(inPlace.said).not.toMatch(/to replace/);
    expect(inPlace.said).toMatch(/to update/);
  });

  it("writes no secret in plain text", () => {
    const all = texts(dir);
    expect(all.length).toBeGreaterThan(20);
    for (const secret of SECRETS) expect(all.filter((text) => text.includes(secret))).toEqual([]);
  });

  it("refuses to serve a stack of another backend", async () => {
    const elsewhere = mkdtempSync(join(folder, "elsewhere-"));
    const env = { ...environment(dir, tools), PULUMI_BACKEND_URL: `file://${elsewhere}` };
    expect((await pulumi(["stack", "init", "outside", "--no-select"], env)).code).toBe(0);
    const refused = await pulumi(["preview", "--stack", "outside"], env);
    expect(refused.code).not.toBe(0);
    // Which of the three the engine asks first differs from run to run.
    expect(refused.said).toMatch(
      /sandbox-only: this is a stand-in for \w+ and serves no stack outside the sandbox \(PULUMI_BACKEND_URL points outside the sandbox's folder\)/,
    );
  });

  it("is a sandbox for its own environment only, with a clock that says so", () => {
    const env = environment(dir, tools);
    expect(() => {
      assertSandbox(dir, env);
    }).not.toThrow();
    expect(() => {
      assertSandbox(dir, process.env);
    }).toThrow(/this is not the sandbox/);
    expect(readClock(dir).note).toMatch(/^sandbox: time runs 60x, now Fri /);
  });

  it("is up once however often it is brought up, heals after a kill, and leaves no process when it goes down", async () => {
    const before = JSON.parse(readFileSync(join(dir, "state.json"), "utf8")) as Record<
      string,
      { pid: number; started: string }
    >;
    const [one, two] = await Promise.all([up(dir, tools, undefined, { root }), up(dir, tools, undefined, { root })]);
    expect(one).toEqual(running);
    expect(two).toEqual(running);
    const { cluster, prometheus } = before;
    if (cluster === undefined || prometheus === undefined) throw new Error("no processes in the state");
    process.kill(cluster.pid, "SIGKILL");
    process.kill(prometheus.pid, "SIGKILL");
    await expect.poll(() => [cluster, prometheus].some(runs), { timeout: 10_000 }).toBe(false);
    expect(status(dir)).toBeUndefined();
    await expect(exec(dir, tools, ["node", "-e", ""])).rejects.toThrow(
      /is not up: its cluster ended by itself, see .*cluster\.log: its prometheus ended by itself/,
    );
    const healed = await up(dir, tools, undefined, { root });
    expect((await fetch(`${healed.admin}/`)).status).toBe(200);
    const after = JSON.parse(readFileSync(join(dir, "state.json"), "utf8")) as typeof before;
    await down(dir);
    expect(runs(after["cluster"])).toBe(false);
    expect(runs(after["prometheus"])).toBe(false);
    expect(status(dir)).toBeUndefined();
  });
});
