import { spawn } from "node:child_process";
import { hostname, userInfo } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { freeStack } from "../../cli/free-stack";
import { describeHolder, holderOf, parseLock, readLocks, type Lock } from "../../cli/lock";
import { descendants, processFacts, psLine, type ProcessFacts } from "../../cli/processes";
import { FakeProject } from "./fakes";

const SINCE = Date.parse("2026-11-21T12:00:00Z");
const lock = (change: Partial<Lock> = {}): Lock => ({
  file: "/b/lock.json",
  pid: 4711,
  username: "kim",
  hostname: "builder",
  since: SINCE,
  ...change,
});
const facts = (change: Partial<ProcessFacts> = {}): ProcessFacts => ({
  pid: 4711,
  parent: 1,
  startedAt: SINCE - 1_000,
  command: "node server.js",
  ...change,
});

describe("a lock file", () => {
  const text = (change: object = {}): string =>
    JSON.stringify({
      pid: 4711,
      username: "kim",
      hostname: "builder",
      timestamp: "2026-11-21T12:00:00.376386925Z",
      ...change,
    });

  it("says who holds the stack and since when", () => {
    expect(parseLock(text(), "/b/lock.json")).toEqual(lock({ since: SINCE + 376 }));
  });

  it.each([
    ["half of it", text().slice(0, 20)],
    ["no JSON", "hello"],
    ["null", "null"],
    ["a pid that is none", text({ pid: "x" })],
    ["no host", text({ hostname: undefined })],
    ["no time", text({ timestamp: "soon" })],
  ])("is none where it holds %s", (_what, content) => {
    expect(parseLock(content, "/b/lock.json")).toBeUndefined();
  });

  it("is found among what the file backend keeps beside it", () => {
    const project = new FakeProject({ "locks/a.json": text(), "locks/a.json.attrs": "{}" });
    expect(readLocks(`${project.root}/locks`)).toHaveLength(1);
    expect(readLocks(`${project.root}/nowhere`)).toEqual([]);
    project.remove();
  });
});

describe("the holder of a lock", () => {
  const judge = (found: ProcessFacts | undefined, host = "builder") => holderOf(lock(), host, () => found).is;

  it("is alive where its process is", () => {
    expect(judge(facts())).toBe("alive");
  });

  it("is gone where no process has its number", () => {
    expect(judge(undefined)).toBe("gone");
  });

  it("is gone where its number belongs to a process that started after the lock was taken", () => {
    expect(judge(facts({ startedAt: SINCE + 10_000 }))).toBe("recycled");
  });

  it("is alive where the process started at the lock's time, to the second", () => {
    expect(judge(facts({ startedAt: SINCE + 1_500 }))).toBe("alive");
  });

  it("is alive where nobody knows when the process started", () => {
    expect(judge(facts({ startedAt: undefined }))).toBe("alive");
  });

  it("is alive where an engine has its number, for the clock may have been set since", () => {
    expect(judge(facts({ startedAt: SINCE + 10_000, command: "/opt/pulumi/pulumi up --yes" }))).toBe("alive");
  });

  it("is elsewhere where the lock is of another machine, whatever runs here", () => {
    expect(judge(facts(), "other")).toBe("elsewhere");
  });

  it("is told with user, machine, process, command and time", () => {
    const holder = holderOf(lock(), "builder", () => facts({ command: "pulumi up" }));
    expect(describeHolder(holder, SINCE + 30_000)).toBe(
      'kim@builder, pid 4711, running "pulumi up", since 2026-11-21T12:00:00Z (30 s ago)',
    );
  });
});

