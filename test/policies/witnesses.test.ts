import { describe, expect, test } from "vitest";
import { clockFailure, type Known } from "../../policies/witnesses";
import { machineClock, type Clock } from "../../rollout/clock";
import { decideEnter, decideStep } from "../../rollout/decide";
import * as f from "../rollout/world-factory";

const MINUTE = 60_000;
const ended = { wall: f.NOW, steady: 5_000 };
const resource = (more: object) => ({ urn: "urn:pulumi:a", type: "t", ...more });
const known = (more: Partial<Known> = {}): Known => ({
  began: { wall: f.NOW - 1_000, steady: 4_000 },
  clock: machineClock,
  states: new Map([["production", { resources: [resource({ modified: "2026-11-22T02:04:00Z" })], pending: [] }]]),
  evidence: { evidence: f.allEvidence(), approvals: [f.approval("sre")] },
  prometheus: { what: "Prometheus", is: "present", at: 0 },
  ...more,
});
const states = (more: object) =>
  new Map([
    ["production", { resources: [resource({ modified: "2026-01-01T00:00:00Z" }), resource(more)], pending: [] }],
  ]);

describe("the machine's clock", () => {
  test("is believed where nothing speaks against it", () => {
    expect(clockFailure(known(), ended)).toBeUndefined();
    const nobody = { states: new Map(), evidence: { evidence: [], approvals: [] }, prometheus: undefined };
    expect(clockFailure(known(nobody), ended)).toBeUndefined();
  });
  test("is doubted where a state was changed in its future", () => {
    for (const key of ["created", "modified"]) {
      expect(clockFailure(known({ states: states({ [key]: "2026-11-22T03:00:00Z" }) }), ended)).toMatch(
        /but the newest change in the state of production says 2026-11-22 03:00 UTC: 55 minutes later/,
      );
    }
    expect(clockFailure(known({ states: states({ modified: "soon" }) }), ended)).toBeUndefined();
  });
  test("is doubted where evidence or an approval was signed in its future", () => {
    const late = f.smoke(0, {}, { finishedAt: f.NOW + 6 * MINUTE });
    expect(clockFailure(known({ evidence: { evidence: [late], approvals: [] } }), ended)).toMatch(
      /but the newest signed evidence says/,
    );
    const approvals = [f.approval("sre", { approvedAt: f.NOW + 6 * MINUTE })];
    expect(clockFailure(known({ evidence: { evidence: [], approvals } }), ended)).toMatch(/6 minutes later/);
  });
  test("is doubted by as much as the machine's clock is off, in a sandbox where time runs faster", () => {
    const sandbox: Clock = { now: () => f.NOW, at: (machine) => machine, machineSpan: (span) => span / 60 };
    const late = (minutes: number) => ({
      evidence: [f.smoke(0, {}, { finishedAt: f.NOW + minutes * MINUTE })],
      approvals: [],
    });
    expect(clockFailure(known({ clock: sandbox, evidence: late(299) }), ended)).toBeUndefined();
    expect(clockFailure(known({ clock: sandbox, evidence: late(301) }), ended)).toMatch(/newest signed evidence/);
  });
  test("is doubted where Prometheus' clock says something else", () => {
    const off = (at: number) => clockFailure(known({ prometheus: { what: "Prometheus", is: "present", at } }), ended);
    expect(off(6 * MINUTE)).toMatch(/but Prometheus says/);
    expect(off(-6 * MINUTE)).toMatch(/6 minutes earlier/);
    expect(off(MINUTE)).toBeUndefined();
  });
  test("is doubted where it was set meanwhile", () =>
    expect(clockFailure(known({ began: { wall: f.NOW - 60_000, steady: 4_000 } }), ended)).toMatch(
      /was set forward by 59 s/,
    ));
  test("in doubt opens no gate and no step, and never stops the way back", () => {
    const clock = { clockFailure: "off" };
    expect(decideEnter(f.PLAN, "production", f.world()).outcome).toBe("GO");
    expect(decideEnter(f.PLAN, "production", f.world(clock)).outcome).toBe("NO-GO");
    expect(decideStep(f.PLAN, "production", 25, f.canaryWorld(5)).outcome).toBe("GO");
    expect(decideStep(f.PLAN, "production", 25, f.canaryWorld(5, clock)).outcome).toBe("NO-GO");
    expect(decideStep(f.PLAN, "production", 0, f.canaryWorld(5, clock)).outcome).toBe("GO");
  });
});
