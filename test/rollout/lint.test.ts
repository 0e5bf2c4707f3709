import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lintPlan, RULES } from "../../rollout/lint";
import { parsePlan } from "../../rollout/plan";

/** What is found in a plan: "rule line: found". */
function found(text: string, file = "x.yaml"): string[] {
  return lintPlan(parsePlan(text, file)).map(({ rule, line, found: what }) => `${rule} ${line}: ${what}`);
}
const read = (document: string): string => readFileSync(`test/fixtures/lint/${document}.yaml`, "utf8");
/** The rules that find something in a document's fragment with one text replaced. */
function rules(document: string, ...changes: readonly (readonly [from: string, to: string])[]): string[] {
  const text = changes.reduce((now, [from, to]) => {
    if (!now.includes(from)) throw new Error(`not in ${document}: ${from}`);
    return now.replaceAll(from, to);
  }, read(document));
  return [...new Set(lintPlan(parsePlan(text, document)).map(({ rule }) => rule))].toSorted();
}

describe("in a document's own numbers lint finds each contradiction", () => {
  test.each(["omnihub", "marketplace", "omni", "sarvanom", "beta"])("%s", (document) => {
    expect(found(read(document))).toMatchSnapshot();
  });
});

test("what no plan may say is a mistake before: a weight that falls, a quantile of what is no rate", () => {
  expect(() => parsePlan(read("marketplace-mistakes"), "x.yaml")).toThrowErrorMatchingSnapshot();
});

test("every finding says what is wrong and what to write instead", () => {
  for (const document of ["omnihub", "marketplace", "omni", "sarvanom", "beta"]) {
    for (const one of lintPlan(parsePlan(read(document), document))) {
      expect(one.wrong.length, one.rule).toBeGreaterThan(20);
      expect(one.instead.length, one.rule).toBeGreaterThan(10);
      expect(`${one.found}${one.wrong}${one.instead}`, one.rule).not.toMatch(/undefined|NaN|\.$/);
    }
  }
});

test("every rule has a name of its own and a sentence", () => {
  expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  for (const { id, says } of RULES) expect(says, id).toMatch(/^[A-Z].*[^.]$/);
});

describe("as the rulings have it, nothing is found", () => {
  test("two go/no-go are two signatures", () =>
    expect(
      rules(
        "omnihub",
        ["notBefore: 1 hour", "notBefore: 1 hour, notAfter: 15 minutes, seen: everything"],
        [
          'none: ["supabase/migrations/**"]',
          'none: ["supabase/migrations/**"], except: ["supabase/migrations/*_emergency_controls.sql"]',
        ],
        ["90 minutes", "15 minutes"],
        ["announce: { begins:", "announce: { held:"],
      ),
    ).toEqual([]));
  test("shares are rates over rates, and the alert waits for the end of the ramp", () => {
    const share = "rate(marketplace_fallback_count[5m]) / rate(marketplace_requests_total[5m])";
    expect(
      rules(
        "marketplace",
        ['"rate(marketplace_fallback_count[5m])"', `"${share}"`],
        ['"rate(marketplace_errors_total[5m])"', `"${share}"`],
        ['"rate(marketplace_fallback_count[5m]) > 0.10"', `"${share}", above: 10%`],
        ['"rate(marketplace_errors_total[5m]) > 0.02"', `"${share}", above: 2%`],
        ["below: 90% }, does", "below: 5% }, does"],
      ),
    ).toEqual([]);
  });
  test("go and no-go of one number leave nothing between them, or say what is done", () => {
    expect(
      rules(
        "omni",
        ["atLeast: 80%", "above: 85%"],
        ["atMost: 3", "atMost: 0"],
        ["above: 2%, for: 15", "above: 1%, for: 15"],
      ),
    ).toEqual([]);
    expect(rules("omni", ["above: 85% }", "above: 85%, remedy: NO-GO until it is green }"])).toEqual([
      "alert-after-rollback",
      "grey-zone",
    ]);
  });
  test("the branch is proved and approved", () =>
    expect(
      rules("sarvanom", [
        "criteria: [{",
        "criteria: [{ kind: branch, id: branch, title: B, owner: team, attestedBy: [ci], maxAge: 1 day, branch: release/v2 }, { kind: update-plan-review, id: review, title: R, owner: team, from: [lead], validFor: 1 day }, {",
      ]),
    ).toEqual(["detection-from-trigger", "marks-are-cumulative", "marks-unproved"]));
  test("or its code was reviewed by others", () => {
    const review = (kind: string) =>
      rules("sarvanom", [
        "criteria: [{",
        `criteria: [{ kind: branch, id: branch, title: B, owner: team, attestedBy: [ci], maxAge: 1 day, branch: release/v2 }, { ${kind}, id: it, title: R, owner: team, attestedBy: [ci], maxAge: 1 day }, {`,
      ]);
    expect(review("kind: review, review: code")).not.toContain("branch-unapproved");
    expect(review("kind: check, check: code")).toContain("branch-unapproved");
  });
  test("ten times the load is a load test's matter, or of ten times the people", () => {
    expect(rules("beta", ["max: 50", "max: 100"])).toEqual([]);
    expect(
      rules("beta", [
        "kind: metric, id: ten-times, title: 10x the load, owner: team, metric: requests, atLeast: 10x, of: before, before: 14 days, over: 1 day",
        "kind: measurement, id: ten-times, title: 10x the load, owner: team, attestedBy: [ci], maxAge: 7 days, suite: load, measure: requests, atLeast: 10x, of: baseline",
      ]),
    ).toEqual([]);
  });
});

