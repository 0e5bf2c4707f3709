import { describe, expect, test } from "vitest";
import type { Decision } from "../../rollout/decision";
import type { Waiver } from "../../rollout/evidence";
import { renderDecision, renderOverview, renderRefusals, renderSummary } from "../../rollout/explain";
import { NOTHING_OWED, type Obligation, type Owed } from "../../rollout/owed";
import type { World } from "../../rollout/world";
import * as f from "./world-factory";
import { enter, mistakesIn, plan, says, SCAN, signOff, SMOKE } from "./small-plan";

const HEAD = "waivers: { from: [tech-lead, cto], count: 2, atMost: 8 hours, obligationsAttestedBy: [sre] }";
const PLAN = plan([SMOKE, SCAN], HEAD);
const smoke = f.smoke(1, {}, { stage: "production" });
const RELEASE = { image: f.RELEASE.image, commit: f.RELEASE.commit };

let serial = 0;
/** A waiver of the scan, an hour old and good for four. */
function waiver(who: string, more: Partial<Waiver> = {}, binding: Partial<Waiver["binding"]> = {}): Waiver {
  serial += 1;
  return {
    id: `${serial}`.padStart(64, "a"),
    file: `waivers/${serial}.json`,
    binding: {
      stack: "production",
      stage: "production",
      criterion: "scan",
      plan: PLAN.source.digest,
      ...RELEASE,
      ...binding,
    },
    reason: "not called",
    obligation: "update the library",
    signer: { id: who, roles: ["tech-lead"] },
    grantedAt: f.NOW - f.HOUR,
    validFor: 4 * f.HOUR,
    ...more,
  };
}
const LEA = waiver("lea");
const CAT = waiver("cat", { signer: { id: "cat", roles: ["cto"] }, reason: "customers wait", validFor: 6 * f.HOUR });

const stages = (owed: Owed = NOTHING_OWED): World["stages"] => ({
  production: { ok: true, record: { usedApprovals: [], owed } },
});
const deciding = (waivers: readonly Waiver[], more: Partial<World> = {}): Decision =>
  enter(PLAN, { evidence: [smoke], waivers, stages: stages(), ...more });
const scan = (...waivers: Waiver[]): string => says(deciding(waivers), "scan");
const REFUSED = "NO-GO; fail: no scan; ";

describe("a waived criterion", () => {
  const decision = deciding([LEA, CAT]);
  test("lets the gate open, and is never told as passed", () => {
    expect(says(decision, "scan")).toBe(
      'GO; waived: not met: no scan; waived until 2026-11-22 05:05 UTC by cat (customers wait) and lea (not called); promised: "update the library"',
    );
    expect(renderSummary(decision)).toBe("GO enter production: 2 of 3 criteria met, 1 waived: scan");
    expect(renderDecision(decision)).toMatch(/^ {2}scan +waived +not met: no scan; waived until/m);
    expect(renderOverview(decision)).toMatch(/^ {2}scan +waived +not met/m);
    expect(renderDecision(decision)).not.toMatch(/scan +pass/);
  });
  test("tells who, why, until when and what was promised, also to machines", () => {
    const found = decision.findings.find(({ criterion }) => criterion === "scan");
    expect(found).toMatchObject({
      verdict: "waived",
      used: [CAT.id, LEA.id],
      waived: {
        verdict: "fail",
        until: f.NOW + 3 * f.HOUR,
        by: [
          { signer: "cat", reason: "customers wait", obligation: "update the library", waiver: CAT.id },
          { signer: "lea", reason: "not called", obligation: "update the library", waiver: LEA.id },
        ],
      },
    });
  });
  test("is shown beside what is still refused", () => {
    const refused = deciding([LEA, CAT], { evidence: [] });
    expect(refused.outcome).toBe("NO-GO");
    expect(renderRefusals(refused).join("\n")).not.toContain("scan");
    expect(renderOverview(refused)).toMatch(/^ {2}scan +waived/m);
  });
  test("that is met passes, and uses no waiver", () => {
    const met = deciding([LEA, CAT], { evidence: [smoke, f.scan()] });
    expect(says(met, "scan")).toMatch(/^GO; pass/);
    expect(met.owed).toEqual(NOTHING_OWED);
  });
  test("of a stale or inconclusive verdict is one as well", () => {
    const old = f.scan({}, { finishedAt: f.NOW - 2 * f.DAY });
    expect(says(deciding([LEA, CAT], { evidence: [smoke, old] }), "scan")).toMatch(/^GO; waived: not met: /);
  });
  test("opens a preview, too: it is bound to no update plan", () =>
    expect(deciding([LEA, CAT], { mode: "preview" }).outcome).toBe("GO"));
});

