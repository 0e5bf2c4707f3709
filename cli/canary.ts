/**
 * Walks the canary's steps: each is taken by an ordinary `up`, in which the policy pack decides, then held and watched.
 * What the judge fails is rolled back at once. It keeps nothing of its own: where it begins is what the state says.
 */
import { readStep } from "../policies/world";
import type { Clock } from "../rollout/clock";
import { HoldpointError } from "../rollout/errors";
import { asItBegins, type Announcement } from "../rollout/announcement";
import { canaryOf, type Canary, type Plan, type Step } from "../rollout/plan";
import { canaryFor, nextStep, stepAt } from "../rollout/steps";
import { showDuration } from "../rollout/units";
import { weightNow, type CanaryRecord } from "../rollout/world";
import { canaryStack } from "../rollout/stacks";
import { openClock } from "./clock";
import type { Context } from "./context";
import { saysLocked } from "./free-stack";
import { planOfStage } from "./plan-file";
import { lastError, runPulumi, type PulumiRun } from "./pulumi";
import { readCanaryState } from "./records";
import { lowerToZero, rollBack, type Rollback } from "./rollback";
import { editStackFile, readStackFile, type StackSettings } from "./stack-file";
import { openTriggers } from "./watch-triggers";
import { watchStep, type CheckAnswer, type StepEnd } from "./watch-step";

/** One step that this command took, or found and held to its end. */
export interface WalkedStep {
  readonly weight: number;
  readonly outcome: StepEnd["outcome"];
  readonly answers: readonly CheckAnswer[];
  /** What was told of it, in the order in which it became true. */
  readonly announced: readonly Announcement[];
}

/** A canary: of a stage's whole service, or of one of its operations. */
export interface Whose {
  readonly stage: string;
  readonly operation?: string;
}

/** How a walk ended. */
export interface Walk extends Whose {
  /** Weight that the canary has at the end. */
  readonly weight: number;
  readonly outcome: "done" | "rolled-back" | "changed" | "stopped";
  readonly steps: readonly WalkedStep[];
  readonly rollback?: Rollback;
  /** Why it did not get to its end. */
  readonly why?: string;
}

/**
 * Walks from where the canary stands to a weight.
 * @param to one of the plan's steps
 * @param stop ends the walk between two looks; the weight stays
 * @throws HoldpointError `usage`, `stack-unknown`, `config-invalid`; `gate-closed` where the pack refuses a step;
 *   `engine-failed`, `lock-held`
 */
export async function walkCanary(context: Context, whose: Whose, to: number, stop: AbortSignal): Promise<Walk> {
  const walker = openWalker(context, whose, to, stop);
  const steps: WalkedStep[] = [];
  for (let record = await walker.standing(), taken = false; ; record = await walker.standing(), taken = true) {
    const weight = weightNow(record);
    if (weight > 0 && record !== undefined) {
      const begun = taken ? walker.begun(record, weight) : undefined;
      const { announcement: held, ...end } = await walker.hold(record, weight);
      steps.push({ weight, ...end, announced: [begun, held].filter((one) => one !== undefined) });
      if (end.outcome !== "passed") return walker.ended(steps, weight, end);
    }
    if (weight >= to) return { ...whose, weight, outcome: "done", steps };
    await walker.take(weight);
  }
}

interface Walker {
  /** Says that a step has begun, where the plan has words for it. */
  readonly begun: (record: CanaryRecord, weight: number) => Announcement | undefined;
  readonly standing: () => Promise<CanaryRecord | undefined>;
  readonly hold: (record: CanaryRecord, weight: number) => Promise<StepEnd>;
  readonly take: (weight: number) => Promise<void>;
  readonly ended: (
    steps: readonly WalkedStep[],
    weight: number,
    end: Pick<StepEnd, "outcome" | "answers">,
  ) => Promise<Walk>;
}

