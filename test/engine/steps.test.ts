import { queryPrometheus } from "../../analysis/prometheus";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { moveTo } from "../../sandbox/clock";
import { setFault } from "../../sandbox/command";
import { environment, up } from "../../sandbox/lifecycle";
import { freePort, prometheusUrl } from "../../sandbox/prometheus";
import { EVEN, refusals, Stand, tools, type Ran } from "./harness";

const STAGING = "staging-canary";
const PRODUCTION = "production-canary";
/** Staging holds each step for 5 minutes of the plan, production for 15: both 15 seconds of the machine's. */
const FASTER = { [STAGING]: 20, [PRODUCTION]: 60 } as const;
/** The machine's milliseconds of a hold, and of a last scrape after it. */
const HOLD = 16_500;

type CanaryStack = typeof STAGING | typeof PRODUCTION;

let stand: Stand;
beforeAll(async () => {
  stand = await Stand.make();
  await stand.ready();
  await stand.entered();
  await stand.expectDone(stand.up(STAGING));
  stand.mark("at rest");
}, 600_000);
afterAll(() => stand.close());
afterEach(() => stand.answers({}));

/** Nothing is on any canary, and time runs as fast as this stack's holds want it. */
function atRest(stack: CanaryStack): void {
  stand.back("at rest");
  stand.runAt(FASTER[stack]);
}

function step(stack: CanaryStack, weight: number): Promise<Ran> {
  stand.set(stack, "holdpoint:canary.weight", weight);
  return stand.up(stack);
}

/** Asks for a weight that is refused: by which checks, and for what. */
async function refused(stack: CanaryStack, weight: number): Promise<Record<string, string>> {
  return refusals(await stand.expectRefused(stack, () => step(stack, weight)));
}

async function taken(stack: CanaryStack, weight: number): Promise<string> {
  const { text } = await stand.expectDone(step(stack, weight));
  expect(routed(stack)).toBe(weight);
  return text;
}

/** What the route in the cluster sends to the canary. */
function routed(stack: CanaryStack): number {
  const namespace = `omnihub-${stack.replace("-canary", "")}`;
  const folder = join(stand.dir, "cluster", namespace);
  const [route] = readdirSync(folder).filter((name) => /httproute/i.test(name));
  const weights = readFileSync(join(folder, route ?? ""), "utf8").matchAll(/weight: (\d+)/g);
  return Number([...weights].map(([, weight]) => weight)[1]);
}

const fault = (errorRate: number, latency = 0): Promise<void> =>
  setFault(stand.dir, { release: stand.release().version, errorRate, latency });

describe("a step upwards", () => {
  it("is the next one of the plan and no other", async () => {
    atRest(PRODUCTION);
    expect(await refused(PRODUCTION, 25)).toEqual({ "canary.order": "0% to 25%" });
    expect(await refused(PRODUCTION, 7)).toEqual({
      "canary.order": "0% to 7%",
      "canary.window": "7% is no step, and has no hold",
    });
  });

  it("is taken after the hold, on live numbers; and earned anew after a step down", async () => {
    atRest(PRODUCTION);
    await stand.answers({ latency: EVEN });
    expect(await taken(PRODUCTION, 5)).toContain("GO production canary 0% → 5%: 11 criteria met");
    const began = Date.now();
    const early = await stand.expectRefused(PRODUCTION, () => step(PRODUCTION, 25));
    expect(refusals(early)["canary.hold"]).toMatch(/^held for .*, since 2026-11-29 0\d:\d\d/);
    expect(early).toContain("wanted: 5% held for 15 minutes");
    expect(await refused(PRODUCTION, 50)).toMatchObject({ "canary.order": "5% to 50%" });
    await pause(began + HOLD - Date.now());

    const text = await taken(PRODUCTION, 25);
    expect(text).toContain("GO production canary 5% → 25%: 11 criteria met");
    expect(text).toMatch(/canary\.error-rate +pass +[\d.]+% of \d+ requests, the baseline [\d.]+% of \d+/);
    expect(text).toMatch(/canary\.health +pass +(\d+) of \1 health probes answered well/);

    expect(await taken(PRODUCTION, 5)).toContain("from 25% to 5%: less traffic on the canary, always allowed");
    expect((await refused(PRODUCTION, 25))["canary.hold"]).toMatch(/^held for /);
  });

  it("is of the release that entered the stage, and of no other", async () => {
    atRest(STAGING);
    stand.set(STAGING, "holdpoint:release.commit", "f".repeat(40));
    expect(await refused(STAGING, 50)).toEqual({ "canary.release": "release 3377967 in staging" });
  });

  it("is refused outside the window", async () => {
    atRest(PRODUCTION);
    moveTo(stand.dir, Date.parse("2026-11-30T02:30:00Z"));
    const found = await refused(PRODUCTION, 5);
    expect(Object.keys(found)).toEqual(["canary.window"]);
    expect(found["canary.window"]).toMatch(
      /^Monday 2026-11-30 02:\d\d UTC is outside the window; it opens next on Sunday 2026-12-06 02:00 UTC$/,
    );
  });
});

