/** A pack that fails changes nothing, ends in bounded time and leaves no process; the way back does not need it. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Stand, type Ran } from "./harness";
import { everything, expectRefused, prepare, processesWith, type PackTurn } from "./tampering";

const NO_PACK = "clearance-missing: no policy pack answered, and this program changes nothing without one";
/** Milliseconds; shorter than the real ones, and in the same order. */
const DEADLINES = {
  GATE_DEADLINE: "5000",
  POLICY_DEADLINE: "7000",
  CLEARANCE_DEADLINE: "25000",
  PACK_DEADLINE: "12000",
};
/** Far more than such a run takes, and far less than for ever. */
const BOUND = 60_000;

let stand: Stand;
beforeAll(async () => {
  stand = await Stand.make();
  prepare(stand);
  await stand.ready();
  await stand.entered();
  stand.set("production-canary", "holdpoint:canary.weight", 5);
  await stand.expectDone(stand.up("production-canary"));
  stand.mark("at 5");
}, 600_000);
afterAll(() => stand.close());
beforeEach(() => {
  stand.back("at 5");
});

/** An update that has something to change, with the same request as what was approved: only the pack can stop it. */
const changing = (env: NodeJS.ProcessEnv): Promise<Ran> =>
  stand.pulumi(
    ["up", "-s", "production", "--yes", "--skip-preview", "--non-interactive", "--policy-pack", "policies"],
    { env: { TAMPER: "changes a value", ...DEADLINES, ...env }, timeout: BOUND },
  );

describe("an update that would change something", () => {
  it("goes through with a whole pack: the control of all tests below", async () => {
    const before = everything(stand, "production");
    await stand.expectDone(changing({}));
    expect(everything(stand, "production")).not.toBe(before);
  });

  it.each<[PackTurn, string]>([
    ["throws at load", "NO-GO: the policy pack can't be loaded: thrown at load"],
    ["hangs at load", "NO-GO: the policy pack was stuck for 12 s and was ended; nothing is declared without it"],
    ["never serves", "NO-GO: the policy pack ended by itself (exit code 0); nothing is declared without it"],
    ["throws in a policy", "NO-GO protected-resources: the policy could not finish: thrown in a policy"],
    ["throws in the answer", "thrown in the answer"],
    ["exits in a policy", "NO-GO: the policy pack ended by itself (exit code 7); nothing is declared without it"],
    ["exits well in a policy", "NO-GO: the policy pack ended by itself (exit code 0); nothing is declared without it"],
    ["gate never answers", "NO-GO deadline: The gate can be decided\nfound: the gate could not decide within 5 s"],
    ["policy never answers", "NO-GO protected-resources: the policy could not finish: no answer within 7 s"],
    ["answer never comes", "no answer within 7 s"],
    ["spins in a policy", "NO-GO: the policy pack was stuck for 12 s and was ended; nothing is declared without it"],
  ])("is refused in bounded time, with no process left, by a pack that %s", async (turn, reason) => {
    const run = randomUUID();
    const { code } = await expectRefused(
      stand,
      "production",
      () => changing({ TAMPER_PACK: turn, TEST_RUN: run }),
      reason,
    );
    // Killed by the test, it would have none.
    expect(code).not.toBeNull();
    expect(processesWith(`TEST_RUN=${run}`)).toEqual([]);
  });

  it("is refused by a pack with a mistake in its source, which is named", async () => {
    stand.edit("policies/gate.ts", (text) => `const = 1;\n${text}`);
    await expectRefused(stand, "production", () => changing({}), "policies/gate.ts:1:7: ");
  });
});

describe("the way back", () => {
  const bare = (stack = "production-canary"): Promise<Ran> =>
    stand.pulumi(["up", "-s", stack, "--yes", "--skip-preview", "--non-interactive"]);
  const set = (change: { weight?: number; killSwitch?: boolean; safeMode?: boolean }): void => {
    for (const [key, value] of Object.entries(change)) stand.set("production-canary", `holdpoint:canary.${key}`, value);
  };
  const object = (name: string): string =>
    readFileSync(join(stand.dir, "cluster", "omnihub-production", `${name}.yaml`), "utf8");
  const weights = (): string[] => [...object("httproute-omnihub").matchAll(/weight: (\d+)/g)].map(([, n]) => n ?? "");

  it("is open without a pack, and changes nothing but its own stack", async () => {
    expect(weights()).toEqual(["95", "5"]);
    const stage = everything(stand, "production")
      .split("\n")
      .filter((line) => !/httproute|configmap-emergency/i.test(line));
    set({ weight: 0 });
    const { text } = await stand.expectDone(bare());
    expect(text).toContain("way back: all traffic to the baseline, declared without a policy pack");
    expect(weights()).toEqual(["100", "0"]);
    const now = everything(stand, "production")
      .split("\n")
      .filter((line) => !/httproute|configmap-emergency/i.test(line));
    expect(now).toEqual(stage);
  });

  it("is open while the pack can't be loaded: without it", async () => {
    stand.edit("policies/gate.ts", (text) => `const = 1;\n${text}`);
    set({ weight: 0 });
    await expectRefused(stand, "production-canary", () => stand.up("production-canary"), "policies/gate.ts:1:7: ");
    await stand.expectDone(bare());
    expect(weights()).toEqual(["100", "0"]);
  });

  it("is open with the kill switch on, which without a pack can be set and not be lifted", async () => {
    set({ killSwitch: true, safeMode: true });
    await stand.expectDone(bare());
    expect(weights()).toEqual(["100", "0"]);
    expect(object("configmap-emergency-controls")).toMatch(/killSwitch: "true"\n\s*safeMode: "true"/);
    set({ weight: 0, killSwitch: false, safeMode: false });
    await stand.expectDone(bare());
    expect(object("configmap-emergency-controls")).toMatch(/killSwitch: "true"\n\s*safeMode: "true"/);
    expect(weights()).toEqual(["100", "0"]);
  });

  it("is the only way: any weight above 0 is refused without a pack", async () => {
    set({ weight: 1 });
    await expectRefused(stand, "production-canary", () => bare(), NO_PACK);
    set({ weight: 5, safeMode: true });
    await expectRefused(stand, "production-canary", () => bare(), NO_PACK);
  });
});
