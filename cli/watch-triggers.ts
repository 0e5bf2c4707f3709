/** What the plan's triggers say while a step of the canary is held: the same questions and judge as the gate's. */
import { queryPrometheus } from "../analysis/prometheus";
import { askAll } from "../analysis/readings";
import { readEvidence } from "../evidence/read";
import { configuredPath } from "../evidence/request";
import { openStore } from "../evidence/store";
import { openTrust } from "../evidence/trust/open";
import type { Clock } from "../rollout/clock";
import { judgeTriggers } from "../rollout/criteria/triggers";
import { HoldpointError } from "../rollout/errors";
import type { Plan, Stage } from "../rollout/plan";
import { triggerStepQuestions } from "../rollout/questions";
import { armedTriggers } from "../rollout/triggers";
import type { CanaryRecord, World } from "../rollout/world";
import type { StackSettings } from "./stack-file";
import type { CheckAnswer } from "./watch-step";

/** Evidence is read again after so long, machine milliseconds: each reading verifies every signature. */
const EVIDENCE_EVERY = 20_000;

/** The step whose triggers are watched. */
export interface WatchedStep {
  readonly root: string;
  readonly plan: Plan;
  readonly stage: Stage;
  readonly operation: string | undefined;
  readonly stack: string;
  readonly settings: StackSettings;
  readonly record: CanaryRecord;
  readonly clock: Clock;
}

/** A look at every trigger that forces a rollback. */
export function openTriggers(step: WatchedStep): () => Promise<readonly CheckAnswer[]> {
  const { plan, stage, operation, settings, clock } = step;
  if (armedTriggers(plan, stage.name).length === 0) return () => Promise.resolve([]);
  const evidence = evidenceReader(step);
  const span = (time: number): number => clock.machineSpan(time);
  return async () => {
    const at = Date.now();
    const url = settings.prometheus ?? "";
    const questions = triggerStepQuestions(plan, stage.name, { operation, span });
    const [readings, attested] = await Promise.all([
      askAll((promql) => queryPrometheus(url, promql, at), questions),
      evidence(),
    ]);
    const world = worldOf(step, { readings, ...attested });
    return judgeTriggers({ plan, stage, world }).map(({ criterion: check, verdict, found, wanted }) => ({
      check,
      verdict,
      found,
      wanted,
    }));
  };
}

type Attested = Pick<World, "evidence" | "rejected" | "evidenceFailure">;

/** As much of the world as a trigger rests on. */
function worldOf(
  { stage, operation, stack, settings, record, clock }: WatchedStep,
  known: Attested & Pick<World, "readings">,
): World {
  const { release, baseline } = settings;
  if (release === undefined || baseline === undefined) {
    throw new HoldpointError("config-invalid", `Pulumi.${stack}.yaml has no holdpoint:release or holdpoint:baseline`);
  }
  const canary = operation === undefined ? { canary: record } : { operations: { [operation]: record } };
  return {
    now: clock.now(),
    mode: "up",
    stack,
    ...(operation === undefined ? {} : { operation }),
    release,
    baseline,
    approvals: [],
    updatePlans: [],
    stages: { [stage.name]: { ok: true, ...canary } },
    ...known,
  };
}

const NOTHING: Attested = { evidence: [], rejected: [] };

/** Reads the store where a trigger rests on evidence, and keeps what it read for a while. */
function evidenceReader({ root, plan, stage, settings, clock }: WatchedStep): () => Promise<Attested> {
  if (!armedTriggers(plan, stage.name).some(({ when }) => "criterion" in when)) return () => Promise.resolve(NOTHING);
  let readAt = Number.NEGATIVE_INFINITY;
  let last: Attested = NOTHING;
  return async () => {
    if (Date.now() - readAt < EVIDENCE_EVERY) return last;
    last = await read(root, settings, clock);
    readAt = Date.now();
    return last;
  };
}

async function read(root: string, settings: StackSettings, clock: Clock): Promise<Attested> {
  try {
    const { trust, evidence } = settings;
    if (trust === undefined || evidence === undefined)
      throw new Error("holdpoint:trust or holdpoint:evidence is not set");
    const { trust: trusted } = await openTrust(configuredPath(root, trust), trust);
    const unreliable = trusted.revocations?.problem;
    if (unreliable !== undefined) throw new Error(unreliable.found);
    const found = await readEvidence(openStore(configuredPath(root, evidence)), trusted, clock);
    return { evidence: found.evidence, rejected: found.rejected };
  } catch (error) {
    return { ...NOTHING, evidenceFailure: error instanceof Error ? error.message : String(error) };
  }
}
