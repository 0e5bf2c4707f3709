import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request as send } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Cluster, type ClusterFile } from "../../sandbox/cluster";
import { Faults, parseFault } from "../../sandbox/cluster/faults";
import { poisson } from "../../sandbox/cluster/load";
import { exposition, TrackMetrics } from "../../sandbox/cluster/metrics";
import { findRule, pick, type Route } from "../../sandbox/cluster/route";
import { ServedLog } from "../../sandbox/cluster/served";
import { usualLatency } from "../../sandbox/cluster/version";
import { endpoints, readSpace } from "../../sandbox/cluster/world";

/** The same random numbers on every run (mulberry32). */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe("the gateway's choice", () => {
  const backends = (...weights: number[]) => weights.map((weight, i) => ({ service: String(i), weight }));

  it("follows the weights", () => {
    const random = seeded(1);
    let second = 0;
    for (let i = 0; i < 20_000; i++) if (pick(backends(95, 5), random())?.service === "1") second += 1;
    expect(second / 20_000).toBeCloseTo(0.05, 2);
  });

  it("gives nothing to a weight of 0, whatever number is drawn", () => {
    for (const random of [0, 0.5, 1 - Number.EPSILON]) {
      expect(pick(backends(0, 100), random)?.service).toBe("1");
      expect(pick(backends(100, 0), random)?.service).toBe("0");
    }
  });

  it("is nobody where no weight is left", () => {
    expect(pick(backends(0, 0), 0.3)).toBeUndefined();
    expect(pick([], 0.3)).toBeUndefined();
    expect(pick(backends(Number.NaN, -5), 0.3)).toBeUndefined();
  });

  it("takes the route of the host and its longest matching path", () => {
    const route: Route = {
      namespace: "n",
      name: "r",
      hostnames: ["omnihub.dev", "*.omnihub.dev"],
      rules: [
        { prefixes: ["/"], backends: backends(1) },
        { prefixes: ["/api"], backends: backends(1, 1) },
      ],
    };
    const found = (host: string, path: string): number | undefined =>
      findRule([route], host, path)?.rule.backends.length;
    expect(found("omnihub.dev", "/")).toBe(1);
    expect(found("www.omnihub.dev", "/api/x")).toBe(2);
    expect(found("omnihub.dev", "/apix")).toBe(1);
    expect(found("other.dev", "/")).toBeUndefined();
  });
});

describe("a fault", () => {
  it("is read strictly", () => {
    expect(parseFault({ release: "2.0.0", errorRate: 0.05, latency: 200 })).toEqual({
      release: "2.0.0",
      errorRate: 0.05,
      latency: 200,
    });
    expect(parseFault({ release: "", errorRate: 0, latency: 0 })).toBe(
      'release must be a version or an image, "2.4.0"',
    );
    expect(parseFault({ release: "x", errorRate: 5, latency: 0 })).toBe(
      "errorRate is 5, a number from 0 to 1 is wanted",
    );
    expect(parseFault({ release: "x", errorRate: 0, latency: -1 })).toBe(
      "latency is -1, milliseconds from 0 to 10000 are wanted",
    );
    expect(parseFault(null)).toContain("release must be");
  });

  it("is found by image before version, and ends when it is set to nothing", () => {
    const faults = new Faults();
    faults.set({ release: "2.0.0", errorRate: 0.1, latency: 0 });
    faults.set({ release: "registry/x@sha256:a", errorRate: 0.2, latency: 0 });
    expect(faults.of("2.0.0", "registry/x@sha256:a")?.errorRate).toBe(0.2);
    expect(faults.of("2.0.0", "other")?.errorRate).toBe(0.1);
    faults.set({ release: "2.0.0", errorRate: 0, latency: 0 });
    expect(faults.of("2.0.0", "other")).toBeUndefined();
  });
});

describe("the served log", () => {
  it("knows to the millisecond when a version last answered", () => {
    const log = new ServedLog();
    log.add("production", "canary", "2.0.0", 1_000_123);
    log.add("production", "baseline", "1.0.0", 1_000_500);
    log.add("production", "canary", "2.0.0", 1_000_077);
    expect(log.find({ version: "2.0.0" })).toEqual([
      { namespace: "production", track: "canary", version: "2.0.0", last: 1_000_123, requests: 2 },
    ]);
    expect(log.find({ namespace: "production", track: "baseline" }).map(({ last }) => last)).toEqual([1_000_500]);
    expect(log.find({}).map(({ track }) => track)).toEqual(["baseline", "canary"]);
    expect(log.find({ version: "3.0.0" })).toEqual([]);
  });

  it("counts since a moment, and forgets after half an hour", () => {
    const log = new ServedLog();
    for (let i = 0; i < 10; i++) log.add("production", "canary", "2.0.0", 1_000_000 + i * 100);
    expect(log.since("production", 1_000_500)).toEqual([{ track: "canary", version: "2.0.0", requests: 5 }]);
    log.add("production", "canary", "2.0.0", 1_000_000 + 31 * 60_000);
    expect(log.since("production", 0)).toEqual([{ track: "canary", version: "2.0.0", requests: 1 }]);
    expect(log.find({ version: "2.0.0" })[0]?.requests).toBe(11);
  });
});

