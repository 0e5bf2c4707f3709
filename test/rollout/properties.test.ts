import fc from "fast-check";
import { expect, test } from "vitest";
import { decideEnter, decideStep } from "../../rollout/decide";
import type { Decision } from "../../rollout/decision";
import type { CanaryReading, TrackReading, World } from "../../rollout/world";
import * as f from "./world-factory";

const enter = (world: World): Decision => decideEnter(f.PLAN, "production", world);
const RANK = { "NO-GO": 0, PENDING: 1, GO: 2 } as const;

/**
 * A world that may be anything between hopeless and good. Evidence that speaks against the release is never taken
 * away: a store that loses a failed run is another matter than one that loses a good one.
 */
const worlds: fc.Arbitrary<World> = fc
  .record({
    evidence: fc.subarray(f.allEvidence()),
    against: fc.subarray([
      f.smoke(0.5, { passed: 11, failedTests: ["login"] }),
      f.smoke(30, { passed: 11, failedTests: ["login"] }),
      f.scan({ counts: { ...f.COUNTS, critical: 1 } }, { finishedAt: f.NOW - 30 * f.HOUR }),
    ]),
    approvals: fc.subarray([
      f.approval("sre"),
      f.approval("tech-lead"),
      f.approval("cto", { id: f.hex("f"), decision: "rejected", reason: "no" }),
    ]),
    mode: fc.constantFrom("preview", "up"),
    known: fc.boolean(),
  })
  .map(({ evidence, against, approvals, mode, known }) =>
    f.world({ evidence: [...evidence, ...against], approvals, mode, updatePlans: known ? [f.UPDATE_PLAN] : [] }),
  );

/** Mostly good worlds, so that there is something to lose. */
const goodWorlds = fc.oneof({ weight: 2, arbitrary: fc.constant(f.world()) }, { weight: 1, arbitrary: worlds });

/** A step towards less being known. */
const losses: fc.Arbitrary<(world: World) => World> = fc.oneof(
  fc.nat(20).map((index) => (world: World) => ({
    ...world,
    evidence: world.evidence.filter((item, at) => at !== index || isAgainst(item)),
  })),
  fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 60 * 24 * 40 })).map(([index, minutes]) => (world: World) => ({
    ...world,
    evidence: world.evidence.map((item, at) =>
      at === index && !isAgainst(item) ? { ...item, finishedAt: item.finishedAt - minutes * f.MINUTE } : item,
    ),
  })),
  fc.nat(20).map((index) => (world: World) => ({
    ...world,
    evidence: world.evidence.map((item, at) =>
      at === index && !isAgainst(item) ? { ...item, finishedAt: Number.NaN } : item,
    ),
  })),
  fc.nat(20).map((index) => (world: World) => ({
    ...world,
    evidence: world.evidence.map((item, at) => (at === index && !isAgainst(item) ? { ...item, signers: [] } : item)),
  })),
  fc.nat(3).map((index) => (world: World) => ({
    ...world,
    approvals: world.approvals.filter((item, at) => at !== index || item.decision === "rejected"),
  })),
  fc.constantFrom("staging", "production").map((stage) => (world: World) => ({
    ...world,
    stages: { ...world.stages, [stage]: { ok: false, why: "unknown" } as const },
  })),
  fc.constant((world: World) => ({ ...world, evidenceFailure: "unreadable" })),
  fc.constant((world: World) => ({ ...world, clockFailure: "off" })),
  fc.constant((world: World) => ({ ...world, updatePlans: [] })),
  fc.constant(({ binding: _, ...world }: World) => world),
);
const isAgainst = (item: World["evidence"][number]): boolean =>
  (item.kind === "test-result" && item.facts.failedTests.length > 0) ||
  (item.kind === "vulnerabilities" && item.facts.counts.critical > 0);

test("knowing less never opens a gate", () => {
  fc.assert(
    fc.property(goodWorlds, fc.array(losses, { minLength: 1, maxLength: 4 }), (world, all) => {
      const less = all.reduce((now, lose) => lose(now), world);
      const [before, after] = [enter(world), enter(less)];
      // PENDING instead of NO-GO is no opening, but only approvals may make that difference.
      if (before.outcome !== "GO") expect(after.outcome).not.toBe("GO");
      if (before.outcome === "NO-GO" && !all.some((lose) => lose(world).approvals !== world.approvals)) {
        expect(RANK[after.outcome]).toBeLessThanOrEqual(RANK[before.outcome]);
      }
    }),
    { numRuns: 200 },
  );
});