describe("three levels of a number", () => {
  test("are goal, alert and rollback, for each of the three of the document", () => {
    for (const [metric, goal, alert, rollback] of [
      ["fallbacks", "5%", "10%", "20%"],
      ["errors", "1%", "2%", "5%"],
      ["search-p95", "100 ms", "150 ms", "200 ms"],
    ] as const) {
      const swap = (a: string, b: string, what: "above" | "below" = "above"): string[] =>
        rules("marketplace", [`${what}: ${a}`, "SWAP"], [`above: ${b},`, `above: ${a},`], ["SWAP", `${what}: ${b}`]);
      expect(swap(alert, rollback), `${metric}: alert after rollback`).toContain("alert-after-rollback");
      expect(swap(goal, alert, "below"), `${metric}: alert before the goal is missed`).toContain("goal-behind-level");
    }
    expect(rules("marketplace")).not.toContain("alert-after-rollback");
    expect(rules("marketplace")).not.toContain("goal-behind-level");
  });
  test("an alert at the rollback's own level is of use if it is faster", () => {
    const at = (alert: string, rollback: string) =>
      rules("omni", ["above: 2%, for: 15 minutes", alert], ["above: 2% }", `${rollback} }`]);
    expect(at("above: 2%, for: 1 minute", "above: 2%, for: 5 minutes")).not.toContain("alert-after-rollback");
    expect(at("above: 2%, for: 5 minutes", "above: 2%, for: 5 minutes")).toContain("alert-after-rollback");
    expect(at("above: 3%, for: 1 minute", "above: 2%, for: 5 minutes")).toContain("alert-after-rollback");
    expect(at("above: 1%, for: 1 hour", "above: 2%")).not.toContain("alert-after-rollback");
  });
});