describe("the numbers", () => {
  it("have the agreed names and labels, cumulative buckets, and counters that begin at zero", () => {
    const metrics = new TrackMetrics("omnihub-production", "canary");
    const before = exposition([metrics]);
    expect(before).toContain('http_requests_total{namespace="omnihub-production",track="canary",code="500"} 0');
    expect(before).toContain('probe_success{namespace="omnihub-production",track="canary"} 0');
    metrics.observe(200, 0.012, 0.004);
    metrics.observe(500, 9, 0.004);
    metrics.probed(true);
    const text = exposition([metrics]);
    expect(text).toContain('http_requests_total{namespace="omnihub-production",track="canary",code="200"} 1');
    expect(text).toContain(
      'http_request_duration_seconds_bucket{namespace="omnihub-production",track="canary",le="0.01"} 0',
    );
    expect(text).toContain(
      'http_request_duration_seconds_bucket{namespace="omnihub-production",track="canary",le="5"} 1',
    );
    expect(text).toContain(
      'http_request_duration_seconds_bucket{namespace="omnihub-production",track="canary",le="+Inf"} 2',
    );
    expect(text).toContain('http_request_duration_seconds_count{namespace="omnihub-production",track="canary"} 2');
    expect(text).toContain('probe_success{namespace="omnihub-production",track="canary"} 1');
    expect(text).toContain(
      'db_query_duration_seconds_bucket{namespace="omnihub-production",track="canary",le="0.005"} 2',
    );
    expect(text.match(/# TYPE/g)).toHaveLength(5);
  });

  it("of a stage's database are said once, for it is one of both tracks", () => {
    const text = exposition(["baseline", "canary"].map((track) => new TrackMetrics("omnihub-production", track)));
    expect(text.match(/^pg_up\{job="omnihub-production-database"\} 1$/gm)).toHaveLength(1);
  });

  it("of a healthy version have a p95 of 20 to 40 ms, and arrive as many as are asked for", () => {
    const random = seeded(7);
    const latencies = Array.from({ length: 20_000 }, () => usualLatency(random)).sort((a, b) => a - b);
    expect(latencies[19_000]).toBeGreaterThan(20);
    expect(latencies[19_000]).toBeLessThan(40);
    let sent = 0;
    for (let i = 0; i < 10_000; i++) sent += poisson(1.6, random);
    expect(sent / 10_000).toBeCloseTo(1.6, 1);
  });
});

const deployment = (track: string, version: string, replicas = 1) => ({
  kind: "Deployment",
  metadata: { name: `omnihub-${track}`, namespace: "omnihub-staging" },
  spec: {
    replicas,
    template: {
      metadata: { labels: { "holdpoint.dev/track": track } },
      spec: {
        containers: [{ name: "app", image: `registry/omnihub:${version}`, env: [{ name: "VERSION", value: version }] }],
      },
    },
  },
});
const service = (track: string) => ({
  kind: "Service",
  metadata: { name: `omnihub-${track}`, namespace: "omnihub-staging" },
  spec: { selector: { "holdpoint.dev/track": track } },
});
const httpRoute = (weight: number) => ({
  kind: "HTTPRoute",
  metadata: { name: "omnihub", namespace: "omnihub-staging" },
  spec: {
    hostnames: ["staging.omnihub.dev"],
    rules: [
      {
        backendRefs: [
          { name: "omnihub-baseline", weight: 100 - weight },
          { name: "omnihub-canary", weight },
        ],
      },
    ],
  },
});
const controls = (data: object) => ({ kind: "ConfigMap", metadata: { name: "emergency-controls" }, data });

describe("the objects", () => {
  it("are read as the kubelet and the gateway need them", () => {
    const space = readSpace("omnihub-staging", [
      deployment("baseline", "1.0.0"),
      deployment("canary", "2.0.0", 0),
      service("baseline"),
      httpRoute(5),
      controls({ killSwitch: "true", safeMode: "false" }),
    ]);
    expect(space.workloads.map(({ track, version }) => [track, version])).toEqual([["baseline", "1.0.0"]]);
    expect(endpoints(space, "omnihub-baseline")).toHaveLength(1);
    expect(endpoints(space, "omnihub-canary")).toEqual([]);
    expect(space.controls).toEqual({ killSwitch: true, safeMode: false });
    expect(space.routes[0]?.rules[0]?.backends.map(({ weight }) => weight)).toEqual([95, 5]);
  });

  it("of other shapes count as absent", () => {
    expect(readSpace("n", [null, "text", { kind: "Deployment" }, { kind: "HTTPRoute" }]).workloads).toEqual([]);
  });
});

describe("the cluster", () => {
  let dir: string;
  let cluster: Cluster;
  let ports: ClusterFile;

  const put = (name: string, object: object): void => {
    const path = join(dir, "cluster", "omnihub-staging", name);
    writeFileSync(`${path}.tmp`, JSON.stringify(object));
    renameSync(`${path}.tmp`, path);
  };

  const ask = (
    method = "GET",
  ): Promise<{ code: number; safe: boolean; body: { version?: string; message?: string } }> =>
    new Promise((resolve, reject) => {
      const headers = { host: "staging.omnihub.dev" };
      const request = send({ host: "127.0.0.1", port: ports.gateway, method, headers, agent: false }, (answer) => {
        let text = "";
        answer.on("data", (chunk) => (text += String(chunk)));
        answer.on("end", () => {
          resolve({
            code: answer.statusCode ?? 0,
            safe: answer.headers["x-safe-mode"] === "true",
            body: JSON.parse(text) as { version?: string; message?: string },
          });
        });
      });
      request.on("error", reject);
      request.end();
    });
  const admin = async (path: string, init?: RequestInit): Promise<unknown> =>
    (await fetch(`http://127.0.0.1:${String(ports.admin)}${path}`, init)).json();
  const settle = (milliseconds = 60): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "holdpoint-cluster-"));
    mkdirSync(join(dir, "cluster", "omnihub-staging"), { recursive: true });
    for (const [track, version] of [
      ["baseline", "1.0.0"],
      ["canary", "2.0.0"],
    ] as const) {
      put(`deployment-omnihub-${track}.yaml`, deployment(track, version));
      put(`service-omnihub-${track}.yaml`, service(track));
    }
    put("httproute-omnihub.yaml", httpRoute(100));
    cluster = new Cluster(dir);
    ports = await cluster.start();
  });
  afterEach(async () => {
    await cluster.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it("sends no request to a version 60 ms after its weight was written to 0", async () => {
    await settle(200);
    const at = Date.now();
    put("httproute-omnihub.yaml", httpRoute(0));
    await settle(400);
    // The last answer may be to a request that was under way: at most one usual latency after the change was seen.
    const [last] = (await admin("/last?version=2.0.0")) as { last: number }[];
    expect((last?.last ?? 0) - at).toBeLessThan(250);
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask()));
    expect(new Set(answers.map(({ body }) => body.version))).toEqual(new Set(["1.0.0"]));
  });

  it("fails and delays a release as it is told", async () => {
    const fault = { release: "2.0.0", errorRate: 1, latency: 150 };
    expect(await admin("/fault", { method: "POST", body: JSON.stringify(fault) })).toEqual([fault]);
    const began = performance.now();
    const { code, body } = await ask();
    expect([code, body.version]).toEqual([500, "2.0.0"]);
    expect(performance.now() - began).toBeGreaterThan(140);
    expect(await admin("/fault", { method: "POST", body: '{"release":"x","errorRate":7,"latency":0}' })).toEqual({
      error: "errorRate is 7, a number from 0 to 1 is wanted",
    });
  });

  it("serves on while rules or the clock can't be read, and gives Prometheus the rules as soon as they can", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const rule = (rules: object[]): object => ({ kind: "PrometheusRule", spec: { groups: [{ name: "slo", rules }] } });
    const given = join(dir, "prometheus", "rules", "omnihub-staging.yml");
    writeFileSync(join(dir, "state.json"), JSON.stringify({ prometheusPort: 1 }));
    writeFileSync(join(dir, "clock.json"), '{"apiVersion');
    put("prometheusrule-slo.yaml", rule([{ expr: "up == 0" }]));
    await expect.poll(() => said.mock.calls.flat().join(), { timeout: 5_000 }).toMatch(/clock\.json .*it is not JSON/);
    rmSync(join(dir, "clock.json"));
    await expect.poll(() => existsSync(given), { timeout: 5_000 }).toBe(true);
    put("prometheusrule-slo.yaml", rule([{ alert: "no expression" }]));
    await expect.poll(() => said.mock.calls.length, { timeout: 5_000 }).toBe(2);
    expect((await ask()).code).toBe(200);
    said.mockRestore();
  });

  it("refuses all requests with the kill switch on, and writes in safe mode", async () => {
    put("configmap-emergency-controls.yaml", controls({ killSwitch: "true", safeMode: "false" }));
    await settle();
    expect(await ask()).toMatchObject({ code: 503, body: { message: "switched off by the kill switch" } });
    put("configmap-emergency-controls.yaml", controls({ killSwitch: "false", safeMode: "true" }));
    await settle();
    expect(await ask("POST")).toMatchObject({
      code: 503,
      safe: true,
      body: { message: "safe mode: nothing is changed" },
    });
    expect((await ask()).safe).toBe(true);
  });

  it("runs another version once it is declared, and none where none is", async () => {
    put("deployment-omnihub-canary.yaml", deployment("canary", "3.0.0"));
    await settle(200);
    expect((await ask()).body.version).toBe("3.0.0");
    put("deployment-omnihub-canary.yaml", deployment("canary", "3.0.0", 0));
    await settle(100);
    expect(await ask()).toMatchObject({ code: 503, body: { message: "no pod behind service omnihub-canary" } });
  });

  it("keeps serving while an object is half written", async () => {
    writeFileSync(join(dir, "cluster", "omnihub-staging", "httproute-omnihub.yaml"), "spec: [");
    await settle();
    expect((await ask()).body.version).toBe("2.0.0");
  });
});
