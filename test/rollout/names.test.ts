import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { checkNames } from "../../rollout/plan-names";
import { pathText } from "../../rollout/yaml";

const TEXT = readFileSync("test/fixtures/rollout/plan.yaml", "utf8");

/* eslint-disable @typescript-eslint/no-explicit-any -- raw data of any shape is what is tested */
/** Mistakes of OmniHub's raw plan with one thing changed: "path: [found … ]expected …". */
function mistakes(change: (plan: any) => void): string[] {
  const plan: any = parse(TEXT);
  change(plan);
  return checkNames(plan).map(
    ({ path, key, found, expected }) =>
      `${pathText([...path, ...(key === undefined ? [] : [key])])}: ${found === undefined ? "" : `${found}; `}${expected}`,
  );
}
const criteria = (plan: any): any[] => plan.stages[1].enter.criteria;
const metric = (more: object) => ({
  kind: "metric",
  id: "m",
  title: "M",
  owner: "sre",
  metric: "p95",
  over: "5 minutes",
  below: "500 ms",
  ...more,
});
const asked = (more: object) => mistakes((plan) => criteria(plan).push(metric(more)));
const AT = `stages[1].enter.criteria[${parse(TEXT).stages[1].enter.criteria.length}]`;

test("the plan itself has none", () => expect(mistakes(() => undefined)).toEqual([]));