function openWalker(context: Context, whose: Whose, to: number, stop: AbortSignal): Walker {
  const { stage: stageName, operation } = whose;
  const { plan, stage } = planOfStage(context, stageName);
  const stack = canaryStack(stageName, operation);
  const { settings } = readStackFile(context.root, stack);
  const planned = canaryOf(stage, operation);
  const canary = requireSteps(plan, whose, planned && canaryFor(planned, settings.release?.type), to);
  const clock = openClock(context, settings);
  const say = (text: string): void => context.terminal.say(text);
  const told = (announcement: Announcement | undefined): Announcement | undefined => {
    if (announcement !== undefined) say(`announce: ${announcement.text}`);
    return announcement;
  };
  return {
    standing: () => standing(context, whose, plan, clock),
    begun({ since }, weight) {
      const at = { ...whose, since, now: clock.now() };
      const step = canary.steps.find((one) => one.weight === weight);
      return told(step && asItBegins(step, at));
    },
    async hold(record, weight) {
      const { since } = record;
      const planned = stepAt(canary, weight) ?? requireFirst(canary);
      say(`${stageName} canary at ${weight} %: held for ${showDuration(planned.hold)}, judged all the while`);
      const step = { of: whose, weight, since, step: planned, judge: canary.judge, clock };
      const read = () => readStep(metricsSource(settings), `${plan.service}-${stageName}`, clock, since, operation);
      // A switch of the weight by somebody else shows first in the file of this checkout; the state tells at the end.
      const unchanged = () => (readStackFile(context.root, stack).settings.weight ?? weight) >= weight;
      const triggers = openTriggers({ root: context.root, plan, stage, operation, stack, settings, record, clock });
      const end = await watchStep(step, { read, triggers, unchanged, stop, line: liveLines(context) });
      if (context.terminal.columns !== undefined) say("");
      told(end.announcement);
      return end;
    },
    take: (weight) => takeStep(context, whose, weight, nextWeight(canary, weight, to)),
    ended: (steps, weight, end) => endWalk(context, whose, steps, weight, end),
  };
}

async function standing(context: Context, whose: Whose, plan: Plan, clock: Clock): Promise<CanaryRecord | undefined> {
  const state = await readCanaryState(context, whose, plan.service, clock);
  const remedy = `holdpoint rollback ${whose.stage}`;
  if (!state.ok) throw new HoldpointError("state-invalid", state.why, { remedy });
  const weight = weightNow(state.canary);
  if (!Number.isFinite(weight)) {
    throw new HoldpointError("state-invalid", "found a canary whose weight is unknown", { remedy });
  }
  return state.canary;
}

/** One `up` to the next weight, which the pack lets through or not. A refusal leaves the file as it was before. */
async function takeStep(context: Context, whose: Whose, from: number, to: number): Promise<void> {
  const { terminal, root } = context;
  const stack = canaryStack(whose.stage, whose.operation);
  terminal.say(`${stack}: ${from} % to ${to} %`);
  const set = (weight: number) => editStackFile(root, stack, [[["holdpoint:canary", "weight"], weight]]);
  const before = readStackFile(root, stack).settings.weight ?? from;
  set(to);
  const run = await runPulumi(context, [
    "up",
    "--yes",
    "--skip-preview",
    "--policy-pack",
    "policies",
    "--stack",
    stack,
  ]);
  if (run.exitCode === 0) return;
  // Not if somebody has set another one meanwhile: a rollback may have interrupted this very run.
  if (readStackFile(root, stack).settings.weight === to) set(Math.min(before, from));
  terminal.say(run.said.trimEnd());
  throw notTaken(whose, to, run);
}

function notTaken(whose: Whose, to: number, run: PulumiRun): HoldpointError {
  const stack = canaryStack(whose.stage, whose.operation);
  const again = goOn(whose);
  if (saysLocked(run.said)) {
    const message = `${stack} is held by somebody else: ${lastError(run)}`;
    return new HoldpointError("lock-held", message, { remedy: `wait for its end, then: ${again}` });
  }
  const message = `the step to ${to} % was not taken: ${lastError(run)}`;
  if (run.said.includes("NO-GO")) {
    return new HoldpointError("gate-closed", message, { remedy: `read the refusal above, then: ${again}` });
  }
  if (!run.said.includes("PENDING")) {
    return new HoldpointError("engine-failed", message, { remedy: `holdpoint rollback ${whose.stage}` });
  }
  return new HoldpointError("gate-closed", `the step to ${to} % waits for approval`, {
    remedy: [
      `pulumi config set --path holdpoint:canary.weight ${to} --stack ${stack}`,
      `pulumi preview -s ${stack} --policy-pack policies --save-plan step.json`,
      `holdpoint approve ${stack} --update-plan step.json, by everybody who must`,
      `pulumi up -s ${stack} --policy-pack policies --plan step.json`,
      again,
    ].join("; then "),
  });
}

