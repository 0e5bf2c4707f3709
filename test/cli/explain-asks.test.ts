import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { explainStage } from "../../cli/explain";
import { parsePlan } from "../../rollout/plan";
import type { Plan } from "../../rollout/plan";

const read = (file: string, change = (text: string) => text) => parsePlan(change(readFileSync(file, "utf8")), file);
const train = (change?: (text: string) => string) => read("docs/examples/weekly-train.yaml", change);

/** What each criterion of a stage's gates asks, by its id. */
function asks(plan: Plan, stage: string): Record<string, string> {
  const found = plan.stages.find(({ name }) => name === stage);
  if (found === undefined) throw new Error(`no stage ${stage}`);
  const criteria = explainStage(plan, found).gates.flatMap((gate) => gate.criteria);
  return Object.fromEntries(criteria.map((one) => [one.criterion, one.asks]));
}

test("explain says what passes a criterion by its keys, not by its title", () => {
  expect(asks(train(), "group0")).toEqual({
    "in-window": "Tuesday 13:00 UTC, for 2 hours",
    "backport-window": "Monday, Tuesday, Wednesday, Thursday, Friday 08:00 UTC, for 12 hours",
    "no-freeze": "",
    "beta-done": "",
    "beta-lasted": "",
    "browser-train": 'the newest 3 runs of browser; may skip "upload > animated thumbnails"; seen on beta',
    "browser-once": "the newest run of browser",
    vulnerabilities: "at most 0 critical, 2 high, 0 unknown; by a database at most 1 day old",
    "way-back": "drill rollback; in under 10 minutes; seen on beta; of any release",
    backup: "backup of databases; manual; verified; of any release",
    "built-by-us": "built by https://ci.fernwiki.example/builder; from main",
    conductors: "primary and secondary from now on for 3 days; of any release",
    runbooks: "errors, saves, page-load, memory",
    cost: "$9000 to $14000 a month",
    "risky-schema": "only where sql/** is touched",
    "risky-sign-in": "only where src/auth/** is touched",
    go: "having seen everything else met",
  });
  expect(asks(train(), "group2")).toMatchObject({
    "group1-lasted": "no longer than 3 days",
    "saves-no-slower": "save-p95 at most 1.1x of its own 7 days before",
    "go-conductor": "nobody who serves go-sre",
    answered: "error-rate at most 0.1%",
  });
});

test("a number that is changed is told, whatever the title goes on saying", () => {
  const lax = train((text) => text.replace("runs: 3", "runs: 1").replace("high: 2", "high: 90"));
  expect(asks(lax, "group0")).toMatchObject({
    "browser-train": 'the newest run of browser; may skip "upload > animated thumbnails"; seen on beta',
    vulnerabilities: "at most 0 critical, 90 high, 0 unknown; by a database at most 1 day old",
  });
});

describe("whatever a plan asks for", () => {
  test.each(readdirSync("plans").filter((name) => name.endsWith(".yaml") && !/trust|enforced/.test(name)))(
    "%s: is said without a gap",
    (name) => {
      const plan = read(`plans/${name}`);
      const said = plan.stages.flatMap((stage) => Object.values(asks(plan, stage.name)));
      expect(said.filter((one) => /undefined|NaN|\[object|; ;|^; |; $/.test(one))).toEqual([]);
    },
  );
});

test("a workflow's file and the flags are told by what is asked of them", () => {
  expect(asks(read("plans/omni.yaml"), "staging")["pipeline-file"]).toBe(
    "the file of ci-cd; starts on push to main, pull request to main, daily; code-quality → build-matrix → test-suite → packaging → deployment; deployment: only if github.ref == 'refs/heads/main'",
  );
  const { "build-workflow": build, flags } = asks(read("plans/sarvanom.yaml"), "production");
  expect(build).toBe(
    "the file of Build & Test; starts on push, pull request; build: on ubuntu-latest, actions/checkout@v4, actions/setup-python@v4 with python-version 3.11, pip install -r requirements.txt, npm install, pytest tests/, npm test",
  );
  expect(flags).toBe("every flag of the plan; flags of type release, experiment, configuration");
  expect(asks(read("plans/marketplace.yaml"), "production")["signing-opt-in"]).toBe(
    "flags: publish-signing = on, publish-signing-required = off",
  );
});
