import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { main } from "../../cli/main";
import { fakeTerminal, FakeProject } from "./fakes";

let project = new FakeProject();
afterEach(() => project.remove());

/** Runs the command line; `printed` is standard output, `said` what a person reads. */
async function run(args: readonly string[], root = project.root) {
  const printed: string[] = [];
  const terminal = fakeTerminal({ json: args.includes("--json") });
  const env = { ...project.context.env };
  const exitCode = await main(args, { root, env, terminal, print: (text) => void printed.push(text) });
  return { exitCode, printed: printed.join("\n"), said: terminal.lines.join("\n") };
}

describe("the command line", () => {
  it("names the nearest command for one that is not there", async () => {
    expect(await run(["rolback", "production"])).toEqual({
      exitCode: 2,
      printed: "",
      said: 'usage: unknown command "rolback"\n  fix: did you mean rollback? See holdpoint --help\n  docs: docs/errors.md#usage',
    });
  });

  it("names the nearest option for one that is not there", async () => {
    const { exitCode, said } = await run(["rollback", "production", "--takeover"]);
    expect(exitCode).toBe(2);
    expect(said).toContain(
      'unknown option "--takeover"\n  fix: did you mean --take-over? See holdpoint rollback --help',
    );
  });

  it.each([
    ["nothing", []],
    ["a missing argument", ["rollback"]],
    ["an argument too many", ["rollback", "production", "now"]],
    ["a missing option", ["approve", "production"]],
    ["a decision that is none", ["approve", "production", "--update-plan", "p", "--decision", "perhaps"]],
    ["a weight that is none", ["canary", "production", "half"]],
    ["a weight above 100", ["canary", "production", "101"]],
    ["a subcommand without its option", ["attest", "run", "--stage", "staging", "--", "true"]],
  ])("ends with 2 for %s, in words", async (_what, args) => {
    const { exitCode, said, printed } = await run(args);
    expect(exitCode).toBe(2);
    expect(printed).toBe("");
    expect(said).toMatch(/^usage: .*\n {2}fix: .*\n {2}docs: docs\/errors\.md#usage$/);
  });

  it("answers a mistake in one JSON document where JSON is asked for", async () => {
    const { exitCode, printed, said } = await run(["rollback", "production", "--takeover", "--json"]);
    expect(exitCode).toBe(2);
    expect(said).toBe("");
    expect(JSON.parse(printed)).toEqual({
      command: "rollback",
      exitCode: 2,
      error: {
        code: "usage",
        message: 'unknown option "--takeover"',
        remedy: "did you mean --take-over? See holdpoint rollback --help",
        docs: "docs/errors.md#usage",
      },
    });
  });

  it("names the help of the command that was meant", async () => {
    expect((await run(["rollback"])).said).toContain("fix: holdpoint rollback --help");
    expect((await run(["attest", "run"])).said).toContain("fix: holdpoint attest run --help");
    expect((await run(["keys"])).said).toContain("fix: holdpoint keys --help");
    expect((await run([])).said).toContain("fix: holdpoint --help");
  });

  it("has help as a word, too", async () => {
    const { exitCode, printed } = await run(["help", "rollback"]);
    expect(exitCode).toBe(0);
    expect(printed).toBe((await run(["rollback", "--help"])).printed);
    expect((await run(["help", "sandbox"])).printed).toContain("  down [options]");
    expect((await run(["help"])).printed).toBe((await run(["--help"])).printed);
  });

  it("says what the system refused, and that it is no defect", async () => {
    const lines: string[] = [];
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
    const say = (text: string): void => {
      if (lines.push(text) === 1) throw full;
    };
    expect(await main(["rollback", "production"], { terminal: fakeTerminal({ say }), env: {} })).toBe(1);
    expect(lines.slice(1)).toEqual([
      "system-refused: ENOSPC: no space left on device, write\n  fix: make room on that disk, then run it again\n  docs: docs/errors.md#system-refused",
    ]);
  });

  it("prints help on standard output, with an example of each command", async () => {
    for (const command of [
      [],
      ["lint"],
      ["explain"],
      ["attest"],
      ["attest", "run"],
      ["approve"],
      ["status"],
      ["canary"],
      ["rollback"],
    ]) {
      const { exitCode, printed } = await run([...command, "--help"]);
      expect(exitCode).toBe(0);
      expect(printed).toMatch(/Examples?:\n {2}(holdpoint|pulumi) /);
    }
  });

  it("says of a defect that it is one, without a stack", async () => {
    const lines: string[] = [];
    const say = (text: string): void => {
      if (lines.push(text) === 1) throw new TypeError("undefined is no function");
    };
    const exitCode = await main(["rollback", "production"], { terminal: fakeTerminal({ say }), env: {} });
    expect(exitCode).toBe(1);
    expect(lines.slice(1)).toEqual([
      "undefined is no function\n  this is a defect of Holdpoint; HOLDPOINT_DEBUG=1 shows where",
    ]);
  });
});

describe("lint and explain", () => {
  const root = process.cwd();

  it("finds no mistake in the project's own plan", async () => {
    const { exitCode, said } = await run(["lint"], root);
    expect(said).toMatch(
      /^plans\/omnihub\.yaml: no mistake \(development: .*; staging: .*; production: \d+ criteria, 4 canary steps\)$/,
    );
    expect(exitCode).toBe(0);
  });

  it("answers in JSON", async () => {
    const { printed } = await run(["lint", "plans/omnihub.yaml", "--json"], root);
    expect(JSON.parse(printed)).toMatchObject({
      command: "lint",
      exitCode: 0,
      result: {
        plans: [
          {
            plan: "plans/omnihub.yaml",
            stages: [{ name: "development" }, { name: "staging" }, { name: "production", steps: 4 }],
          },
        ],
      },
    });
  });

  it("names every mistake with its place", async () => {
    project = new FakeProject({ "plan.yaml": "apiVersion: holdpoint.dev/v1\nkind: RolloutPlan\nstages: 5\n" });
    const { exitCode, said } = await run(["lint", `${project.root}/plan.yaml`]);
    expect(exitCode).toBe(2);
    expect(said).toMatch(/^plan-invalid: \d+ mistakes/);
    expect(said).toContain("plan.yaml:3:9: stages: found 5");
  });

  it("names a plan that is not there", async () => {
    const { exitCode, said } = await run(["lint", "nowhere.yaml"]);
    expect(exitCode).toBe(2);
    expect(said).toMatch(/^file-missing: /);
  });

  it("lists each criterion with who says so, how fresh, and the plan's line", async () => {
    const { said } = await run(["explain", "production"], root);
    expect(said).toMatch(
      / {2}staging-smoke-tests: All staging smoke tests passed in the last 5 runs\n {6}the newest 5 runs of smoke; seen on staging \| ci or qa \| at most 7 days old \| mended by qa \(#qa\) \| plans\/omnihub\.yaml:\d+/,
    );
    expect(said).toMatch(/ {2}sign-off: .*\n {6}.*1 of tech-lead, cto; never the author \| signed within 14 days/);
    expect(said).toMatch(/ {4}5 % {2}held 15 minutes {2}plans\/omnihub\.yaml:\d+/);
  });

  it("names the nearest stage", async () => {
    const { exitCode, said } = await run(["explain", "prodution"], root);
    expect(exitCode).toBe(2);
    expect(said).toContain("did you mean production?");
  });
});

describe("keys new", () => {
  it("writes an encrypted key once, and prints the half that the trust file needs", async () => {
    vi.stubEnv("HOLDPOINT_KEY_PASSPHRASE", "long enough");
    const file = join(project.root, "priya.pem");
    const { exitCode, said } = await run(["keys", "new", file]);
    expect(exitCode).toBe(0);
    expect(said).toContain("-----BEGIN PUBLIC KEY-----");
    expect(said).not.toContain("PRIVATE KEY-----");
    expect(readFileSync(file, "utf8")).toContain("-----BEGIN ENCRYPTED PRIVATE KEY-----");
    expect((await run(["keys", "new", file])).exitCode).toBe(2);
    vi.unstubAllEnvs();
  });
});
