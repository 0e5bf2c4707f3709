import { plannedInventory } from "../components/inventory";
import type { Project } from "../components/project";
import { stagesCompared } from "../rollout/criteria/declared";
import { featuresOf, fromUrn } from "../rollout/inventory";
import { allAsked } from "../rollout/gate";
import { stageOf } from "../rollout/plan";
import { canaryStack } from "../rollout/stacks";
import type { Deployment } from "../rollout/state";
import type { Declared, Features } from "../rollout/world";

/** Reads a stack's state; undefined for a stack that does not exist. */
type ReadState = (stack: string) => Promise<Deployment | undefined>;

/** What the run's program will declare, where a criterion of its gate asks; undefined where none does. */
export async function gatherDeclared(project: Project, read: ReadState): Promise<Declared | undefined> {
  const { settings, plan } = project;
  const stage = stageOf(plan, settings.stage);
  if (settings.kind !== "stage" || stage === undefined) return undefined;
  const criteria = allAsked(plan, stage).map(({ criterion }) => criterion);
  const asked = criteria.filter((criterion) => criterion.kind === "declared");
  if (asked.length === 0) return undefined;
  const [canary, ...others] = await Promise.all([
    featuresIn(read, canaryStack(settings.stage)),
    ...stagesCompared(asked).map(async (name) => [name, await featuresIn(read, name)] as const),
  ]);
  return { own: planned(project), canary, others: Object.fromEntries(others) };
}

function planned({ settings, plan }: Project): Declared["own"] {
  if (settings.kind !== "stage") return { failure: "a canary stack declares no components" };
  try {
    return plannedInventory(settings, plan);
  } catch (error) {
    return { failure: reason(error) };
  }
}

async function featuresIn(read: ReadState, stack: string): Promise<Features> {
  try {
    const deployment = await read(stack);
    const resources = (deployment?.resources ?? []).flatMap(({ urn }) => fromUrn(urn) ?? []);
    return deployment === undefined
      ? { failure: `the stack ${stack} does not exist` }
      : { features: featuresOf(resources) };
  } catch (error) {
    return { failure: reason(error) };
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
