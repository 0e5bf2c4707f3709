import { execFileSync } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Stand } from "./harness";

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
