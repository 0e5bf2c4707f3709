/**
 * What deciding costs, without an engine: parsing and checking every plan, and deciding every gate of it against
 * attestations that are verified already.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Evidence } from "../rollout/evidence";
import { parsePlan } from "../rollout/plan";
import type { Plan } from "../rollout/plan";
import type { World } from "../rollout/world";
import { decide, gatesOf, goodWorld } from "../test/plans/good-world";
import type { Ask } from "../test/plans/good-world";
import { kept, line } from "./measured";
import type { Measured } from "./measured";

const ATTESTATIONS = 10_000;
const RUNS = 15;
/** So long ago that no gate takes it for its newest, milliseconds. */
const YEARS = 3 * 365 * 86_400_000;

/** `node toolchain/bench.cjs decide`: this part alone, without an engine. @returns 0 if every limit is kept, else 1 */
export function main(root: string): number {
  const measured = measureDecide(root);
  for (const one of measured) process.stdout.write(`${line(one)}\n`);
  return measured.every(kept) ? 0 : 1;
}

/**
 * Median times in a process that has done it before, and how they grow when the attestations and the criteria are doubled
 * twice. What the first time takes is told beside it.
 */
export function measureDecide(root: string): Measured[] {
  const texts = plansIn(root);
  const parseAll = () => texts.map(({ file, text }) => parsePlan(text, file));
  const [plans, parsedCold] = spent(parseAll);
  const others = elsewhere(plans, ATTESTATIONS);
  const stores = plans.map((plan) => gatesAt(plan, others));
  const decideEach = () => {
    for (const [index, plan] of plans.entries()) decideAll(plan, stores[index] ?? []);
  };
  const [, decidedCold] = spent(decideEach);
  const parsed = median(parseAll);
  const decided = median(decideEach);
  const whole = median(() => {
    parseAll();
    decideEach();
  });
  const gates = stores.flat().reduce((sum, { asks }) => sum + asks.length, 0);
  process.stdout.write(
    `${plans.length} plans, ${gates} gates; a store of ${ATTESTATIONS} attestations, read at ${stores.flat().length} times\n` +
      `        again: ${told(whole)}; parsing alone ${told(parsed)}, deciding alone ${told(decided)}\n` +
      `        the first time in a process: ${told(plus(parsedCold, decidedCold))}; parsing ${told(parsedCold)}, deciding ${told(decidedCold)}\n`,
  );
  const [one] = plans;
  if (one === undefined) throw new Error("no plan was found");
  const byEvidence = [ATTESTATIONS / 4, ATTESTATIONS / 2, ATTESTATIONS].map((count) =>
    timeOf(one, others.slice(0, count)),
  );
  const byCriteria = [1, 2, 4].map((times) => timeOf(many(one, times), others.slice(0, ATTESTATIONS / 4)));
  return [
    {
      name: `all plans parsed, every gate decided against ${ATTESTATIONS} attestations`,
      value: undisturbed(whole),
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

function plansIn(root: string): { file: string; text: string }[] {
  return readdirSync(join(root, "plans"))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => ({ file: `plans/${file}`, text: readFileSync(join(root, "plans", file), "utf8") }))
    .filter(({ text }) => /^kind: RolloutPlan$/m.test(text));
}

/** What a store holds at one time, and the gates that are asked then. */
interface Store {
  readonly evidence: readonly Evidence[];
  readonly asks: { readonly ask: Ask; readonly world: World }[];
}

/** Every gate with its good world, by what the store holds then: the evidence of this world among that of other releases. */
function gatesAt(plan: Plan, others: readonly Evidence[]): readonly Store[] {
  const stores = new Map<string, Store>();
  for (const ask of gatesOf(plan)) {
    const world = goodWorld(plan, ask);
    const own = JSON.stringify(world.evidence);
    const evidence = [...world.evidence, ...others.slice(world.evidence.length)];
    const store = stores.get(own) ?? { evidence, asks: [] };
    stores.set(own, store);
    store.asks.push({ ask, world });
  }
  return [...stores.values()];
}

/** Evidence of all that the plans ask for, of releases before. */
function elsewhere(plans: readonly Plan[], count: number): Evidence[] {
  const own = plans.flatMap((plan) =>
    gatesOf(plan)
      .slice(0, 1)
      .flatMap((ask) => goodWorld(plan, ask).evidence),
  );
  return Array.from({ length: count }, (_, index) => {
    const item = own[index % own.length] as Evidence;
    const subject = { commits: [index.toString(16).padStart(40, "0")], sha256: [] };
    return { ...item, id: index.toString(16).padStart(64, "0"), subject, finishedAt: item.finishedAt - YEARS - index };
  });
}

/** A plan whose gates ask everything so many times. */
function many(plan: Plan, times: number): Plan {
  const stages = plan.stages.map((stage) => {
    const criteria = Array.from({ length: times }, (_, copy) =>
      stage.enter.criteria.map((one) => ({ ...one, id: copy === 0 ? one.id : `${one.id}-${copy}` })),
    ).flat();
    return { ...stage, enter: { criteria } };
  });
  return { ...plan, stages };
}

function decideAll(plan: Plan, stores: readonly Store[]): void {
  for (const { evidence, asks } of stores) {
    // A list is indexed once, when the first gate asks: a fresh one stands for a store that was just read.
    const read = [...evidence];
    for (const { ask, world } of asks) {
      const { outcome } = decide(plan, ask, { ...world, evidence: read });
      if (outcome !== "GO") throw new Error(`the good world of ${ask.stage} is ${outcome}`);
    }
  }
}

/** Milliseconds of the processor and of the clock. */
interface Spent {
  readonly processor: number;
  readonly clock: number;
}

/**
 * What a machine with nothing else to do would show on its clock: a busy one's clock shows more, and its processor time does,
 * for it counts what threads beside ours spend on collecting garbage.
 */
function undisturbed({ processor, clock }: Spent): number {
  return Math.min(processor, clock);
}

function spent<T>(run: () => T): [T, Spent] {
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  const result = run();
  const clock = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  return [result, { processor: (user + system) / 1000, clock }];
}

function told({ processor, clock }: Spent): string {
  return `${processor.toFixed(0)} ms of the processor, ${clock.toFixed(0)} ms by the clock`;
}

function plus(a: Spent, b: Spent): Spent {
  return { processor: a.processor + b.processor, clock: a.clock + b.clock };
}

function timeOf(plan: Plan, others: readonly Evidence[]): number {
  const stores = gatesAt(plan, others);
  return undisturbed(median(() => decideAll(plan, stores)));
}

function median(run: () => void): Spent {
  run();
  const times = Array.from({ length: RUNS }, () => spent(run)[1]);
  const middle = (of: keyof Spent) => times.map((one) => one[of]).toSorted((a, b) => a - b)[RUNS >> 1] ?? Number.NaN;
  return { processor: middle("processor"), clock: middle("clock") };
}

/** The last time to the first, of what would be linear growth. */
function ratio(times: readonly number[]): number {
  return (times.at(-1) ?? Number.NaN) / ((times[0] ?? Number.NaN) * 2 ** (times.length - 1));
}
