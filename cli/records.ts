/** What earlier runs left in the stacks' states. Reads `rollout/state`, which loads zod: a rollback imports it late. */
import { machineClock, type Clock } from "../rollout/clock";
import { HoldpointError } from "../rollout/errors";
import { parseDeployment, stageStateOf, type Deployment } from "../rollout/state";
import type { CanaryRecord, StageRecord } from "../rollout/world";
import { canaryStack } from "../rollout/stacks";
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

/** Whether a stack's state holds a route of traffic. Throws as `exportState`, and for a state that can't be read. */
export async function holdsRoute(context: Context, stack: string): Promise<boolean> {
  const { resources } = (await read(context, stack)) ?? { resources: [] };
  return resources.some(({ type }) => /:HTTPRoute$/.test(type));
}

/** What a stage's record says ran there, and before; undefined where nothing was ever rolled out. */
export async function readStageRecord(context: Context, stage: string): Promise<StageRecord | undefined> {
  const state = stageStateOf({ stage: await read(context, stage), canary: undefined }, "", machineClock);
  if (!state.ok) throw malformed(stage, state.why);
  return state.record;
}

/** Where a canary stands, as the gate reads it: the whole service's of a stage, or one operation's. */
export async function readCanaryState(
  context: Context,
  { stage, operation }: { readonly stage: string; readonly operation?: string },
  service: string,
  clock: Clock,
): Promise<{ readonly ok: true; readonly canary?: CanaryRecord } | { readonly ok: false; readonly why: string }> {
  const canary = await read(context, canaryStack(stage, operation));
  const state = stageStateOf({ stage: undefined, canary }, service, clock);
  return state.ok ? { ok: true, ...(state.canary === undefined ? {} : { canary: state.canary }) } : state;
}

async function read(context: Context, stack: string): Promise<Deployment | undefined> {
  const text = await exportState(context, stack);
  return text === undefined ? undefined : parseDeployment(text);
}

function malformed(stage: string, why: string): HoldpointError {
  return new HoldpointError("state-invalid", why, { remedy: `pulumi stack export --stack ${stage}` });
}
