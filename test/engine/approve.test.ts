import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Stand } from "./harness";

let stand: Stand;

beforeAll(async () => {
  stand = await Stand.make();
  await stand.ready();
}, 600_000);
afterAll(() => stand.close());

const approve = (plan: string, as: string, ...more: string[]) =>
  stand.holdpoint(["approve", "production", "--update-plan", plan, "--as", as, ...more]);

describe("holdpoint approve and status", () => {
  it("shows the change, signs only when told, and leads through the gate", async () => {
    const plan = await stand.savePlan("production");
    expect((await stand.holdpoint(["status", "production"])).code).toBe(3);

    const unasked = await approve(plan, "sam@omnihub.dev");
    expect(unasked.code).toBe(2);
    expect(unasked.text).toContain("found no terminal to ask on, and nothing was signed");
    expect(unasked.text).toMatch(/\d+ to create, 0 to update, 0 to replace, 0 to delete/);
    expect(unasked.text).toMatch(/update plan [0-9a-f]{12}, request [0-9a-f]{12}, state [0-9a-f]{12}/);

    const stranger = await approve(plan, "ci-staging", "--yes");
    expect(stranger.code).toBe(2);
    expect(stranger.text).toContain("key-unusable: ci-staging has no role that may approve changes of production");

    const first = await approve(plan, "sam@omnihub.dev", "--yes");
    expect(first.text).toContain("signed by sam@omnihub.dev and stored as ");
    expect(first.text).toContain("still missing:");
    expect(first.code).toBe(3);
    const second = await approve(plan, "priya@omnihub.dev", "--yes");
    expect(second.text).toContain("production: GO");
    expect(second.code).toBe(0);

    const status = await stand.holdpoint(["status", "production"]);
    expect(status.text).toContain("GO enter production");
    expect(status.code).toBe(0);
    const entered = await stand.up("production", "--plan", plan);
    expect(entered.code).toBe(0);

    // The same plan once more: its resources are there by now.
    const again = await approve(plan, "sam@omnihub.dev", "--yes");
    expect(again.code).toBe(1);
    expect(again.text).toContain("update-plan-outdated: the update plan was made against another state of production");
  }, 400_000);

  it("refuses a plan that is about another stack, and a file that is none", async () => {
    const staging = await stand.savePlan("staging");
    const other = await approve(staging, "sam@omnihub.dev", "--yes");
    expect(other.text).toContain("is about the stack staging, not about production");
    expect(other.code).toBe(2);
    const none = await approve("package.json", "sam@omnihub.dev", "--yes");
    expect(none.text).toContain("update-plan-invalid");
    expect(none.code).toBe(2);
  }, 200_000);
});