describe("a name that nothing defines", () => {
  test.each<[string, (plan: any) => void, string | RegExp]>([
    [
      "a metric",
      (plan) => criteria(plan).push(metric({ metric: "p96" })),
      `${AT}.metric: a defined metric: "p95" (one of error-rate, p95, requests, health, error-budget, database)`,
    ],
    [
      "a metric of a trigger",
      (plan) => (plan.triggers[0].when.metric = "errors"),
      "triggers[0].when.metric: a defined metric: one of error-rate, p95, requests, health, error-budget, database",
    ],
    [
      "a document",
      (plan) => criteria(plan).push({ kind: "documents", names: ["guide"] }),
      `${AT}.names[0]: a defined document: none is defined`,
    ],
    [
      "a type",
      (plan) => (criteria(plan)[0].types = ["hotfix"]),
      "stages[1].enter.criteria[0].types[0]: a defined release type: none is defined",
    ],
    [
      "a type of steps",
      (plan) => (plan.stages[1].canary.stepsFor = { major: [] }),
      'stages[1].canary.stepsFor.major: the key "major"; a defined release type: none is defined',
    ],
    [
      "a type that is owed for",
      (plan) => (plan.releaseTypes = { hotfix: { owes: "featur" }, feature: {} }),
      'releaseTypes.hotfix.owes: a defined release type: "feature" (one of hotfix, feature)',
    ],
    [
      "a level",
      (plan) => (plan.triggers[0].level = "code"),
      "triggers[0].level: a defined level of the rollback: none is defined",
    ],
    [
      "a stage of a trigger",
      (plan) => (plan.triggers[0].stages = ["prodution"]),
      'triggers[0].stages[0]: a defined stage: "production" (one of staging, production)',
    ],
    [
      "a trigger on a dashboard",
      (plan) => (plan.dashboards = { ops: { panels: [{ title: "x", metric: "p95", trigger: "servce-down" }] } }),
      /^dashboards\.ops\.panels\[0\]\.trigger: a defined trigger: "service-down" \(/,
    ],
    [
      "a trigger of a path",
      (plan) => (plan.criticalPaths = { login: ["service-up"] }),
      /^criticalPaths\.login\[0\]: a defined trigger: one of /,
    ],
    [
      "a dashboard",
      (plan) => criteria(plan).push({ kind: "declared", dashboards: ["sol"] }),
      `${AT}.dashboards[0]: a defined dashboard: "slo" (one of slo, operator, infrastructure)`,
    ],
    [
      "an owner to contact",
      (plan) => criteria(plan).push({ kind: "declared", contacts: ["sr"] }),
      /contacts\[0\]: a defined owner: "sre"/,
    ],
    [
      "an owner of a level",
      (plan) => (plan.rollback.levels = { code: { tell: ["sr"] } }),
      /^rollback\.levels\.code\.tell\[0\]: a defined owner/,
    ],
    [
      "a role of a trigger's criterion",
      (plan) => (plan.triggers[0].when = { criterion: { kind: "check", attestedBy: ["sr"] } }),
      /^triggers\[0\]\.when\.criterion\.attestedBy\[0\]: a defined role: "sre"/,
    ],
    [
      "a role of a step's criterion",
      (plan) => (plan.stages[1].canary.steps[0].criteria = [{ kind: "check", attestedBy: ["qaa"] }]),
      /^stages\[1\]\.canary\.steps\[0\]\.criteria\[0\]\.attestedBy\[0\]: a defined role: "qa"/,
    ],
    [
      "a role of waivers",
      (plan) => (plan.waivers = { from: ["cfo"], obligationsAttestedBy: ["qa"] }),
      /^waivers\.from\[0\]: a defined role: "cto"/,
    ],
  ])("is told: %s", (_what, change, expected) => {
    const found = mistakes(change);
    expect(found).toHaveLength(1);
    if (typeof expected === "string") expect(found[0]).toBe(expected);
    else expect(found[0]).toMatch(expected);
  });
  test("is not looked for where the words are free", () =>
    expect(mistakes((plan) => (plan.about = { owner: "Ada", version: "1" }))).toEqual([]));
});

describe("a name that is there twice", () => {
  test("is told within the gates of a stage, and the exit that it judges", () => {
    expect(mistakes((plan) => (plan.stages[1].finish = { criteria: [{ id: "runbooks" }] }))).toEqual([
      "stages[1].finish.criteria[0].id: a name that is used once",
    ]);
    expect(mistakes((plan) => (plan.stages[0].exit = { criteria: [{ id: "runbooks" }] }))).toEqual([
      "stages[1].enter.criteria[8].id: a name that is used once",
    ]);
  });
  test("is told within what one step is asked, not between steps", () => {
    expect(
      mistakes((plan) => {
        plan.stages[1].canary.criteria = [{ id: "a" }, { id: "b" }];
        plan.stages[1].canary.steps[0].criteria = [{ id: "x" }];
        plan.stages[1].canary.steps[1].criteria = [{ id: "x" }, { id: "a" }];
      }),
    ).toEqual(["stages[1].canary.steps[1].criteria[1].id: a name that is used once"]);
    expect(mistakes((plan) => (plan.stages[1].canary.criteria = [{ id: "a" }, { id: "a" }]))).toEqual([
      "stages[1].canary.criteria[1].id: a name that is used once",
    ]);
  });
});

describe("an order that is wrong", () => {
  test("of days", () => {
    const days = (...all: (number | undefined)[]) =>
      mistakes((plan) => {
        plan.stages[0].canary.steps = all.map((day, index) => ({
          weight: index === all.length - 1 ? "100%" : `${index + 1}%`,
          ...(day === undefined ? {} : { day }),
        }));
      });
    expect(days(1, 3, 5)).toEqual([]);
    expect(days(1, 3, 3)).toEqual(["stages[0].canary.steps[2].day: a day after 3, the step's before it"]);
    expect(days(1, undefined, 3)).toEqual([
      'stages[0].canary.steps[1]: a step without a day; the key "day", which the other steps have',
    ]);
  });
  test("of steps of another type of release", () =>
    expect(
      mistakes((plan) => {
        plan.releaseTypes = { major: {} };
        plan.stages[0].canary.stepsFor = { major: [{ weight: "5%" }, { weight: "5%" }] };
      }),
    ).toEqual([
      "stages[0].canary.stepsFor.major[1].weight: more than 5%, the step before it",
      "stages[0].canary.stepsFor.major[1].weight: 100% as the last step",
    ]));
  test("of types at what a canary asks: a step asks whoever takes it", () => {
    const smoke = { kind: "tests", id: "smoke", title: "S", owner: "qa", suite: "smoke", types: ["major"] };
    const found = (where: string) =>
      `stages[0].canary.${where}.types: "types" at a criterion of a canary; none: whatever release takes a step is asked; a type has steps of its own by "stepsFor"`;
    const typed = (put: (canary: any) => void) =>
      mistakes((plan) => {
        plan.releaseTypes = { major: {} };
        put(plan.stages[0].canary);
      });
    expect(typed((canary) => (canary.criteria = [smoke]))).toEqual([found("criteria[0]")]);
    expect(typed((canary) => (canary.steps[1].criteria = [smoke]))).toEqual([found("steps[1].criteria[0]")]);
    const major = [{ weight: "100%", criteria: [smoke] }];
    expect(typed((canary) => (canary.stepsFor = { major }))).toEqual([found("stepsFor.major[0].criteria[0]")]);
    expect(typed((canary) => (canary.criteria = [{ ...smoke, types: undefined }]))).toEqual([]);
  });
  test("of people", () =>
    expect(mistakes((plan) => (plan.stages[0].cohort = { who: "x", people: { min: 50, max: 25 } }))).toEqual([
      "stages[0].cohort.people.max: at least min, 50",
    ]));
  test("of one canary beside several", () =>
    expect(mistakes((plan) => (plan.stages[0].canaries = {}))).toEqual([
      "stages[0].canaries: canaries beside a canary; one canary for the whole service, or one for each operation",
    ]));
});

describe("an artifact's name", () => {
  const named = (...names: string[]) =>
    mistakes((plan) =>
      criteria(plan).push({
        kind: "artifacts",
        id: "image",
        title: "I",
        owner: "sre",
        attestedBy: ["ci"],
        maxAge: "1 day",
        names,
      }),
    );
  test("may have the release's commit in it, and nothing else that is filled in", () => {
    expect(named("app:{commit}", "app-*.tar.gz")).toEqual([]);
    expect(named("app:{sha}")).toEqual([`${AT}.names[0]: "{sha}"; "{commit}", the release's`]);
    expect(named("app:{commit")).toEqual([`${AT}.names[0]: "{commit"; "{commit}", the release's`]);
  });
});

describe("a limit", () => {
  test("is there", () => {
    expect(asked({ below: undefined })).toEqual([`${AT}: no limit; a limit: "below", "atMost", "above" or "atLeast"`]);
    expect(asked({ below: undefined, steady: "10%" })).toEqual([]);
  });
  test("is one on each side, with something between them", () => {
    expect(asked({ atMost: "400 ms" })).toEqual([`${AT}.atMost: "atMost" beside "below"; one of the two`]);
    expect(asked({ above: "500 ms" })).toEqual([`${AT}.below: more than "above", "500 ms"`]);
    expect(asked({ above: "100 ms" })).toEqual([]);
  });
  test("is of the unit that is measured", () => {
    expect(asked({ below: "5%" })).toEqual([`${AT}.below: a time such as "500 ms", as which "p95" is measured`]);
    expect(asked({ metric: "requests", below: "5" })).toEqual([
      `${AT}.below: a rate such as "1000/s", as which "requests" is measured`,
    ]);
    expect(asked({ above: "5%" })).toEqual([
      `${AT}.below: the unit of "above", "5%"`,
      `${AT}.above: a time such as "500 ms", as which "p95" is measured`,
    ]);
  });
  test("is a ratio where it is compared, and only there", () => {
    expect(asked({ below: "2x" })).toEqual([
      `${AT}.below: a plain limit, because it is not compared with the baseline`,
    ]);
    expect(asked({ of: "baseline" })).toEqual([
      `${AT}.below: a ratio such as "2x", because it is compared with the baseline`,
    ]);
    // One mistake: what is compared is a ratio, whatever it is measured in.
    expect(asked({ of: "baseline", below: "110%" })).toEqual([
      `${AT}.below: a ratio such as "2x", because it is compared with the baseline`,
    ]);
    expect(asked({ of: "baseline", below: "2x" })).toEqual([]);
    expect(asked({ of: "baseline", as: "difference" })).toEqual([]);
    expect(asked({ of: "before", below: "2x" })).toEqual([`${AT}: nothing; the key "before", how long before`]);
    expect(asked({ before: "1 day" })).toEqual([`${AT}.before: "before"; "of: before" beside it`]);
    expect(asked({ as: "difference" })).toEqual([`${AT}.as: "as: difference"; "of", what it differs from`]);
  });
});
