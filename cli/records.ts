/** What earlier runs left in the stacks' states. Reads `rollout/state`, which loads zod: a rollback imports it late. */
import { machineClock, type Clock } from "../rollout/clock";
import { HoldpointError } from "../rollout/errors";
import { parseDeployment, stageStateOf, type Deployment } from "../rollout/state";
import type { StageRecord, StageState } from "../rollout/world";
import type { Context } from "./context";
import { lastError, runPulumi } from "./pulumi";

/** Milliseconds; an export takes some 200. */
const EXPORT_DEADLINE = 20_000;

/**
 * A stack's state as text; undefined for a stack that does not exist. Works while somebody holds its lock.
 * @throws HoldpointError `engine-failed`
 */
export async function exportState(context: Context, stack: string): Promise<string | undefined> {
  const run = await runPulumi(context, ["stack", "export", "--stack", stack], { deadline: EXPORT_DEADLINE });
  if (run.exitCode === 0) return run.stdout;
  if (/no stack named/.test(run.said)) return undefined;
  throw new HoldpointError("engine-failed", `the state of ${stack} can't be read: ${lastError(run)}`, {
    remedy: `pulumi stack export --stack ${stack}`,
  });
}

/** What a stage's record says ran there, and before; undefined where nothing was ever rolled out. */
export async function readStageRecord(context: Context, stage: string): Promise<StageRecord | undefined> {
  const state = stageStateOf({ stage: await read(context, stage), canary: undefined }, "", machineClock);
  if (!state.ok) throw malformed(stage, state.why);
  return state.record;
}

/** Both stacks of a stage, as the gate reads them. */
export async function readStageState(
  context: Context,
  stage: string,
  service: string,
  clock: Clock,
): Promise<StageState> {
  const [own, canary] = await Promise.all([read(context, stage), read(context, `${stage}-canary`)]);
  return stageStateOf({ stage: own, canary }, service, clock);
}

async function read(context: Context, stack: string): Promise<Deployment | undefined> {
  const text = await exportState(context, stack);
  return text === undefined ? undefined : parseDeployment(text);
}

function malformed(stage: string, why: string): HoldpointError {
  return new HoldpointError("state-invalid", why, { remedy: `pulumi stack export --stack ${stage}` });
}
