import { afterEach, describe, expect, it } from "vitest";
import { lastError, runPulumi } from "../../cli/pulumi";
import { processFacts } from "../../cli/processes";
import { FakeProject } from "./fakes";

let project = new FakeProject();
afterEach(() => project.remove());

/** A project whose engine does what a script says. */
function engine(script: string): void {
  project = new FakeProject();
  project.pulumi(script);
}

const run = (options = {}) => runPulumi(project.context, ["up"], options);

describe("a run of the engine", () => {
  it("keeps its output apart from what it said on both streams, and its exit code", async () => {
    engine('say("{}"); console.error("error: no"); process.exitCode = 255;');
    expect(await run()).toEqual({
      exitCode: 255,
      late: false,
      stdout: "{}\n",
      said: expect.stringContaining("error: no") as string,
    });
  });

  it("shows its output as it comes, where that is wanted", async () => {
    engine('say("hello");');
    await run({ show: true });
    expect(project.terminal.lines.join("")).toBe("hello\n");
    await run();
    expect(project.terminal.lines.join("")).toBe("hello\n");
  });

  it("is missing where there is no such command", async () => {
    engine("");
    const context = { ...project.context, env: { PATH: "" } };
    await expect(runPulumi(context, ["up"])).rejects.toMatchObject({ code: "engine-missing" });
  });

  it("is stopped after its deadline, even where it ignores interrupts, and so is what it has started", async () => {
    engine(`process.on("SIGINT", () => {});
      const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
      say(child.pid); setInterval(() => {}, 1000);`);
    const { late, exitCode, stdout } = await run({ deadline: 2_000 });
    expect(late).toBe(true);
    expect(exitCode).toBe(137);
    expect(lastError({ late, exitCode, stdout, said: stdout })).toBe("no answer within the deadline");
    await expect.poll(() => processFacts(Number(stdout))).toBeUndefined();
  });

  it("has a time to begin, which ends with its first resource", async () => {
    engine('setTimeout(() => say(" ~ pulumi:pulumi:Stack x"), 50); setTimeout(() => say("done"), 1500);');
    expect(await run({ startWithin: 1_200 })).toMatchObject({ late: false, exitCode: 0 });
    engine('say("Loading policy packs...: starting"); setTimeout(() => say("done"), 5000);');
    expect(await run({ startWithin: 600 })).toMatchObject({ late: true });
  });

  it("gets a signal of ours once, and ends in its own time", async () => {
    engine(
      'process.on("SIGINT", () => { say("interrupted"); process.exit(3); }); say("up"); setInterval(() => {}, 1000);',
    );
    const ended = run();
    await expect.poll(() => project.calls()).toEqual(["up"]);
    process.emit("SIGINT");
    const { exitCode, stdout } = await ended;
    expect(stdout).toContain("interrupted");
    expect(exitCode).toBe(3);
  });
});

describe("the engine's last error", () => {
  const said = (text: string) => lastError({ exitCode: 1, late: false, stdout: "", said: text });

  it("is its last line that says so, else its last line", () => {
    expect(said("Updating\nerror: first\n  error: update failed\nDuration: 2s\n")).toBe("update failed");
    expect(said("  pulumi:pulumi:Stack x **failed** error: no such thing\n")).toContain("no such thing");
    expect(said("just this\n\n")).toBe("just this");
    expect(said("")).toBe("exit code 1");
  });
});
