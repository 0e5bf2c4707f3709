/**
 * A canary's steps: which one is next, whether the one before was held, and what was measured during it. The steps of a
 * plan are judged by the same checks for every plan, so their ids are fixed: `STEP_CHECKS` is their roll-call.
 */
import { judgeNoFreeze, windowAnswer } from "./criteria/calendar";
import { short } from "./criteria/answer";
import type { Answer } from "./criteria/answer";
import { nextOpening, openingAt, showInZone } from "./calendar";
import type { Finding } from "./decision";
import { freezesOf } from "./freezes";
import { judgeReading } from "./judge";
import { agreeAll, firstCommon, sinceTimes, windowTimes } from "./openings";
import type { Canary, Plan, Stage, Window } from "./plan";
import { isAskedOf, releaseTypeOf } from "./release-types";
import { isPlannedRoute, plannedRoute, showRoute } from "./route";
import { showDuration, showTime } from "./units";
import { canaryOf, entered, sameName, stageState, weightNow } from "./world";
import type { CanaryRecord, StageState, World } from "./world";

/** Every check of a step, in the order that a reader wants them. */
export const STEP_CHECKS = [
  "release",
  "route",
  "fallback",
  "order",
  "hold",
  "window",
  "error-rate",
  "p95",
  "health",
] as const;
export type StepCheck = (typeof STEP_CHECKS)[number];

/** The checks of a canary's steps: whether the baseline is fallen back to is asked only where the plan says so. */
export function checksOf({ fallback }: Canary): readonly StepCheck[] {
  return fallback === undefined ? STEP_CHECKS.filter((check) => check !== "fallback") : STEP_CHECKS;
}

/** One transition of the canary. */
export interface Transition {
  readonly plan: Plan;
  readonly stage: Stage;
  readonly canary: TypedCanary;
  /** Weight asked for, 1..100. */
  readonly to: number;
  readonly world: World;
}

const TITLES: Readonly<Record<StepCheck, string>> = {
  release: "The canary runs the release that entered the stage",
  route: "The route serves whom the plan says",
  fallback: "The baseline answers what the new version can't",
  order: "No step is skipped",
  hold: "The step before was held",
  window: "The step can end inside the window",
  "error-rate": "The canary's error rate is near the baseline's",
  p95: "The canary's p95 is near the baseline's",
  health: "The canary's health checks pass",
};

/** Every check of a transition upwards, as findings. */
export function judgeStep(transition: Transition): Finding[] {
  const { canary, world, stage } = transition;
  const state = stageState(world, stage.name);
  const answers = new Map<StepCheck, Answer>();
  answers.set("release", judgeRelease(transition, state));
  answers.set("route", judgeRoute(transition));
  answers.set("fallback", judgeFallback(world));
  answers.set("order", judgeOrder(transition, state));
  answers.set("hold", judgeHold(transition, state));
  answers.set("window", judgeStepWindow(transition));
  const metrics = judgeReading(canary.judge, world, standing(transition, state).weight === 0);
  for (const [check, answer] of Object.entries(metrics)) answers.set(check as StepCheck, answer);
  const agreed = agreeAll(new Map([...answers].map(([check, answer]) => [check, [answer]])), world.now);
  return checksOf(canary).map((check) => finding(transition, check, agreed.get(check)?.[0]));
}

function finding(transition: Transition, check: StepCheck, answer: Answer | undefined): Finding {
  const { plan, stage, canary } = transition;
  const { verdict, found, wanted, remedy, command, opensAt, used } = answer ?? notJudged();
  const passed = verdict === "pass";
  return {
    criterion: `canary.${check}`,
    title: TITLES[check],
    verdict,
    found,
    wanted,
    owner: canary.owner,
    remedy: passed ? "" : remedy,
    ...(passed || command === undefined ? {} : { command }),
    line: plan.source.at(["stages", plan.stages.indexOf(stage), ...checkPath(transition, check)]),
    ...(opensAt === undefined ? {} : { opensAt }),
    used: used ?? [],
  };
}

function notJudged(): Answer {
  return {
    verdict: "fail",
    found: "nothing judged it",
    wanted: "a judgement",
    remedy: "report this as a defect of Holdpoint",
  };
}

function checkPath({ canary, stage, to, world }: Transition, check: StepCheck): (string | number)[] {
  const index = canary.steps.findIndex((step) => step.weight === to);
  const its = world.operation === undefined ? ["canary"] : ["canaries", world.operation];
  const steps = [...its, ...stepsPath(canary)];
  switch (check) {
    case "release":
    case "order":
      return index < 0 ? steps : [...steps, index];
    case "hold":
      return index < 1 ? steps : [...steps, index - 1];
    case "window":
      return stage.window === undefined ? its : ["window"];
    case "route":
      return stage.cohort === undefined ? its : ["cohort"];
    case "fallback":
      return [...its, "fallback"];
    case "error-rate":
      return [...its, "judge", "errorRate"];
    default:
      return [...its, "judge", check];
  }
}

