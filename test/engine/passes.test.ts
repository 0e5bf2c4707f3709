import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Stand } from "./harness";

let stand: Stand;
beforeAll(async () => {
  stand = await Stand.make();
  await stand.ready();
}, 300_000);
afterAll(() => stand.close());

describe("a release whose evidence is complete", () => {
  it("is PENDING in the preview, which saves its update plan, and enters once the approvers signed exactly that", async () => {
    const plan = await stand.savePlan("production");
    await stand.approveAll(plan);
    const { code, text } = await stand.up("production", "--plan", plan);
    expect(text).toContain("GO enter production: 15 criteria met");
    expect(code).toBe(0);
    expect((await stand.resources("production")).length).toBeGreaterThan(40);
  });
});
