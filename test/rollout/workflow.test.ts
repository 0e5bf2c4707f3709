import { describe, expect, test } from "vitest";
import { judgeEvidence } from "../../rollout/criteria/evidence";
import type { EvidenceOf, WorkflowJob, WorkflowTrigger } from "../../rollout/evidence";
import type { EvidenceCriterion } from "../../rollout/plan";
import { mistakesIn } from "./small-plan";
import * as f from "./world-factory";

type Facts = EvidenceOf<"workflow">["facts"];
type Step = WorkflowJob["steps"][number];

const trigger = (event: string, more: Partial<WorkflowTrigger> = {}): WorkflowTrigger => ({
  event,
  filters: [],
  cron: [],
  ...more,
});
const CHECKOUT: Step = { action: "actions/checkout", version: "v4" };
const PYTHON: Step = {
  action: "actions/setup-python",
  version: "v4.1.0",
  with: { "python-version": ["3.10", "3.11"] },
};
const INSTALL: Step = { commands: ["pip install -r requirements.txt --no-cache-dir", "npm install"] };
const job = (id: string, needs: string[], more: Partial<WorkflowJob> = {}): WorkflowJob => ({
  id,
  needs,
  runners: ["ubuntu-latest"],
  steps: [CHECKOUT, PYTHON, INSTALL],
  ...more,
});
const GOOD: Facts = {
  workflow: "CI",
  triggers: [
    trigger("push", { branches: ["main", "release/**"] }),
    trigger("pull_request", { branches: ["main"] }),
    trigger("schedule", { cron: ["17 3 * * *"] }),
  ],
  jobs: [
    job("quality", []),
    job("build", ["quality"]),
    job("test", ["build"]),
    job("deploy", ["test"], { condition: "github.ref == 'refs/heads/main'" }),
  ],
};
const ASKED = {
  on: ["push to main", "pull request to main", "daily"],
  order: ["quality", "build", "test", "deploy"],
  jobs: {
    build: {
      runsOn: "ubuntu-latest",
      uses: {
        "actions/checkout": { version: "v4" },
        "actions/setup-python": { version: "v4", with: { "python-version": "3.11" } },
      },
      runs: ["pip install -r requirements.txt", "npm install"],
    },
    deploy: { only: "github.ref == 'refs/heads/main'" },
  },
};

function says(change: Partial<Facts>, asked: object = ASKED): string {
  const criterion = {
    kind: "workflow",
    id: "it",
    title: "It",
    owner: "sre",
    severity: "major",
    attestedBy: ["ci"],
    subject: "release",
    maxAge: f.DAY,
    covers: [],
    workflow: "CI",
    ...asked,
  } as unknown as EvidenceCriterion;
  const evidence = f.evidence("workflow", { ...GOOD, ...change });
  const { verdict, found } = judgeEvidence(criterion, f.world({ evidence: [evidence] }), f.PLAN);
  return verdict === "pass" ? verdict : `${verdict}: ${found}`;
}

const jobs = (id: string, more: Partial<WorkflowJob>): Partial<Facts> => ({
  jobs: GOOD.jobs.map((one) => (one.id === id ? { ...one, ...more } : one)),
});
const on = (event: string, more: Partial<WorkflowTrigger>): Partial<Facts> => ({
  triggers: GOOD.triggers.map((one) => (one.event === event ? { ...trigger(event), ...more } : one)),
});

test("a workflow that says everything passes", () => expect(says({})).toBe("pass"));

