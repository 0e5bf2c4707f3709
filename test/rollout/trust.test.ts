import { describe, expect, it } from "vitest";
import { machineClock } from "../../rollout/clock";
import { decideEnter, decideStep } from "../../rollout/decide";
import type { Decision } from "../../rollout/decision";
import { renderOverview } from "../../rollout/explain";
import { nextRecord } from "../../rollout/record";
import { parseDeployment, stageStateOf } from "../../rollout/state";
import { trustFindings, type TrustMark, type TrustStanding } from "../../rollout/trust";
import type { StageRecord, World } from "../../rollout/world";
import * as f from "./world-factory";

const STALE: TrustStanding = {
  ...f.TRUST,
  problems: [
    {
      id: "trust.revocations",
      found: "list 4 of revoked keys is 9 days old",
      wanted: "a list of revoked keys",
      remedy: "sign it anew",
      command: "npx holdpoint trust renew",
      owner: "sre",
    },
  ],
};
const enter = (more: Partial<World> = {}): Decision => decideEnter(f.PLAN, "production", f.world(more));
const ids = ({ findings }: Decision): string[] =>
  findings.filter(({ verdict }) => verdict === "fail").map(({ criterion }) => criterion);

describe("a gate of what is signed", () => {
  it("opens where the trust file stands", () => {
    expect(enter()).toMatchObject({ outcome: "GO" });
    expect(enter().trust).toBeUndefined();
  });

  it("is shut where the trust file does not, and says who mends it and how", () => {
    const decision = enter({ trust: STALE });
    expect(decision.outcome).toBe("NO-GO");
    expect(decision.findings.filter(({ criterion }) => criterion.startsWith("trust"))).toEqual([
      {
        criterion: "trust.revocations",
        title: "Revoked keys are known",
        verdict: "fail",
        found: "list 4 of revoked keys is 9 days old",
        wanted: "a list of revoked keys",
        owner: "sre",
        remedy: "sign it anew",
        command: "npx holdpoint trust renew",
        line: "trust.yaml",
        used: [],
      },
    ]);
  });

  it("is shut where nobody looked, in previews too", () => {
    for (const mode of ["up", "preview"] as const) {
      const { trust: _trust, ...world } = f.world({ mode });
      const decision = decideEnter(f.PLAN, "production", world);
      expect(decision.outcome).toBe("NO-GO");
      expect(ids(decision)).toEqual(["trust"]);
    }
  });

  it("says once, by its criteria, that the store could not be read", () => {
    const { trust: _trust, ...world } = f.world({ evidenceFailure: "no store" });
    const decision = decideEnter(f.PLAN, "production", world);
    expect(decision.outcome).toBe("NO-GO");
    expect(ids(decision)).not.toContain("trust");
    expect(ids(enter({ evidenceFailure: "no store", trust: STALE }))).toContain("trust.revocations");
  });

  it("is not pending where approvals are missing, too", () => {
    expect(enter({ trust: STALE, approvals: [] }).outcome).toBe("NO-GO");
  });

  it("tells of a first use", () => {
    const note = "trust.yaml, version 1, is believed on first use";
    const decision = enter({ trust: { ...f.TRUST, note } });
    expect(decision).toMatchObject({ outcome: "GO", trust: note });
    expect(renderOverview(decision)).toContain(`\ntrust: ${note}\n`);
  });

  it("does not hold the way back", () => {
    const before = { release: f.BASELINE, baseline: f.BASELINE, request: f.hex("6") };
    const decision = enter({ release: f.BASELINE, request: f.hex("6"), trust: STALE });
    expect(decision).toMatchObject({ outcome: "GO", findings: [] });
    const previous = {
      current: { ...before, request: f.hex("8"), release: f.RELEASE },
      previous: before,
      usedApprovals: [],
    };
    const back = enter({
      release: f.BASELINE,
      request: f.hex("6"),
      trust: STALE,
      stages: { production: { ok: true, record: previous } },
    });
    expect(back.wayBack).toContain("back to exactly what ran there before");
  });
});

describe("a step of the canary", () => {
  const step = (to: number, trust: TrustStanding | undefined, weight = 5): Decision => {
    const { trust: _trust, ...world } = f.canaryWorld(weight);
    return decideStep(f.PLAN, "production", to, trust === undefined ? world : { ...world, trust });
  };

  it("is held where evidence was asked for and the trust file does not stand", () => {
    const { outcome, findings } = step(10, STALE);
    expect(outcome).toBe("NO-GO");
    expect(findings.map(({ criterion }) => criterion)).toContain("trust.revocations");
    expect(findings.map(({ criterion }) => criterion)).not.toContain("trust");
  });

  it("goes back all the same", () => {
    for (const to of [0, 1]) expect(step(to, STALE)).toMatchObject({ outcome: "GO", findings: [] });
  });
});

describe("the record of a stage", () => {
  const made = { release: f.RELEASE, baseline: f.BASELINE, request: f.hex("7") };
  const go: Decision = { gate: "enter production", outcome: "GO", findings: [], decidedAt: 0, approvals: [] };
  const mark = (version: number): TrustMark => ({
    digest: f.hex(String(version)),
    version,
    revocations: { serial: version, revoked: [f.hex("c")] },
  });

  it("keeps the trust file that let a change through", () => {
    const first = nextRecord(undefined, made, go, mark(1));
    expect(first.trust).toEqual(mark(1));
    expect(nextRecord(first, { ...made, request: f.hex("8") }, go, mark(2)).trust).toEqual(mark(2));
  });

  it("keeps it on the way back: an older one does not come back with an older program", () => {
    const first = nextRecord(undefined, made, go, mark(1));
    const second = nextRecord(first, { ...made, request: f.hex("8") }, go, mark(2));
    const back = nextRecord(second, made, { ...go, wayBack: "back" }, mark(1));
    expect(back.current?.request).toBe(made.request);
    expect(back.trust).toEqual(mark(2));
  });

  it("keeps it where a run knows of none", () => {
    const first = nextRecord(undefined, made, go, mark(1));
    expect(nextRecord(first, { ...made, request: f.hex("8") }, go).trust).toEqual(mark(1));
  });

  const inState = (trust: unknown): StageRecord["trust"] => {
    const input = { usedApprovals: [], ...(trust === undefined ? {} : { trust }) };
    const stash = { urn: "urn:pulumi:p::h::pulumi:index:Stash::record", type: "pulumi:index:Stash", inputs: { input } };
    const stage = parseDeployment(JSON.stringify({ deployment: { resources: [stash] } }));
    const state = stageStateOf({ stage, canary: undefined }, "omnihub", machineClock);
    return state.ok ? state.record?.trust : { failure: state.why };
  };

  it("is read back, and one of before has none", () => {
    expect(inState(mark(3))).toEqual(mark(3));
    expect(inState(undefined)).toBeUndefined();
  });

  it.each([
    ["a version of 0", { ...mark(3), version: 0 }, "version"],
    ["no digest", { ...mark(3), digest: "latest" }, "digest"],
    ["no list", { ...mark(3), revocations: undefined }, "revocations"],
    ["an entry that is none", { ...mark(3), revocations: { serial: 1, revoked: ["x"] } }, "revocations.revoked.0"],
    ["nothing of it", null, ""],
  ])("with %s is known to be malformed", (_name, trust, where) => {
    expect(inState(trust)).toEqual({ failure: `a malformed record: trust.${where}` });
  });
});

it("every problem is a finding that fails", () => {
  expect(trustFindings(f.TRUST)).toEqual([]);
  expect(trustFindings(undefined).map(({ verdict }) => verdict)).toEqual(["fail"]);
});
