/** A world in which one gate of a plan opens, made from the plan alone: every criterion of it passes. */
import { nextOpening, openingAt } from "../../rollout/calendar";
import { decideEnter, decideStep } from "../../rollout/decide";
import type { Decision } from "../../rollout/decision";
import type { Approval } from "../../rollout/evidence";
import { FEATURES, isOnCanaryStack } from "../../rollout/inventory";
import { canaryOf, stageOf } from "../../rollout/plan";
import type { ApprovalCriterion, Canary, Plan, Stage, Window } from "../../rollout/plan";
import { servedIn } from "../../rollout/plan/flags";
import { canaryFor } from "../../rollout/steps";
import type { CanaryReading, StageEntry, StageState, World } from "../../rollout/world";
import { goodReadings } from "./good-readings";
import { BASELINE, DAY, goodEvidence, hex, MINUTE, RELEASE } from "./good-evidence";

/** Which gate is asked. */
export interface Ask {
  readonly stage: string;
  /** Weight of a canary's step; without it, entering the stage. */
  readonly to?: number;
  /** Of the canary of one operation. */
  readonly operation?: string;
  /** Making the release the stage's baseline. */
  readonly finish?: true;
  /** Type of the release, where the plan has types; by default its first. */
  readonly type?: string;
}

const UPDATE_PLAN = hex("4");
const REQUEST = hex("7");
/** What runs, whatever the baseline: the same when only that changes. */
const CONTENT = hex("a");
const entry = (release: typeof RELEASE, baseline: typeof RELEASE, request: string, since: number): StageEntry =>
  ({ release, baseline, request, content: release === RELEASE ? CONTENT : hex("9"), since }) as StageEntry;

/** What a gate of a plan says of a world. */
export function decide(plan: Plan, { stage, to }: Ask, world: World): Decision {
  return to === undefined ? decideEnter(plan, stage, world) : decideStep(plan, stage, to, world);
}

/** Every gate of a plan: each stage's entry and finish, and each step of its canaries, for each type of release. */
export function gatesOf(plan: Plan): Ask[] {
  const types = plan.releaseTypes === undefined ? [undefined] : Object.keys(plan.releaseTypes);
  return plan.stages.flatMap((stage) =>
    types.flatMap((type) => {
      const ask = { stage: stage.name, ...(type === undefined ? {} : { type }) };
      return [
        ask,
        ...stepsOf(stage.canary, type).map(({ weight }) => ({ ...ask, to: weight })),
        ...Object.entries(stage.canaries ?? {}).flatMap(([operation, canary]) =>
          stepsOf(canary, type).map(({ weight }) => ({ ...ask, to: weight, operation })),
        ),
        ...(stage.finish === undefined ? [] : [{ ...ask, finish: true as const }]),
      ];
    }),
  );
}

function stepsOf(canary: Canary | undefined, type: string | undefined): Canary["steps"] {
  return canary === undefined ? [] : canaryFor(canary, type).steps;
}

/** The world in which this gate opens. */
export function goodWorld(plan: Plan, ask: Ask): World {
  const stage = stageOf(plan, ask.stage);
  if (stage === undefined) throw new Error(`${plan.source.file} has no stage "${ask.stage}"`);
  const type = ask.type ?? Object.keys(plan.releaseTypes ?? {})[0];
  const canary = ask.to === undefined ? undefined : canaryOf(stage, ask.operation);
  const now = goodTime(plan, stage, type);
  const stack = ask.to === undefined ? stage.name : `${[stage.name, ask.operation].filter(Boolean).join(".")}-canary`;
  const path = ask.operation === undefined ? undefined : stage.canaries?.[ask.operation]?.path;
  return {
    now,
    mode: "up",
    stack,
    ...(ask.operation === undefined ? {} : { operation: ask.operation }),
    release: { ...RELEASE, ...(type === undefined ? {} : { type }) },
    baseline: ask.finish === true ? RELEASE : BASELINE,
    request: REQUEST,
    content: CONTENT,
    evidence: goodEvidence(plan, now, stage),
    rejected: [],
    approvals: approvalsOf(plan, stage, ask, stack, now),
    binding: { stack, request: REQUEST, state: hex("5") },
    updatePlans: [UPDATE_PLAN],
    touched: { [UPDATE_PLAN]: [] },
    waivers: [],
    stages: statesOf(plan, stage, { ...ask, ...(type === undefined ? {} : { type }) }, now),
    declared: declaredOf(plan, stage),
    trust: {
      file: "trust.yaml",
      mark: { digest: hex("3"), version: 1, revocations: { serial: 0, revoked: [] } },
      problems: [],
    },
    readings: goodReadings(plan, canary),
    calendars: Object.fromEntries(
      plan.freezes.map(({ id }) => [id, { ok: true, from: 0, until: now + 365 * DAY, busy: [] }]),
    ),
    ...(canary === undefined ? {} : { controls: switches(canary) }),
    route: {
      ...(path === undefined ? {} : { path }),
      ...(stage.cohort?.by === undefined ? {} : { cohort: stage.cohort.by }),
    },
    ...(canary === undefined ? {} : { metrics: readingOf(canary) }),
  };
}

