/** A world in which one gate of a plan opens, made from the plan alone: every criterion of it passes. */
import { nextOpening, openingAt } from "../../rollout/calendar";
import { decideEnter, decideStep } from "../../rollout/decide";
import type { Decision } from "../../rollout/decision";
import type { Approval } from "../../rollout/evidence";
import { FEATURES, isOnCanaryStack } from "../../rollout/inventory";
import { stageOf } from "../../rollout/plan";
import type { ApprovalCriterion, Canary, Plan, Stage, Window } from "../../rollout/plan";
import type { CanaryReading, StageEntry, StageState, World } from "../../rollout/world";
import { BASELINE, DAY, goodEvidence, hex, MINUTE, RELEASE } from "./good-evidence";

/** Which gate is asked. */
export interface Ask {
  readonly stage: string;
  /** Weight of a canary's step; without it, entering the stage. */
  readonly to?: number;
  /** Type of the release, where the plan has types; by default its first. */
  readonly type?: string;
}

const UPDATE_PLAN = hex("4");
const REQUEST = hex("7");
const entry = (release: typeof RELEASE, baseline: typeof RELEASE, request: string, since: number): StageEntry =>
  ({ release, baseline, request, since }) as StageEntry;

/** What a gate of a plan says of a world. */
export function decide(plan: Plan, { stage, to }: Ask, world: World): Decision {
  return to === undefined ? decideEnter(plan, stage, world) : decideStep(plan, stage, to, world);
}

/** Every gate of a plan: each stage's entry and each step of its canary. */
export function gatesOf(plan: Plan): Ask[] {
  const types = plan.releaseTypes === undefined ? [{}] : Object.keys(plan.releaseTypes).map((type) => ({ type }));
  return plan.stages.flatMap(({ name, canary }) =>
    types.flatMap((type) => [
      { stage: name, ...type },
      ...(canary?.steps ?? []).map(({ weight }) => ({ stage: name, to: weight, ...type })),
    ]),
  );
}

/** The world in which this gate opens. */
export function goodWorld(plan: Plan, ask: Ask): World {
  const stage = stageOf(plan, ask.stage);
  if (stage === undefined) throw new Error(`${plan.source.file} has no stage "${ask.stage}"`);
  const now = goodTime(plan, stage);
  const type = ask.type ?? Object.keys(plan.releaseTypes ?? {})[0];
  return {
    now,
    mode: "up",
    stack: ask.to === undefined ? stage.name : `${stage.name}-canary`,
    release: { ...RELEASE, ...(type === undefined ? {} : { type }) },
    baseline: BASELINE,
    request: REQUEST,
    evidence: goodEvidence(plan, now),
    rejected: [],
    approvals: approvalsOf(plan, stage, now),
    binding: { stack: stage.name, request: REQUEST, state: hex("5") },
    updatePlans: [UPDATE_PLAN],
    touched: { [UPDATE_PLAN]: [] },
    waivers: [],
    stages: statesOf(plan, stage, ask, now),
    declared: declaredOf(plan),
    ...(stage.canary === undefined ? {} : { metrics: readingOf(stage.canary) }),
  };
}

/** Five minutes into a time at which everything of the stage's calendar is open. */
function goodTime(plan: Plan, stage: Stage): number {
  const named = stage.enter.criteria.flatMap((criterion) =>
    criterion.kind === "window" && criterion.window !== undefined ? [plan.windows[criterion.window]] : [],
  );
  const windows: Window[] = [stage.window, ...named].filter((window) => window !== undefined);
  const start = Date.UTC(2026, 10, 16, 10);
  const [first] = windows;
  let candidate = first === undefined ? start : nextOpening(first, start)?.from;
  for (let tries = 0; tries < 200 && candidate !== undefined; tries++) {
    const now = candidate + 5 * MINUTE;
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

/** Each approval that the stage asks for, given a minute ago by people of their own. */
function approvalsOf(plan: Plan, stage: Stage, now: number): Approval[] {
  const criteria = stage.enter.criteria.filter((one): one is ApprovalCriterion => "from" in one);
  const steps = stage.canary?.approval === undefined ? [] : [stage.canary.approval];
  return [...criteria, ...steps].flatMap(({ id, from, count }) =>
    Array.from({ length: count }, (_, index) => ({
      id: hash(`${id} ${index}`),
      file: `approvals/${id}-${index}.json`,
      binding: { stack: stage.name, request: REQUEST, state: hex("5"), updatePlan: UPDATE_PLAN },
      decision: "approved" as const,
      items: [],
      saw: { outcome: "PENDING" as const, unmet: [] },
      signer: { id: `${id}-${index + 1}@example.org`, roles: [...from] },
      approvedAt: now - MINUTE,
    })),
  );
}

function hash(text: string): string {
  return Buffer.from(text).toString("hex").padEnd(64, "0").slice(-64);
}

/** Earlier stages run the release; this one runs what is before the gate; the canary has held the step before. */
function statesOf(plan: Plan, stage: Stage, { to }: Ask, now: number): Record<string, StageState> {
  const at = plan.stages.indexOf(stage);
  const nothing = { debts: [], obligations: [] };
  const before = entry(BASELINE, BASELINE, hex("6"), now - 90 * DAY);
  const states = plan.stages.map(({ name }, index): [string, StageState] => {
    const since = now - lasted(plan, name);
    const entered = entry(RELEASE, BASELINE, name === stage.name ? REQUEST : hex("8"), since);
    if (index < at)
      return [name, { ok: true, record: { current: entered, previous: before, usedApprovals: [], owed: nothing } }];
    if (index > at || to === undefined)
      return [name, { ok: true, record: { current: before, usedApprovals: [], owed: nothing } }];
    const record = { current: entered, previous: before, usedApprovals: [], owed: nothing };
    return [name, { ok: true, record, canary: canaryBefore(stage.canary, to, now) }];
  });
  return Object.fromEntries(states);
}

function canaryBefore(canary: Canary | undefined, to: number, now: number) {
  const steps = canary?.steps ?? [];
  const previous = steps[steps.findIndex(({ weight }) => weight === to) - 1];
  const weight = previous?.weight ?? 0;
  return { weight, since: now - (previous?.hold ?? 0), release: RELEASE, routed: weight };
}

/** How long a stage must have had the release before another may be entered, and a minute more. */
function lasted(plan: Plan, name: string): number {
  const asked = plan.stages
    .flatMap(({ enter, exit }) => [...enter.criteria, ...(exit?.criteria ?? [])])
    .flatMap((one) => (one.kind === "stage-lasted" && one.stage === name ? [one.atLeast] : []));
  return Math.max(0, ...asked) + MINUTE;
}

/** The program declares everything that there is, and whatever the plan names. */
function declaredOf(plan: Plan): NonNullable<World["declared"]> {
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
    },
    canary: { features: all.filter(isOnCanaryStack) },
    others: Object.fromEntries(plan.stages.map(({ name }) => [name, { features }])),
  };
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
