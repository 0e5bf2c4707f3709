import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withLock, type Tools } from "../../sandbox/lifecycle";
import { main } from "../../sandbox/play";

const TOOLS: Tools = { pulumi: "/engine/pulumi", pulumiDir: "/engine", prometheus: "/p", promtool: "/t" };

/** A project of its own, so that nothing that is played is ever taken away. */
let project = "";
let said = "";
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "holdpoint-play-"));
  symlinkSync(join(process.cwd(), "toolchain"), join(project, "toolchain"), "junction");
  vi.stubGlobal("__holdpointRoot", project);
  said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  rmSync(project, { recursive: true, force: true });
});

describe("npm start", () => {
  it("does not take the sandbox away from under another one that plays in the same folder", async () => {
    const code = await withLock(project, join(project, "build", "start.lock"), () => main([], TOOLS));
    expect(code).toBe(1);
    expect(said).toMatch(
      /^\nlock-held: npm start is playing in this folder already: process \d+ since .*\n {2}fix: wait for its end, or play in another clone\n/,
    );
  });

  it("--ask says that it needs a terminal where there is none to press a key on", async () => {
    expect(await main(["--ask"], TOOLS)).toBe(2);
    expect(said).toContain("usage: --ask waits for a key before each step, and found no terminal");
  });

  it("refuses an option that it does not have", async () => {
    expect(await main(["--kep"], TOOLS)).toBe(2);
    expect(said).toContain('unknown option "--kep"\nnpm start [-- --keep] [-- --ask]');
  });
});
