/** What a stage's gate asks: its own `enter`, the `exit` of the stage before, and `finish` where a baseline changes. */
import type { Canary, Criterion, Plan, Stage } from "./plan";
import { sameName, stageState } from "./world";
import type { World } from "./world";

/** One criterion of a gate, and under which stage and key the plan has it. */
export interface Asked {
  readonly criterion: Criterion;
  readonly stage: Stage;
  readonly part: "enter" | "exit" | "finish";
}

/** Every criterion that the gate of a stage can ask, whatever the run: what a world must be gathered for. */
export function allAsked(plan: Plan, stage: Stage): readonly Asked[] {
  return [...entry(plan, stage), ...of(stage, "finish")];
}

/** Every criterion that a step of a canary can ask, whichever the step and the release's type. */
export function stepsAsk(canary: Canary): readonly Canary["criteria"][number][] {
  const steps = [canary.steps, ...Object.values(canary.stepsFor)].flat();
  return [...canary.criteria, ...steps.flatMap((step) => step.criteria)];
}

/** What the gate of a stage asks of this run. */
export function askedNow(plan: Plan, stage: Stage, world: World): readonly Asked[] {
  return isFinishing(stage, world) ? allAsked(plan, stage) : entry(plan, stage);
}

/**
 * Whether a run makes another release the stage's baseline. Where the stage's state can't be read it counts as one: the
 * stricter gate.
 */
export function isFinishing(stage: Stage, world: World): boolean {
  if (stage.finish === undefined) return false;
  const state = stageState(world, stage.name);
  if (!state.ok) return true;
  const current = state.record?.current;
  return current !== undefined && !sameName(current.baseline, world.baseline);
}

function entry(plan: Plan, stage: Stage): readonly Asked[] {
  const before = plan.stages[plan.stages.indexOf(stage) - 1];
  return [...(before === undefined ? [] : of(before, "exit")), ...of(stage, "enter")];
}

function of(stage: Stage, part: Asked["part"]): readonly Asked[] {
  return (stage[part]?.criteria ?? []).map((criterion) => ({ criterion, stage, part }));
}