describe("a waiver does not count", () => {
  test("alone, where two are wanted", () => expect(scan(LEA)).toBe(`${REFUSED}1 of 2 waivers`));
  test("twice of one person", () => expect(scan(LEA, waiver("lea"))).toBe(`${REFUSED}1 of 2 waivers`));
  test("of the author, in any case of letters", () =>
    expect(scan(LEA, waiver("Ada@OmniHub.dev"))).toBe(
      `${REFUSED}1 of 2 waivers: Ada@OmniHub.dev's does not count: the author of a change never waives its criteria`,
    ));
  test("without a role that may", () =>
    expect(scan(LEA, waiver("sam", { signer: { id: "sam", roles: ["sre"] } }))).toBe(
      `${REFUSED}1 of 2 waivers: sam's does not count without the role tech-lead or cto`,
    ));
  test("once it has expired, at the moment itself", () => {
    const end = (grantedAt: number): Waiver => waiver("cat", { grantedAt });
    expect(scan(LEA, end(f.NOW - 4 * f.HOUR + 1))).toMatch(/^GO; waived/);
    expect(scan(LEA, end(f.NOW - 4 * f.HOUR))).toBe(`${REFUSED}1 of 2 waivers: cat's expired just now`);
    expect(scan(LEA, end(f.NOW - 5 * f.HOUR))).toBe(`${REFUSED}1 of 2 waivers: cat's expired 1 hour ago`);
  });
  test("for longer than the plan allows, forever, or for no time", () => {
    expect(scan(LEA, waiver("cat", { validFor: 8 * f.HOUR }))).toMatch(/^GO; waived/);
    expect(scan(LEA, waiver("cat", { validFor: 8 * f.HOUR + 1 }))).toMatch(/cat's is for 8 hours, and 8 hours is the/);
    for (const validFor of [Number.POSITIVE_INFINITY, Number.NaN, 0, -1])
      expect(scan(LEA, waiver("cat", { validFor }))).toMatch(/^NO-GO/);
  });
  test("from the future, or at a time that is none", () => {
    expect(scan(LEA, waiver("cat", { grantedAt: f.NOW + 1 }))).toBe(
      `${REFUSED}1 of 2 waivers: cat's lies in the future`,
    );
    expect(scan(LEA, waiver("cat", { grantedAt: Number.NaN }))).toMatch(/^NO-GO/);
  });
  test.each([
    ["another stack", { stack: "production-canary" }, "is for stack production-canary"],
    ["another version of the plan", { plan: f.hex("0") }, "is for another version of the plan"],
    ["another commit", { commit: f.hex("1", 40) }, "is for another release"],
    ["another image", { image: f.BASELINE.image }, "is for another release"],
  ])("for %s", (_what, binding, why) =>
    expect(scan(LEA, waiver("cat", {}, binding))).toBe(`${REFUSED}1 of 2 waivers: cat's ${why}`),
  );
  test("for another criterion or stage", () => {
    expect(scan(waiver("lea", {}, { criterion: "smoke" }), waiver("cat", {}, { criterion: "smoke" }))).toBe(
      "NO-GO; fail: no scan",
    );
    expect(scan(waiver("lea", {}, { stage: "staging" }), waiver("cat", {}, { stage: "staging" }))).toMatch(/^NO-GO/);
    expect(scan(waiver("lea", {}, { criterion: "sca" }), waiver("cat", {}, { criterion: "scan.1" }))).toMatch(/^NO-GO/);
  });
});

describe("never to be waived", () => {
  const both = (of: ReturnType<typeof plan>, criterion: string): readonly Waiver[] =>
    ["lea", "cat"].map((who) => waiver(who, {}, { criterion, plan: of.source.digest }));
  const attempt = (of: ReturnType<typeof plan>, criterion: string, more: Partial<World> = {}): string =>
    says(enter(of, { evidence: [smoke], waivers: both(of, criterion), stages: stages(), ...more }), criterion);

  test("is a critical criterion", () => {
    const critical = plan([SMOKE, SCAN.replace("id: scan", "id: scan, severity: critical")], HEAD);
    expect(attempt(critical, "scan")).toBe("NO-GO; fail: no scan; it can't be waived: it is critical");
  });
  test("is an approval", () => {
    const signed = plan([SMOKE, signOff()], HEAD);
    expect(attempt(signed, "sign-off", { approvals: [] })).toBe(
      "PENDING; pending: 0 of 1; it can't be waived: it is an approval",
    );
    const rejected = f.approval("tech-lead", { decision: "rejected", reason: "no" });
    expect(attempt(signed, "sign-off", { approvals: [rejected] })).toMatch(/^NO-GO; fail: rejected/);
  });
  test("is a canary at rest", () => {
    const resting = plan([SMOKE, "{ kind: canary-at-rest, id: rest, title: Rest, owner: sre }"], HEAD);
    const canary = { weight: 50, since: f.NOW, release: f.BASELINE };
    const busy = { production: { ok: true, record: { usedApprovals: [], owed: NOTHING_OWED }, canary } } as const;
    expect(attempt(resting, "rest", { stages: busy })).toMatch(/; it can't be waived: users would get a version/);
  });
  test("is anything in a plan without waivers", () => {
    const strict = plan([SMOKE, SCAN]);
    expect(attempt(strict, "scan")).toBe("NO-GO; fail: no scan; it can't be waived: the plan has no waivers");
  });
  test("are the clock, a release's type, and what is owed", () => {
    const named = ["clock", "release-type", "owed"].flatMap((criterion) => both(PLAN, criterion));
    expect(deciding(named, { clockFailure: "off", evidence: [smoke, f.scan()] }).outcome).toBe("NO-GO");
    expect(deciding(named, { release: { ...f.RELEASE, type: "x" }, evidence: [smoke, f.scan()] }).outcome).toBe(
      "NO-GO",
    );
    const unknown: World["stages"] = { production: { ok: true, record: { usedApprovals: [] } } };
    expect(deciding(named, { stages: unknown, evidence: [smoke, f.scan()] }).outcome).toBe("NO-GO");
  });
  test("is there anything where the store can't be read", () =>
    expect(enter(PLAN, { evidenceFailure: "denied", evidence: [], stages: stages() }).outcome).toBe("NO-GO"));
  test("may it last for days", () =>
    expect(mistakesIn([SMOKE], HEAD.replace("8 hours", "4 days"))).toMatch(
      /found "4 days", expected at most 72 hours/,
    ));
});

describe("what was promised", () => {
  const owed = deciding([LEA, CAT]).owed ?? NOTHING_OWED;
  const NEXT = { ...f.RELEASE, commit: f.hex("8", 40) };
  const about = { subject: { commits: [NEXT.commit], sha256: [] } };
  const good = [f.smoke(1, {}, { stage: "production", ...about }), f.scan({}, about)];
  const done = (more = {}, facts = {}) =>
    f.evidence(
      "condition",
      { item: "update the library", approval: LEA.id, ...facts },
      { stage: "production", ...more },
    );
  const next = (...evidence: World["evidence"][number][]): Decision =>
    enter(PLAN, { release: NEXT, evidence: [...good, ...evidence], stages: stages(owed) });
  const promise = (decision: Decision): string => says(decision, "obligation.scan.1");

  test("goes into the record, once for two who promise the same", () => {
    expect(owed).toEqual({
      debts: [],
      obligations: [
        { criterion: "scan", obligation: "update the library", waivers: [CAT.id, LEA.id].toSorted(), release: RELEASE },
      ] satisfies Obligation[],
    });
    const other = deciding([LEA, { ...CAT, obligation: "tell customers" }]);
    expect(other.owed?.obligations.map(({ obligation }) => obligation)).toEqual([
      "tell customers",
      "update the library",
    ]);
  });
  test("does not block the release that it was promised for, and is not doubled", () => {
    const again = deciding([LEA, CAT], { stages: stages(owed) });
    expect(again).toMatchObject({ outcome: "GO", owed });
  });
  test("is owed still by the release that meets the criterion in the end", () =>
    expect(deciding([], { evidence: [smoke, f.scan()], stages: stages(owed) })).toMatchObject({ outcome: "GO", owed }));
  test("blocks the next release, whoever mends what", () => {
    expect(promise(next())).toBe("NO-GO; fail: not done yet");
    expect(next().findings.find(({ criterion }) => criterion === "obligation.scan.1")).toMatchObject({
      wanted: '"update the library", promised when scan was waived for 9999999, attested as done by sre',
      command: `npx holdpoint attest --stage production --condition ${owed.obligations[0]?.waivers[0] ?? ""} "update the library"`,
    });
  });
  test("opens once it is attested as done, and is owed no more", () => {
    expect(next(done())).toMatchObject({ outcome: "GO", owed: NOTHING_OWED });
    expect(next(done({}, { approval: CAT.id })).outcome).toBe("GO");
  });
  test("is not done by other words, for another waiver, in another stage, or by somebody without the role", () => {
    expect(promise(next(done({}, { item: "updated" })))).toMatch(/not done yet/);
    expect(promise(next(done({}, { approval: f.hex("0") })))).toMatch(/not done yet/);
    expect(promise(next(done({ stage: "staging" })))).toMatch(/^NO-GO; fail: 1 record from stage staging/);
    expect(promise(next(done({ signers: [{ id: "dev", roles: ["ci"] }] })))).toMatch(/without the role sre/);
    expect(promise(next(done({ finishedAt: f.NOW + 1 })))).toMatch(/a clock is off/);
  });
  test("can't be waived away", () => {
    const named = ["obligation.scan.1", "scan"].flatMap((criterion) =>
      ["lea", "cat"].map((who) => waiver(who, {}, { criterion, commit: NEXT.commit })),
    );
    expect(promise(enter(PLAN, { release: NEXT, evidence: good, waivers: named, stages: stages(owed) }))).toBe(
      "NO-GO; fail: not done yet",
    );
  });
  test("blocks in a plan that forgot who attests it", () => {
    const forgetful = plan([SMOKE, SCAN]);
    const decision = enter(forgetful, { release: NEXT, evidence: [...good, done()], stages: stages(owed) });
    expect(promise(decision)).toBe("NO-GO; fail: a plan that no longer says who attests it");
  });
  test("a waiver pays no debt", () => {
    const debt = { criterion: "scan", release: { ...RELEASE, commit: f.hex("7", 40) }, type: "hotfix" };
    const decision = deciding([LEA, CAT], { stages: stages({ debts: [debt], obligations: [] }) });
    expect(decision.outcome).toBe("GO");
    expect(decision.owed?.debts).toEqual([debt]);
  });
});
