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
  if (!isFinishing(stage, world)) return entry(plan, stage);
  return isPromotion(stage, world) ? promotion(plan, stage, world) : allAsked(plan, stage);
}

/**
 * Whether a run does nothing but make the release that is there the baseline: the same release, program, plan and
 * configuration as entered. Nothing comes in by it that was not let in. Whatever else changes is an entry as well.
 */
export function isPromotion(stage: Stage, world: World): boolean {
  const state = stageState(world, stage.name);
  const current = state.ok ? state.record?.current : undefined;
  if (current?.content === undefined || !isFinishing(stage, world)) return false;
  const same = sameName(current.release, world.release) && sameName(world.baseline, world.release);
  return same && current.content === world.content;
}

/** What a promotion does not ask again, since it was asked at the entry and is over by its nature. */
export function askedAtEntry(plan: Plan, stage: Stage, world: World): readonly Criterion[] {
  if (!isPromotion(stage, world)) return [];
  return entry(plan, stage).flatMap(({ criterion }) => (stillHolds(criterion) ? [] : [criterion]));
}

/** Criteria of the entry that a promotion asks again. */
export function askedAgain(plan: Plan, stage: Stage): readonly Criterion[] {
  return entry(plan, stage).flatMap(({ criterion }) => (stillHolds(criterion) ? [criterion] : []));
}

/**
 * Of the entry what must be true of the release still: where its canaries are, what the program declares, that nothing is
 * frozen, and its evidence, of the age that it was let in with: what speaks against the release since then shuts the gate.
 */
function promotion(plan: Plan, stage: Stage, world: World): readonly Asked[] {
  const kept = entry(plan, stage).filter(({ criterion }) => stillHolds(criterion));
  return [
    ...kept.map((one) => ({ ...one, criterion: asEntered(one.criterion, stage, world) })),
    ...of(stage, "finish"),
  ];
}

function stillHolds(criterion: Criterion): boolean {
  switch (criterion.kind) {
    case "canary-at-rest":
    case "declared":
    case "no-freeze":
      return true;
    case "on-call": // who watched the entry, not this
    case "changes": // against what was the baseline then
      return false;
    case "measurement":
      return criterion.of === undefined;
    default:
      return "attestedBy" in criterion;
  }
}

/** With as much age more as the stage has had the release; where that is not known, with none. */
function asEntered(criterion: Criterion, stage: Stage, world: World): Criterion {
  const state = stageState(world, stage.name);
  const since = state.ok ? state.record?.current?.since : undefined;
  const more = world.now - (since ?? Number.NaN);
  if (!("maxAge" in criterion) || !(more > 0)) return criterion;
  const older = { ...criterion, maxAge: criterion.maxAge + more };
  if (older.kind !== "vulnerabilities" || older.databaseMaxAge === undefined) return older;
  return { ...older, databaseMaxAge: older.databaseMaxAge + more };
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
