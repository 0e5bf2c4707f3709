import { Command } from "commander";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startClock } from "../../sandbox/clock";
import { parseLatency, parseShare, registerSandbox } from "../../sandbox/command";
import { environment, type Tools } from "../../sandbox/lifecycle";
import { writeFile } from "../../sandbox/providers/store";
import { end, runs, startDetached, startTime } from "../../sandbox/processes";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "holdpoint-command-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const TOOLS: Tools = { pulumi: "/engine/pulumi", pulumiDir: "/engine", prometheus: "/p", promtool: "/t" };

async function run(...args: string[]): Promise<{ said: string[]; ended: unknown[] }> {
  const said: string[] = [];
  const ended: unknown[] = [];
  const program = new Command().exitOverride();
  registerSandbox(program, {
    dir,
    tools: () => Promise.resolve(TOOLS),
    say: (text) => said.push(text),
    ended: (outcome) => ended.push(outcome),
  });
  await program.parseAsync(["sandbox", ...args], { from: "user" });
  return { said, ended };
}

describe("holdpoint sandbox", () => {
  it("exec says what to do where the sandbox is down", async () => {
    await expect(run("exec", "--", "pulumi", "stack", "ls")).rejects.toMatchObject({
      code: "sandbox-down",
      message: `the sandbox in ${dir} is not up`,
      remedy: "npx holdpoint sandbox up",
    });
  });

  it("fault does too, once its values are understood", async () => {
    await expect(run("fault", "--version", "2.4.0", "--error-rate", "5%")).rejects.toMatchObject({
      code: "sandbox-down",
    });
    await expect(run("fault", "--version", "2.4.0", "--error-rate", "many")).rejects.toMatchObject({ code: "usage" });
  });

  it("down is harmless where nothing is up", async () => {
    expect((await run("down")).said).toEqual(["the sandbox is down"]);
  });

  it("clock shows the time and moves it on", async () => {
    startClock(dir, { plan: Date.UTC(2026, 0, 9, 12) });
    expect((await run("clock")).said[0]).toMatch(/^sandbox: time runs 60x, now Fri 2026-01-09 12:0/);
    expect((await run("clock", "--to", "2026-01-11T02:00:00Z")).said[0]).toContain("Sun 2026-01-11 02:0");
    await expect(run("clock", "--to", "2026-01-10T02:00:00Z")).rejects.toMatchObject({ code: "usage" });
    await expect(run("clock", "--to", "tomorrow")).rejects.toMatchObject({ code: "usage" });
  });

  it("reads shares and times with their units", () => {
    expect([parseShare("5%"), parseShare("0.05"), parseShare("100 %")]).toEqual([0.05, 0.05, 1]);
    expect([parseLatency("200ms"), parseLatency("1.5s")]).toEqual([200, 1500]);
    for (const bad of ["5", "-1%", "101%", "x", ""]) expect(() => parseShare(bad), bad).toThrow("a share such as");
    for (const bad of ["200", "-1ms", "11s", ""]) expect(() => parseLatency(bad), bad).toThrow("a time up to 10s");
  });
});

describe("the environment inside", () => {
  it("is the sandbox's own, without what would lead out of it", () => {
    writeFile(join(dir, "passphrase"), "word");
    const env = environment(dir, TOOLS, {
      PATH: "/usr/bin",
      HOME: "/home/dana",
      AWS_PROFILE: "production",
      AWS_ACCESS_KEY_ID: "x",
      KUBECONFIG: "/real",
      CLOUDFLARE_API_TOKEN: "x",
      PULUMI_ACCESS_TOKEN: "x",
      PULUMI_NODEJS_DRY_RUN: "true",
      PULUMI_DEBUG_PROVIDERS: "aws:1",
      HOLDPOINT_KEY_PASSPHRASE: "x",
      NODE_OPTIONS: "--require=/x",
    });
    expect(Object.keys(env).sort()).toEqual([
      "HOME",
      "NO_PROXY",
      "PATH",
      "PULUMI_BACKEND_URL",
      "PULUMI_CONFIG_PASSPHRASE",
      "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
      "PULUMI_HOME",
      "PULUMI_IGNORE_AMBIENT_PLUGINS",
      "PULUMI_SKIP_UPDATE_CHECK",
      "no_proxy",
    ]);
    expect(env["PATH"]).toMatch(/^\/engine:.*:\/usr\/bin$/);
    expect(env["PULUMI_CONFIG_PASSPHRASE"]).toBe("word");
  });

  it("keeps a proxy of the caller's out of what the engine's parts say to each other", () => {
    writeFile(join(dir, "passphrase"), "word");
    const env = environment(dir, TOOLS, { http_proxy: "http://proxy:3128", no_proxy: "corp", no_grpc_proxy: "x" });
    expect(env).toMatchObject({
      http_proxy: "http://proxy:3128",
      no_proxy: "corp,127.0.0.1,localhost",
      NO_PROXY: "127.0.0.1,localhost",
      no_grpc_proxy: "x,127.0.0.1,localhost",
    });
  });
});

describe("a background process", () => {
  it("is known by its start time, and ended; one that took over its number is left alone", async () => {
    const child = startDetached(process.execPath, ["-e", "setTimeout(() => {}, 30000)"], join(dir, "log"), process.env);
    expect(runs(child)).toBe(true);
    const recycled = { pid: child.pid, started: "another time" };
    expect(runs(recycled)).toBe(false);
    await end(recycled);
    expect(runs(child)).toBe(true);
    await end(child);
    expect(runs(child)).toBe(false);
    expect(startTime(child.pid)).toBeUndefined();
  });
});