describe("a release that does worse than the baseline", () => {
  it("goes no further, and back without being judged", async () => {
    atRest(STAGING);
    await taken(STAGING, 50);
    await fault(0.2);
    await pause(HOLD);
    const errors = await refused(STAGING, 100);
    expect(Object.keys(errors)).toEqual(["canary.error-rate", "trigger.canary-error-rate"]);
    expect(errors["trigger.canary-error-rate"]).toMatch(/^\d+(\.\d+)?%, the baseline's \d(\.\d+)?%$/);
    expect(errors["canary.error-rate"]).toMatch(/^\d+(\.\d+)?% of \d+ requests, the baseline \d(\.\d+)?% of \d+$/);

    await fault(0.7, 150);
    await pause(HOLD);
    const all = await refused(STAGING, 100);
    // Not the trigger on health: its one probe of this instant may have been answered.
    expect(Object.keys(all)).toEqual(
      expect.arrayContaining(["canary.error-rate", "canary.p95", "canary.health", "trigger.canary-error-rate"]),
    );
    expect(all["trigger.canary-latency"]).toMatch(/^[\d.]+ ms, the baseline's [\d.]+ ms$/);
    expect(all["canary.p95"]).toMatch(/^\d+ ms, the baseline \d+ ms$/);
    expect(all["canary.health"]).toMatch(/^\d+ of \d+ health probes answered well$/);

    expect(await taken(STAGING, 0)).toContain("to 0%: all traffic to the baseline, always allowed");
  });
});

describe("without numbers", () => {
  let began: number;
  const own: ChildProcess[] = [];
  beforeAll(async () => {
    atRest(STAGING);
    await taken(STAGING, 50);
    began = Date.now();
  });
  afterAll(() => {
    for (const child of own) child.kill("SIGKILL");
  });
  beforeEach(() => pause(Math.max(0, began + HOLD - Date.now())));

  /** A real Prometheus of its own, that scrapes what it is told. */
  async function prometheus(targets: readonly string[]): Promise<string> {
    const folder = join(stand.dir, `prometheus-${own.length}`);
    mkdirSync(folder);
    const jobs = [{ job_name: "test", static_configs: [{ targets }] }];
    const config = { global: { scrape_interval: "1s", scrape_timeout: "900ms" }, scrape_configs: jobs };
    writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
    const port = await freePort(undefined);
    const args = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
    own.push(spawn(tools().prometheus, [...args, `--web.listen-address=127.0.0.1:${port}`], { stdio: "ignore" }));
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await fetch(`${prometheusUrl(port)}/-/ready`).catch(() => undefined);
      if (answer?.ok === true) break;
      await pause(100);
    }
    return prometheusUrl(port);
  }

  /** Waits until every series was seen often enough for a rate. */
  async function scraped(url: string): Promise<void> {
    const seen = () => queryPrometheus(url, "min(count_over_time(http_requests_total[1m]))", Date.now());
    await expect.poll(async () => (await seen())[0]?.value ?? 0, { timeout: 30_000 }).toBeGreaterThanOrEqual(4);
  }

  it("no step is taken on a metrics server that has no series", async () => {
    stand.set(STAGING, "holdpoint:prometheus", await prometheus([]));
    expect(await refused(STAGING, 100)).toEqual({
      "canary.error-rate": "no count of the canary's requests",
      "canary.p95": "no count of the canary's requests",
      "canary.health": "no health probes of the canary",
      "trigger.canary-error-rate": "no data of how many requests there were",
      "trigger.canary-latency": "no data of how many requests there were",
      "trigger.canary-health": "no data",
    });
  });

  const COUNTS = "no count of the canary's requests";
  const PROBES = {
    "canary.health": "no health probes of the canary",
    "trigger.canary-health": "no number (NaN)",
  };
  const RATE = { "trigger.canary-error-rate": "no number (NaN) of how many requests there were" };
  it.each([
    { what: "counts", errors: "NaN", found: { "canary.error-rate": COUNTS, "canary.p95": COUNTS, ...PROBES, ...RATE } },
    { what: "a quantile", errors: "0", found: { "canary.p95": "no p95 of the canary", ...PROBES } },
  ])("no step is taken on $what, where that is no number", async ({ errors, found }) => {
    let requests = 0;
    const exporter = createServer((_request, response) => {
      requests += 50;
      response.end(noNumbers(requests, errors));
    }).listen(0, "127.0.0.1");
    await once(exporter, "listening");
    try {
      const { port } = exporter.address() as AddressInfo;
      const url = await prometheus([`127.0.0.1:${port}`]);
      stand.set(STAGING, "holdpoint:prometheus", url);
      await scraped(url);
      expect(await refused(STAGING, 100)).toEqual(found);
    } finally {
      exporter.close();
      exporter.closeAllConnections();
    }
  });

  it("no step is taken while the metrics server does not answer, and 0 is", async () => {
    const { prometheus: server } = JSON.parse(readFileSync(join(stand.dir, "state.json"), "utf8")) as {
      prometheus: { pid: number };
    };
    process.kill(server.pid, "SIGKILL");
    try {
      const url = stand.get<string>(PRODUCTION, "holdpoint:prometheus");
      stand.set(STAGING, "holdpoint:prometheus", url);
      const found = await refused(STAGING, 100);
      const triggers = ["error-rate", "latency", "health"].map((name) => `trigger.canary-${name}`);
      expect(Object.keys(found)).toEqual(["canary.error-rate", "canary.p95", "canary.health", ...triggers]);
      for (const text of Object.values(found))
        expect(text).toContain(`the metrics could not be read: ${url}/api/v1/query: `);
      expect(await taken(STAGING, 0)).toContain("to 0%: all traffic to the baseline, always allowed");
    } finally {
      await up(stand.dir, tools());
    }
  });
});

describe("while a release is on the canary", () => {
  beforeAll(async () => {
    atRest(STAGING);
    await taken(STAGING, 50);
    stand.mark("at half");
  });
  beforeEach(() => stand.back("at half"));

  it("the stage does not change to another release", async () => {
    stand.set("staging", "holdpoint:release.commit", "f".repeat(40));
    const text = await stand.expectRefused("staging", () => stand.up("staging"));
    expect(refusals(text)).toEqual({
      "staging-canary-at-rest": "50% of the traffic on the canary, whose release would change from 3377967 to fffffff",
    });
  });

  it("the canary does not change to another release, except on its way to 0", async () => {
    stand.set(STAGING, "holdpoint:release.commit", "f".repeat(40));
    expect((await refused(STAGING, 50))["canary.release"]).toBe("release 3377967 in staging");
    expect((await refused(STAGING, 40))["canary.release"]).toBe("release 3377967 in staging");
    expect(await taken(STAGING, 0)).toContain("always allowed");
  });

  it("the kill switch is always allowed, and what it took away has to be earned again", async () => {
    stand.set(STAGING, "holdpoint:canary.killSwitch", true);
    const { text } = await stand.expectDone(step(STAGING, 100));
    expect(text).toContain("the kill switch is on: nothing is routed to the canary, always allowed");
    expect(routed(STAGING)).toBe(0);
    stand.set(STAGING, "holdpoint:canary.killSwitch", false);
    expect(await refused(STAGING, 100)).toEqual({ "canary.order": "0% to 100%" });
  });
});

describe("weight 0 is always allowed", () => {
  it("outside the window, in a freeze, without any evidence and by another release", async () => {
    atRest(PRODUCTION);
    await taken(PRODUCTION, 5);
    moveTo(stand.dir, Date.parse("2026-12-01T12:00:00Z"));
    rmSync(join(stand.dir, "evidence"), { recursive: true });
    writeFileSync(join(stand.dir, "evidence"), "");
    stand.set(PRODUCTION, "holdpoint:release.commit", "f".repeat(40));
    expect(await taken(PRODUCTION, 0)).toContain("to 0%: all traffic to the baseline, always allowed");
  });

  it("after an update was killed before it recorded its step; until then what is routed counts", async () => {
    atRest(STAGING);
    stand.set(STAGING, "holdpoint:canary.weight", 50);
    const args = ["up", "-s", STAGING, "--yes", "--skip-preview", "--policy-pack", "policies"];
    // A process group of its own: the engine, its language host and the stand-ins die together, as with a machine.
    const env = environment(stand.dir, tools());
    const child = spawn(tools().pulumi, args, { cwd: stand.project, env, detached: true, stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    for (const until = Date.now() + 60_000; routed(STAGING) !== 50 && Date.now() < until;) await pause(5);
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await ended;
    expect(routed(STAGING)).toBe(50);

    const { text } = await step(STAGING, 0);
    expect(text).toContain("the stack is currently locked");
    await stand.expectDone(stand.pulumi(["cancel", "-s", STAGING, "--yes"]));
    await stand.expectDone(stand.pulumi(["refresh", "-s", STAGING, "--yes", "--skip-preview"]));
    stand.set("staging", "holdpoint:release.commit", "f".repeat(40));
    const change = await stand.expectRefused("staging", () => stand.up("staging"));
    expect(refusals(change)["staging-canary-at-rest"]).toMatch(/^50% of the traffic on the canary/);

    stand.set(STAGING, "holdpoint:canary.weight", 0);
    const back = await stand.expectDone(stand.up(STAGING, "--refresh"));
    expect(back.text).toContain("to 0%: all traffic to the baseline, always allowed");
    expect(routed(STAGING)).toBe(0);
  });
});

/** A canary whose probes are no number, nor its p95, because its histogram stands still; the baseline is as it should be. */
function noNumbers(requests: number, errors: string): string {
  const of = (track: string, more = ""): string => `{namespace="omnihub-staging",track="${track}"${more}}`;
  const buckets = (track: string, count: number): string[] =>
    ["0.05", "+Inf"].map((le) => `http_request_duration_seconds_bucket${of(track, `,le="${le}"`)} ${count}`);
  return [
    `http_requests_total${of("baseline", ',code="200"')} ${requests}`,
    `http_requests_total${of("canary", ',code="200"')} ${requests}`,
    `http_requests_total${of("canary", ',code="500"')} ${errors}`,
    ...buckets("baseline", requests),
    ...buckets("canary", 7),
    `probe_success${of("baseline")} 1`,
    `probe_success${of("canary")} NaN`,
    "",
  ].join("\n");
}
