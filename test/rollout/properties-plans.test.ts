import { readFileSync } from "node:fs";
import fc from "fast-check";
import { parse as parseYaml, stringify } from "yaml";
import { describe, expect, test } from "vitest";
import type { Evidence } from "../../rollout/evidence";
import { parsePlan } from "../../rollout/plan";
import type { Plan } from "../../rollout/plan";
import type { World } from "../../rollout/world";
import { decide, gatesOf, goodWorld } from "../plans/good-world";
import type { Ask } from "../plans/good-world";

const HEAD = { title: "It holds", owner: "sre", attestedBy: ["ci"], maxAge: "2 days" };

/** Criteria of many kinds, as they are written, each with an id of its own. */
const criterion: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  fc.record({
    kind: fc.constant("tests"),
    suite: fc.constantFrom("smoke", "load"),
    runs: fc.integer({ min: 1, max: 4 }),
    atLeast: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({
    kind: fc.constant("vulnerabilities"),
    atMost: fc.record({ critical: fc.constant(0), high: fc.integer({ min: 0, max: 3 }) }),
  }),
  fc.record({
    kind: fc.constant("drill"),
    drill: fc.constantFrom("rollback", "restore"),
    within: fc.constantFrom("1 minute", "1 hour"),
  }),
  fc.record({
    kind: fc.constant("measurement"),
    suite: fc.constant("bench"),
    measure: fc.constantFrom("startup", "memory"),
    below: fc.constantFrom("500 ms", "800 ms"),
  }),
  fc.record({
    kind: fc.constant("survey"),
    survey: fc.constant("beta"),
    answers: fc.integer({ min: 1, max: 50 }),
    above: fc.constantFrom("80%", "85%"),
  }),
  fc.record({ kind: fc.constant("check"), check: fc.constantFrom("status-page", "announced") }),
  fc.record({ kind: fc.constant("sbom"), atLeast: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ kind: fc.constant("review"), review: fc.constant("code"), reviewers: fc.integer({ min: 1, max: 3 }) }),
);
const live = fc
  .constantFrom("p95", "error-rate")
  .map((metric) => ({ kind: "metric", metric, over: "1 hour", below: metric === "p95" ? "500 ms" : "1%" }));
const approval = fc.record({
  kind: fc.constant("update-plan-review"),
  from: fc.constant(["lead"]),
  count: fc.integer({ min: 1, max: 2 }),
  validFor: fc.constant("1 day"),
});

const DECLARED = { kind: "declared", title: "It is there", owner: "sre", components: ["waf/ddos", "canary/route"] };
const MARKED = {
  marks: [
    { id: "detected", title: "Detected", within: "10 seconds" },
    { id: "done", title: "Done", within: "30 seconds" },
  ],
  levels: {
    code: { title: "Back", within: "1 minute", does: ["Go back"], drill: "rollback", drillMaxAge: "2 days" },
  },
};

const steps = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 4 })
  .chain((weights) =>
    fc.tuple(
      fc.constant([...weights.toSorted((a, b) => a - b), 100]),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 5, maxLength: 5 }),
    ),
  )
  .map(([weights, holds]) =>
    weights.map((weight, index) => ({ weight: `${weight}%`, hold: `${holds[index] ?? 5} minutes` })),
  );

