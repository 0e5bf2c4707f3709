import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDeployment, stashInput } from "../../rollout/state";
import { refusals, Stand } from "./harness";

const RULES = "waivers: { from: [tech-lead, cto], count: 2, atMost: 8 hours, obligationsAttestedBy: [sre] }";
const LOOKED =
  "criteria: [{ kind: check, id: looked, title: Somebody looked, owner: sre, check: looked, maxAge: 1 day, attestedBy: [sre] }]";
const CANARY = "staging-canary";

let stand: Stand;
beforeAll(async () => {
  stand = await Stand.make();
  stand.edit("plans/omnihub.yaml", (text) =>
    text
      .replace(/^slo:/m, `${RULES}\n\nslo:`)
      .replace("{ weight: 50%, hold: 5 minutes }", `{ weight: 50%, hold: 5 minutes, ${LOOKED} }`),
  );
  await stand.expectDone(stand.up("staging"));
  await stand.expectDone(stand.up(CANARY));
  stand.set(CANARY, "holdpoint:canary.weight", 50);
}, 300_000);
afterAll(() => stand.close());

const waive = (as: string) =>
  stand.holdpoint([
    ...["waive", "staging", "looked", "--reason", "nobody is awake", "--for", "4 hours", "--obligation", "look at it"],
    ...["--as", as, "--yes"],
  ]);
const kept = async (): Promise<{ obligations?: unknown; reached?: unknown }> =>
  stashInput(parseDeployment(await stand.exported(CANARY)), "step") as { obligations?: unknown; reached?: unknown };
const climbed = (waysBack: number) => [expect.objectContaining({ weight: 50, waysBack })];

describe("a waiver of a step's criterion", () => {
  it("lets the step be taken, and what the step's record tells outlives a way back without a pack", async () => {
    expect((await kept()).reached).toEqual([]);
    const refused = await stand.expectRefused(CANARY, () => stand.up(CANARY));
    expect(Object.keys(refusals(refused))).toEqual(["looked"]);
    expect((await waive("priya@omnihub.dev")).code).toBe(3);
    const second = await waive("carl@omnihub.dev");
    expect(second.text).toContain("looked: waived: not met: ");
    expect(second.code).toBe(0);

    const { text } = await stand.expectDone(stand.up(CANARY));
    expect(text).toMatch(/GO staging canary 0% → 50%: \d+ of \d+ criteria met, 1 waived: looked/);
    const own = [expect.objectContaining({ criterion: "looked", obligation: "look at it" })];
    expect(await kept()).toMatchObject({ obligations: own, reached: climbed(0) });

    stand.set(CANARY, "holdpoint:canary.weight", 0);
    await stand.expectDone(stand.pulumi(["up", "-s", CANARY, "--yes", "--skip-preview", "--non-interactive"]));
    expect(await kept()).toMatchObject({ obligations: own, reached: climbed(0) });

    stand.set(CANARY, "holdpoint:canary.weight", 50);
    await stand.expectDone(stand.up(CANARY));
    expect(await kept()).toMatchObject({ obligations: own, reached: climbed(1) });
    stand.set(CANARY, "holdpoint:canary.weight", 0);
    await stand.expectDone(stand.up(CANARY));

    stand.set("staging", "holdpoint:release.commit", "5".repeat(40));
    const next = await stand.holdpoint(["status", "staging"]);
    expect(next.code).toBe(1);
    expect(refusals(next.text)["obligation.looked.1"]).toBe("not done yet");
  }, 400_000);
});
