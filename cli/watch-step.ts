/** Watches one step of the canary on live numbers until its hold is over, judged by the same code as the gate. */
import type { Clock } from "../rollout/clock";
import { HoldpointError } from "../rollout/errors";
import { judgeReading, type MetricCheck } from "../rollout/judge";
import { onceHeld, type Announcement, type OfCanary } from "../rollout/announcement";
import type { Judge, Step } from "../rollout/plan";
import { showDuration, showPercent } from "../rollout/units";
import type { TrackReading, World } from "../rollout/world";

/** Machine time between two looks, in milliseconds. */
const EVERY = 2_000;
/** Percent of the traffic at which the baseline has none. */
const WHOLE = 100;
/** A step without a verdict after this many holds has none for good. */
const PATIENCE = 2;

/** One step that is being held. */
export interface HeldStep {
  readonly of: OfCanary;
  /** Weight that the canary has: that of the plan's step, or what a way back has left. */
  readonly weight: number;
  /** Plan time. */
  readonly since: number;
  /** The plan's: how long it must be held (after twice as long it has no verdict), and what is told then. */
  readonly step: Step;
  readonly judge: Judge;
  readonly clock: Clock;
}

/** One check's present answer. */
export interface CheckAnswer {
  /** One of the judge's checks, or "trigger.<id>". */
  readonly check: MetricCheck | (string & {});
  readonly verdict: string;
  readonly found: string;
  readonly wanted: string;
}

/** How a step ended. */
export interface StepEnd {
  readonly outcome: "passed" | "failed" | "no-verdict" | "changed" | "stopped";
  readonly answers: readonly CheckAnswer[];
  /** What people are told of a step that was passed, where the plan says something. */
  readonly announcement?: Announcement;
}

/** What a watch needs from outside. */
export interface Eyes {
  /** Both tracks from the step's start until now. Its errors are no data. */
  readonly read: () => Promise<NonNullable<World["metrics"]>>;
  /** The triggers that force a rollback; by default none. Its errors are no answer. */
  readonly triggers?: () => Promise<readonly CheckAnswer[]>;
  /** Whether the step is still what this command has set: somebody else may have rolled back. */
  readonly unchanged: () => boolean;
  readonly line: (text: string) => void;
  readonly stop: AbortSignal;
}

/**
 * Watches a step. Fails as soon as a check does or a trigger has fired; passes once the hold is over and every check passes; without a
 * verdict after twice the hold there is none.
 */
export async function watchStep(step: HeldStep, eyes: Eyes): Promise<StepEnd> {
  for (;;) {
    const [metrics, triggers] = await Promise.all([readSafely(eyes), triggersSafely(eyes)]);
    const answers = [...judged(step, metrics), ...triggers];
    const held = step.clock.now() - step.since;
    eyes.line(liveLine(step, held, metrics, answers));
    const outcome = outcomeOf(step, held, answers, eyes);
    if (outcome !== undefined) return { outcome, answers, ...(outcome === "passed" ? told(step, held) : {}) };
    await pause(nextLook(step, held), eyes.stop);
  }
}

/** Only of the step that the plan means: less weight than its own is another thing. */
function told({ of, weight, since, step }: HeldStep, held: number): Pick<StepEnd, "announcement"> {
  const announcement = weight === step.weight ? onceHeld(step, { ...of, since, now: since + held }) : undefined;
  return announcement === undefined ? {} : { announcement };
}

function outcomeOf(
  { step }: HeldStep,
  held: number,
  answers: readonly CheckAnswer[],
  eyes: Eyes,
): StepEnd["outcome"] | undefined {
  if (!eyes.unchanged()) return "changed";
  if (answers.some(({ verdict }) => verdict === "fail")) return "failed";
  if (eyes.stop.aborted) return "stopped";
  if (held >= step.hold && answers.every(({ verdict }) => verdict === "pass")) return "passed";
  // A clock that went backwards, or none, must not hold a step for ever.
  return held < PATIENCE * step.hold && held >= 0 ? undefined : "no-verdict";
}

async function readSafely({ read }: Eyes): Promise<NonNullable<World["metrics"]>> {
  try {
    return await read();
  } catch (error) {
    return { failure: error instanceof HoldpointError ? error.message : String(error) };
  }
}

async function triggersSafely({ triggers }: Eyes): Promise<readonly CheckAnswer[]> {
  if (triggers === undefined) return [];
  try {
    return await triggers();
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return [{ check: "triggers", verdict: "inconclusive", found, wanted: "an answer for every trigger" }];
  }
}

/** Once everybody is on the release the baseline serves nobody, and there is nothing to compare with: health decides. */
function judged({ judge, weight }: HeldStep, metrics: NonNullable<World["metrics"]>): CheckAnswer[] {
  const answers = judgeReading(judge, { metrics }, false);
  return Object.entries(answers)
    .map(([check, { verdict, found, wanted }]) => ({ check: check as MetricCheck, verdict, found, wanted }))
    .filter(({ check }) => weight < WHOLE || check === "health");
}

/** Just after the hold is over, if that comes before the next look. */
function nextLook({ step, clock }: HeldStep, held: number): number {
  const left = clock.machineSpan(step.hold - held);
  return left > 0 ? Math.min(EVERY, left + 50) : EVERY;
}

/** "5 %, held 3 of 15 minutes: canary 0.2% of 410 failed, p95 41 ms; baseline …: pass" */
export function liveLine(
  { weight, step }: HeldStep,
  held: number,
  metrics: NonNullable<World["metrics"]>,
  answers: readonly CheckAnswer[],
): string {
  const head = `${weight} %, held ${showDuration(held)} of ${showDuration(step.hold)}`;
  if ("failure" in metrics) return `${head}: no numbers (${metrics.failure})`;
  const open = answers.filter(({ verdict }) => verdict !== "pass").map(({ check, verdict }) => `${check} ${verdict}`);
  const verdict = open.length === 0 ? "all checks pass" : open.join(", ");
  return `${head}: canary ${numbers(metrics.canary)}; baseline ${numbers(metrics.baseline)}: ${verdict}`;
}

function numbers({ requests, errors, p95 }: TrackReading): string {
  if (requests === undefined || !(requests > 0)) return "no requests";
  const failed = errors === undefined ? "?" : showPercent(errors / requests);
  const slow = p95 === undefined || !Number.isFinite(p95) ? "?" : `${Math.round(p95 * 1000)} ms`;
  return `${failed} of ${Math.round(requests)} failed, p95 ${slow}`;
}

function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    stop.addEventListener("abort", done);
  });
}
