import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { expect, it } from "vitest";

const runModule = path.resolve(__dirname, "../../toolchain/run.cjs");
/** Prints its process id and stays. */
const sleeper = `console.log("pid " + process.pid); setTimeout(() => {}, 60000)`;
/** Runs the sleeper the way that the set-up runs npm, and passes on what it prints. */
const parentScript = `require(process.argv[1]).run(process.execPath, ["-e", process.argv[2]], { onLine: console.log })`;

/** Whether a process is there and not merely waiting to be collected. */
const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function startParent(): Promise<{ parent: ReturnType<typeof spawn>; child: number }> {
  const parent = spawn(process.execPath, ["-e", parentScript, runModule, sleeper], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  return { parent, child: Number(/pid (\d+)/.exec(line.toString())?.[1]) };
}

it.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)("a command ends when its parent gets %s", async (signal) => {
  const { parent, child } = await startParent();
  expect(isRunning(child)).toBe(true);
  parent.kill(signal);
  await once(parent, "exit");
  await expect.poll(() => isRunning(child), { timeout: 5000 }).toBe(false);
});

it("an interrupted parent waits for the command and ends with the shells' exit code for the signal", async () => {
  const { parent, child } = await startParent();
  parent.kill("SIGINT");
  const [code] = (await once(parent, "exit")) as [number];
  expect(isRunning(child)).toBe(false);
  expect(code).toBe(130);
});