/** How long the window has been open in a good world. */
const SINCE_OPENING = 5 * MINUTE;

/** A little into a time at which everything of the stage's calendar is open. */
function goodTime(plan: Plan, stage: Stage, type: string | undefined): number {
  const named = stage.enter.criteria.flatMap((criterion) =>
    criterion.kind === "window" &&
    criterion.window !== undefined &&
    (type === undefined || (criterion.types?.includes(type) ?? true))
      ? [plan.windows[criterion.window]]
      : [],
  );
  const windows: Window[] = [stage.window, ...named].filter((window) => window !== undefined);
  const start = Date.UTC(2026, 10, 16, 10);
  const [first] = windows;
  let candidate = first === undefined ? start : nextOpening(first, start)?.from;
  for (let tries = 0; tries < 200 && candidate !== undefined; tries++) {
    const now = candidate + SINCE_OPENING;
    if (windows.every((window) => openingAt(window, now) !== undefined) && !isFrozen(plan, now)) return now;
    candidate = first === undefined ? candidate + DAY : nextOpening(first, now)?.from;
  }
  throw new Error(`no time at which ${stage.name} may be entered`);
}

function isFrozen(plan: Plan, now: number): boolean {
  return plan.freezes.some((freeze) => {
    if ("file" in freeze) return false;
    const day = new Intl.DateTimeFormat("sv-SE", { timeZone: freeze.timeZone }).format(now);
    return day >= freeze.from && day <= freeze.to;
  });
}

/** Each approval that the gate asks for, given a minute ago, or before it was too late for it, by people of their own. */
function approvalsOf(plan: Plan, stage: Stage, { to, operation }: Ask, stack: string, now: number): Approval[] {
  const before = plan.stages[plan.stages.indexOf(stage) - 1];
  const entry = [stage.enter, stage.finish, before?.exit].flatMap((gate) => gate?.criteria ?? []);
  const step = to === undefined ? undefined : canaryOf(stage, operation)?.approval;
  const asked = to === undefined ? entry.filter((one): one is ApprovalCriterion => "from" in one) : [];
  return [...asked, ...(step === undefined ? [] : [step])].flatMap(({ id, from, count, notAfter }) =>
    Array.from({ length: count }, (_, index) => ({
      id: hash(`${id} ${index}`),
      file: `approvals/${id}-${index}.json`,
      binding: { stack, request: REQUEST, state: hex("5"), updatePlan: UPDATE_PLAN },
      decision: "approved" as const,
      items: [],
      saw: { outcome: "PENDING" as const, unmet: [] },
      signer: { id: `${id}-${index + 1}@example.org`, roles: [...from] },
      approvedAt: now - (notAfter === undefined ? 0 : notAfter + SINCE_OPENING) - MINUTE,
    })),
  );
}

function hash(text: string): string {
  return Buffer.from(text).toString("hex").padEnd(64, "0").slice(-64);
}

