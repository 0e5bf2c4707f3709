import { describe, expect, test } from "vitest";
import { judgeApprovals, type ApprovalRule } from "../../rollout/criteria/approvals";
import type { Approval } from "../../rollout/evidence";
import { parsePlan, type Plan } from "../../rollout/plan";
import * as f from "./world-factory";
import { enter, mistakesIn, plan, planText, review, says, signOff } from "./small-plan";

let serial = 0;
/** An approval of somebody with some roles. */
const by = (id: string, roles: readonly string[], more: Partial<Approval> = {}): Approval =>
  f.approval("x", { id: `${(serial += 1)}`.padStart(64, "0"), signer: { id, roles }, ...more });
const at = (minutesBeforeTwo: number): Pick<Approval, "approvedAt"> => ({
  approvedAt: f.NOW - 5 * f.MINUTE - minutesBeforeTwo * f.MINUTE,
});

describe("separation of duties", () => {
  const PLAN = plan([review(), signOff(", differentFrom: [review]")]);
  const both = (...approvals: Approval[]): string => {
    const decision = enter(PLAN, { approvals });
    return [decision.outcome, ...decision.findings.slice(1).map(({ verdict, found }) => `${verdict}: ${found}`)].join(
      "; ",
    );
  };
  test("opens with two people", () =>
    expect(both(by("sam", ["sre"]), by("lea", ["tech-lead"]))).toBe(
      "GO; pass: approved by sam; pass: approved by lea",
    ));
  test("blocks one person with both roles, and says why", () => {
    expect(both(by("sam", ["sre", "tech-lead"]))).toBe(
      "PENDING; pass: approved by sam; pending: 0 of 1: sam serves review, which takes another person",
    );
    const [, , finding] = enter(PLAN, { approvals: [] }).findings;
    expect(finding?.wanted).toBe(
      "1 approval by tech-lead or cto of this update plan, within 1 day, not by its author, nor by who serves review",
    );
  });
  test("one person with both roles and two approvals is one person", () =>
    expect(both(by("sam", ["sre", "tech-lead"]), by("sam", ["sre", "tech-lead"], at(-1)))).toMatch(/^PENDING/));
  test("is fair: who may serve both leaves the place to whom only one is open", () => {
    expect(both(by("sam", ["sre", "tech-lead"]), by("kim", ["sre"]))).toBe(
      "GO; pass: approved by kim; pass: approved by sam",
    );
    expect(both(by("sam", ["sre", "tech-lead"]), by("kim", ["cto"]))).toBe(
      "GO; pass: approved by sam; pass: approved by kim",
    );
  });
  test("holds for the items of a conditional approval: only those who serve set conditions", () => {
    const conditional = by("sam", ["sre", "tech-lead"], { decision: "conditional", items: ["x"] });
    expect(both(conditional, by("kim", ["sre"]))).toMatch(/^NO-GO; pass: approved by kim; .*conditional.*not done yet/);
  });
  test("without it, one person serves both", () => {
    const same = plan([review(), signOff()]);
    expect(enter(same, { approvals: [by("sam", ["sre", "tech-lead"])] }).outcome).toBe("GO");
  });
  test("an author is an author in any case of letters", () => {
    const author = by(f.RELEASE.author.toUpperCase(), ["sre"]);
    expect(both(author, by("lea", ["tech-lead"]))).toMatch(
      /^PENDING; pending: 0 of 1: ADA@OMNIHUB\.DEV's does not count/,
    );
  });
});

