/**
 * What deciding costs, without an engine: parsing and checking every plan, and deciding every gate of it against
 * attestations that are verified already.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Evidence } from "../rollout/evidence";
import { parsePlan } from "../rollout/plan";
import type { Plan } from "../rollout/plan";
import { decide, gatesOf, goodWorld } from "../test/plans/good-world";
import type { Measured } from "./measured";

const ATTESTATIONS = 10_000;
const RUNS = 9;
/** So long ago that no gate takes it for its newest, milliseconds. */
const YEARS = 3 * 365 * 86_400_000;

/** Median times, and how they grow when the attestations and the criteria are doubled twice. */
export function measureDecide(root: string): Measured[] {
  const texts = plansIn(root);
  const [criteria, growth] = [[1, 2, 4].map((times) => many(texts[0]?.text ?? "", times)), ATTESTATIONS];
  const whole = median(() => {
    const plans = texts.map(({ file, text }) => parsePlan(text, file));
    const worlds = plans.map((plan) => worldsOf(plan, growth));
    return () => {
      for (const { file, text } of texts) parsePlan(text, file);
      for (const [index, plan] of plans.entries()) decideAll(plan, worlds[index] ?? []);
    };
  });
  const plan = parsePlan(texts[0]?.text ?? "", "plan.yaml");
  const byEvidence = [growth / 4, growth / 2, growth].map((count) => timeOf(plan, worldsOf(plan, count)));
  const byCriteria = criteria.map((one) => timeOf(one, worldsOf(one, growth / 4)));
  return [
    {
      name: `all plans parsed, every gate decided against ${ATTESTATIONS} attestations`,
      value: whole,
      limit: 150,
      unit: "ms",
    },
    {
      name: "deciding with 4 times the attestations, to 4 times its time",
      value: ratio(byEvidence),
      limit: 1.25,
      unit: "x",
    },
    {
      name: "deciding with 4 times the criteria, to 4 times its time",
      value: ratio(byCriteria),
      limit: 1.25,
      unit: "x",
    },
  ];
}

type Gates = ReturnType<typeof worldsOf>;

function plansIn(root: string): { file: string; text: string }[] {
  return readdirSync(join(root, "plans"))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => ({ file: `plans/${file}`, text: readFileSync(join(root, "plans", file), "utf8") }))
    .filter(({ text }) => /^kind: RolloutPlan$/m.test(text));
}

/** Every gate with its good world, in which the store holds so many attestations: those of other releases, too. */
function worldsOf(plan: Plan, count: number) {
  const worlds = gatesOf(plan).map((ask) => ({ ask, world: goodWorld(plan, ask) }));
  const most = worlds.reduce(
    (best, { world }) => (world.evidence.length > best.length ? world.evidence : best),
    [] as readonly Evidence[],
  );
  // Those of other releases are the same for every gate, as a store's are.
  const others = elsewhere(most, count);
  return worlds.map(({ ask, world }) => {
    const evidence = [...world.evidence, ...others.slice(0, Math.max(0, count - world.evidence.length))];
    return { ask, world: { ...world, evidence } };
  });
}

function elsewhere(own: readonly Evidence[], count: number): Evidence[] {
  if (own.length === 0) return [];
  return Array.from({ length: count }, (_, index) => {
    const item = own[index % own.length] as Evidence;
    const subject = { commits: [index.toString(16).padStart(40, "0")], sha256: [] };
    return { ...item, id: index.toString(16).padStart(64, "0"), subject, finishedAt: item.finishedAt - YEARS - index };
  });
}

/** A plan whose gates ask everything so many times. */
function many(text: string, times: number): Plan {
  const plan = parsePlan(text, "plan.yaml");
  const stages = plan.stages.map((stage) => {
    const criteria = Array.from({ length: times }, (_, copy) =>
      stage.enter.criteria.map((one) => ({ ...one, id: copy === 0 ? one.id : `${one.id}-${copy}` })),
    ).flat();
    return { ...stage, enter: { criteria } };
  });
  return { ...plan, stages };
}

function decideAll(plan: Plan, gates: Gates): void {
  for (const { ask, world } of gates) {
    // The index of a store is made once for a world: a fresh list stands for a fresh run.
    const { outcome } = decide(plan, ask, { ...world, evidence: [...world.evidence] });
    if (outcome !== "GO") throw new Error(`the good world of ${ask.stage} is ${outcome}`);
  }
}

function timeOf(plan: Plan, gates: Gates): number {
  return median(() => () => decideAll(plan, gates));
}

function median(prepare: () => () => void): number {
  const run = prepare();
  run();
  const times = Array.from({ length: RUNS }, () => {
    // Processor time: what else the machine does is no matter.
    const begin = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / 1000;
  }).toSorted((a, b) => a - b);
  return times[Math.floor(RUNS / 2)] ?? Number.NaN;
}

/** The last time to the first, of what would be linear growth. */
function ratio(times: readonly number[]): number {
  return (times.at(-1) ?? Number.NaN) / ((times[0] ?? Number.NaN) * 2 ** (times.length - 1));
}