test("each single piece of evidence is needed: without it the gate is shut", () => {
  const whole = f.world();
  expect(enter(whole).outcome).toBe("GO");
  for (const item of whole.evidence) {
    expect(enter({ ...whole, evidence: whole.evidence.filter((other) => other !== item) }).outcome, item.kind).toBe(
      "NO-GO",
    );
  }
});

test("the order of the store changes nothing", () => {
  fc.assert(
    fc.property(worlds, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (world, dice) => {
      const weights = new Map(world.evidence.map((item) => [item.id, dice.next().value as number]));
      const shuffled = world.evidence.toSorted((a, b) => (weights.get(a.id) ?? 0) - (weights.get(b.id) ?? 0));
      expect(enter({ ...world, evidence: shuffled, approvals: world.approvals.toReversed() })).toEqual(enter(world));
    }),
    { numRuns: 100 },
  );
});

const number = fc.oneof(fc.constantFrom(0, 1, 10, 20, 1000), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1));
const track: fc.Arbitrary<TrackReading> = fc
  .record(
    { requests: number, errors: number, p95: number, probes: fc.record({ samples: number, failures: number }) },
    { requiredKeys: [] },
  )
  .map((reading) => reading);
const metrics = fc.oneof(
  fc.record({ canary: track, baseline: track }),
  fc.constant({ failure: "down" }),
  fc.constant({
    canary: { requests: 1000, errors: 0, p95: 0.2, probes: { samples: 9, failures: 0 } },
    baseline: { requests: 1000, errors: 0, p95: 0.2, probes: { samples: 9, failures: 0 } },
  } satisfies CanaryReading),
);

/** What a person or a pipeline may try, in any order, at any time. */
const attempts = fc.array(
  fc.record({ to: fc.constantFrom(0, 5, 25, 37, 50, 100), minutes: fc.integer({ min: 0, max: 45 }), metrics }),
  { maxLength: 30 },
);

test("no order of steps skips one, or leaves one before its hold", () => {
  const ladder = [0, 5, 25, 50, 100];
  const holds = new Map([
    [0, 0],
    [5, 15],
    [25, 15],
    [50, 30],
    [100, 60],
  ]);
  fc.assert(
    fc.property(attempts, (all) => {
      let now = Date.UTC(2026, 10, 22, 2);
      let canary = { weight: 0, since: now };
      for (const { to, minutes, metrics: found } of all) {
        now += minutes * f.MINUTE;
        const world = f.canaryWorld(canary.weight, { now, metrics: found }, { since: canary.since });
        if (decideStep(f.PLAN, "production", to, world).outcome !== "GO") continue;
        if (to > canary.weight) {
          const below = ladder.filter((weight) => weight <= canary.weight).at(-1) ?? 0;
          expect(to).toBe(ladder[ladder.indexOf(below) + 1]);
          expect(now - canary.since).toBeGreaterThanOrEqual((holds.get(below) ?? 0) * f.MINUTE);
        }
        if (to !== canary.weight) canary = { weight: to, since: now };
      }
    }),
    { numRuns: 100 },
  );
});

test("no step up is taken on numbers that are none", () => {
  fc.assert(
    fc.property(metrics, (found) => {
      const { outcome } = decideStep(f.PLAN, "production", 25, f.canaryWorld(5, { metrics: found }));
      if (outcome !== "GO") return;
      expect("failure" in found).toBe(false);
      const { canary, baseline } = found as CanaryReading;
      for (const value of [
        canary.requests,
        canary.errors,
        canary.p95,
        canary.probes?.samples,
        baseline.requests,
        baseline.errors,
        baseline.p95,
      ]) {
        expect(Number.isFinite(value)).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

test("the way to 0 is open in every world", () => {
  const any = fc.record({
    now: fc.oneof(fc.double(), fc.constant(f.NOW)),
    metrics,
    weight: fc.oneof(fc.constantFrom(0, 5, 100), fc.double()),
    routed: fc.double(),
    ok: fc.boolean(),
    stage: fc.constantFrom("staging", "production", "unknown"),
    failure: fc.string(),
  });
  fc.assert(
    fc.property(any, ({ now, metrics: found, weight, routed, ok, stage, failure }) => {
      const world = f.canaryWorld(
        weight,
        { now, metrics: found, evidenceFailure: failure, ...(ok ? {} : { stages: {} }) },
        { routed },
      );
      expect(decideStep(f.PLAN, stage, 0, world)).toMatchObject({
        outcome: "GO",
        wayBack: "to 0%: all traffic to the baseline, always allowed",
      });
    }),
  );
});