/** Earlier stages run the release; this one runs what is before the gate; the canary has held the step before. */
function statesOf(plan: Plan, stage: Stage, ask: Ask, now: number): Record<string, StageState> {
  const at = plan.stages.indexOf(stage);
  const rest = { usedApprovals: [], owed: { debts: [], obligations: [] }, broughtBack: [] };
  const before = entry(BASELINE, BASELINE, hex("6"), now - 90 * DAY);
  const states = plan.stages.map(({ name }, index): [string, StageState] => {
    const request = index === at && ask.to !== undefined ? REQUEST : hex("8");
    const typed = ask.type === undefined ? {} : { type: ask.type };
    const current = { ...entry(RELEASE, BASELINE, request, now - lasted(plan, name)), ...typed };
    const reached = index < at || (index === at && (ask.to !== undefined || ask.finish === true));
    const record = reached ? { current, previous: before, ...rest } : { current: before, ...rest };
    // An earlier stage's canaries are where they end.
    const end = { stage: name, ...(ask.type === undefined ? {} : { type: ask.type }) };
    const canaries = canariesBefore(plan.stages[index] ?? stage, index === at ? ask : end, now);
    return [name, { ok: true, images: [RELEASE.image, BASELINE.image], record, ...(reached ? canaries : {}) }];
  });
  return Object.fromEntries(states);
}

/** Where the canaries of a stage stand before the gate: this one at the step before, others where they end. */
function canariesBefore(stage: Stage, { to, operation, type }: Ask, now: number) {
  const record = (canary: Canary, own: boolean) => {
    const steps = stepsOf(canary, type);
    const next = own && to !== undefined ? steps.findIndex(({ weight }) => weight === to) : steps.length;
    const step = steps[next - 1];
    const weight = step?.weight ?? 0;
    const held = Math.max(step?.hold ?? 0, (next === steps.length ? stage.finish?.after : undefined) ?? 0, 10 * MINUTE);
    const reached = weight === 0 ? [] : [{ release: RELEASE, weight, waysBack: 0 }];
    return { weight, since: now - held, release: RELEASE, routed: weight, reached };
  };
  const operations = Object.entries(stage.canaries ?? {}).map(([name, canary]) => [
    name,
    record(canary, name === operation),
  ]);
  return {
    ...(stage.canary === undefined ? {} : { canary: record(stage.canary, operation === undefined) }),
    ...(operations.length === 0 ? {} : { operations: Object.fromEntries(operations) }),
  };
}

/** How long a stage must have had the release before another may be entered, and a minute more. */
function lasted(plan: Plan, name: string): number {
  const asked = plan.stages
    .flatMap(({ enter, exit, finish }) => [enter, exit, finish].flatMap((gate) => gate?.criteria ?? []))
    .flatMap((one) => (one.kind === "stage-lasted" && one.stage === name ? [one.atLeast] : []));
  return Math.max(0, ...asked) + MINUTE;
}

/** The program declares everything that there is, and whatever the plan names. */
function declaredOf(plan: Plan, stage: Stage): NonNullable<World["declared"]> {
  const all = Object.keys(FEATURES);
  const features = all.filter((feature) => !isOnCanaryStack(feature));
  return {
    own: {
      features,
      alerts: plan.triggers.map(({ id, severity, runbook }) => ({
        name: id,
        severity,
        ...(runbook === undefined ? {} : { runbook: plan.runbooks[runbook] ?? runbook }),
      })),
      dashboards: ["slo", "operator", "infrastructure", ...Object.keys(plan.dashboards)],
      flags: Object.entries(plan.flags).map(([name, flag]) => ({
        name,
        type: flag.type,
        serves: servedIn(flag, stage.name),
      })),
    },
    canary: { features: all.filter(isOnCanaryStack) },
    others: Object.fromEntries(plan.stages.map(({ name }) => [name, { features }])),
  };
}

/** Nothing is switched off, and the fallback is on where the plan asks for it. */
function switches({ fallback }: Canary): NonNullable<World["controls"]> {
  return { killSwitch: false, safeMode: false, ...(fallback === undefined ? {} : { fallback: fallback.to }) };
}

/** Both tracks alike, with requests and probes enough. */
function readingOf({ judge }: Canary): CanaryReading {
  const requests = Math.max(1000, judge.minRequests * 10);
  const track = {
    requests,
    errors: 0,
    p95: 0.1,
    probes: { samples: judge.minProbes * 10, failures: 0 },
  };
  return { canary: track, baseline: track };
}
