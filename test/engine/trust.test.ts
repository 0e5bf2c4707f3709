/** The trust file's own standing, with the real engine: what keeps the stage shut, what opens it, and the way back. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { REVOCATIONS_FILE, TRUST_FILE } from "../../sandbox/keys";
import { refusals, Stand } from "./harness";

let stand: Stand;
let trustText: string;
let listText: string;
const trustFile = (): string => join(stand.dir, TRUST_FILE);
const listFile = (): string => join(stand.dir, REVOCATIONS_FILE);

beforeAll(async () => {
  stand = await Stand.make();
  trustText = readFileSync(trustFile(), "utf8");
  listText = readFileSync(listFile(), "utf8");
  await stand.ready();
  await stand.entered();
});
afterAll(() => stand.close());
beforeEach(() => {
  stand.back("entered");
  writeFileSync(trustFile(), trustText);
  writeFileSync(listFile(), listText);
});

/** A change of production that needs its gate. */
function change(): void {
  stand.set("production", "holdpoint:environment.targetCpu", 61);
}

const refused = async (): Promise<Record<string, string>> =>
  refusals(await stand.expectRefused("production", () => stand.up("production")));

describe("a stage that was entered under a trust file", () => {
  it("does not change under another one until those have signed it whom the old one names", async () => {
    const next = join(stand.dir, "next.yaml");
    writeFileSync(next, trustText.replace("version: 1\n", "version: 2\n"));
    const sign = (as: string) => stand.holdpoint(["trust", "sign", next, "--as", as, "--yes"]);
    writeFileSync(trustFile(), readFileSync(next, "utf8"));
    change();
    expect((await refused())["trust"]).toMatch(
      /is version 2, and production last changed under version 1 \([0-9a-f]{12}\): .* is signed by nobody who may$/,
    );
    writeFileSync(trustFile(), trustText);
    expect((await sign("priya@omnihub.dev")).code).toBe(3);
    writeFileSync(trustFile(), readFileSync(next, "utf8"));
    expect((await refused())["trust"]).toContain("the change from version 1 to 2 is signed by priya@omnihub.dev");
    writeFileSync(trustFile(), trustText);
    expect((await sign("carl@omnihub.dev")).code).toBe(0);
    writeFileSync(trustFile(), readFileSync(next, "utf8"));
    const plan = await stand.savePlan("production");
    await stand.approveAll(plan);
    const { text } = await stand.expectDone(stand.up("production", "--plan", plan));
    expect(text).toContain("changed from version 1 to 2, signed for");
    // The record has version 2 now: the old file does not come back, but what ran before does.
    writeFileSync(trustFile(), trustText);
    stand.set("production", "holdpoint:environment.targetCpu", 62);
    expect((await refused())["trust"]).toContain("another text must have a higher version");
  });

  it("does not change without a list of revoked keys, and goes back all the same", async () => {
    rmSync(listFile());
    change();
    expect((await refused())["trust.revocations"]).toBe('no list of revoked keys: "revocations.json" is missing');
    await stand.expectDone(stand.up("production-canary"));
  });

  it("counts no signature of who is revoked", async () => {
    const revoked = await stand.holdpoint([
      ...["trust", "revoke", "ci-security", "--reason", "compromise"],
      ...["--as", "priya@omnihub.dev", "--yes"],
    ]);
    expect(revoked.code).toBe(0);
    change();
    const found = await refused();
    expect(found["security-scan"]).toContain("key-revoked: ci-security was revoked as compromised");
    expect(found["trust.revocations"]).toBeUndefined();
  });
});
