import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandsOf, failsAtOnce } from "../../evidence/intake/shell";
import type { EvidenceFacts } from "../../rollout/evidence";
import { edited, FOLDER, fixture, intake, STATED_TIME, text } from "./intake-support";
import { refusal } from "./world";

type Facts = EvidenceFacts["workflow"];
type File = ReturnType<typeof text>;

const stated = { finishedAt: STATED_TIME };
const PIPELINE = "workflows/pipeline.yml";
const facts = (file: File): Facts => intake([file], stated).facts as Facts;
const job = (file: File, id: string): Facts["jobs"][number] => {
  const found = facts(file).jobs.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no job ${id}`);
  return found;
};

describe("a workflow's file", () => {
  it("says when it starts, on what it runs, and what its steps do", () => {
    expect(intake([fixture("workflows/build-and-test.yml")], stated)).toEqual({
      kind: "workflow",
      finishedAt: new Date(STATED_TIME).toISOString(),
      statedBy: true,
      summary: "Build & Test: on push, pull_request; build",
      facts: {
        workflow: "Build & Test",
        triggers: [
          { event: "push", filters: [], cron: [] },
          { event: "pull_request", filters: [], cron: [] },
        ],
        jobs: [
          {
            id: "build",
            needs: [],
            runners: ["ubuntu-latest"],
            steps: [
              { action: "actions/checkout", version: "v4" },
              { action: "actions/setup-python", version: "v4", with: { "python-version": ["3.11"] } },
              { commands: ["pip install -r requirements.txt", "npm install"] },
              { commands: ["pytest tests/", "npm test"] },
              { commands: ["docker build -t sarvanom:${{ github.sha }} ."] },
            ],
          },
        ],
      },
    });
  });

  it("says its branches, its schedule, and what each job waits for", () => {
    const { triggers, jobs } = facts(fixture(PIPELINE));
    expect(triggers).toEqual([
      { event: "push", branches: ["main", "release/**", "!release/*-rc"], filters: [], cron: [] },
      { event: "pull_request", branches: ["main"], filters: [], cron: [] },
      { event: "schedule", filters: [], cron: ["17 3 * * *"] },
    ]);
    expect(jobs.map(({ id, needs }) => [id, needs])).toEqual([
      ["quality", []],
      ["build", ["quality"]],
      ["test", ["build"]],
      ["package", ["build", "test"]],
      ["deploy", ["package"]],
      ["notify", ["deploy"]],
    ]);
  });

  it("says the machines and inputs of a matrix, and several labels of one machine as one", () => {
    const build = job(fixture(PIPELINE), "build");
    expect(build.runners).toEqual(["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "windows-2025"]);
    expect(build.steps[1]?.with?.["targets"]).toHaveLength(4);
    expect(job(fixture(PIPELINE), "package").runners).toEqual(["self-hosted, linux, x64"]);
  });

  it("leaves an expression that the file does not answer as it stands", () => {
    const other = edited(PIPELINE, "[ubuntu-24.04, windows-2025]", "${{ fromJSON(needs.build.outputs.os) }}");
    expect(job(other, "test").runners).toEqual(["${{ matrix.os }}"]);
    const without = edited(PIPELINE, "suite: [unit, integration]", "suite: [unit]\n        exclude: []");
    expect(job(without, "test").runners).toEqual(["${{ matrix.os }}"]);
  });

  it("says which jobs and steps may be left out, and whose failure does not count", () => {
    const { jobs } = facts(fixture(PIPELINE));
    expect(jobs.find(({ id }) => id === "deploy")?.condition).toBe("github.ref == 'refs/heads/main'");
    expect(jobs.find(({ id }) => id === "notify")).toEqual({
      id: "notify",
      needs: ["deploy"],
      condition: "always()",
      runners: [],
      steps: [],
    });
    expect(job(fixture(PIPELINE), "test").steps.slice(2)).toEqual([
      // Some of its machines run Windows, whose shell goes on after a failure.
      { condition: "matrix.os == 'ubuntu-24.04'", commands: [] },
      { mayFail: true, commands: [] },
    ]);
  });

  it.each([
    ["${{ false }}", { condition: "false" }],
    ["false", { condition: "false" }],
    ["${{ success() }}", {}],
    ["true", {}],
  ])("with a job that runs if %s", (condition, doubt) => {
    const file = edited(PIPELINE, "if: github.ref == 'refs/heads/main'\n", () => `if: ${condition}\n`);
    const { condition: found } = job(file, "deploy");
    expect(found === undefined ? {} : { condition: found }).toEqual(doubt);
  });

  it.each(["true", "${{ matrix.experimental }}"])("with a job that may fail: %s", (value) => {
    const file = edited(PIPELINE, "    needs: quality\n", `    needs: quality\n    continue-on-error: ${value}\n`);
    expect(job(file, "build").mayFail).toBe(true);
  });

  it.each([
    ["branches: [main]\n  schedule", "paths: [src/**]\n  schedule", { filters: ["paths"] }],
    ["branches: [main]\n  schedule", "branches-ignore: [main]\n  schedule", { branchesIgnore: ["main"], filters: [] }],
    ["branches: [main]\n  schedule", "types: [labeled]\n  schedule", { types: ["labeled"], filters: [] }],
  ])("with filters: %s → %s", (from, to, found) => {
    expect(facts(edited(PIPELINE, from, to)).triggers[1]).toEqual({ event: "pull_request", cron: [], ...found });
  });

  it("reads a number as GitHub does: 3.10 without quotes is Python 3.1", () => {
    const file = edited("workflows/build-and-test.yml", '"3.11"', "3.10");
    expect(job(file, "build").steps[1]?.with).toEqual({ "python-version": ["3.1"] });
  });

  it("needs the time at which it was read, and a name", async () => {
    expect(await refusal(() => intake([fixture(PIPELINE)]))).toMatch(
      /^intake-missing-field: pipeline.yml does not say/,
    );
    expect(await refusal(() => facts(edited(PIPELINE, "name: Pipeline\n", "")))).toBe(
      "intake-missing-field: pipeline.yml: a workflow without a name",
    );
  });

  it.each([
    [
      "a job that waits for one that is not there",
      "needs: package",
      "needs: packages",
      'the job "deploy" needs "packages", which is not there',
    ],
    ["jobs that wait for each other", "needs: quality", "needs: package", 'the job "build" waits for itself'],
    [
      "a job without a machine",
      "    runs-on: ubuntu-24.04\n    environment",
      "    environment",
      'the job "deploy" has no "runs-on"',
    ],
    ["a job without steps", /steps:\n {6}- run: .\/deploy.*\n/, "steps: []\n", 'the job "deploy" has no steps'],
    [
      "a step that does nothing",
      "- run: cargo audit",
      "- name: audit",
      'step 4 of "quality" has not exactly one of "uses" and "run"',
    ],
    [
      "a step that does both",
      "- run: cargo audit",
      "- run: cargo audit\n        uses: a/b@v1",
      'step 4 of "quality" has not exactly one of "uses" and "run"',
    ],
    ["a schedule of four fields", "17 3 * * *", "17 3 * *", '"on.schedule" without a time of five fields'],
    ["no event", /on:\n(?: {2}.*\n)+/, "on: {}\n", '"on" names no event'],
    [
      "branches of both kinds",
      "branches: [main]\n  schedule",
      "branches: [main]\n    branches-ignore: [dev]\n  schedule",
      '"on.pull_request" has both "branches" and "branches-ignore"',
    ],
    [
      "a branch that is a map",
      "branches: [main]\n  schedule",
      "branches: { a: b }\n  schedule",
      '"on.pull_request.branches" is no list of texts',
    ],
  ])("is refused with %s", async (_what, from, to, expected) => {
    expect(await refusal(() => facts(edited(PIPELINE, from, to)))).toBe(`intake-workflow: pipeline.yml: ${expected}`);
  });

  it.each([
    ["a key twice", "name: Pipeline\n", "name: Pipeline\nname: Other\n", /key "name" twice/],
    ["an anchor", "needs: [build]", "needs: &x [build]", /anchor/],
    ["what is no YAML", "needs: [build]", "needs: [build", /./],
  ])("is refused with %s", async (_what, from, to, expected) => {
    const said = await refusal(() => facts(edited(PIPELINE, from, to)));
    expect(said).toMatch(/^intake-workflow: /);
    expect(said).toMatch(expected);
  });

  it("is refused without a job, and when it is larger than any workflow", async () => {
    expect(await refusal(() => facts(text("name: CI\non: push\njobs: {}\n", "ci.yml")))).toBe(
      "intake-empty: ci.yml: a workflow without any job",
    );
    const large = text(`name: CI\non: push\njobs: {}\n${"#".repeat(600_000)}`, "ci.yml");
    expect(await refusal(() => facts(large))).toMatch(/^intake-workflow: ci.yml: 6\d+ bytes/);
  });

  it("has an end, whatever is in it", async () => {
    const started = performance.now();
    const matrix = `{ os: [${Array.from({ length: 300 }, (_, index) => `m${index}`).join(", ")}] }`;
    const jobs = (count: number, run: string): string =>
      Array.from(
        { length: count },
        (_, index) =>
          `  j${index}:\n    strategy: { matrix: ${matrix} }\n    runs-on: \${{ matrix.os }}\n    steps: [{ run: '${run}' }]\n`,
      ).join("");
    const head = "name: CI\non: push\njobs:\n";
    expect(job(text(`${head}${jobs(1, "x")}`), "j0").runners).toEqual(["${{ matrix.os }}"]);
    expect(job(text(`${head}${jobs(1, `"${'\\\\"'.repeat(100_000)}`)}`), "j0").steps).toEqual([{ commands: [] }]);
    expect(await refusal(() => facts(text(`${head}${jobs(257, "x")}`, "ci.yml")))).toBe(
      "intake-workflow: ci.yml: 257 jobs, at most 256 are read",
    );
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("is no other YAML", async () => {
    const file = text(readFileSync("Pulumi.production.yaml", "utf8"));
    expect(await refusal(() => intake([file], stated))).toMatch(/^intake-unknown-format/);
  });

  it.each(realOnes())("is read as it is in %s", (path) => {
    const { jobs, triggers } = facts(text(readFileSync(path, "utf8"), path));
    expect(jobs.length).toBeGreaterThan(0);
    expect(triggers.length).toBeGreaterThan(0);
  });
});

/** Workflows of real projects: those that come with the packages. */
function realOnes(): string[] {
  const found = ["fast-uri", "json-schema-traverse"].flatMap((name) => {
    const folder = join("node_modules", name, ".github/workflows");
    return readdirSync(folder).map((file) => join(folder, file));
  });
  return [...found, ...readdirSync(join(FOLDER, "workflows")).map((file) => join(FOLDER, "workflows", file))];
}

describe("of a script", () => {
  it.each([
    ["each line is a command", "npm ci\nnpm test\n", ["npm ci", "npm test"]],
    ["comments and line ends are none", "# all\nnpm ci \\\n  --omit=dev # fast\n", ["npm ci --omit=dev"]],
    ["what may fail does not count", "npm ci || true\nnpm test", ["npm test"]],
    ["a pipe hides a failure", "npm test | tee log", []],
    ["the background hides it too", "npm start &\nnpm test", ["npm test"]],
    ["a chain counts as the last line", "npm ci && npm test", ["npm ci", "npm test"]],
    ["a chain before other lines does not", "npm ci && npm test\necho done", ["echo done"]],
    ["a block ends what is certain", "npm ci\nif [ -n $A ]; then\nnpm test\nfi", ["npm ci"]],
    ["so does an early end", "exit 0\nnpm test", []],
    ["and the end of failing at once", "set +e\nnpm test", []],
    ["and text for a program", "cat <<EOF\nnpm test\nEOF", []],
    ["and a function", "check() {\nnpm test\n}", []],
    ["and a quote that is left open", 'echo "\nnpm test\n"', []],
    ["a command inside quotes is text", 'echo "a; npm test now"', ['echo "a; npm test now"']],
    ["a redirection is no background", "make 2>&1", ["make 2>&1"]],
  ])("%s", (_what, script, commands) => expect(commandsOf(script)).toEqual(commands));

  it.each([
    [undefined, true],
    ["bash", true],
    ["bash {0}", false],
    ["pwsh", false],
    ["python", false],
  ])("the shell %s ends at the first failure: %s", (shell, ends) => expect(failsAtOnce(shell)).toBe(ends));
});
