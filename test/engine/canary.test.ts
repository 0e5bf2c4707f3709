import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EVEN, Stand } from "./harness";

const CANARY = "production-canary";

let stand: Stand;

const weight = (): number => stand.get<{ weight: number }>(CANARY, "holdpoint:canary").weight;
/** No worse in latency than the baseline, however busy the machine is. */
const fault = (errorRate: number): Promise<void> => stand.answers({ errorRate, latency: EVEN });

beforeAll(async () => {
  stand = await Stand.make();
  await stand.ready();
  await stand.entered();
}, 600_000);
afterAll(() => stand.close());

describe("holdpoint canary", () => {
  beforeEach(async () => {
    stand.back("entered");
    await fault(0);
    // A hold of 15 minutes takes 7.5 seconds.
    stand.runAt(120);
  });

  it("rolls a failing release back at its first step, without being asked", async () => {
    await fault(0.5);
    const { code, text } = await stand.holdpoint(["canary", "production"]);
    expect(text).toContain(`${CANARY}: 0 % to 5 %`);
    expect(text).toMatch(/the judge failed 5 %: .*(error-rate|health): found /);
    expect(text).toContain("rolling production back");
    expect(text).toContain("production was rolled back, without being asked");
    expect(text).not.toContain("5 % to 25 %");
    expect(code).toBe(1);
    expect(weight()).toBe(0);
  }, 300_000);

  it("takes a step whose hold it then watches, and goes on from there when run again", async () => {
    const first = await stand.holdpoint(["canary", "production", "5"]);
    expect(first.text).toContain("production is at 5 %, every step held and judged");
    expect(first.code).toBe(0);
    const second = await stand.holdpoint(["canary", "production", "25", "--json"]);
    expect(second.text).toContain("5 % to 25 %");
    expect(second.text).not.toContain("0 % to 5 %");
    expect(weight()).toBe(25);
  }, 300_000);

  it("leaves the file as it was where the gate refuses the step", async () => {
    // No hold has passed yet, and none is waited for here: the plan's steps can't be skipped.
    stand.set(CANARY, "holdpoint:release.commit", "f".repeat(40));
    const { code, text } = await stand.holdpoint(["canary", "production"]);
    expect(text).toContain("gate-closed: the step to 5 % was not taken");
    expect(code).toBe(1);
    expect(weight()).toBe(0);
  }, 300_000);
});
