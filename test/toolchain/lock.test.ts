import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const modulePath = path.resolve(__dirname, "../../toolchain/lock.cjs");
const { withLock } = createRequire(__filename)(modulePath) as {
  withLock: <T>(file: string, work: () => Promise<T>, options?: { onWait?: (owner: string) => void }) => Promise<T>;
};

let folder: string;
let file: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "holdpoint-lock-"));
  file = path.join(folder, "lock");
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it("lets two do their work one after the other, and tells the second whom it waits for", async () => {
  const events: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    events.push(`${name} begins`);
    await pause(300);
    events.push(`${name} ends`);
  };
  const first = withLock(file, work("first"));
  const second = withLock(file, work("second"), {
    onWait: (owner) => events.push(`waits for ${owner.split(" since")[0]}`),
  });
  await Promise.all([first, second]);
  expect(events).toEqual([
    "first begins",
    `waits for process ${String(process.pid)}`,
    "first ends",
    "second begins",
    "second ends",
  ]);
  expect(fs.readdirSync(folder)).toEqual([]);
});

it("is released when the work fails", async () => {
  await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(withLock(file, () => Promise.resolve("next"))).resolves.toBe("next");
});

it("of a process that was killed is taken over at once", async () => {
  const script = `require(process.argv[1]).withLock(process.argv[2], () => { console.log("held"); return new Promise((r) => setTimeout(r, 60000)); })`;
  const owner = spawn(process.execPath, ["-e", script, modulePath, file], { stdio: ["ignore", "pipe", "inherit"] });
  await once(owner.stdout, "data");
  owner.kill("SIGKILL");
  await once(owner, "exit");
  const started = Date.now();
  await expect(withLock(file, () => Promise.resolve("taken"))).resolves.toBe("taken");
  expect(Date.now() - started).toBeLessThan(2000);
});

it("of an owner that cannot be seen from here is respected while its heartbeat is fresh, and taken over when it is not", async () => {
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  fs.writeFileSync(file, JSON.stringify({ token: "t", pid: dead, host: "another machine", since: "then" }));
  const waiting = withLock(file, () => Promise.resolve("taken"));
  await expect(Promise.race([waiting, pause(700).then(() => "still waiting")])).resolves.toBe("still waiting");
  const long = new Date(Date.now() - 10 * 60_000);
  fs.utimesSync(file, long, long);
  await expect(waiting).resolves.toBe("taken");
});

it("is held by one at a time when many take over a dead owner's", async () => {
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  await withLock(file, () => Promise.resolve(fs.copyFileSync(file, `${file}.copy`)));
  const stale = JSON.parse(fs.readFileSync(`${file}.copy`, "utf8")) as object;
  fs.writeFileSync(file, JSON.stringify({ ...stale, pid: dead }));
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await pause(20);
    inside--;
  };
  await Promise.all(Array.from({ length: 6 }, () => withLock(file, work)));
  expect(most).toBe(1);
});
