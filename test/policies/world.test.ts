import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Project } from "../../components/project";
import { gatherWorld } from "../../policies/world";
import { wayBackOf } from "../../rollout/way-back";
import { canarySettings, omnihub, stageSettings } from "../components/support";

const DIGEST = "7".repeat(64);
const name = ({ image, commit }: { image: string; commit: string }) => ({ image, commit });

let silent: Server;
let asked = 0;
let backend = "";
beforeAll(async () => {
  // It takes every question and never answers.
  silent = createServer(() => void (asked += 1));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  backend = mkdtempSync(join(tmpdir(), "holdpoint-world-"));
  vi.stubEnv("PULUMI_BACKEND_URL", `file://${backend}`);
});
afterAll(() => {
  silent.close();
  silent.closeAllConnections();
  vi.unstubAllEnvs();
  rmSync(backend, { recursive: true, force: true });
});
afterEach(() => rmSync(join(backend, ".pulumi"), { recursive: true, force: true }));

/** Checkpoints of all stacks, empty but for one, which has one Stash. */
function checkpoint(stack: string, stash: string, input: object): void {
  const folder = join(backend, ".pulumi", "stacks", "holdpoint");
  const urn = `urn:pulumi:${stack}::holdpoint::pulumi:index:Stash::${stash}`;
  const resource = { urn, type: "pulumi:index:Stash", inputs: { input }, modified: "2026-11-20T00:00:00Z" };
  mkdirSync(folder, { recursive: true });
  for (const each of ["staging", "staging-canary", "production", "production-canary"]) {
    const latest = each === stack ? { resources: [resource] } : {};
    writeFileSync(join(folder, `${each}.json`), JSON.stringify({ version: 3, checkpoint: { latest } }));
  }
}

function run(settings: Project["settings"], digest: string, plan = omnihub()) {
  const prometheus = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const project = {
    root: backend,
    settings: { ...settings, prometheus, evidence: "nowhere" },
    plan,
    digest,
    calendars: {},
  } as unknown as Project;
  return { project, stacks: "organization/holdpoint", mode: "up" } as const;
}

test("a stage goes back to what ran before while no metrics source answers and no store is there", async () => {
  const settings = stageSettings();
  const entry = { release: name(settings.release), baseline: name(settings.baseline), request: DIGEST };
  checkpoint("production", "record", {
    current: { ...entry, request: "6".repeat(64) },
    previous: entry,
    usedApprovals: [],
  });
  const began = performance.now();
  const { world } = await gatherWorld(run(settings, DIGEST));
  expect(performance.now() - began).toBeLessThan(4_000);
  const asking = { gate: "enter", stage: "production" } as const;
  expect(wayBackOf(omnihub(), asking, world)).toBe("back to exactly what ran there before, always allowed");
});

test("a canary goes down while no metrics source answers and no store is there", async () => {
  const settings = canarySettings();
  checkpoint("production-canary", "step", { weight: 25, release: name(settings.release) });
  const began = performance.now();
  const lower = { ...settings, canary: { ...settings.canary, weight: 5 } };
  const { world } = await gatherWorld(run(lower, DIGEST));
  expect(performance.now() - began).toBeLessThan(4_000);
  expect(wayBackOf(omnihub(), { gate: "step", stage: "production", to: 5 }, world)).toMatch(/^from 25% to 5%/);
});

test("whatever leads forward waits for them, and says that they did not answer", async () => {
  const { world } = await gatherWorld(run(stageSettings(), DIGEST));
  expect(asked).toBeGreaterThan(0);
  expect(world.evidenceFailure).toBeDefined();
}, 30_000);

test("the canary of a stage before is read where a criterion asks for its traffic, and only there", async () => {
  const settings = stageSettings();
  checkpoint("staging-canary", "step", { weight: 25, release: name(settings.release) });
  const asksFor = (more: object) => {
    const plan = structuredClone({ ...omnihub(), source: undefined });
    const production = plan.stages.find((stage) => stage.name === settings.stage);
    const done = production?.enter.criteria.find(({ kind }) => kind === "stage-done");
    Object.assign(done ?? {}, more);
    return { ...plan, source: omnihub().source };
  };
  const stagingUnder = async (plan: ReturnType<typeof omnihub>) =>
    (await gatherWorld(run(settings, DIGEST, plan))).world.stages["staging"];
  const [asked, unasked] = await Promise.all([asksFor({ traffic: 100 }), asksFor({})].map(stagingUnder));
  expect(asked).toMatchObject({ ok: true, canary: { weight: 25 } });
  expect(unasked).not.toHaveProperty("canary");
}, 30_000);
