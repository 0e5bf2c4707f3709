import { describe, expect, test } from "vitest";
import { HoldpointError } from "../../rollout/errors";
import { parsePlan } from "../../rollout/plan";
import { criterion, planText, smallPlan, type Changes } from "./calendar-plan";

function refusal(changes: Changes): string {
  try {
    smallPlan(changes);
  } catch (error) {
    if (error instanceof HoldpointError) return error.message;
    throw error;
  }
  return "";
}

const WINDOW = `{ timeZone: UTC, days: [tuesday], from: "09:00", for: 8 hours }`;
const train = (more: string) => ({
  head: `windows:\n  train: { timeZone: UTC, days: [tuesday], from: "09:00", for: 8 hours${more} }`,
  criteria: criterion("window", "train", "window: train"),
});
const freeze = (more: string) => ({
  head: `freezes:\n  - { id: audit, title: The audit, timeZone: UTC, stages: [production]${more} }`,
  criteria: criterion("no-freeze", "no-freeze"),
});
const DATES = ", from: 2026-12-20, to: 2027-01-03";
const finish = (criteria: string) => `    finish:\n      after: 24 hours\n      criteria:\n${criteria}`;
const exit = (criteria: string) => `    exit:\n      criteria:\n${criteria}`;

describe("a small plan", () => {
  test("is right with everything about time in it", () => {
    expect(refusal(train(", everyWeeks: 2, since: 2026-11-24"))).toBe("");
    expect(refusal(freeze(DATES))).toBe("");
    expect(refusal(freeze(", file: calendars/holidays.ics"))).toBe("");
    const all = {
      staging: exit(criterion("stage-lasted", "stayed", "stage: staging, atLeast: 1 week")),
      production: finish(criterion("stage-done", "done", "stage: production")),
    };
    expect(refusal(all)).toBe("");
  });
});

