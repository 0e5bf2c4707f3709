import { describe, expect, test } from "vitest";
import { decideEnter } from "../../rollout/decide";
import type { Approval } from "../../rollout/evidence";
import type { World } from "../../rollout/world";
import * as f from "./world-factory";

const enter = (more: Partial<World> = {}) => decideEnter(f.PLAN, "production", f.world(more));
/** The outcome and what the sign-off says, with the review given. */
function signOff(...approvals: Approval[]): string {
  return signOffIn({ approvals: [f.approval("sre"), ...approvals] });
}
function signOffIn(more: Partial<World>): string {
  const decision = enter(more);
  const found = decision.findings.find((finding) => finding.criterion === "sign-off");
  return `${decision.outcome}, ${found?.verdict}: ${found?.found}`;
}
const lead = (more: Partial<Approval> = {}) => f.approval("tech-lead", more);
const bound = (more: Partial<Approval["binding"]>) =>
  lead({ binding: { ...f.BINDING, updatePlan: f.UPDATE_PLAN, ...more } });

describe("approvals", () => {
  test("are not asked for in a preview", () => {
    const decision = enter({ mode: "preview", approvals: [] });
    expect(decision.outcome).toBe("PENDING");
    const pending = decision.findings.filter((finding) => finding.verdict === "pending");
    expect(pending.map((finding) => finding.criterion)).toEqual(["update-plan-reviewed", "sign-off"]);
    expect(pending[1]).toMatchObject({
      found: "asked for in up, when there is an update plan to approve",
      wanted: "1 approval by tech-lead or cto of this update plan, within 1 day, not by its author",
      command: "npx holdpoint approve production --update-plan <file>",
    });
  });
  test("do not turn a preview into GO, even where they are there", () =>
    expect(enter({ mode: "preview" }).outcome).toBe("PENDING"));
  test("open the gate", () => expect(signOff(lead())).toBe("GO, pass: approved by tech-lead@omnihub.dev"));
  test("are missing: PENDING", () =>
    expect(signOff()).toBe(
      "PENDING, pending: 0 of 1: sre@omnihub.dev's does not count without the role tech-lead or cto",
    ));
  test("do not make a NO-GO pending", () => expect(enter({ approvals: [], evidence: [] }).outcome).toBe("NO-GO"));
  test("of a person without the role do not count", () => {
    const other = lead({ signer: { id: "eve@omnihub.dev", roles: ["developer"] } });
    expect(signOff(other)).toMatch(
      /^PENDING, pending: 0 of 1: eve@omnihub\.dev's does not count without the role tech-lead or cto and sre/,
    );
  });
  test("of the author do not count", () => {
    const author = lead({ signer: { id: f.RELEASE.author, roles: ["tech-lead"] } });
    expect(signOff(author)).toMatch(
      /^PENDING, pending: 0 of 1: ada@omnihub\.dev's does not count: the author of a change never approves it/,
    );
  });
  test("of another update plan do not count", () => {
    expect(signOff(bound({ updatePlan: f.hex("8") }))).toMatch(
      /tech-lead@omnihub\.dev's is for update plan 8888888, which is not in the store, or not of the whole program$/,
    );
  });
  test("of two update plans are not added up", () => {
    const decision = enter({
      approvals: [f.approval("sre"), bound({ updatePlan: f.hex("8") })],
      updatePlans: [f.UPDATE_PLAN, f.hex("8")],
    });
    expect(decision.outcome).toBe("PENDING");
    expect(decision.findings.filter((finding) => finding.verdict === "pending")).toHaveLength(1);
  });
  test("of the update plan that has all of them open the gate, and name it", () => {
    const other = f.approval("sre", { id: f.hex("c"), binding: { ...f.BINDING, updatePlan: f.hex("3") } });
    const decision = enter({ approvals: [other, f.approval("sre"), lead()], updatePlans: [f.hex("3"), f.UPDATE_PLAN] });
    expect(decision).toMatchObject({ outcome: "GO", updatePlan: f.UPDATE_PLAN, approvals: [f.hex("d"), f.hex("e")] });
  });
  test("for another stack, configuration or state do not count", () => {
    expect(signOff(bound({ stack: "staging" }))).toMatch(/tech-lead@omnihub\.dev's is for stack staging$/);
    expect(signOff(bound({ request: f.hex("1") }))).toMatch(
      /tech-lead@omnihub\.dev's is for another configuration, program or secret$/,
    );
    expect(signOff(bound({ state: f.hex("1") }))).toMatch(
      /tech-lead@omnihub\.dev's was made before the stack's state moved$/,
    );
  });
  test("that were used before do not count", () => {
    const { production, staging } = f.world().stages;
    if (production?.ok !== true || staging === undefined) throw new Error("factory");
    const used = { ...production, record: { ...production.record, usedApprovals: [f.hex("e")] } };
    expect(signOffIn({ stages: { staging, production: used } })).toMatch(
      /^PENDING, .*tech-lead@omnihub\.dev's was used before$/,
    );
  });
  test("that can't be known to be unused do not count", () => {
    const { staging } = f.world().stages;
    expect(signOffIn(staging === undefined ? {} : { stages: { staging } })).toMatch(
      /^NO-GO, pending: .*can't be known to be unused/,
    );
  });
  test("expire after a day, at the moment itself", () => {
    expect(signOff(lead({ approvedAt: f.NOW - f.DAY + 1 }))).toMatch(/^GO/);
    expect(signOff(lead({ approvedAt: f.NOW - f.DAY - f.HOUR }))).toMatch(
      /^PENDING, .*tech-lead@omnihub\.dev's expired 1 hour ago$/,
    );
    expect(signOff(lead({ approvedAt: f.NOW - f.DAY }))).toMatch(/^PENDING/);
    expect(signOff(lead({ approvedAt: Number.NaN }))).toMatch(/^PENDING/);
  });
  test("from the future do not count", () =>
    expect(signOff(lead({ approvedAt: f.NOW + 1 }))).toMatch(/^PENDING, .*lies in the future$/));
  test("do not count when the store can't be read", () =>
    expect(signOffIn({ evidenceFailure: "denied" })).toBe("NO-GO, fail: the evidence could not be read: denied"));
  test("do not count in an up that knows no binding", () => {
    const { binding: _, ...unbound } = f.world();
    expect(decideEnter(f.PLAN, "production", unbound).outcome).toBe("PENDING");
  });
  test("of one person twice are one", () => {
    const plan = structuredClone({ ...f.PLAN, source: undefined }) as unknown as typeof f.PLAN;
    Object.assign(plan.stages[1]?.enter.criteria.find((item) => item.id === "sign-off") ?? {}, { count: 2 });
    const twice = [f.approval("sre"), lead(), lead({ id: f.hex("f"), approvedAt: f.NOW - 1 })];
    const decide = (approvals: Approval[]) =>
      decideEnter({ ...plan, source: f.PLAN.source }, "production", f.world({ approvals }));
    expect(decide(twice).outcome).toBe("PENDING");
    expect(decide(twice).findings.at(-1)?.found).toMatch(/^1 of 2/);
    expect(decide([f.approval("sre"), lead(), f.approval("cto", { id: f.hex("f") })]).outcome).toBe("GO");
  });
});

describe("a rejection", () => {
  const rejected = lead({ decision: "rejected", reason: "the cost doubled" });
  test("shuts the gate with its reason", () =>
    expect(signOff(rejected)).toBe("NO-GO, fail: rejected by tech-lead@omnihub.dev: the cost doubled"));
  test("is not outvoted by another", () =>
    expect(signOff(rejected, f.approval("cto", { id: f.hex("f") }))).toMatch(/^NO-GO, fail: rejected/));
  test("holds for the same change under another update plan", () => {
    const binding = { ...f.BINDING, updatePlan: f.hex("8") };
    expect(signOff(lead({ ...rejected, binding }), f.approval("cto", { id: f.hex("f") }))).toMatch(
      /^NO-GO, fail: rejected/,
    );
  });
  test("is taken back by the same person later, and not by an older word", () => {
    const later = lead({ id: f.hex("f"), approvedAt: f.NOW - 1 });
    expect(signOff(rejected, later)).toMatch(/^GO/);
    expect(signOff(lead({ ...rejected, approvedAt: f.NOW - 1 }), lead({ id: f.hex("f") }))).toMatch(/^NO-GO/);
    expect(signOff(rejected, lead({ id: f.hex("f") }))).toMatch(/^NO-GO/);
  });
  test("of somebody without the role does not count", () => {
    expect(signOff(lead(), lead({ ...rejected, id: f.hex("f"), signer: { id: "eve", roles: ["developer"] } }))).toMatch(
      /^GO/,
    );
  });
});

describe("a conditional sign-off", () => {
  const conditional = lead({ decision: "conditional", items: ["rotate the keys", "tell support"] });
  const done = (item: string, more = {}) =>
    f.evidence("condition", { item, approval: conditional.id }, { stage: "production", ...more });
  const decide = (...items: ReturnType<typeof done>[]) =>
    enter({ approvals: [f.approval("sre"), conditional], evidence: [...f.allEvidence(), ...items] });
  const open = (...items: ReturnType<typeof done>[]) =>
    decide(...items)
      .findings.filter((finding) => finding.verdict !== "pass")
      .map((finding) => `${finding.criterion}: ${finding.found}`);

  test("keeps the gate shut until each item is attested", () => {
    expect(decide().outcome).toBe("NO-GO");
    expect(open()).toEqual(["sign-off.1.1: not done yet", "sign-off.1.2: not done yet"]);
    expect(open(done("rotate the keys"))).toEqual(["sign-off.1.2: not done yet"]);
    expect(decide(done("rotate the keys"), done("tell support")).outcome).toBe("GO");
  });
  test("consumes the approval, not the items", () => {
    expect(decide(done("rotate the keys"), done("tell support")).approvals).toEqual([f.hex("d"), f.hex("e")]);
  });
  test("is not met by an item of another sign-off, another stage, or another role", () => {
    const rest = done("tell support");
    expect(
      open(rest, f.evidence("condition", { item: "rotate the keys", approval: f.hex("0") }, { stage: "production" })),
    ).toEqual(["sign-off.1.1: not done yet"]);
    expect(open(rest, done("rotate the keys", { stage: "staging" }))).toEqual([
      "sign-off.1.1: 1 record from stage staging, wanted production",
    ]);
    const signers = [{ id: "dev", roles: ["developer"] }];
    expect(open(rest, done("rotate the keys", { signers }))).toEqual([
      "sign-off.1.1: 1 record signed by dev without the role sre or devops or qa",
    ]);
  });
  test("without an item keeps the gate shut", () => {
    const decision = enter({ approvals: [f.approval("sre"), lead({ decision: "conditional" })] });
    expect(decision.outcome).toBe("NO-GO");
    expect(decision.findings.at(-1)?.found).toBe("a conditional sign-off that names no condition");
  });
});
