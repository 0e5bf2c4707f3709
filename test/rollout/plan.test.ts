import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { HoldpointError } from "../../rollout/errors";
import { criterionLine, parsePlan, planDigest, planSchema, stageOf } from "../../rollout/plan";
import { PLAN, PLAN_FILE as FILE, PLAN_TEXT as TEXT } from "./world-factory";

function refusal(text: string): string {
  try {
    parsePlan(text, FILE);
  } catch (error) {
    if (error instanceof HoldpointError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("parsed");
}

/** The message for the plan with one text replaced, with the line's number as N. */
function changed(from: string, to: string): string {
  if (!TEXT.includes(from)) throw new Error(`not in the plan: ${from}`);
  return refusal(TEXT.replace(from, to));
}
/** Line, from 1, of the first line that has a text. */
const lineOf = (text: string): number => TEXT.split("\n").findIndex((line) => line.includes(text)) + 1;

describe("the OmniHub plan", () => {
  test("has the document's gate and ladder", () => {
    const production = stageOf(PLAN, "production");
    expect(production?.canary?.steps.map((step) => [step.weight, step.hold / 60_000])).toEqual([
      [5, 15],
      [25, 15],
      [50, 30],
      [100, 60],
    ]);
    expect(production?.window).toMatchObject({
      timeZone: "UTC",
      days: ["sunday"],
      from: { hour: 2, minute: 0 },
      for: 4 * 3_600_000,
    });
    expect(production?.enter.criteria.map((criterion) => criterion.kind)).toEqual([
      "stage-done",
      "tests",
      "vulnerabilities",
      "update-plan-review",
      "drill",
      "drill",
      "cost",
      "on-call",
      "runbooks",
      "declared",
      "declared",
      "declared",
      "declared",
      "freeze",
      "pipelines",
      "backup",
      "canary-at-rest",
      "window",
      "sign-off",
    ]);
  });
  test("covers only demands that exist and are OmniHub's", () => {
    const ids = [...TEXT.matchAll(/OH-(\d+)/g)].map((match) => Number(match[1]));
    expect(ids.length).toBeGreaterThan(60);
    expect(ids.every((id) => id >= 1 && id <= 212)).toBe(true);
  });
  test("covers the whole pre-production checklist", () => {
    const covered = new Set(stageOf(PLAN, "production")?.enter.criteria.flatMap((criterion) => [...criterion.covers]));
    for (const id of [71, 72, 73, 74, 75, 76, 77, 78]) expect(covered).toContain(`OH-${id}`);
  });
  test("knows where each criterion stands", () => {
    expect(criterionLine(PLAN, "production", "security-scan")).toBe(`${FILE}:${lineOf("kind: vulnerabilities")}`);
    expect(criterionLine(PLAN, "production", "gone")).toBe(FILE);
    expect(PLAN.source.at(["stages", 1, "window"])).toBe(`${FILE}:${lineOf("    window:")}`);
  });
  test("is named by the digest of its text", () => {
    expect(PLAN.source.digest).toBe(planDigest(TEXT));
    expect(planDigest(`${TEXT} `)).not.toBe(planDigest(TEXT));
  });
  test("decides the same however its units are written", () => {
    const { source: _, ...same } = parsePlan(
      TEXT.replaceAll("15 minutes", "900 seconds").replace("4 hours", "240 minutes"),
      FILE,
    );
    const { source: __, ...plan } = PLAN;
    expect(same).toEqual(plan);
  });
  test("has a JSON Schema of what is written in it", () => {
    const schema = z.toJSONSchema(planSchema, { io: "input" });
    expect(schema).toMatchObject({ type: "object", required: expect.arrayContaining(["stages", "service"]) });
  });
});

describe("a mistake in a plan", () => {
  const at = (text: string, column: number) => `${FILE}:${lineOf(text)}:${column}`;
  test("in a key is told with the nearest right one", () => {
    expect(changed("suite: smoke", "suit: smoke")).toBe(
      "plan-invalid: 2 mistakes\n" +
        `  ${at("- kind: tests", 11)}: stages[1].enter.criteria[1]: found nothing, expected the key "suite" (a name such as "smoke-tests")\n` +
        `  ${at("suite: smoke", 11)}: stages[1].enter.criteria[1]: found the unknown key "suit", expected "suite"`,
    );
  });
  test("in a kind is told with the nearest right one", () => {
    expect(changed("kind: tests", "kind: test")).toMatch(
      /^plan-invalid: test\/fixtures\/rollout\/plan\.yaml:\d+:17: stages\[1\]\.enter\.criteria\[1\]\.kind: found "test", expected "tests" \(one of tests, coverage, vulnerabilities, /,
    );
  });
  test("in a unit says what one looks like", () => {
    expect(changed("maxAge: 7 days", "maxAge: 7 dayz")).toBe(
      `plan-invalid: ${at("maxAge: 7 days", 19)}: stages[1].enter.criteria[1].maxAge: found "7 dayz", expected a duration such as "15 minutes"`,
    );
    expect(changed("hold: 15 minutes", "hold: 15")).toMatch(/found 15, expected a duration such as "15 minutes"$/);
    expect(changed("hold: 15 minutes", "hold: 0 minutes")).toMatch(
      /found "0 minutes", expected a duration such as "15 minutes"$/,
    );
    expect(changed("below: 2x", "below: double")).toMatch(/found "double", expected a ratio such as "2x"$/);
    expect(changed("min: $300", "min: 300")).toMatch(
      /found 300, expected "\$300" \(an amount such as "\$300" or "EUR 300"\)$/,
    );
    expect(changed("weight: 5%", "weight: 5")).toMatch(
      /found 5, expected "5%" \(a whole percentage from "1%" to "100%"\)$/,
    );
    expect(changed('from: "02:00"', "from: 2 AM")).toMatch(
      /found "2 AM", expected "02:00" \(a time of day such as "02:00"\)$/,
    );
    expect(changed("above: 1%", "above: many")).toMatch(
      /when\.above: found "many", expected a number with its unit, such as "500 ms", "1%", "50 MB", "1000\/s", "10" or "2x"$/,
    );
    expect(changed("timeZone: UTC", "timeZone: Berlin")).toMatch(
      /found "Berlin", expected an IANA time zone such as "Europe\/Berlin"$/,
    );
    expect(changed("timeZone: UTC", 'timeZone: "+02:00"')).toMatch(/expected an IANA time zone/);
  });
  test("in a name that must exist is told with the nearest right one", () => {
    expect(changed("owner: qa", "owner: qaa")).toBe(
      `plan-invalid: ${at("owner: qa", 18)}: stages[1].enter.criteria[1].owner: found "qaa", expected a defined owner: "qa" (one of devops, backend, qa, sre, tech-lead, incidents)`,
    );
    expect(changed("from: [tech-lead, cto]", "from: [tech-lead, coo]")).toMatch(
      /from\[1\]: found "coo", expected a defined role: "cto" \(one of ci, qa, sre, devops, tech-lead, cto\)$/,
    );
    expect(changed("attestedBy: [ci, qa]", "attestedBy: [robot, qa]")).toMatch(
      /attestedBy\[0\]: found "robot", expected a defined role: one of ci, qa,/,
    );
    expect(changed("stage: staging\n          runs", "stage: stagin\n          runs")).toMatch(
      /found "stagin", expected a defined stage: "staging" \(one of staging, production\)$/,
    );
    expect(changed("names: [high-error-rate,", "names: [high-error-rates,")).toMatch(
      /expected a defined runbook: "high-error-rate"/,
    );
    expect(changed("runbook: service-down", "runbook: service-up")).toMatch(
      /triggers\[2\]\.runbook: found "service-up", expected a defined runbook/,
    );
    expect(changed("tell: [incidents]", "tell: [incident]")).toMatch(
      /rollback\.tell\[0\]: found "incident", expected a defined owner: "incidents"/,
    );
  });
  test("in the order of steps is told", () => {
    expect(changed("weight: 25%", "weight: 4%")).toMatch(
      /steps\[1\]\.weight: found "4%", expected more than 5%, the step before it; less traffic is a rollback's or a trigger's matter$/,
    );
    expect(changed("weight: 100%, hold: 60", "weight: 99%, hold: 60")).toMatch(
      /steps\[3\]\.weight: found "99%", expected 100% as the last step$/,
    );
    expect(changed("hold: 60 minutes", "hold: 5 hours")).toMatch(
      /found holds that together last longer than it, expected holds that fit into the stage's window$/,
    );
    expect(changed("weight: 25%, hold: 15 minutes,", "weight: 25%,")).toMatch(
      /steps\[1\]: found nothing, expected the key "hold" \(a duration such as "15 minutes"; or the key "day", with a later day at the next step\)$/,
    );
  });
  test("in names that must differ is told", () => {
    expect(changed("id: security-scan", "id: staging-smoke-tests")).toMatch(
      /criteria\[2\]\.id: found "staging-smoke-tests", expected a name that is used once$/,
    );
    expect(changed("name: production", "name: staging")).toMatch(
      /stages\[1\]\.name: found "staging", expected a name that is used once/,
    );
  });
  test("in what belongs together is told", () => {
    expect(changed("max: $500", "max: EUR 500")).toMatch(
      /monthly\.max: found "EUR 500", expected the currency of min, "\$300"$/,
    );
    expect(changed("max: $500", "max: $200")).toMatch(/monthly\.max: found "\$200", expected at least min, "\$300"$/);
    expect(
      changed("stage: staging\n          covers: [OH-12]", "stage: production\n          covers: [OH-12]"),
    ).toMatch(/found "production", expected a stage that comes before this one$/);
    const window = TEXT.slice(TEXT.indexOf("    window:"), TEXT.indexOf("    enter:", TEXT.indexOf("    window:")));
    expect(changed(window, "")).toMatch(
      /criteria\[17\]: found a criterion of kind window, expected the key "window" of the stage, which says when it is open$/,
    );
    expect(changed("above: 2x, of: baseline", "above: 2%, of: baseline")).toMatch(
      /expected a ratio such as "2x", because it is compared with the baseline$/,
    );
    expect(changed("above: 1%,", "above: 1x,")).toMatch(
      /expected a plain limit, because it is not compared with the baseline$/,
    );
  });
  test("in a window that the gate forgot is told", () => {
    const criterion = TEXT.slice(TEXT.indexOf("        - kind: window"), TEXT.indexOf("        - kind: sign-off"));
    expect(changed(criterion, "")).toMatch(
      /stages\[1\]\.window: found a window that the gate does not ask for, expected a criterion of kind window in the stage's gate: \{ kind: window, id: in-window, title: …, owner: devops \}$/,
    );
  });
  test("that would let the author approve is told", () => {
    expect(
      changed(
        "count: 1\n          validFor: 24 hours\n          seen",
        "count: 1\n          excludeAuthor: false\n          validFor: 24 hours\n          seen",
      ),
    ).toMatch(/excludeAuthor: found false, expected true: the author of a change never approves it$/);
  });
  test("that leaves a gate empty is told", () => {
    const criteria = TEXT.slice(TEXT.indexOf("      criteria:\n"), TEXT.indexOf("    # The ladder is rehearsed"));
    expect(changed(criteria, "      criteria: []\n")).toMatch(
      /stages\[0\]\.enter\.criteria: found an empty list, expected at least one criterion$/,
    );
  });
  test("comes with all others, in the file's order", () => {
    const text = TEXT.replace("service: omnihub", "servic: omnihub")
      .replace("owner: qa", "owner: qaa")
      .replace("weight: 25%", "weight: 4%")
      .replace("runs: 5", "runs: 0");
    expect(
      refusal(text)
        .split("\n")
        .map((line) => line.replace(/^ +\S+: /, "")),
    ).toEqual([
      "plan-invalid: 5 mistakes",
      'found nothing, expected the key "service" (a name such as "smoke-tests")',
      'found the unknown key "servic", expected "service"',
      'stages[1].enter.criteria[1].owner: found "qaa", expected a defined owner: "qa" (one of devops, backend, qa, sre, tech-lead, incidents)',
      "stages[1].enter.criteria[1].runs: found 0, expected a number from 1",
      "stages[1].canary.steps[1].weight: found \"4%\", expected more than 5%, the step before it; less traffic is a rollback's or a trigger's matter",
    ]);
  });
  test("in a file that is no plan at all is told", () => {
    const wanted =
      "expected a map with apiVersion, kind, name, title, service, owners, roles, runbooks, stages, rollback";
    expect(refusal("")).toBe(`plan-invalid: ${FILE}:1:1: found nothing, ${wanted}`);
    expect(refusal("- 1")).toBe(`plan-invalid: ${FILE}:1:1: found a list of 1, ${wanted}`);
    expect(refusal("a plan")).toBe(`plan-invalid: ${FILE}:1:1: found "a plan", ${wanted}`);
  });
});

test("docs/plan.md names every kind of criterion", () => {
  const docs = readFileSync("docs/plan.md", "utf8");
  for (const criterion of stageOf(PLAN, "production")?.enter.criteria ?? [])
    expect(docs).toContain(`\`${criterion.kind}\``);
});
