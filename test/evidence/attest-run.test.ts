import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AttestRun } from "../../evidence/attest";
import { attestRun } from "../../evidence/attest";
import { digest } from "../../evidence/canonical";
import { COMMIT, read, refusal, world } from "./world";
import type { World } from "./world";

function drill(w: World, script: string, change: Partial<AttestRun> = {}): AttestRun {
  return {
    command: [process.execPath, "-e", script],
    drill: "rollback",
    cwd: tmpdir(),
    stage: "staging",
    subject: { commit: COMMIT },
    key: w.keys.sre,
    store: w.store,
    ...change,
  };
}

async function factsOf(w: World): Promise<unknown> {
  return (await read(w, { now: Date.now() })).evidence.map(({ facts }) => facts);
}

describe("attest run", () => {
  it("attests what it saw: exit code, times, output", async () => {
    const w = world();
    const chunks: Buffer[] = [];
    const ran = await attestRun(
      drill(w, "console.log('all traffic to baseline'); setTimeout(() => {}, 100)", {
        onOutput: (chunk) => chunks.push(chunk),
      }),
    );
    expect(ran).toMatchObject({ kind: "drill", outcome: "passed", exitCode: 0 });
    expect(ran.took).toBeGreaterThanOrEqual(100);
    expect(await factsOf(w)).toEqual([{ drill: "rollback", outcome: "passed", took: ran.took }]);
    expect(await w.store.getRaw(digest("all traffic to baseline\n"))).toEqual(Buffer.concat(chunks));
  });

  it("attests a drill that failed as failed", async () => {
    const w = world();
    expect(await attestRun(drill(w, "process.exit(3)"))).toMatchObject({ outcome: "failed", exitCode: 3 });
    expect(await factsOf(w)).toMatchObject([{ outcome: "failed" }]);
  });

  it("attests a drill that was killed as failed", async () => {
    const w = world();
    expect(await attestRun(drill(w, "process.kill(process.pid, 'SIGKILL')"))).toMatchObject({
      outcome: "failed",
      exitCode: null,
    });
  });

  it("stops a drill at its time limit, which has then failed, even if something of it lives on", async () => {
    const w = world();
    const script = "require('child_process').spawn('sleep', ['12'], { stdio: 'inherit' }); setTimeout(() => {}, 60000)";
    const started = Date.now();
    expect(await attestRun(drill(w, script, { timeout: 300 }))).toMatchObject({ outcome: "failed", exitCode: null });
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  const node = (script: string): readonly string[] => [process.execPath, "-e", script];
  it("verifies restored data by a command of its own", async () => {
    const w = world();
    await attestRun(drill(w, "", { drill: "restore", verify: node("") }));
    expect(await factsOf(w)).toMatchObject([{ outcome: "passed", integrity: "verified" }]);
  });

  it("attests data that does not verify as failed", async () => {
    const w = world();
    expect(await attestRun(drill(w, "", { drill: "restore", verify: node("process.exit(1)") }))).toMatchObject({
      outcome: "failed",
    });
    expect(await factsOf(w)).toMatchObject([{ outcome: "failed", integrity: "failed" }]);
  });

  it("does not verify after a drill that failed", async () => {
    const w = world();
    await attestRun(drill(w, "process.exit(1)", { drill: "restore", verify: node("") }));
    expect(await factsOf(w)).toMatchObject([{ outcome: "failed", integrity: "unverified" }]);
  });

  it("uses no shell", async () => {
    const w = world();
    const marker = join(mkdtempSync(join(tmpdir(), "holdpoint-attest-")), "marker");
    await attestRun(drill(w, "", { command: [process.execPath, "-e", "", `; touch ${marker}`, `$(touch ${marker})`] }));
    expect(existsSync(marker)).toBe(false);
  });

  it.each([
    [
      "a command that does not exist",
      { command: ["no-such-command-here"] },
      'usage: can\'t run "no-such-command-here": ENOENT',
    ],
    ["no command", { command: [] }, "usage: no command to run"],
  ])("refuses %s", async (_name, change, message) => {
    const w = world();
    expect(await refusal(() => attestRun(drill(w, "", change)))).toBe(message);
    expect(readdirSync(w.store.folder)).toEqual([]);
  });

  it("refuses output with a secret in it, and stores nothing", async () => {
    const w = world();
    const script = `console.log("AKIA" + "ABCDEFGHIJKLMNOP")`;
    expect(await refusal(() => attestRun(drill(w, script)))).toBe(
      "intake-secret: output holds what looks like an AWS access key, line 1; nothing was stored",
    );
    expect(readdirSync(w.store.folder)).toEqual([]);
  });
});