/** A plan of one to three stages, written as people write it. */
const written: fc.Arbitrary<string> = fc
  .array(
    fc.record({
      evidence: fc.array(criterion, { minLength: 1, maxLength: 5 }),
      live: fc.array(live, { maxLength: 2 }),
      approvals: fc.array(approval, { maxLength: 2 }),
      steps,
      asked: fc.array(criterion, { maxLength: 2 }),
      declared: fc.boolean(),
      fallback: fc.boolean(),
      finish: fc.array(criterion, { maxLength: 2 }),
      marks: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((stages) =>
    stringify(
      {
        apiVersion: "holdpoint.dev/v1",
        kind: "RolloutPlan",
        name: "generated",
        title: "Generated",
        service: "app",
        owners: { sre: { contact: "#sre" } },
        roles: { ci: "Attests", lead: "Approves" },
        runbooks: {},
        slo: { availability: "99.9%", p95: "500 ms", window: "30 days", errorBudgetLeft: "50%" },
        stages: stages.map((stage, index) => ({
          name: `stage-${index}`,
          enter: {
            criteria: [
              ...stage.evidence.map((one, at) => ({ ...HEAD, ...one, id: `evidence-${at}` })),
              ...stage.live.map((one, at) => ({ title: "It holds", owner: "sre", ...one, id: `live-${at}` })),
              ...stage.approvals.map((one, at) => ({
                title: "Somebody agreed",
                owner: "sre",
                ...one,
                id: `approval-${at}`,
              })),
              ...(index === 0
                ? []
                : [{ kind: "stage-done", id: "before", title: "Before", owner: "sre", stage: `stage-${index - 1}` }]),
            ],
          },
          canary: {
            owner: "sre",
            steps: stage.steps.map((step, at) => ({
              ...step,
              criteria: [
                ...(at === 1 ? stage.asked : []).map((one, id) => ({ ...HEAD, ...one, id: `step-${id}` })),
                ...(at === 0 && stage.declared ? [{ ...DECLARED, id: "declared" }] : []),
              ],
            })),
            ...(stage.fallback ? { fallback: { to: "baseline" } } : {}),
            judge: {
              minRequests: 20,
              errorRate: { below: "2x", of: "baseline", floor: "0.1%" },
              p95: { below: "1.5x", of: "baseline" },
              health: { passing: "100%" },
            },
          },
          ...(stage.finish.length === 0
            ? {}
            : {
                finish: {
                  after: "1 day",
                  criteria: stage.finish.map((one, id) => ({ ...HEAD, ...one, id: `finish-${id}` })),
                },
              }),
        })),
        rollback: { within: "1 minute", tell: ["sre"], ...(stages[0]?.marks === true ? MARKED : {}) },
      },
      { aliasDuplicateObjects: false },
    ),
  );

const plans = written.map((text) => parsePlan(text, "generated.yaml"));
/** A plan and one of its gates. */
const gates: fc.Arbitrary<readonly [Plan, Ask]> = plans.chain((plan) =>
  fc.tuple(fc.constant(plan), fc.constantFrom(...gatesOf(plan))),
);

/** Less is known: something is gone, older, of nobody, of another release, or not to be read. */
const losses: fc.Arbitrary<(world: World) => World> = fc.oneof(
  fc.nat(40).map((at) => (world: World) => ({
    ...world,
    evidence: world.evidence.filter((_, index) => index !== at % Math.max(1, world.evidence.length)),
  })),
  fc
    .tuple(fc.nat(40), fc.integer({ min: 1, max: 5_000 }))
    .map(([at, minutes]) => changed(at, (item) => ({ ...item, finishedAt: item.finishedAt - minutes * 60_000 }))),
  fc.nat(40).map((at) => changed(at, (item) => ({ ...item, finishedAt: Number.NaN }))),
  fc.nat(40).map((at) => changed(at, (item) => ({ ...item, signers: [] }))),
  fc.nat(40).map((at) => changed(at, (item) => ({ ...item, subject: { commits: [], sha256: [] } }))),
  fc
    .nat(5)
    .map((at) => (world: World) => ({ ...world, approvals: world.approvals.filter((_, index) => index !== at) })),
  fc.nat(40).map((at) => (world: World) => ({
    ...world,
    readings: Object.fromEntries(Object.entries(world.readings ?? {}).filter((_, index) => index !== at)),
  })),
  fc.constant(({ readings: _, ...world }: World) => world),
  fc.constant((world: World) => ({ ...world, metrics: { failure: "unreadable" } })),
  fc.constant((world: World) => ({ ...world, evidenceFailure: "unreadable" })),
  fc.constant((world: World) => ({ ...world, clockFailure: "off" })),
  fc.constant((world: World) => ({ ...world, stages: {} })),
  fc.constant(({ route: _, ...world }: World) => world),
  fc.constant(({ controls: _, ...world }: World) => world),
  fc.constant(({ declared: _, ...world }: World) => world),
  fc.constant(({ content: _, ...world }: World) => world),
  fc
    .nat(40)
    .map((at) =>
      changed(at, (item) =>
        item.kind === "drill" ? { ...item, facts: { ...item.facts, marks: item.facts.marks?.slice(1) ?? [] } } : item,
      ),
    ),
);

function changed(at: number, change: (item: Evidence) => Evidence): (world: World) => World {
  return (world) => ({
    ...world,
    evidence: world.evidence.map((item, index) =>
      index === at % Math.max(1, world.evidence.length) ? change(item) : item,
    ),
  });
}

describe("over generated plans", () => {
  test("each gate opens in its good world", () => {
    fc.assert(
      fc.property(gates, ([plan, ask]) => {
        expect(decide(plan, ask, goodWorld(plan, ask)).outcome).toBe("GO");
      }),
      { numRuns: 100 },
    );
  });
  test("what is lost never opens a gate that was shut", () => {
    fc.assert(
      fc.property(gates, fc.array(losses, { minLength: 1, maxLength: 3 }), losses, ([plan, ask], first, more) => {
        const before = first.reduce((world, lose) => lose(world), goodWorld(plan, ask));
        const after = decide(plan, ask, more(before));
        if (decide(plan, ask, before).outcome !== "GO") expect(after.outcome).not.toBe("GO");
      }),
      { numRuns: 200 },
    );
  });
  test("no kind of evidence that a gate rests on can be missed", () => {
    fc.assert(
      fc.property(gates, ([plan, ask]) => {
        const world = goodWorld(plan, ask);
        const { findings } = decide(plan, ask, world);
        const used = new Set(findings.flatMap((finding) => finding.used));
        for (const item of world.evidence.filter(({ id }) => used.has(id))) {
          const evidence = world.evidence.map((one) => (one.kind === item.kind ? { ...one, signers: [] } : one));
          expect(decide(plan, ask, { ...world, evidence }).outcome, item.kind).toBe("NO-GO");
        }
      }),
      { numRuns: 40 },
    );
  });
  test("a plan printed and parsed again decides the same", () => {
    fc.assert(
      fc.property(written, fc.array(losses, { maxLength: 2 }), fc.nat(20), (text, lost, at) => {
        const plan = parsePlan(text, "generated.yaml");
        const again = parsePlan(JSON.stringify(parseYaml(text), null, 2), "generated.yaml");
        const all = gatesOf(plan);
        const ask = all[at % all.length] as Ask;
        const world = lost.reduce((now, lose) => lose(now), goodWorld(plan, ask));
        expect(withoutLines(decide(again, ask, world))).toEqual(withoutLines(decide(plan, ask, world)));
      }),
      { numRuns: 50 },
    );
  });
  test("no order of attempts skips a step, or leaves one before its hold", () => {
    const attempts = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 0, max: 60 })), { maxLength: 25 });
    fc.assert(
      fc.property(plans, attempts, (plan, all) => {
        const [stage] = plan.stages;
        const ladder = stage?.canary?.steps ?? [];
        const begin = goodWorld(plan, { stage: "stage-0", to: ladder[0]?.weight ?? 100 });
        let now = begin.now;
        let canary = { weight: 0, since: now, release: begin.release, routed: 0 };
        for (const [at, minutes] of all) {
          now += minutes * 60_000;
          const to = ladder[at % ladder.length]?.weight ?? 100;
          const state = begin.stages["stage-0"];
          if (state?.ok !== true) throw new Error("no state");
          const world: World = { ...begin, now, stages: { ...begin.stages, "stage-0": { ...state, canary } } };
          if (decide(plan, { stage: "stage-0", to }, world).outcome !== "GO") continue;
          const from = ladder.findIndex(({ weight }) => weight === canary.weight);
          if (to > canary.weight) {
            expect(to).toBe(ladder[from + 1]?.weight);
            expect(now - canary.since).toBeGreaterThanOrEqual(ladder[from]?.hold ?? 0);
          }
          if (to !== canary.weight) canary = { ...canary, weight: to, routed: to, since: now };
        }
      }),
      { numRuns: 60 },
    );
  });
  test("a finish lets nothing in that the entry did not: with anything else changed it asks all that the entry asks", () => {
    const finishes = gates.filter(([plan]) => plan.stages.some(({ finish }) => finish !== undefined));
    fc.assert(
      fc.property(finishes, ([plan]) => {
        const stage = plan.stages.find(({ finish }) => finish !== undefined)?.name ?? "";
        const ids = (world: World) => decide(plan, { stage }, world).findings.map(({ criterion: id }) => id);
        const promotion = goodWorld(plan, { stage, finish: true });
        const entry = ids(goodWorld(plan, { stage }));
        expect(ids({ ...promotion, content: "another" })).toEqual(expect.arrayContaining(entry));
        const other = { ...promotion.release, commit: "d".repeat(40) };
        expect(ids({ ...promotion, release: other })).toEqual(expect.arrayContaining(entry));
        expect(ids({ ...promotion, baseline: other })).toEqual(expect.arrayContaining(entry));
        const evidence = entry.filter((id) => id.startsWith("evidence-"));
        expect(ids(promotion)).toEqual(expect.arrayContaining(evidence));
      }),
      { numRuns: 60 },
    );
  });
  test("the way back is open in every state", () => {
    fc.assert(
      fc.property(plans, fc.array(losses, { maxLength: 4 }), fc.nat(4), (plan, lost, at) => {
        const ladder = plan.stages[0]?.canary?.steps ?? [];
        const step = ladder[at % ladder.length];
        if (step === undefined) throw new Error("no step");
        const world = lost.reduce((now, lose) => lose(now), goodWorld(plan, { stage: "stage-0", to: step.weight }));
        expect(decide(plan, { stage: "stage-0", to: 0 }, world)).toMatchObject({
          outcome: "GO",
          wayBack: expect.any(String),
        });
      }),
      { numRuns: 100 },
    );
  });
});

/** A printed plan has other lines. */
function withoutLines(decision: object): unknown {
  return JSON.parse(JSON.stringify(decision, (key, value: unknown) => (key === "line" ? undefined : value)));
}

test("so do the plans of the documents, printed and parsed again", () => {
  const text = readFileSync("plans/omnihub.yaml", "utf8");
  const [plan, again] = [parsePlan(text, "x.yaml"), parsePlan(stringify(parseYaml(text)), "x.yaml")];
  for (const ask of gatesOf(plan)) {
    const world = goodWorld(plan, ask);
    expect(withoutLines(decide(again, ask, world))).toEqual(withoutLines(decide(plan, ask, world)));
  }
});