/** Where a canary of a release's type has its steps in the plan. */
function stepsPath({ stepsOf }: TypedCanary): string[] {
  return stepsOf === undefined ? ["steps"] : ["stepsFor", stepsOf];
}

/** A canary with the steps that a type of release takes. */
export type TypedCanary = Canary & {
  /** The type whose own steps these are; absent where it takes everybody's. */
  readonly stepsOf?: string;
};

/** The canary as a release of a type walks it. */
export function canaryFor(canary: Canary, type: string | undefined): TypedCanary {
  const steps = type !== undefined && Object.hasOwn(canary.stepsFor, type) ? canary.stepsFor[type] : undefined;
  return steps === undefined || type === undefined ? canary : { ...canary, steps, stepsOf: type };
}

/** Criteria that a step asks for besides its checks: the canary's own from the second step on, and the step's. */
export function stepCriteria({ canary, to, world, stage }: Transition): readonly StepCriterion[] {
  const { weight } = standing({ world }, stageState(world, stage.name));
  const step = canary.steps.find((one) => one.weight === to);
  return [...(weight === 0 ? [] : canary.criteria), ...(step?.criteria ?? [])];
}

export type StepCriterion = Canary["criteria"][number];

/** Where the canary stands; an unreadable record is no start. */
function standing(
  { world }: Pick<Transition, "world">,
  state: StageState,
): { readonly weight: number; readonly canary?: CanaryRecord } {
  if (!state.ok) return { weight: Number.NaN };
  const canary = canaryOf(state, world.operation);
  return { weight: weightNow(canary), ...(canary === undefined ? {} : { canary }) };
}

/** The path and the cohort that are configured are those of the plan: a step is of the requests that it speaks of. */
function judgeRoute({ stage, world }: Transition): Answer {
  const { operation, route } = world;
  const wanted = plannedRoute(stage, operation);
  const rest = { wanted, remedy: `set holdpoint:route in Pulumi.${world.stack}.yaml as the plan says` };
  if (route === undefined) return { ...rest, verdict: "fail", found: "a route that nobody looked at" };
  return { ...rest, verdict: isPlannedRoute(stage, world) ? "pass" : "fail", found: showRoute(route) };
}

/** The switch is declared with the step, so that it is there before the traffic is. */
function judgeFallback({ controls, stack }: World): Answer {
  const rest = {
    wanted: "the fallback to the baseline switched on",
    remedy: `set holdpoint:canary.fallback in Pulumi.${stack}.yaml as the plan says`,
    command: `pulumi config set --path holdpoint:canary.fallback baseline -s ${stack}`,
  };
  if (controls === undefined) return { ...rest, verdict: "fail", found: "switches that nobody looked at" };
  const found = controls.fallback === undefined ? "no fallback" : `fallback to the ${controls.fallback}`;
  return { ...rest, verdict: controls.fallback === "baseline" ? "pass" : "fail", found };
}

/** The stage has entered with this release, and no other is on the canary. */
function judgeRelease({ stage, world }: Transition, state: StageState): Answer {
  const rest = {
    wanted: `release ${short(world.release.commit)} in ${stage.name} and on its canary`,
    remedy: `roll this release out to ${stage.name} first`,
    command: `pulumi up -s ${stage.name} --policy-pack policies`,
  };
  const now = entered(world, stage.name);
  if ("why" in now) return { ...rest, verdict: "fail", found: now.why };
  const { release, type } = now.entry;
  if (!sameName(release, world.release)) {
    return { ...rest, verdict: "fail", found: `release ${short(release.commit)} in ${stage.name}` };
  }
  // The canary's own stack file says the type, too: another one there would choose another ladder.
  if (type !== releaseTypeOf(world)) {
    return {
      ...rest,
      verdict: "fail",
      found: `it entered ${stage.name} ${asType(type)}, and its canary takes it ${asType(releaseTypeOf(world))}`,
      remedy: `set the same holdpoint:release.type for both stacks of ${stage.name}`,
    };
  }
  const canary = canaryOf(state, world.operation);
  if (canary !== undefined && weightNow(canary) !== 0 && !sameName(canary.release, world.release)) {
    return {
      ...rest,
      verdict: "fail",
      found: `release ${short(canary.release.commit)} on the canary at ${weightNow(canary)}%`,
      remedy: "bring the canary to 0 first: a new release begins at the first step",
      command: `npx holdpoint canary ${stage.name} 0`,
    };
  }
  return { ...rest, verdict: "pass", found: `release ${short(release.commit)} in ${stage.name}` };
}

function asType(type: string | undefined): string {
  return type === undefined ? "without a type" : `as a ${type}`;
}

/** The next step and no other. */
function judgeOrder(transition: Transition, state: StageState): Answer {
  const { stage, canary, to } = transition;
  const { weight } = standing(transition, state);
  const next = nextStep(canary, weight);
  const ladder = canary.steps.map((step) => `${step.weight}%`).join(", ");
  const rest = {
    wanted: next === undefined ? `one of the steps ${ladder}` : `${next.weight}%, the step after ${weight}%`,
    remedy: next === undefined ? "find out where the canary stands" : `take the steps in their order: ${ladder}`,
    ...(next === undefined ? {} : { command: `npx holdpoint canary ${stage.name} ${next.weight}` }),
  };
  if (!Number.isFinite(weight)) return { ...rest, verdict: "fail", found: "a canary whose weight is unknown" };
  const found = `${weight}% to ${to}%`;
  return { ...rest, verdict: next !== undefined && next.weight === to ? "pass" : "fail", found };
}

