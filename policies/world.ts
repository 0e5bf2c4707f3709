import { readCanary } from "../analysis/canary";
import { queryPrometheus } from "../analysis/prometheus";
import type { Project } from "../components/project";
import type { CanaryStackSettings } from "../components/settings";
import { openCalendars } from "../evidence/calendar-files";
import { machineClock, type Clock } from "../rollout/clock";
import { HoldpointError } from "../rollout/errors";
import { allAsked, stepsAsk } from "../rollout/gate";
import { canaryOf as planned, stageOf, type Criterion, type CriterionOf } from "../rollout/plan";
import { EMPTY_DEPLOYMENT, parseDeployment, stageStateOf, stateDigest, type Deployment } from "../rollout/state";
import { canaryStack } from "../rollout/stacks";
import { asksEvidence } from "../rollout/triggers";
import { wayBackOf } from "../rollout/way-back";
import { canaryOf, weightNow, type CanaryReading, type StageState, type World } from "../rollout/world";
import { assertSandbox, readClock } from "../sandbox/clock";
import { askedOf } from "./asked";
import { exportStack } from "./checkpoint";
import { gatherDeclared } from "./declared";
import { leads, readLive } from "./readings";
import { askPrometheus, clockFailure, moment } from "./witnesses";
import { gatherEvidence, NO_EVIDENCE, type GatheredEvidence } from "./evidence";

/** The run that a world is gathered for. */
export interface Run {
  readonly project: Project;
  /** "organization/holdpoint": what a stack's name needs before it outside the program's folder. */
  readonly stacks: string;
  readonly mode: "preview" | "up";
}

/** A world, the state of the run's own stack where it could be read, and what the evidence was read from. */
export interface Gathered {
  readonly world: World;
  readonly evidence: GatheredEvidence;
  readonly own: Deployment | undefined;
}

/**
 * Gathers everything that the decision rests on, all of it at once. What can't be found out is said in the world and
 * never thrown: each criterion that needs it is then unmet and says why, beside the others. The way back rests on the
 * states alone, and waits for nothing else.
 */
export async function gatherWorld(run: Run): Promise<Gathered> {
  const { project } = run;
  const { settings } = project;
  const began = moment();
  const { clock, failure } = openClock(settings.sandbox);
  const rest = Promise.all([
    evidenceFor(run, clock),
    gatherDeclared(project, criteriaOf(project), (stack) => deploymentOf(run, stack)),
    openCalendars(project.plan, project.calendars, clock.now()),
    askPrometheus(settings.prometheus),
  ]);
  rest.catch(() => undefined); // told below, to whoever waits for it
  const { own, stages } = await readStates(run, clock);
  const known = knownWorld(run, clock, own, stages);
  if (wayBackOf(project.plan, askedOf(settings), known) !== undefined) {
    return { world: known, own, evidence: NO_EVIDENCE };
  }
  const itself = stages[settings.stage];
  const [[evidence, declared, calendars, prometheus], metrics, readings] = await Promise.all([
    rest,
    readMetrics(run, clock, itself),
    readLive(project, clock, itself),
  ]);
  const doubted =
    failure ?? clockFailure({ began, clock, states: await statesOf(run), evidence: evidence.part, prometheus });
  const world: World = {
    ...known,
    now: clock.now(),
    ...(doubted === undefined ? {} : { clockFailure: doubted }),
    ...evidence.part,
    calendars,
    ...(metrics === undefined ? {} : { metrics }),
    readings,
    ...(declared === undefined ? {} : { declared }),
  };
  return { world, own, evidence };
}

