import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { moveTo } from "../../sandbox/clock";
import { writeReports } from "../../sandbox/story/reports";
import { IN_WINDOW, refusals, Stand } from "./harness";

const HOUR = 3_600_000;
const RULES = "waivers: { from: [tech-lead, cto], count: 2, atMost: 8 hours, obligationsAttestedBy: [sre] }";
const PROMISE = "the library is updated";

let stand: Stand;
beforeAll(async () => {
  stand = await Stand.make();
  stand.edit("plans/omnihub.yaml", (text) => text.replace(/^slo:/m, `${RULES}\n\nslo:`));
  await stand.ready();
  const now = Date.now();
  const { snyk } = writeReports(join(stand.dir, "critical"), stand.release(), now, ["CVE-2026-1"]);
  await stand.attestFiles("ci-security", [snyk], { finishedAt: now });
  stand.mark("critical");
}, 300_000);
afterAll(() => stand.close());

const waive = (as: string, criterion = "security-scan", ...more: string[]) =>
  stand.holdpoint([
    ...["waive", "production", criterion, "--reason", "not called", "--for", "4 hours", "--obligation", PROMISE],
    ...["--as", as, "--yes", ...more],
  ]);

describe("a waiver", () => {
  it("lets one release in without the criterion, shown as waived, and its promise keeps the next one out", async () => {
    stand.back("critical");
    const refused = await stand.expectRefused("production", () => stand.preview("production"));
    expect(Object.keys(refusals(refused))).toEqual(["security-scan"]);

    const first = await waive("priya@omnihub.dev");
    expect(first.text).toMatch(/security-scan: fail: .*; 1 of 2 waivers/);
    expect(first.code).toBe(3);
    const second = await waive("carl@omnihub.dev");
    expect(second.text).toContain("security-scan: waived: not met: ");
    expect(second.code).toBe(0);
    stand.mark("waived");

    const plan = await stand.savePlan("production");
    await stand.approveAll(plan);
    const { text } = await stand.expectDone(stand.up("production", "--plan", plan));
    expect(text).toMatch(/GO enter production: \d+ of \d+ criteria met, 1 waived: security-scan/);
    expect(text).toMatch(/security-scan +waived +not met: .*waived until .* by .*promised: "the library is updated"/);
    expect(text).not.toMatch(/security-scan +pass/);

    stand.set("production", "holdpoint:release.commit", "5".repeat(40));
    const next = await stand.holdpoint(["status", "production"]);
    const id = /--condition ([0-9a-f]{64}) "the library is updated"/.exec(next.text)?.[1] ?? "";
    expect(next.code).toBe(1);
    expect(refusals(next.text)["obligation.security-scan.1"]).toBe("not done yet");

    const done = await stand.holdpoint([
      ...["attest", "--stage", "production", "--condition", id, PROMISE, "--as", "sam@omnihub.dev"],
    ]);
    expect(done.code).toBe(0);
    const after = await stand.holdpoint(["status", "production"]);
    expect(refusals(after.text)["obligation.security-scan.1"]).toBeUndefined();
    expect(after.text).toMatch(/obligation\.security-scan\.1 +pass +done: the library is updated/);
  }, 400_000);

  it("counts for nothing once it has expired", async () => {
    stand.back("waived");
    moveTo(stand.dir, IN_WINDOW + 5 * HOUR);
    const refused = await stand.expectRefused("production", () => stand.preview("production"));
    expect(refusals(refused)["security-scan"]).toMatch(/; 0 of 2 waivers: carl.*expired .* ago and priya.*expired/);
  }, 200_000);

  it("is not signed for what can't be waived, by who may not, nor for too long", async () => {
    stand.back("critical");
    expect((await waive("priya@omnihub.dev", "sign-off")).text).toContain(
      "not-waivable: sign-off can't be waived: it is an approval",
    );
    expect((await waive("priya@omnihub.dev", "runbooks")).text).toContain("not-waivable: runbooks is met now");
    expect((await waive("priya@omnihub.dev", "security-scam")).text).toContain('"security-scan"');
    expect((await waive("sam@omnihub.dev")).text).toContain("key-unusable: sam@omnihub.dev has no role that may waive");
    expect((await waive("priya@omnihub.dev", "security-scan", "--for", "9 hours")).text).toContain(
      '--for: found "9 hours", expected at most 8 hours',
    );
    const { text } = await stand.holdpoint(["status", "production"]);
    expect(text).not.toContain("waiver");
  }, 200_000);
});
