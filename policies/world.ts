import { readFileSync } from "node:fs";
import { readCanary } from "../analysis/canary";
import { queryPrometheus } from "../analysis/prometheus";
import type { Project } from "../components/project";
import { readEvidence } from "../evidence/read";
import { configuredPath } from "../evidence/request";
import { openStore, type Store } from "../evidence/store";
import { parseTrust } from "../evidence/trust";
import { machineClock, type Clock } from "../rollout/clock";
import { HoldpointError } from "../rollout/errors";
import type { Approval, Digest } from "../rollout/evidence";
import { stageOf } from "../rollout/plan";
import { canaryRecord, parseCheckpoint, stageRecord, stateDigest, type Checkpoint } from "../rollout/state";
import { weightNow, type CanaryReading, type StageState, type World } from "../rollout/world";
import { assertSandbox, readClock } from "../sandbox/clock";
import { exportStack } from "./checkpoint";

/** The run that a world is gathered for. */
export interface Run {
  readonly project: Project;
  /** "organization/holdpoint": what a stack's name needs before it outside the program's folder. */
  readonly stacks: string;
  readonly mode: "preview" | "up";
  /** Reads a stack's checkpoint; by default with the CLI. */
  readonly exportStack?: typeof exportStack;
}

/**
 * Gathers everything that the decision rests on, all of it at once. What can't be found out is said in the world and
 * never thrown: each criterion that needs it is then unmet and says why, beside the others.
 */
export async function gatherWorld(run: Run): Promise<World> {
  const { project, mode } = run;
  const { settings, digest } = project;
  const clock = openClock(settings.sandbox);
  const states = readStates(run, clock.clock);
  const [evidence, { own, stages }] = await Promise.all([readStore(project, clock.clock), states]);
  const metrics = await readMetrics(run, clock.clock, stages[settings.stage]);
  return {
    now: clock.clock.now(),
    ...(clock.clock.note === undefined ? {} : { clockNote: clock.clock.note }),
    ...(clock.failure === undefined ? {} : { clockFailure: clock.failure }),
    mode,
    stack: settings.stack,
    release: settings.release,
    baseline: settings.baseline,
    request: digest,
    ...evidence,
    ...(mode === "up" && own !== undefined
      ? { binding: { stack: settings.stack, request: digest, state: stateDigest(own) } }
      : {}),
    stages,
    ...(metrics === undefined ? {} : { metrics }),
    ...(settings.kind === "canary" ? { controls: settings.canary } : {}),
  };
}

/** The sandbox's clock is believed only inside the sandbox, where nothing real can be reached. */
function openClock(sandbox: string | undefined): { clock: Clock; failure?: string } {
  if (sandbox === undefined) return { clock: machineClock };
  try {
    assertSandbox(sandbox, process.env);
    return { clock: readClock(sandbox) };
  } catch (error) {
    return { clock: machineClock, failure: reason(error) };
  }
}

type EvidencePart = Pick<World, "evidence" | "rejected" | "approvals" | "updatePlans" | "evidenceFailure">;

async function readStore({ root, settings }: Project, clock: Clock): Promise<EvidencePart> {
  try {
    const trust = parseTrust(readFileSync(configuredPath(root, settings.trust), "utf8"), settings.trust);
    const store = openStore(configuredPath(root, settings.evidence));
    const read = await readEvidence(store, trust, clock);
    return { ...read, updatePlans: await knownPlans(store, read.approvals) };
  } catch (error) {
    return { evidence: [], rejected: [], approvals: [], updatePlans: [], evidenceFailure: reason(error) };
  }
}

/** The update plans that approvals name and whose content is in the store, whole. */
async function knownPlans(store: Store, approvals: readonly Approval[]): Promise<readonly Digest[]> {
  const named = [...new Set(approvals.map(({ binding }) => binding.updatePlan))];
  const known = await Promise.all(named.map(async (id) => ((await store.getUpdatePlan(id)) === undefined ? [] : [id])));
  return known.flat();
}

interface States {
  /** The checkpoint of the run's own stack; undefined where it could not be read. */
  readonly own?: Checkpoint;
  readonly stages: Readonly<Record<string, StageState>>;
}

/** The run's own stage, and those that its criteria ask about. */
async function readStates(run: Run, clock: Clock): Promise<States> {
  const { settings, plan } = run.project;
  const criteria = stageOf(plan, settings.stage)?.enter.criteria ?? [];
  const asked = settings.kind === "canary" ? [] : criteria.flatMap((item) => (item.kind === "stage-done" ? [item.stage] : []));
  const names = [...new Set([settings.stage, ...asked])];
  const read = await Promise.all(names.map(async (name) => [name, await readStage(run, name, clock)] as const));
  const own = read.find(([name]) => name === settings.stage)?.[1].own;
  return { ...(own === undefined ? {} : { own }), stages: Object.fromEntries(read.map(([name, { state }]) => [name, state])) };
}

async function readStage(run: Run, stage: string, clock: Clock): Promise<{ state: StageState; own?: Checkpoint }> {
  const { settings, plan } = run.project;
  const withCanary = stage === settings.stage && stageOf(plan, stage)?.canary !== undefined;
  try {
    const [entered, canary] = await Promise.all([
      checkpointOf(run, stage),
      withCanary ? checkpointOf(run, `${stage}-canary`) : undefined,
    ]);
    const record = entered && stageRecord(entered);
    const step = canary && canaryRecord(canary, clock);
    const own = settings.kind === "canary" ? canary : entered;
    const state = { ok: true, ...(record && { record }), ...(step && { canary: step }) } as const;
    return stage === settings.stage && own !== undefined ? { state, own } : { state };
  } catch (error) {
    return { state: { ok: false, why: reason(error) } };
  }
}

async function checkpointOf({ stacks, project, exportStack: read = exportStack }: Run, stack: string): Promise<Checkpoint | undefined> {
  const text = await read(`${stacks}/${stack}`, project.root);
  return text === undefined ? undefined : parseCheckpoint(text);
}

/** Both versions over the step so far; only where a step is being left upwards. */
async function readMetrics(run: Run, clock: Clock, state: StageState | undefined): Promise<World["metrics"]> {
  const { settings, plan } = run.project;
  if (settings.kind !== "canary" || state?.ok !== true || state.canary === undefined) return undefined;
  const weight = weightNow(state.canary);
  if (settings.canary.weight <= weight || weight === 0) return undefined;
  try {
    return await readStep(settings.prometheus, `${plan.service}-${settings.stage}`, clock, state.canary.since);
  } catch (error) {
    return { failure: reason(error) };
  }
}

/** What was measured from the step's start until now. */
export async function readStep(url: string, namespace: string, clock: Clock, since: number): Promise<CanaryReading> {
  const at = Date.now();
  const seconds = clock.machineSpan(clock.at(at) - since) / 1000;
  return readCanary((promql) => queryPrometheus(url, promql, at), namespace, seconds);
}

function reason(error: unknown): string {
  if (error instanceof HoldpointError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
