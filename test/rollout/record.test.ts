import { describe, expect, it } from "vitest";
import type { Decision } from "../../rollout/decision";
import { keptByStep, nextRecord } from "../../rollout/record";
import type { Release } from "../../rollout/release";
import type { StageRecord } from "../../rollout/world";

const release = (version: string): Release => ({ version, image: `i@sha256:${version}`, commit: version, author: "a" });
const entered = (version: string) => ({
  release: release(version),
  baseline: release("0"),
  request: `request ${version}`,
});
const go = (changes: Partial<Decision> = {}): Decision => ({
  gate: "enter production",
  outcome: "GO",
  findings: [],
  decidedAt: 0,
  approvals: [],
  ...changes,
});

const first = nextRecord(undefined, entered("1"), go({ approvals: ["a1"] }));
const second = nextRecord(first, entered("2"), go({ approvals: ["a2"] }));

describe("a stage's record", () => {
  it("begins with the first release and nothing before it", () => {
    expect(first.current?.request).toBe("request 1");
    expect(first.previous).toBeUndefined();
  });

  it("keeps what ran before as the way back", () => {
    expect(second.current?.request).toBe("request 2");
    expect(second.previous?.request).toBe("request 1");
  });

  it("keeps every approval that was ever used", () => {
    expect(second.usedApprovals).toEqual(["a1", "a2"]);
    expect(nextRecord(second, entered("1"), go({ wayBack: "back" })).usedApprovals).toEqual(["a1", "a2"]);
  });

  it("tells what runs, whatever the baseline", () => {
    const content = "c".repeat(64);
    const made = nextRecord(first, { ...entered("2"), content }, go());
    expect(made.current?.content).toBe(content);
    expect(nextRecord(made, { ...entered("3"), content }, go()).previous?.content).toBe(content);
  });

  it("has no way forward again to what was returned from", () => {
    const back: StageRecord = nextRecord(second, entered("1"), go({ wayBack: "back" }));
    expect(back.current?.request).toBe("request 1");
    expect(back.previous).toBeUndefined();
  });

  it("keeps no time: it would be another one in each preview", () => {
    const before = { ...second, current: { ...entered("2"), since: 1 } };
    expect(nextRecord(before, entered("2"), go())).toEqual(second);
    expect(nextRecord(before, entered("3"), go()).previous).toEqual(second.current);
  });

  it("stays as it is where the same request is applied again", () => {
    expect(nextRecord(second, entered("2"), go({ wayBack: "what runs there now" }))).toEqual(second);
  });
});

describe("a step's record", () => {
  const { image, commit } = release("1");
  const obligations = [{ criterion: "slo", release: { image, commit }, does: "restore it" }] as never;
  const canary = { weight: 5, release: { image, commit }, since: 0, routed: 5, obligations, reached: [] };

  it("keeps on a way back what was promised and reached, and takes a step's own", () => {
    expect(keptByStep(go({ wayBack: "back" }), { ok: true, canary }, undefined)).toEqual({
      promised: obligations,
      reached: [],
    });
    expect(keptByStep(go({ promised: [] }), { ok: true, canary }, undefined).promised).toEqual([]);
  });

  it("has reached nothing where there is none yet", () => {
    expect(keptByStep(go(), { ok: true }, undefined)).toEqual({ reached: [] });
  });

  it("is left as it is where it can't be read: what was promised is not forgotten by a way back", () => {
    expect(keptByStep(go({ wayBack: "back" }), { ok: false, why: "no answer" }, undefined)).toEqual({ unread: true });
    expect(keptByStep(go({ wayBack: "back" }), undefined, undefined)).toEqual({ unread: true });
  });
});