async function endWalk(
  context: Context,
  whose: Whose,
  steps: readonly WalkedStep[],
  weight: number,
  { outcome, answers }: Pick<StepEnd, "outcome" | "answers">,
): Promise<Walk> {
  const { stage } = whose;
  if (outcome === "stopped") {
    const why = `stopped: the canary stays at ${weight} %; go on with ${goOn(whose)}, back with holdpoint rollback ${stage}`;
    return { ...whose, weight, outcome, steps, why };
  }
  if (outcome === "changed") {
    return {
      ...whose,
      weight,
      outcome,
      steps,
      why: "somebody else has lowered the weight meanwhile; this walk is over",
    };
  }
  const bad = answers.filter(({ verdict }) => (outcome === "failed" ? verdict === "fail" : verdict !== "pass"));
  const reasons = bad.map(({ check, found, wanted }) => `${check}: found ${found}, wanted ${wanted}`).join("; ");
  const why =
    outcome === "failed"
      ? `the judge failed ${weight} %: ${reasons}`
      : `no verdict on ${weight} % in twice its hold: ${reasons}`;
  context.terminal.say(`${why}\nrolling ${whose.operation ?? stage} back`);
  return { ...whose, weight: 0, outcome: "rolled-back", steps, rollback: await back(context, whose), why };
}

/** An operation's failure is its own: the stage's release stays for the others. */
async function back(context: Context, { stage, operation }: Whose): Promise<Rollback> {
  if (operation === undefined) return rollBack(context, stage, { takeOver: false });
  const lowered = await lowerToZero(context, stage, { takeOver: false, operation });
  return { ...lowered, nothing: `only ${operation} went back: the release stays for the other operations` };
}

function goOn({ stage, operation }: Whose): string {
  return `holdpoint canary ${stage}${operation === undefined ? "" : ` --operation ${operation}`}`;
}

function requireSteps(plan: Plan, { stage, operation }: Whose, canary: Canary | undefined, to: number): Canary {
  if (canary === undefined) {
    const whose = operation === undefined ? `the stage "${stage}"` : `the operation "${operation}" of "${stage}"`;
    throw new HoldpointError("usage", `${plan.source.file} has no canary for ${whose}`);
  }
  const weights = canary.steps.map((step) => step.weight);
  if (weights.includes(to)) return canary;
  throw new HoldpointError("usage", `found the weight ${to}, expected one of the plan's steps: ${weights.join(", ")}`, {
    remedy: `back to 0: holdpoint rollback ${stage}`,
  });
}

function requireFirst(canary: Canary): Step {
  const [first] = canary.steps;
  if (first === undefined) throw new Error("a canary without steps");
  return first;
}

function nextWeight(canary: Canary, weight: number, to: number): number {
  return nextStep(canary, weight)?.weight ?? to;
}

function metricsSource({ prometheus }: StackSettings): string {
  if (prometheus !== undefined) return prometheus;
  throw new HoldpointError("config-invalid", "holdpoint:prometheus is not set: the canary can't be judged");
}

/** On a terminal one line that changes; elsewhere a line when what it says has changed, at most every ten seconds. */
function liveLines({ terminal }: Context): (text: string) => void {
  let shownAt = 0;
  return (text) => {
    if (terminal.columns !== undefined) return terminal.pass(`\r\u001b[2K${text.slice(0, terminal.columns - 1)}`);
    if (Date.now() - shownAt < 10_000) return;
    shownAt = Date.now();
    terminal.say(text);
  };
}