describe("what is dangerous in any plan", () => {
  const plan = readFileSync("test/fixtures/rollout/plan.yaml", "utf8");
  const inOmnihub = (...changes: readonly (readonly [string, string])[]): string[] => {
    const text = changes.reduce((now, [from, to]) => {
      if (!now.includes(from)) throw new Error(`not in the plan: ${from}`);
      return now.replaceAll(from, to);
    }, plan);
    return found(text, "p");
  };
  const before = found(plan, "p");
  const more = (...changes: readonly (readonly [string, string])[]): string[] => {
    const known = new Set(before.map((one) => one.replace(/ \d+:/, ":")));
    return inOmnihub(...changes)
      .map((one) => one.replace(/ \d+:/, ":"))
      .filter((one) => !known.has(one));
  };
  test("the plan itself is not", () => expect(before).toEqual([]));
  test("a canary that nothing sends back", () =>
    expect(more(["does: rollback", "does: page"])).toEqual([
      "canary-without-trigger: a canary in staging without any trigger that rolls back there",
      "canary-without-trigger: a canary in production without any trigger that rolls back there",
    ]));
  test("a canary that is compared with what it was before it was there", () => {
    const asks = (on: string, before = "    canary:\n      owner: sre\n") =>
      more([
        before,
        `${before}      criteria: [{ kind: metric, id: as-fast, title: As fast, owner: sre, metric: p95, of: before, before: 7 days, atMost: 1.1x, over: 1 hour${on} }]\n`,
      ]);
    const words = "canary-without-past: p95 of the canary, compared with its own 7 days before";
    expect(asks("")).toContain(words);
    expect(asks(", on: canary")).toContain(words);
    expect(asks(", on: service")).toEqual([]);
  });
  test("a critical alert without a runbook", () =>
    expect(more(["    does: page\n    runbook: service-down\n", "    does: page\n"])).toEqual([
      'critical-without-runbook: "service-down" is critical and names no runbook',
    ]));
  const levels = (drill: string): readonly [string, string] => [
    "rollback:\n  within",
    `rollback:\n  levels: { data: { title: Data, within: 4 hours, does: [Restore], drill: ${drill}, drillMaxAge: 20 days } }\n  within`,
  ];
  test("a level of the rollback that no drill proves, or an older or slower one", () => {
    expect(more(levels("fire"))).toEqual([
      'level-without-drill: "data" is proved by the drill "fire", which no gate asks for',
    ]);
    expect(more(levels("restore"))).toEqual([
      'level-without-drill: "data" within 4 hours, tried every 20 days; "restore-drill" takes one of 30 days ago that took up to 1 hour',
    ]);
    expect(more(levels("rollback"))).toEqual([
      'level-without-drill: "data" within 4 hours, tried every 20 days; "rollback-tested" takes one of 14 days ago that took any time',
    ]);
    expect(
      more(
        [
          "maxAge: 30 days\n          attestedBy: [sre]\n          covers: [OH-55",
          "maxAge: 20 days\n          attestedBy: [sre]\n          covers: [OH-55",
        ],
        levels("restore"),
      ),
    ).toEqual([]);
  });
  test("waivers by those who approve", () =>
    expect(
      more([
        "runbooks:\n",
        "waivers: { from: [cto, qa], atMost: 24 hours, obligationsAttestedBy: [sre] }\nrunbooks:\n",
      ]),
    ).toEqual(["waivers-by-approvers: cto may waive, and approves too"]));
  test("a type of release that is asked for nothing, or that never makes up for it", () => {
    const types = (hotfix: string): readonly [string, string] => [
      "runbooks:\n  high",
      `releaseTypes: { hotfix: ${hotfix}, feature: { title: F } }\nrunbooks:\n  high`,
    ];
    const all = ["          owner: devops\n", "          owner: devops\n          types: [feature]\n"] as const;
    const rest = ["          owner: sre\n", "          owner: sre\n          types: [feature]\n"] as const;
    const qa = ["          owner: qa\n", "          owner: qa\n          types: [feature]\n"] as const;
    const lead = ["          owner: tech-lead\n", "          owner: tech-lead\n          types: [feature]\n"] as const;
    expect(more(types("{ title: H }"), all, rest, qa, lead)).toEqual([
      "type-skips-everything: a hotfix enters production without any approval; others need 2",
      "type-skips-everything: a hotfix enters production without any evidence; others need 10",
    ]);
    expect(more(types("{ title: H }"), all, rest)).toEqual([]);
    expect(more(types("{ title: H, owes: hotfix }"), all, rest)).toEqual([
      "type-without-debts: a hotfix is asked for 2 of 20 criteria, and owes nothing",
    ]);
  });
  test("a hold that sees too few requests, on the smaller track", () => {
    expect(more(["minRequests: 20", "minRequests: 20, traffic: 0.5/s".replace(", ", "\n        ")])).toEqual([]);
    expect(more(["minRequests: 20", "minRequests: 20\n        traffic: 0.4/s"])).toEqual([
      "hold-too-short: about 18 requests on the smaller track in 15 minutes at 5%, of 20 that a verdict takes",
    ]);
  });
  test("a finish that is compared with what serves nobody", () =>
    expect(
      more([
        "\ntriggers:",
        `
    finish:
      after: 1 hour
      criteria:
        - { kind: metric, id: no-worse, title: T, owner: sre, metric: p95, of: baseline, below: 1.1x, over: 1 hour }
        - { kind: metric, id: fast, title: T, owner: sre, metric: p95, below: 500 ms, over: 1 hour }
triggers:`,
      ]),
    ).toEqual(['finish-of-baseline: "no-worse" is compared with the baseline']));
  test("marks that do not rise, or end after the whole", () =>
    expect(
      more([
        "rollback:\n  within",
        "rollback:\n  marks: [{ id: a, title: A, within: 30 seconds }, { id: b, title: B, within: 20 seconds }, { id: c, title: C, within: 2 minutes }]\n  within",
      ]).filter((one) => one.startsWith("marks-out")),
    ).toEqual([
      'marks-out-of-order: "B" by 20 seconds, after "A" by 30 seconds',
      'marks-out-of-order: "C" by 2 minutes, and the whole by 1 minute',
    ]));
});

test("docs/plan.md has every rule with its level and sentence", () => {
  const docs = readFileSync("docs/plan.md", "utf8");
  const rows = [...docs.matchAll(/^\| `([a-z-]+)` +\| (error|warning|note) +\|/gm)].map(([, id, level]) => [id, level]);
  expect(rows).toEqual(RULES.map(({ id, level }) => [id, level]));
});