describe("a process", () => {
  it("is known by its start, its command and its children", async () => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 20000)"]);
    await new Promise((resolve) => child.on("spawn", resolve));
    const found = processFacts(child.pid ?? 0);
    expect(found?.command).toContain("setTimeout");
    expect(Math.abs((found?.startedAt ?? 0) - Date.now())).toBeLessThan(10_000);
    expect(descendants(process.pid).map(({ pid }) => pid)).toContain(child.pid);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.on("close", resolve));
    expect(processFacts(child.pid ?? 0)).toBeUndefined();
  });

  it("is read from a line of ps", () => {
    expect(psLine("  123     1 S+   Sat Nov 21 11:56:03 2026 pulumi up --yes")).toEqual([
      { pid: 123, parent: 1, startedAt: Date.parse("Sat Nov 21 11:56:03 2026"), command: "pulumi up --yes" },
    ]);
    expect(psLine("  123     1 Z    Sat Nov 21 11:56:03 2026 (pulumi)")).toEqual([]);
    expect(psLine("")).toEqual([]);
  });
});

describe("freeing a stack", () => {
  const LOCK = ".pulumi/locks/organization/holdpoint/production-canary/a.json";
  const command = "holdpoint rollback production";
  let project = new FakeProject();
  afterEach(() => project.remove());

  function held(by: { pid: number; host?: string; at?: number }): void {
    project = new FakeProject({
      [LOCK]: JSON.stringify({
        pid: by.pid,
        username: userInfo().username,
        hostname: by.host ?? hostname(),
        timestamp: new Date(by.at ?? Date.now()).toISOString(),
      }),
    });
    project.pulumi(`require("node:fs").rmSync(${JSON.stringify(`${project.root}/${LOCK}`)});`);
  }

  it("does nothing where nobody holds it", async () => {
    project = new FakeProject();
    expect(await freeStack(project.context, "production-canary", { takeOver: false, command })).toEqual([]);
    expect(project.calls()).toEqual([]);
  });

  it("takes over from a process that has ended, without being told", async () => {
    held({ pid: 999_999_999 });
    const done = await freeStack(project.context, "production-canary", { takeOver: false, command });
    expect(done).toEqual([
      expect.stringMatching(/^took the lock over from .*, pid 999999999, since .*, a process that has ended$/),
    ]);
    expect(project.calls()).toEqual(["cancel --yes --stack production-canary"]);
  });

  it("never touches the lock of a living process unless told", async () => {
    held({ pid: process.pid });
    await expect(freeStack(project.context, "production-canary", { takeOver: false, command })).rejects.toMatchObject({
      code: "lock-held",
      remedy: "holdpoint rollback production --take-over (it interrupts that process and waits for its end)",
    });
    expect(project.calls()).toEqual([]);
    expect(project.read(LOCK)).not.toBe("");
  });

  it("interrupts a living process and what it has started, and waits for their end", async () => {
    const child = spawn(process.execPath, [
      "-e",
      `const c = require("node:child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 30000)"]);
       process.on("SIGINT", () => { process.on("SIGINT", () => process.exit(1)); });
       console.log(c.pid); setInterval(() => {}, 1000);`,
    ]);
    const grandchild = await new Promise<number>((resolve) =>
      child.stdout.on("data", (data: Buffer) => resolve(Number(data))),
    );
    held({ pid: child.pid ?? 0 });
    const done = await freeStack(project.context, "production-canary", { takeOver: true, command });
    expect(done[0]).toMatch(/^interrupted /);
    expect(processFacts(child.pid ?? 0)).toBeUndefined();
    expect(processFacts(grandchild)).toBeUndefined();
    expect(project.calls()).toEqual(["cancel --yes --stack production-canary"]);
  });

  it("removes another machine's lock only when told, and says what that means", async () => {
    held({ pid: 4711, host: "far-away" });
    await expect(freeStack(project.context, "production-canary", { takeOver: false, command })).rejects.toMatchObject({
      code: "lock-held",
      message: expect.stringContaining("on another machine") as string,
    });
    const done = await freeStack(project.context, "production-canary", { takeOver: true, command });
    expect(done[0]).toContain("only its lock was removed; if it still runs there, it can go on writing");
  });

  it("leaves a backend that is no folder to the engine", async () => {
    held({ pid: process.pid });
    const context = { ...project.context, env: { ...project.context.env, PULUMI_BACKEND_URL: "s3://bucket" } };
    expect(await freeStack(context, "production-canary", { takeOver: false, command })).toEqual([]);
  });
});
