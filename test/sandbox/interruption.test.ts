import { spawn } from "node:child_process";
import { once } from "node:events";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { processFacts } from "../../cli/processes";
import { Interruption } from "../../sandbox/story/interruption";

let said = "";
beforeEach(() => {
  said = "";
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
  return () => spy.mockRestore();
});

/** A command that takes no notice of interrupts, and has started another one that does not either. */
async function stubborn() {
  const deaf = `for (const s of ["SIGINT", "SIGTERM"]) process.on(s, () => {}); setInterval(() => {}, 1000);`;
  const script = `${deaf} const c = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(`${deaf} console.log("up")`)}], { stdio: ["ignore", "pipe", "ignore"] });
    c.stdout.once("data", () => console.log(c.pid));`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, grandchild: Number(line.toString()) };
}

describe("an interruption of the story", () => {
  it("ends the command that runs and what that has started, then the rest, and tells the exit code", async () => {
    const { child, grandchild } = await stubborn();
    const order: string[] = [];
    const interruption = new Interruption(() => {
      order.push(processFacts(child.pid ?? 0) === undefined ? "command gone" : "command runs");
      return Promise.resolve();
    });
    interruption.children.add(child);
    expect(interruption.is).toBe(false);
    void interruption.begin(130);
    expect(interruption.is).toBe(true);
    void interruption.begin(143); // a second Ctrl-C changes nothing
    expect(await interruption.ended).toBe(130);
    expect(order).toHaveLength(1);
    await expect.poll(() => processFacts(grandchild)).toBeUndefined();
    expect(said).toBe("\nstopping: the command that runs, then the sandbox\n");
  });

  it("ends although what is left can't be ended, and says why", async () => {
    const interruption = new Interruption(() => Promise.reject(new Error("no space left on device")));
    void interruption.begin(143);
    expect(await interruption.ended).toBe(143);
    expect(said).toContain("no space left on device");
  });
});