describe("a mistake about time", () => {
  test("is a window that no gate asks for", () => {
    expect(refusal({ ...train(""), criteria: "" })).toMatch(
      /: windows\.train: found a window that no gate asks for, expected a criterion of kind window with "window: train"$/,
    );
    expect(refusal({ production: `    window: ${WINDOW}` })).toMatch(
      /found a window that the gate does not ask for, expected a criterion of kind window in the stage's gate: \{ kind: window, id: in-window, /,
    );
    // The criterion asks for another window than the stage's own.
    expect(refusal({ ...train(""), production: `    window: ${WINDOW}` })).toMatch(
      /a window that the gate does not ask for/,
    );
  });
  test("is a window that the plan does not have", () => {
    expect(refusal({ ...train(""), criteria: criterion("window", "train", "window: trian") })).toMatch(
      /window: found "trian", expected a defined window: "train"$/m,
    );
    expect(refusal({ criteria: criterion("window", "train", "window: train") })).toMatch(
      /a defined window: none is defined$/,
    );
    expect(refusal({ criteria: criterion("window", "own") })).toMatch(/expected the key "window" of the stage/);
  });
  test("is a train without a first date, a first date without a train, and one on another day", () => {
    expect(refusal(train(", everyWeeks: 2"))).toMatch(
      /windows\.train: found everyWeeks without since, expected the key "since"/,
    );
    expect(refusal(train(", since: 2026-11-24"))).toMatch(
      /windows\.train: found since without everyWeeks, expected the key "everyWeeks"$/,
    );
    expect(refusal(train(", everyWeeks: 2, since: 2026-11-25"))).toMatch(
      /since: found "2026-11-25", a wednesday, expected a tuesday: the first date that it opens on$/,
    );
    expect(refusal(train(", everyWeeks: 2, since: 2026-11-31"))).toMatch(/a date such as/);
    expect(refusal(train(", everyWeeks: 1, since: 2026-11-24"))).not.toBe("");
  });
  test("is a window that stays open for more than a day", () =>
    expect(refusal({ ...train(""), head: train("").head.replace("8 hours", "25 hours") })).toMatch(
      /at most 24 hours: windows of a week must not touch$/,
    ));
  test("is a gate that does not ask for a freeze that is about it", () => {
    expect(refusal({ ...freeze(DATES), criteria: "" })).toMatch(
      /stages\[1\]\.enter: found a gate that does not ask for the plan's freezes, expected a criterion of kind no-freeze/,
    );
    const everywhere = freeze(DATES);
    expect(refusal({ ...everywhere, head: everywhere.head.replace(", stages: [production]", "") })).toMatch(
      /stages\[0\]\.enter: found a gate that does not ask/,
    );
  });
  test("is a gate that asks for freezes of which there are none", () =>
    expect(refusal({ criteria: criterion("no-freeze", "no-freeze") })).toMatch(
      /found a criterion of kind no-freeze, expected the key "freezes" of the plan$/,
    ));
  test("is a freeze that ends before it begins, and one day of it is none", () => {
    expect(refusal(freeze(", from: 2027-01-03, to: 2026-12-20"))).toMatch(
      /to: found "2026-12-20", expected "2027-01-03", its first day, or later$/,
    );
    expect(refusal(freeze(", from: 2027-01-03, to: 2027-01-03"))).toBe("");
  });
  test("is a freeze with names that nobody knows, the same name twice, or a path of one machine", () => {
    expect(refusal(freeze(`${DATES}, except: [hotfix]`))).toMatch(
      /except\[0\]: found "hotfix", expected a defined release type: none is defined$/,
    );
    expect(refusal({ ...freeze(DATES), head: freeze(DATES).head.replace("[production]", "[producton]") })).toMatch(
      /expected a defined stage: "production"/,
    );
    const twice = freeze(DATES).head;
    expect(refusal({ ...freeze(DATES), head: `${twice}\n${twice.split("\n")[1] ?? ""}` })).toMatch(
      /freezes\[1\]\.id: found "audit", expected a name that is used once$/,
    );
    expect(refusal(freeze(", file: /etc/holidays.ics"))).toMatch(/expected a path that is relative to the plan$/);
  });
  test("is a zone that is none, or only an offset", () => {
    for (const zone of ["Europe/Atlantis", '"+02:00"']) {
      expect(refusal({ ...train(""), head: train("").head.replace("timeZone: UTC", `timeZone: ${zone}`) })).toMatch(
        /an IANA time zone/,
      );
    }
  });
  test("is a least time that is longer than the greatest", () =>
    expect(
      refusal({ criteria: criterion("stage-lasted", "soaked", "stage: staging, atLeast: 2 weeks, atMost: 1 week") }),
    ).toMatch(/atMost: found "1 week", expected more than atLeast, "2 weeks"$/));
  test("is a stage that is asked about before it was entered", () => {
    const lasted = (stage: string) => criterion("stage-lasted", "soaked", `stage: ${stage}, atLeast: 1 week`);
    expect(refusal({ criteria: lasted("production") })).toMatch(/a stage that comes before this one$/);
    expect(refusal({ staging: exit(lasted("production")) })).toMatch(/expected this stage, or one before it$/);
    expect(refusal({ production: finish(lasted("production")) })).toBe("");
  });
  test("is an exit that nothing would judge, and a finish without a canary", () => {
    expect(refusal({ production: exit(criterion("stage-done", "done", "stage: staging")) })).toMatch(
      /stages\[1\]\.exit: found an exit that nothing would judge/,
    );
    expect(refusal({ staging: finish(criterion("canary-at-rest", "rest")) })).toMatch(
      /stages\[0\]\.finish: found a finish without a canary/,
    );
  });
  test("is an id that two criteria of one gate have, though they stand under different stages", () => {
    const done = criterion("stage-done", "staging-done", "stage: staging");
    expect(refusal({ staging: exit(done) })).toMatch(/found "staging-done", expected a name that is used once$/);
    expect(refusal({ production: finish(done) })).toMatch(
      /stages\[1\]\.finish\.criteria\[0\]\.id: found "staging-done", expected a name that is used once$/,
    );
  });
  test("is an unknown owner, role or runbook of an exit or a finish", () => {
    const stranger = criterion("stage-done", "done", "stage: staging").replace("devops", "nobody");
    expect(refusal({ staging: exit(stranger) })).toMatch(
      /exit\.criteria\[0\]\.owner: found "nobody", expected a defined owner/,
    );
    expect(refusal({ production: finish(stranger) })).toMatch(/finish\.criteria\[0\]\.owner: found "nobody"/);
  });
  test("is told for any shape of data", () => {
    for (const head of ["windows: 5", "windows: { a: 5 }", "freezes: 5", "freezes: [5]", "windows: []"]) {
      expect(() => parsePlan(planText({ head }), "plans/small.yaml")).toThrow(HoldpointError);
    }
  });
});
