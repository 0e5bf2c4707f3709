/** The log of SarvanOM's flags: a flag is changed in the plan, and every decision keeps the text that it was made under. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { digest } from "../../evidence/canonical";
import { keepDecision, readDecisions, type Made } from "../../evidence/decisions";
import { parsePlan } from "../../rollout/plan";
import { servedIn } from "../../rollout/plan/flags";
import { trustSource, world as evidenceWorld } from "../evidence/world";
import { decide, goodWorld } from "./good-world";

const FILE = "plans/sarvanom.yaml";
const before = readFileSync(FILE, "utf8");
const after = before.replace('stages: { staging: "on" }', 'stages: { staging: "on", production: "on" }');

/** One gate's run under a text of the plan, kept as the pack keeps it. */
function made(text: string, now: number): Made {
  const plan = parsePlan(text, FILE);
  const ask = { stage: "production" };
  const world = goodWorld(plan, ask);
  const request = {
    stack: "production",
    plan: digest(text),
    trust: digest(trustSource),
    program: "5".repeat(64),
    configuration: "6".repeat(64),
  };
  const { evidence: _, approvals: _a, rejected: _r, waivers: _w, ...rest } = world;
  return {
    decision: decide(plan, ask, world),
    stacks: "organization/sarvanom",
    world,
    request,
    digest: digest(request),
    pack: "4".repeat(64),
    planFile: FILE,
    trustFile: "trust.yaml",
    inputs: {
      asked: { gate: "enter", stage: "production" },
      plan: { file: FILE, digest: digest(text) },
      trust: { file: "trust.yaml", digest: digest(trustSource) },
      world: rest,
    },
    texts: [text, trustSource],
    now,
  };
}

test("says from what and to what a flag was changed, when, and in whose release", async () => {
  const { store } = evidenceWorld();
  const monday = Date.UTC(2026, 10, 16);
  await keepDecision(store, made(before, monday));
  await keepDecision(store, made(after, monday + 60_000));

  const log = await readDecisions(store, { stacks: ["production"] });
  const told = await Promise.all(
    log.map(async ({ plan, verifiedAt, release }) => {
      const text = await store.kept("inputs", plan.sha256);
      const flag = text === undefined ? undefined : parsePlan(text, FILE).flags["new-query-engine"];
      return [verifiedAt, release.author, flag && servedIn(flag, "production")];
    }),
  );
  expect(told).toEqual([
    ["2026-11-16T00:00:00Z", "ada@example.org", "off"],
    ["2026-11-16T00:01:00Z", "ada@example.org", "on"],
  ]);
});
