import { describe, expect, test } from "vitest";
import { decideEnter, decideStep } from "../../rollout/decide";
import { renderWhyNot, whyNot } from "../../rollout/why-not";
import * as f from "./world-factory";

const why = (more: Parameters<typeof f.world>[0]) => whyNot(decideEnter(f.PLAN, "production", f.world(more)), f.PLAN);

describe("the shortest way to GO", () => {
  test("is nothing where the gate is open", () => {
    expect(why({})).toEqual({ gate: "enter production", outcome: "GO", owners: [] });
    expect(renderWhyNot(why({}))).toBe("GO enter production: nothing is missing");
  });
  test("says who has to do what, whoever can do most now first, and the command", () => {
    const found = why({
      evidence: f
        .evidenceBut("drill", f.restoreDrill())
        .filter(({ kind }) => kind !== "vulnerabilities" && kind !== "runbooks"),
    });
    expect(
      found.owners.map(({ owner, contact, missing }) => [owner, contact, missing.map(({ criterion }) => criterion)]),
    ).toEqual([
      ["sre", "#sre, PagerDuty service omnihub", ["rollback-tested", "runbooks"]],
      ["devops", "#devops", ["security-scan"]],
    ]);
    expect(found.opensAt).toBeUndefined();
    expect(renderWhyNot(found)).toMatch(
      /^NO-GO enter production: 3 missing, 3 of them can be done now; it can open as soon as the last of them is done\n\nsre \(#sre, PagerDuty service omnihub\)\n {2}rollback-tested: The rollback was tested in staging\n {6}found: no .+\n {6}do: .+\n {8}npx holdpoint attest run --stage staging --drill rollback -- npx holdpoint rollback staging\n/,
    );
  });
  test("says when it can open: the latest of what has to be waited for", () => {
    const found = why({ now: f.NOW + 5 * f.HOUR, evidence: [] });
    expect(found.opensAt).toBe(Date.UTC(2026, 10, 29, 2));
    const [window] = found.owners
      .flatMap(({ missing }) => missing)
      .filter(({ criterion }) => criterion === "deployment-window");
    expect(window?.soonest).toEqual({ when: "at", time: Date.UTC(2026, 10, 29, 2) });
    expect(renderWhyNot(found)).toContain("it can open at 2026-11-29 02:00 UTC at the earliest");
  });
  test("has approvals last: they are of what all else has passed", () => {
    const found = why({ approvals: [], mode: "preview" });
    expect(found.outcome).toBe("PENDING");
    expect(found.owners.flatMap(({ missing }) => missing).map(({ soonest }) => soonest.when)).toEqual([
      "when-all-else-is-met",
      "when-all-else-is-met",
    ]);
  });
  test("of a step says until when it is held", () => {
    const since = f.NOW - 5 * f.MINUTE;
    const step = decideStep(f.PLAN, "production", 25, f.canaryWorld(5, {}, { since }));
    expect(whyNot(step, f.PLAN).opensAt).toBe(since + 15 * f.MINUTE);
  });
});