describe("hours before the window", () => {
  const LATE = plan([signOff(", notBefore: 15 minutes")]);
  const late = (approval: Approval, more = {}): string =>
    says(enter(LATE, { approvals: [approval], ...more }), "sign-off");
  const lead = (minutes: number, more: Partial<Approval> = {}) => by("lea", ["tech-lead"], { ...at(minutes), ...more });

  test("an approval within them opens, from the first instant on", () => {
    expect(late(lead(10))).toMatch(/^GO/);
    expect(late(lead(15))).toMatch(/^GO/);
    expect(late(lead(-4))).toMatch(/^GO/);
  });
  test("an earlier one does not count, and the message says from when it would", () =>
    expect(late(lead(16))).toBe(
      "PENDING; pending: 0 of 1: lea's was given too early, at 2026-11-22 01:44 UTC, before Sunday 2026-11-22 01:45 UTC",
    ));
  test("a time that is none does not count", () =>
    expect(late(lead(10, { approvedAt: Number.NaN }))).toMatch(/^PENDING/));
  test("the next window counts while this one has not opened, and last week's approval does not", () => {
    const friday = { now: f.NOW - 2 * f.DAY };
    expect(late(lead(0, { approvedAt: friday.now - f.MINUTE }), friday)).toMatch(/was given too early/);
    const longValid = plan([signOff(", notBefore: 15 minutes").replace("24 hours", "30 days")]);
    const lastWeek = { approvals: [lead(0, { approvedAt: f.NOW - 7 * f.DAY })] };
    expect(says(enter(longValid, lastWeek), "sign-off")).toMatch(/was given too early/);
  });

  const TWO = plan([
    signOff(", notBefore: 60 minutes, notAfter: 15 minutes, seen: everything", "t-60"),
    signOff(", notBefore: 15 minutes, seen: [window]", "t-15"),
  ]);
  const PENDING = { outcome: "PENDING", unmet: ["t-60", "t-15"] } as const;
  const early = lead(50, { saw: { outcome: "NO-GO", unmet: ["window", "t-60", "t-15", "t-15.1.1"] } });
  const final = lead(-1, { saw: PENDING });
  const outcome = (...approvals: Approval[]): string => enter(TWO, { approvals }).outcome;
  test("two gates before one window need two signatures, each in its own hours", () => {
    expect(outcome(early, final)).toBe("GO");
    expect(outcome(early)).toBe("PENDING");
    expect(outcome(final)).toBe("PENDING");
    expect(says(enter(TWO, { approvals: [final] }), "t-60")).toMatch(
      /lea's was given too late, at .*, not before Sunday 2026-11-22 01:45 UTC$/,
    );
  });

  test("the instant at which the one span ends belongs to the other", () => {
    expect(outcome({ ...early, ...at(15) }, final)).toBe("PENDING");
    expect(outcome({ ...early, approvedAt: at(15).approvedAt - 1 }, final)).toBe("GO");
  });

  test("everything must have been met when it was signed, but approvals and the window", () => {
    const blind = { ...early, saw: { outcome: "NO-GO", unmet: ["window", "smoke"] } as const };
    expect(says(enter(TWO, { approvals: [blind, final] }), "t-60")).toBe(
      "PENDING; pending: 0 of 1: lea's was given too late, at 2026-11-22 02:01 UTC, not before Sunday 2026-11-22 01:45 UTC and lea's was given while smoke was unmet",
    );
    expect(outcome({ ...early, saw: { outcome: "NO-GO", unmet: ["clock"] } }, final)).toBe("PENDING");
    expect(outcome({ ...early, saw: { outcome: "NO-GO", unmet: ["obligation.smoke.1", "owed"] } }, final)).toBe(
      "PENDING",
    );
  });
  test("an id that only begins alike is another criterion", () =>
    expect(outcome({ ...early, saw: { outcome: "NO-GO", unmet: ["window-2"] } }, final)).toBe("PENDING"));
  test("named criteria must have been met, others not", () => {
    expect(outcome(early, { ...final, saw: { outcome: "NO-GO", unmet: ["window"] } })).toBe("PENDING");
    expect(outcome(early, { ...final, saw: { outcome: "NO-GO", unmet: ["window.1"] } })).toBe("PENDING");
    expect(outcome(early, { ...final, saw: { outcome: "NO-GO", unmet: ["smoke"] } })).toBe("GO");
  });
  test("an approval that does not tell what its signer saw does not count", () => {
    const { saw: _, ...silent } = early;
    expect(says(enter(TWO, { approvals: [silent, final] }), "t-60")).toMatch(
      /lea's does not tell what the gate said when it was signed/,
    );
  });
});

describe("judged elsewhere, such as before a canary's step", () => {
  const rule: ApprovalRule = {
    id: "canary.approval",
    title: "The step is approved",
    owner: "sre",
    severity: "major",
    covers: [],
    from: ["sre"],
    count: 1,
    validFor: f.DAY,
    excludeAuthor: true,
  };
  const judged = (of: Plan, place: Parameters<typeof judgeApprovals>[3], approvals = [f.approval("sre")]) => {
    const [stage] = of.stages;
    if (stage === undefined) throw new Error("factory");
    return judgeApprovals([rule], { plan: of, stage, world: f.world({ approvals }) }, f.UPDATE_PLAN, place).get(
      rule.id,
    );
  };
  const PLAN = plan([review()]);
  test("it opens, with the command of that place", () => {
    expect(judged(PLAN, { used: [], command: "approve it" })).toMatchObject([
      { verdict: "pass", command: "approve it" },
    ]);
  });
  test("what was used there does not count again, nor what is not known to be unused", () => {
    expect(judged(PLAN, { used: [f.hex("d")] })?.[0]?.found).toBe("0 of 1: sre@omnihub.dev's was used before");
    expect(judged(PLAN, { used: { failure: "no record" } })?.[0]?.found).toBe(
      "0 of 1: sre@omnihub.dev's can't be known to be unused: no record",
    );
  });
});

describe("a plan's approvals", () => {
  test.each([
    [
      "an unknown criterion",
      [review(), signOff(", differentFrom: [reviews]")],
      /differentFrom\[0\]: found "reviews", expected .*"review"/,
    ],
    ["what is no approval", [review(), signOff(", differentFrom: [window]")], /another approval of this gate/],
    ["oneself", [signOff(", differentFrom: [sign-off]")], /another approval in this gate, and there is none/],
    [
      "an approval that was seen",
      [review(", seen: [sign-off]"), signOff()],
      /criterion of this gate that is no approval/,
    ],
    ["a span that is empty", [review(", notBefore: 15 minutes, notAfter: 15 minutes")], /less than notBefore/],
    ["a condition on nothing", [review(", when: {}")], /condition on nothing/],
    ["files that nobody attests", [review(', when: { files: ["a"] }')], /files that nobody attests/],
  ])("can't name %s", (_what, criteria, expected) => expect(mistakesIn(criteria)).toMatch(expected));
  test("can't count hours without a window", () => {
    const windowless = planText([review(", notBefore: 15 minutes")])
      .replace(/ {4}window: .*\n/, "")
      .replace(/ *- \{ kind: window.*\n/, "");
    expect(() => parsePlan(windowless, "x.yaml")).toThrow(/hours before a window in a stage without one/);
  });
});
