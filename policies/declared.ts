import { plannedCanary, plannedInventory } from "../components/inventory";
import type { Project } from "../components/project";
import type { CanaryStackSettings } from "../components/settings";
import { stagesCompared } from "../rollout/criteria/declared";
import { featuresOf, fromUrn } from "../rollout/inventory";
import type { Criterion } from "../rollout/plan";
import { canaryStack } from "../rollout/stacks";
import type { Deployment } from "../rollout/state";
import type { Declared, Features } from "../rollout/world";

/** Reads a stack's state; undefined for a stack that does not exist. */
type ReadState = (stack: string) => Promise<Deployment | undefined>;

/** What the run's program will declare, where a criterion of its gate asks; undefined where none does. */
export async function gatherDeclared(
  project: Project,
  criteria: readonly Criterion[],
  read: ReadState,
): Promise<Declared | undefined> {
  const { settings } = project;
  const asked = criteria.filter((criterion) => criterion.kind === "declared");
  if (asked.length === 0) return undefined;
  if (settings.kind === "canary") return atStep(settings, read);
  const [canary, ...others] = await Promise.all([
    featuresIn(read, canaryStack(settings.stage)),
    ...stagesCompared(asked).map(async (name) => [name, await featuresIn(read, name)] as const),
  ]);
  return { own: planned(project), canary, others: Object.fromEntries(others) };
}

/**
 * A canary stack declares its own few things; the stage's are there already, or not. Beside an operation's own there is
 * the stack of the whole service, with the switches.
 */
async function atStep(settings: CanaryStackSettings, read: ReadState): Promise<Declared> {
  const own = plannedCanary(settings);
  const [stage, whole] = await Promise.all([
    featuresIn(read, settings.stage),
    settings.operation === undefined ? { features: [] } : featuresIn(read, canaryStack(settings.stage)),
  ]);
  const shared = "failure" in whole ? [] : whole.features.filter((feature) => feature !== "canary/fallback");
  return {
    own: "failure" in stage ? stage : { features: stage.features, alerts: [], dashboards: [], flags: [] },
    canary: { features: [...new Set([...own, ...shared])] },
    others: {},
  };
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
    const resources = (deployment?.resources ?? []).flatMap(({ urn, inputs }) => fromUrn(urn, inputs) ?? []);
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