describe("a push to main", () => {
  test.each<[string, Partial<WorkflowTrigger>]>([
    ["without a filter", {}],
    ["by a pattern", { branches: ["ma*"] }],
    ["left out and taken in again", { branches: ["**", "!main", "main"] }],
    ["where another branch is ignored", { branchesIgnore: ["next"] }],
    ["beside tags", { branches: ["main"], filters: ["tags"] }],
  ])("starts it %s", (_what, more) => expect(says(on("push", more))).toBe("pass"));

  test.each<[string, Partial<WorkflowTrigger>, string]>([
    ["of another branch", { branches: ["next"] }, "only next"],
    ["of none", { branches: [] }, "only "],
    ["left out", { branches: ["**", "!main"] }, "only **, !main"],
    ["left out by a pattern that is not read", { branches: ["**", "!mai?"] }, "only **, !mai?"],
    ["by a pattern that is not read", { branches: ["mai[n]"] }, "only mai[n]"],
    ["ignored", { branchesIgnore: ["main"] }, "only !main"],
    ["of some files", { branches: ["main"], filters: ["paths"] }, "limited by paths"],
    ["but of some files", { filters: ["paths-ignore"] }, "limited by paths-ignore"],
    ["of tags", { filters: ["tags"] }, "tags only"],
  ])("does not start it %s", (_what, more, why) => {
    expect(says(on("push", more))).toBe(`fail: "CI": does not start on every push to main: ${why}`);
  });

  test("does not start it where nothing says so, and a pull request's own target is no pull request", () => {
    expect(says({ triggers: GOOD.triggers.slice(1) })).toBe('fail: "CI": does not start on push to main');
    expect(says(on("pull_request", { event: "pull_request_target" }))).toBe(
      'fail: "CI": does not start on pull request to main',
    );
  });
});

describe("any push", () => {
  const asked = { on: ["push", "pull request"] };
  const any = [trigger("push"), trigger("pull_request")];
  test("starts it", () => {
    expect(says({ triggers: any }, asked)).toBe("pass");
    expect(says({ triggers: [trigger("push", { branches: ["**"] }), trigger("pull_request")] }, asked)).toBe("pass");
  });
  test.each<[string, WorkflowTrigger[], string]>([
    ["pushes to main", [trigger("push", { branches: ["main"] }), any[1] as WorkflowTrigger], "push: only main"],
    ["branches of one level", [trigger("push", { branches: ["*"] }), any[1] as WorkflowTrigger], "push: only *"],
    ["all but one", [trigger("push", { branchesIgnore: ["x"] }), any[1] as WorkflowTrigger], "push: only !x"],
    [
      "pull requests that were labelled",
      [any[0] as WorkflowTrigger, trigger("pull_request", { types: ["labeled", "opened"] })],
      "pull request: only when labeled and opened",
    ],
  ])("is more than %s", (_what, triggers, why) => {
    expect(says({ triggers }, asked)).toBe(`fail: "CI": does not start on every ${why}`);
  });
});

describe("daily", () => {
  test.each([["0 3 * * *"], ["*/5 * * * *"], ["0 3 * * 0-6"]])("is %s", (cron) =>
    expect(says(on("schedule", { cron: [cron] }))).toBe("pass"),
  );
  test.each([["0 3 * * 1-5"], ["0 3 1 * *"], ["0 3 * 1 *"], ["0 3 * *"], ["0 3 * * * *"]])("is not %s", (cron) => {
    expect(says(on("schedule", { cron: [cron] }))).toBe(`fail: "CI": not every day, but at "${cron}"`);
  });
  test("is not without a schedule", () => {
    expect(says({ triggers: GOOD.triggers.slice(0, 2) })).toBe('fail: "CI": no schedule');
  });
});

describe("the order", () => {
  test("may be kept by jobs between", () => {
    expect(says({}, { order: ["quality", "test"] })).toBe("pass");
  });
  test.each<[string, string, Partial<WorkflowJob>, string]>([
    ["a job that does not wait", "test", { needs: [] }, "test does not wait for build"],
    ["a job that waits for another", "test", { needs: ["quality"] }, "test does not wait for build"],
    ["a job that never runs", "test", { condition: "false" }, "test runs only if false"],
    ["a job that runs after a failure, too", "test", { condition: "always()" }, "test runs only if always()"],
    ["a job that may fail", "quality", { mayFail: true }, "quality may fail and be passed over (continue-on-error)"],
    [
      "another condition than the plan's",
      "deploy",
      { condition: "true == false" },
      "deploy runs only if true == false",
    ],
  ])("is not kept by %s", (_what, id, more, why) => {
    expect(says(jobs(id, more))).toBe(`fail: "CI": ${why}`);
  });
  test("is not kept where jobs wait in a circle", () => {
    const circle = [job("quality", ["test"]), job("build", ["other"]), job("other", ["build"]), job("test", [])];
    expect(says({ jobs: circle }, { order: ["quality", "build"] })).toBe('fail: "CI": build does not wait for quality');
  });
});

