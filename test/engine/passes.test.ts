import { execFileSync } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { moveTo } from "../../sandbox/clock";
import { Attester } from "../../sandbox/story/complete";
import { IN_WINDOW, refusals, Stand, waiting } from "./harness";

let stand: Stand;
beforeAll(async () => {
  stand = await Stand.make();
  await stand.ready();
}, 300_000);
afterAll(() => stand.close());

describe("a release whose evidence is complete", () => {
  it("is decided the same by a pack as it is published: one file, no sources beside it", async () => {
    const pack = join(stand.dir, "published");
    execFileSync(process.execPath, [join("toolchain", "build-pack.cjs")], { cwd: stand.project });
    for (const name of ["pack.cjs", "lazy.cjs", "compiled.cjs", "dist", "package.json", "PulumiPolicy.yaml"]) {
      cpSync(join(stand.project, "policies", name), join(pack, name), { recursive: true });
    }
    symlinkSync(join(stand.project, "node_modules"), join(pack, "node_modules"), "junction");
    const preview = (root: string) =>
      stand.pulumi(["preview", "-s", "production", "--non-interactive", "--policy-pack", pack], {
        env: { HOLDPOINT_ROOT: root },
      });
    const there = await preview(stand.project);
    expect(there.text).toContain("PENDING enter production: 2 of 19 criteria wait for approval");
    expect(there.code).toBe(0);
    const elsewhere = await preview(stand.dir);
    expect(elsewhere.text).toContain("NO-GO file-missing");
    expect(elsewhere.code).not.toBe(0);
  });

  it("is PENDING in the preview, which saves its update plan, and enters once the approvers signed exactly that", async () => {
    const plan = await stand.savePlan("production");
    await stand.approveAll(plan);
    const { code, text } = await stand.up("production", "--plan", plan);
    expect(text).toContain("GO enter production: 19 criteria met");
    expect(code).toBe(0);
    expect((await stand.resources("production")).length).toBeGreaterThan(40);
  });
});

describe("OmniHub's whole plan", () => {
  const MINUTE = 60_000;
  const OPENING = IN_WINDOW - 30 * MINUTE;
  let whole: Stand;
  beforeAll(async () => {
    whole = await Stand.make({ plan: "omnihub", start: OPENING - 120 * MINUTE });
    await whole.ready();
  }, 300_000);
  afterAll(() => whole.close());

  const approve = (stack: string, plan: string, by: string) =>
    whole.holdpoint(["approve", stack, "--update-plan", plan, "--as", by, "--yes"]);

  it("enters production by a plan that was signed before the window, with a word at T-60 and at T-15, and each step by its own", async () => {
    const plan = await whole.savePlan("production");
    await approve("production", plan, "sam@omnihub.dev");
    await approve("production", plan, "priya@omnihub.dev");
    moveTo(whole.dir, OPENING - 59 * MINUTE);
    await approve("production", plan, "carl@omnihub.dev");
    moveTo(whole.dir, OPENING - 14 * MINUTE);
    const early = await approve("production", plan, "priya@omnihub.dev");
    expect(early.text.slice(early.text.indexOf("still missing")).trim()).toMatch(
      /^still missing:\n {2}fail +deployment-window: .*$/,
    );
    const refused = await whole.expectRefused("production", () => whole.up("production", "--plan", plan));
    expect(Object.keys(refusals(refused))).toEqual(["deployment-window"]);
    moveTo(whole.dir, OPENING);
    const { text } = await whole.expectDone(whole.up("production", "--plan", plan));
    expect(text).toMatch(/GO enter production: \d+ criteria met/);

    await whole.expectDone(whole.up("production-canary"));
    whole.set("production-canary", "holdpoint:canary.weight", 5);
    const unproved = await whole.expectRefused("production-canary", () => whole.up("production-canary"));
    expect(Object.keys(refusals(unproved))).toEqual([
      "infrastructure-answers",
      "application-answers",
      "emergency-controls-in-production",
    ]);
    await new Attester(whole.dir, whole.release()).probes();
    const unsigned = await whole.expectRefused("production-canary", () => whole.up("production-canary"));
    expect(waiting(unsigned)).toEqual({ "step-approved": "0 of 1" });
    const step = await whole.savePlan("production-canary");
    expect((await approve("production-canary", step, "sam@omnihub.dev")).code).toBe(0);
    const taken = await whole.expectDone(whole.up("production-canary", "--plan", step));
    expect(taken.text).toMatch(/GO production canary 0% → 5%/);
  }, 400_000);
});