/** The first step above a weight. */
export function nextStep(canary: Canary, weight: number): Canary["steps"][number] | undefined {
  return Number.isFinite(weight) ? canary.steps.find((step) => step.weight > weight) : undefined;
}

/** The step that the canary is at: the last one that its weight has reached. */
export function stepAt(canary: Canary, weight: number): Canary["steps"][number] | undefined {
  return canary.steps.findLast((step) => step.weight <= weight);
}

/** The step before was held for its time, by the checkpoint's own clock. */
function judgeHold(transition: Transition, state: StageState): Answer {
  const { canary, world } = transition;
  const { weight, canary: record } = standing(transition, state);
  if (!Number.isFinite(weight)) {
    return {
      verdict: "fail",
      found: "a canary whose weight is unknown",
      wanted: "a step that was held",
      remedy: "find out where the canary stands",
    };
  }
  if (weight === 0 || record === undefined) {
    return { verdict: "pass", found: "the first step", wanted: "no step before it", remedy: "" };
  }
  // Below the first step there is nothing to hold; as careful as the first step is.
  const hold = (stepAt(canary, weight) ?? canary.steps[0])?.hold ?? Number.NaN;
  const held = world.now - record.since;
  const over = record.since + hold;
  const times = sinceTimes(over);
  const wanted = `${weight}% held for ${showDuration(hold)}`;
  if (held >= hold) return { verdict: "pass", found: `held for ${showDuration(held)}`, wanted, remedy: "", times };
  if (!(held >= 0))
    return {
      verdict: "fail",
      found: `a step that began at ${showTime(record.since)}, which is not before now`,
      wanted,
      remedy: "set the machine's clock",
      times: "unknown",
    };
  return {
    verdict: "fail",
    times,
    found: `held for ${showDuration(held)}, since ${showTime(record.since)}`,
    wanted,
    remedy: `wait until ${showTime(over)}`,
    opensAt: over,
  };
}

/** No freeze is on, and the window is open and stays so until the step's hold has ended. */
function judgeStepWindow(transition: Transition): Answer {
  const { plan, stage, world } = transition;
  const window = judgeOpenWindow(transition);
  if (freezesOf(plan, stage).length === 0) return window;
  const freeze = judgeNoFreeze({ plan, stage, world });
  const [a, b] = [window.times ?? sinceTimes(world.now), freeze.times ?? "unknown"];
  const times = a === "unknown" || b === "unknown" ? ("unknown" as const) : (from: number) => firstCommon([a, b], from);
  return { ...(window.verdict === "pass" ? freeze : window), times };
}

/**
 * The window that a step must stay in: the stage's, or where a type of release is let in by one of the plan's windows in
 * its place, that one. A stage without a window has none for its steps either, and neither has a type that comes in at any
 * time.
 */
function windowOfSteps({ plan, stage, world }: Transition): Window | undefined {
  const windows = stage.enter.criteria.filter((criterion) => criterion.kind === "window");
  const asked = windows.filter((criterion) => isAskedOf(criterion, releaseTypeOf(world)));
  if (windows.length > 0 && asked.length === 0) return undefined;
  const [only, ...others] = asked.map((criterion) => criterion.window);
  if (stage.window === undefined || only === undefined || others.length > 0) return stage.window;
  return plan.windows[only] ?? stage.window;
}

function judgeOpenWindow(transition: Transition): Answer {
  const { canary, to, world } = transition;
  const window = windowOfSteps(transition);
  if (window === undefined)
    return { verdict: "pass", found: "no window is asked for", wanted: "no window", remedy: "" };
  const hold = canary.steps.find((step) => step.weight === to)?.hold;
  const open = {
    ...windowAnswer(window, world.now),
    times: hold === undefined ? ("unknown" as const) : windowTimes(window, hold),
  };
  const opening = openingAt(window, world.now);
  if (open.verdict !== "pass" || opening === undefined) return open;
  if (hold === undefined) {
    const [found, wanted] = [`${to}% is no step, and has no hold`, "a step's hold before the window closes"];
    return { verdict: "fail", found, wanted, remedy: "take a step of the plan", times: "unknown" };
  }
  const wanted = `${showDuration(hold)} of hold before the window closes`;
  const end = world.now + hold;
  if (end <= opening.until) return { ...open, wanted };
  const opensAt = nextOpening(window, world.now)?.from;
  return {
    verdict: "fail",
    found: `the step would end after the window, which closes on ${showInZone(window, opening.until)}`,
    wanted,
    remedy: "stay at this step or go back to 0; go on when the window opens next",
    ...(opensAt === undefined ? {} : { opensAt }),
    times: open.times,
  };
}