/** What the configuration and the states say by themselves. */
function knownWorld({ project, mode }: Run, clock: Clock, own: Deployment | undefined, stages: World["stages"]): World {
  const { settings, digest, content } = project;
  return {
    now: clock.now(),
    ...(clock.note === undefined ? {} : { clockNote: clock.note }),
    mode,
    stack: settings.stack,
    ...(settings.kind === "canary" && settings.operation !== undefined ? { operation: settings.operation } : {}),
    release: settings.release,
    baseline: settings.baseline,
    request: digest,
    content,
    ...NO_EVIDENCE.part,
    ...(mode === "up" && own !== undefined
      ? { binding: { stack: settings.stack, request: digest, state: stateDigest(own) } }
      : {}),
    stages,
    ...(settings.kind === "canary" ? { controls: settings.canary, route: routeOf(settings) } : {}),
  };
}

function routeOf({ route: { path, cohort } }: CanaryStackSettings): NonNullable<World["route"]> {
  return { ...(path === undefined ? {} : { path }), ...(cohort === undefined ? {} : { cohort }) };
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

/** A canary asks for evidence on its way up only: the way back must not wait for a store that does not answer. */
async function evidenceFor(run: Run, clock: Clock): Promise<GatheredEvidence> {
  const { settings, plan } = run.project;
  if (settings.kind === "canary") {
    const stage = stageOf(plan, settings.stage);
    const canary = stage === undefined ? undefined : planned(stage, settings.operation);
    if (settings.canary.weight === 0 || !asksEvidence(plan, settings.stage, canary)) return NO_EVIDENCE;
    const { state } = await readOwnStage(run, clock);
    if (!leads(settings.canary.weight, settings.operation, state)) return NO_EVIDENCE;
  }
  return gatherEvidence(run.project, clock, async () => {
    const { state } = await readOwnStage(run, clock);
    return state.ok ? state.record : { failure: state.why };
  });
}

interface States {
  /** The state of the run's own stack; undefined where it could not be read. */
  readonly own?: Deployment;
  readonly stages: Readonly<Record<string, StageState>>;
}

/** The run's own stage, and those that its criteria ask about. A canary's way down waits for no other stage. */
async function readStates(run: Run, clock: Clock): Promise<States> {
  const { settings } = run.project;
  const upwards =
    settings.kind === "stage" ||
    leads(settings.canary.weight, settings.operation, (await readOwnStage(run, clock)).state);
  const criteria = upwards ? criteriaOf(run.project) : [];
  const others = criteria.flatMap((one) =>
    one.kind === "stage-done" || one.kind === "stage-lasted" || isAboutRollbacks(one) ? [one.stage] : [],
  );
  const withCanaries = criteria.flatMap((one) =>
    isAboutRollbacks(one) || (one.kind === "stage-done" && one.traffic !== undefined) ? [one.stage] : [],
  );
  const [own, ...rest] = await Promise.all([
    readOwnStage(run, clock),
    ...[...new Set(others)].map(async (stage) => {
      const state = await readOtherStage(run, stage, withCanaries.includes(stage), clock);
      return [stage, state] as const;
    }),
  ]);
  const { deployment, state } = own;
  return {
    ...(deployment === undefined ? {} : { own: deployment }),
    stages: { ...Object.fromEntries(rest), [settings.stage]: state },
  };
}

function isAboutRollbacks(one: Criterion): one is CriterionOf<"no-rollbacks" | "rollbacks-explained"> {
  return one.kind === "no-rollbacks" || one.kind === "rollbacks-explained";
}

/** Whatever the run's gate can ask. */
function criteriaOf({ settings, plan }: Project): readonly Criterion[] {
  const stage = stageOf(plan, settings.stage);
  if (stage === undefined) return [];
  if (settings.kind === "stage") return allAsked(plan, stage).map(({ criterion }) => criterion);
  const canary = planned(stage, settings.operation);
  return canary === undefined ? [] : stepsAsk(canary);
}

async function readOwnStage(run: Run, clock: Clock): Promise<{ state: StageState; deployment?: Deployment }> {
  const { settings, plan } = run.project;
  try {
    const planned = stageOf(plan, settings.stage);
    const [stage, canary, operations] = await Promise.all([
      deploymentOf(run, settings.stage),
      planned?.canary === undefined && settings.kind === "stage"
        ? undefined
        : deploymentOf(run, canaryStack(settings.stage)),
      readOperations(run, settings.stage, Object.keys(planned?.canaries ?? {})),
    ]);
    const state = stageStateOf({ stage, canary, operations }, plan.service, clock);
    const own = settings.kind === "canary" ? await deploymentOf(run, settings.stack) : stage;
    return { state, deployment: own ?? EMPTY_DEPLOYMENT };
  } catch (error) {
    return { state: { ok: false, why: reason(error) } };
  }
}

async function readOperations(
  run: Run,
  stage: string,
  operations: readonly string[],
): Promise<Record<string, Deployment | undefined>> {
  const stack = (operation: string) => canaryStack(stage, operation);
  const read = operations.map(async (operation) => [operation, await deploymentOf(run, stack(operation))] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** Another stage's state; those of its canaries only where somebody asks for their traffic: each is another export. */
async function readOtherStage(run: Run, stage: string, canaries: boolean, clock: Clock): Promise<StageState> {
  const { plan } = run.project;
  const asked = canaries ? stageOf(plan, stage) : undefined;
  try {
    const [deployment, canary, operations] = await Promise.all([
      deploymentOf(run, stage),
      asked?.canary === undefined ? undefined : deploymentOf(run, canaryStack(stage)),
      readOperations(run, stage, Object.keys(asked?.canaries ?? {})),
    ]);
    return stageStateOf({ stage: deployment, canary, operations }, plan.service, clock);
  } catch (error) {
    return { ok: false, why: reason(error) };
  }
}

/** States that a run has asked for: several parts of a world rest on the same one. */
const asked = new WeakMap<Run, Map<string, Promise<Deployment | undefined>>>();

function deploymentOf(run: Run, stack: string): Promise<Deployment | undefined> {
  const states = asked.get(run) ?? new Map<string, Promise<Deployment | undefined>>();
  asked.set(run, states);
  const state = states.get(stack) ?? exportDeployment(run, stack);
  states.set(stack, state);
  return state;
}

/** The states that could be read so far, by stack. */
async function statesOf(run: Run): Promise<ReadonlyMap<string, Deployment>> {
  const states = [...(asked.get(run) ?? [])].map(async ([stack, state]): Promise<[string, Deployment][]> => {
    const deployment = await state.catch(() => undefined);
    return deployment === undefined ? [] : [[stack, deployment]];
  });
  return new Map((await Promise.all(states)).flat());
}

async function exportDeployment({ stacks, project }: Run, stack: string): Promise<Deployment | undefined> {
  const text = await exportStack(`${stacks}/${stack}`, project.root);
  return text === undefined ? undefined : parseDeployment(text);
}

/** Both versions over the step so far; only where a step is being left upwards. */
async function readMetrics(run: Run, clock: Clock, state: StageState | undefined): Promise<World["metrics"]> {
  const { settings, plan } = run.project;
  if (settings.kind !== "canary" || state === undefined) return undefined;
  const { operation } = settings;
  const record = canaryOf(state, operation);
  const weight = weightNow(record);
  if (record === undefined || settings.canary.weight <= weight || weight === 0) return undefined;
  try {
    return await readStep(settings.prometheus, `${plan.service}-${settings.stage}`, clock, record.since, operation);
  } catch (error) {
    return { failure: reason(error) };
  }
}

/** What was measured from the step's start until now. */
export async function readStep(
  url: string,
  namespace: string,
  clock: Clock,
  since: number,
  operation?: string,
): Promise<CanaryReading> {
  const at = Date.now();
  const seconds = clock.machineSpan(clock.at(at) - since) / 1000;
  return readCanary((promql) => queryPrometheus(url, promql, at), namespace, seconds, operation);
}

function reason(error: unknown): string {
  if (error instanceof HoldpointError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