describe("a job", () => {
  const steps = (...all: Step[]): Partial<Facts> => jobs("build", { steps: all });
  test.each<[string, Partial<Facts>, string]>([
    [
      "on another machine",
      jobs("build", { runners: ["ubuntu-22.04"] }),
      "build runs on ubuntu-22.04, not on ubuntu-latest",
    ],
    [
      "in another file",
      jobs("build", { runners: [], steps: [CHECKOUT, PYTHON, INSTALL] }),
      "build runs on nothing that it names, not on ubuntu-latest",
    ],
    ["without an action", steps(PYTHON, INSTALL), "build does not use actions/checkout"],
    [
      "with another version",
      steps({ ...CHECKOUT, version: "v40" }, PYTHON, INSTALL),
      "build: actions/checkout at v40, not v4",
    ],
    [
      "with a commit for a version",
      steps({ ...CHECKOUT, version: "11bd719" }, PYTHON, INSTALL),
      "build: actions/checkout at 11bd719, not v4",
    ],
    [
      "without a version",
      steps({ action: "actions/checkout" }, PYTHON, INSTALL),
      "build: actions/checkout at no version, not v4",
    ],
    [
      "with another Python",
      steps(CHECKOUT, { ...PYTHON, with: { "python-version": ["3.12"] } }, INSTALL),
      "build: actions/setup-python with python-version 3.12, not 3.11",
    ],
    [
      "with any Python",
      steps(CHECKOUT, { action: "actions/setup-python", version: "v4" }, INSTALL),
      "build: actions/setup-python with python-version not set, not 3.11",
    ],
    [
      "with an action that may be left out",
      steps({ ...CHECKOUT, condition: "false" }, PYTHON, INSTALL),
      "build: actions/checkout runs only if false",
    ],
    [
      "without a command",
      steps(CHECKOUT, PYTHON, { commands: ["npm install"] }),
      'build does not run "pip install -r requirements.txt"',
    ],
    [
      "with a command that begins alike",
      steps(CHECKOUT, PYTHON, { commands: ["pip install -r requirements.txt", "npm installed"] }),
      'build does not run "npm install"',
    ],
    [
      "with a command that may fail",
      steps(CHECKOUT, PYTHON, { ...INSTALL, mayFail: true }),
      'build: "pip install -r requirements.txt" may fail and be passed over (continue-on-error); build: "npm install" may fail and be passed over (continue-on-error)',
    ],
  ])("%s is refused", (_what, change, why) => expect(says(change)).toBe(`fail: "CI": ${why}`));

  test("is served by one good step, whatever the others are", () => {
    expect(says(steps({ ...CHECKOUT, condition: "false" }, CHECKOUT, PYTHON, INSTALL))).toBe("pass");
  });
});

test("everything that is wrong is said at once", () => {
  expect(says({ triggers: [trigger("push")], jobs: GOOD.jobs.slice(1) })).toBe(
    'fail: "CI": does not start on pull request to main; no schedule; no job quality',
  );
});

describe("in a plan", () => {
  const mistakes = (keys: string): string =>
    mistakesIn([
      `{ kind: workflow, id: file, title: CI, owner: sre, attestedBy: [ci], maxAge: 1 day, workflow: CI${keys} }`,
    ]);
  test.each<[string, string | RegExp]>([
    [", on: [push to main]", ""],
    ["", 'stages[0].enter.criteria[1]: found none of them, expected at least one of "on", "order" and "jobs"'],
    [", on: [merge to main]", /expected one of "push", "push to <branch>"/],
    [", order: [build]", /expected at least two jobs/],
    [", jobs: { build: { runOn: x } }", /runOn.*runsOn/],
  ])("%j", (keys, expected) => {
    if (typeof expected === "string") expect(mistakes(keys)).toBe(expected);
    else expect(mistakes(keys)).toMatch(expected);
  });
});
