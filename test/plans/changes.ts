/** What cases change in a good world. Each takes what it is about by its facts, and fails loudly where nothing is. */
import type {
  Evidence,
  EvidenceFacts,
  EvidenceKind,
  EvidenceOf,
  WorkflowJob,
  WorkflowTrigger,
} from "../../rollout/evidence";
import { parseDuration } from "../../rollout/units";
import type { ReadSample } from "../../rollout/readings";
import type { CanaryRecord, TrackReading, World } from "../../rollout/world";
import { stageOf } from "../../rollout/plan";
import { canaryOf } from "../../rollout/world";
import type { Change } from "./cases";

type Some<K extends EvidenceKind> = Partial<EvidenceFacts[K]>;

/** No evidence of a kind, with these facts. */
export function without<K extends EvidenceKind>(kind: K, about: Some<K> = {}): Change {
  return evidence(kind, about, () => undefined);
}

/** Evidence says something else: the newest piece of it, or every one that has these facts. */
export function says<K extends EvidenceKind>(kind: K, facts: Some<K>, about: Some<K> = {}): Change {
  return evidence(kind, about, (item) => ({ ...item, facts: { ...item.facts, ...facts } }));
}

/** A suite measured another number: in every environment, or in one. Units stay as they are. */
export function measures(suite: string, name: string, value: number, environment?: string): Change {
  const about = { suite, ...(environment === undefined ? {} : { environment }) };
  return evidence("measurement", about, (item) => {
    const { measures: all } = item.facts;
    if (!all.some((one) => one.name === name)) throw new Error(`${suite} does not measure ${name} in this world`);
    const changed = all.map((one) => (one.name === name ? { ...one, value } : one));
    return { ...item, facts: { ...item.facts, measures: changed } };
  });
}

/** A drill reached a mark so many milliseconds after its start, or did not say when. */
export function reached(drill: string, mark: string, after: number | undefined): Change {
  return evidence("drill", { drill }, (item) => {
    const { marks = [] } = item.facts;
    if (!marks.some(({ name }) => name === mark)) throw new Error(`${drill} has no mark ${mark} in this world`);
    const others = marks.filter(({ name }) => name !== mark);
    const changed = after === undefined ? others : [...others, { name: mark, after }];
    return { ...item, facts: { ...item.facts, marks: changed } };
  });
}

/** Evidence was finished so much earlier: "8 days". */
export function older<K extends EvidenceKind>(kind: K, by: string, about: Some<K> = {}): Change {
  return evidence(kind, about, (item) => ({ ...item, finishedAt: item.finishedAt - span(by) }));
}

/** Evidence was signed by somebody of another role. */
export function signedBy<K extends EvidenceKind>(kind: K, role: string, about: Some<K> = {}): Change {
  const signers = [{ id: `${role}@example.org`, roles: [role] }];
  return evidence(kind, about, (item) => ({ ...item, signers }));
}

/** Evidence is about another release. */
export function aboutAnother<K extends EvidenceKind>(kind: K, about: Some<K> = {}): Change {
  const subject = { commits: ["2".repeat(40)], sha256: ["2".repeat(64)] };
  return evidence(kind, about, (item) => ({ ...item, subject }));
}

/** Evidence was observed in another stage. */
export function inStage<K extends EvidenceKind>(kind: K, stage: string, about: Some<K> = {}): Change {
  return evidence(kind, about, (item) => ({ ...item, stage }));
}

/** Only the newest `count` pieces of a kind are there. */
export function newest<K extends EvidenceKind>(kind: K, count: number, about: Some<K> = {}): Change {
  return (world, plan) => {
    const kept = matching(world, kind, about)
      .toSorted((a, b) => b.finishedAt - a.finishedAt)
      .slice(0, count);
    return evidence(kind, about, (item) => (kept.includes(item as Evidence) ? item : undefined))(world, plan);
  };
}

/** A workflow starts otherwise: what an event says in place of what it said, or nothing, where it starts no more. */
export const starts = (workflow: string, event: string, more?: Partial<WorkflowTrigger>): Change =>
  evidence("workflow", { workflow }, (item) => {
    const { triggers } = item.facts;
    if (!triggers.some((one) => one.event === event)) throw new Error(`${workflow} does not start on ${event}`);
    const changed = triggers.flatMap((one) =>
      one.event !== event ? [one] : more === undefined ? [] : [{ ...one, ...more }],
    );
    return { ...item, facts: { ...item.facts, triggers: changed } };
  });

/** A job of a workflow is otherwise. */
export const job = (workflow: string, id: string, more: Partial<WorkflowJob>): Change =>
  evidence("workflow", { workflow }, (item) => {
    const { jobs } = item.facts;
    if (!jobs.some((one) => one.id === id)) throw new Error(`${workflow} has no job ${id}`);
    const changed = jobs.map((one) => (one.id === id ? { ...one, ...more } : one));
    return { ...item, facts: { ...item.facts, jobs: changed } };
  });

/** So much later, with nothing else changed: evidence and approvals are older, windows have closed. */
export const later =
  (by: string): Change =>
  (world) => ({ ...world, now: world.now + span(by) });

/** No approval that a criterion asked for. */
export const unapproved =
  (criterion: string): Change =>
  (world) => ({
    ...world,
    approvals: some(
      world.approvals,
      world.approvals.filter(({ file }) => !file.startsWith(`approvals/${criterion}-`)),
      criterion,
    ),
  });

/** Approvals of a criterion that are otherwise: rejected, of another role, by the author. */
export const approval =
  (criterion: string, more: Partial<World["approvals"][number]>): Change =>
  (world) => ({
    ...world,
    approvals: some(
      world.approvals,
      world.approvals.map((item) => (item.file.startsWith(`approvals/${criterion}-`) ? { ...item, ...more } : item)),
      criterion,
    ),
  });

/** Approvals of a criterion were given so much earlier. */
export const signedBefore =
  (criterion: string, by: string): Change =>
  (world, plan) => {
    const earlier = Math.min(...world.approvals.map(({ approvedAt }) => approvedAt)) - span(by);
    return approval(criterion, { approvedAt: earlier })(world, plan);
  };

/** A stage's record is otherwise: what runs there, and since when. */
export const running =
  (stage: string, release: { image: string; commit: string }): Change =>
  (world) => {
    const state = world.stages[stage];
    if (state?.ok !== true || state.record?.current === undefined) throw new Error(`nothing runs in ${stage}`);
    const current = { ...state.record.current, release };
    return { ...world, stages: { ...world.stages, [stage]: { ...state, record: { ...state.record, current } } } };
  };

/** A stage has had its release for another time ("6 days"). */
export const lasted =
  (stage: string, time: string): Change =>
  (world) => {
    const state = world.stages[stage];
    if (state?.ok !== true || state.record?.current === undefined) throw new Error(`nothing runs in ${stage}`);
    const current = { ...state.record.current, since: world.now - span(time) };
    return { ...world, stages: { ...world.stages, [stage]: { ...state, record: { ...state.record, current } } } };
  };

/** The canary stands at another weight, or has been there for another time ("14 minutes"). */
export const canaryAt =
  (stage: string, { weight, held }: { weight?: number; held?: string }): Change =>
  (world) => {
    const state = world.stages[stage];
    if (state?.ok !== true) throw new Error(`no state of ${stage}`);
    const none = { weight: 0, since: world.now, release: world.release, routed: 0 };
    const canary = canaryOf(state, world.operation) ?? none;
    const moved = {
      ...canary,
      ...(weight === undefined ? {} : { weight, routed: weight }),
      ...(held === undefined ? {} : { since: world.now - span(held) }),
    };
    const changed =
      world.operation === undefined
        ? { ...state, canary: moved }
        : { ...state, operations: { ...state.operations, [world.operation]: moved } };
    return { ...world, stages: { ...world.stages, [stage]: changed } };
  };

/** A canary of a stage, the whole service's or one operation's, had to go back once on its way to where it is. */
export const canaryFell =
  (stage: string, operation?: string): Change =>
  (world) => {
    const state = world.stages[stage];
    if (state?.ok !== true) throw new Error(`no state of ${stage}`);
    const { reached, ...canary } = canaryOf(state, operation) ?? {};
    if (reached === undefined || "failure" in reached || reached.length === 0) throw new Error(`no climb in ${stage}`);
    const fallen = { ...canary, reached: reached.map((one) => ({ ...one, waysBack: 1 })) } as CanaryRecord;
    const changed =
      operation === undefined
        ? { ...state, canary: fallen }
        : { ...state, operations: { ...state.operations, [operation]: fallen } };
    return { ...world, stages: { ...world.stages, [stage]: changed } };
  };

const ANOTHER = { image: `registry.example/another@sha256:${"3".repeat(64)}`, commit: "3".repeat(40) };

/** A stage was brought back from another release, or its canary was from 50%; and this is what somebody signed of it. */
export const leftBehind =
  (stage: string, how: "stage" | "canary", signed?: Partial<EvidenceOf<"check">>): Change =>
  (world) => {
    const state = world.stages[stage];
    if (state?.ok !== true || state.record === undefined) throw new Error(`nothing runs in ${stage}`);
    const fallen = { weight: 0, routed: 0, since: 0, release: ANOTHER };
    const changed =
      how === "stage"
        ? { ...state, record: { ...state.record, broughtBack: [ANOTHER] } }
        : { ...state, canary: { ...fallen, reached: [{ release: ANOTHER, weight: 50, waysBack: 0 }] } };
    const said = {
      id: "c".repeat(64),
      file: "checks/another.json",
      kind: "check",
      subject: { commits: [ANOTHER.commit], sha256: [] },
      finishedAt: world.now - 60_000,
      stage,
      ...signed,
    } as EvidenceOf<"check">;
    const evidence = signed === undefined ? world.evidence : [...world.evidence, said];
    return { ...world, evidence, stages: { ...world.stages, [stage]: changed } };
  };

/** A stage was once brought back from the release that it runs. */
export const broughtBack =
  (stage: string): Change =>
  (world) => {
    const state = world.stages[stage];
    const release = state?.ok === true ? state.record?.current?.release : undefined;
    if (state?.ok !== true || state.record === undefined || release === undefined)
      throw new Error(`nothing runs in ${stage}`);
    const record = { ...state.record, broughtBack: [release] };
    return { ...world, stages: { ...world.stages, [stage]: { ...state, record } } };
  };

/** The baseline is not fallen back to: the switch is off. */
export const withoutFallback: Change = (world) => {
  if (world.controls?.fallback === undefined) throw new Error("no fallback in this world");
  const { fallback: _, ...controls } = world.controls;
  return { ...world, controls };
};

/** What was measured of the canary during the step before. */
export const measured =
  (reading: TrackReading): Change =>
  (world) => {
    if (world.metrics === undefined || "failure" in world.metrics) throw new Error("no metrics in this world");
    return { ...world, metrics: { ...world.metrics, canary: { ...world.metrics.canary, ...reading } } };
  };

/** The metrics source answers otherwise: reads("production", "p95-low", { value: 501 }). */
export const reads =
  (stage: string, id: string, answers: Readonly<Record<string, number>>): Change =>
  (world) => {
    const changed = Object.entries(answers).map(([what, value]): [string, readonly [ReadSample]] => {
      const key = `${stage}.${id}.${what}`;
      if (!Object.hasOwn(world.readings ?? {}, key)) throw new Error(`nothing in this world asks for "${key}"`);
      return [key, [{ labels: {}, value }]];
    });
    return { ...world, readings: { ...world.readings, ...Object.fromEntries(changed) } };
  };

/** The metrics source has no series for a criterion: nobody measures it. */
export const unmeasured =
  (stage: string, id: string): Change =>
  (world) => {
    const of = (key: string): boolean => key.startsWith(`${stage}.${id}.`);
    const readings = Object.entries(world.readings ?? {});
    if (!readings.some(([key]) => of(key))) throw new Error(`nothing in this world asks for "${stage}.${id}"`);
    return { ...world, readings: Object.fromEntries(readings.map(([key, samples]) => [key, of(key) ? [] : samples])) };
  };

/** The same of a number that was so at a time ("13 days" ago) and not since: seen by what looks back so far. */
export const once =
  (stage: string, id: string, ago: string, answers: Readonly<Record<string, number>>): Change =>
  (world, plan) => {
    const looksBack = (value: unknown): boolean => {
      if (typeof value !== "object" || value === null) return false;
      if ("id" in value && "over" in value && value.id === id && Number(value.over) >= span(ago)) return true;
      return Object.values(value).some(looksBack);
    };
    const changed = reads(stage, id, answers)(world, plan);
    return looksBack(stageOf(plan, stage)) ? changed : world;
  };

/** An alert fired in the time that a criterion of kind no-alerts looks back on. */
export const alerted =
  (stage: string, id: string, alertname: string): Change =>
  (world) => {
    const key = `${stage}.${id}.firing`;
    if (!Object.hasOwn(world.readings ?? {}, key)) throw new Error(`nothing in this world asks for "${key}"`);
    return { ...world, readings: { ...world.readings, [key]: [{ labels: { alertname }, value: 1 }] } };
  };

/** The program does not declare a feature. */
export const undeclared =
  (feature: string): Change =>
  (world) => {
    const { declared } = world;
    if (declared === undefined || "failure" in declared.own || "failure" in declared.canary)
      throw new Error("nothing is declared in this world");
    const drop = (all: readonly string[]): string[] => all.filter((one) => one !== feature);
    const own = { ...declared.own, features: drop(declared.own.features) };
    const canary = { features: drop(declared.canary.features) };
    const less = own.features.length + canary.features.length;
    if (less === declared.own.features.length + declared.canary.features.length)
      throw new Error(`nothing declares "${feature}"`);
    return { ...world, declared: { ...declared, own, canary } };
  };

/** An earlier stage does not have a feature that this one has. */
export const lacks =
  (stage: string, feature: string): Change =>
  (world) => {
    const there = world.declared?.others[stage];
    if (there === undefined || "failure" in there || !there.features.includes(feature))
      throw new Error(`${stage} has no "${feature}" in this world`);
    const features = there.features.filter((one) => one !== feature);
    const declared = { ...world.declared, others: { ...world.declared?.others, [stage]: { features } } };
    return { ...world, declared: declared as NonNullable<World["declared"]> };
  };

/** The program makes no alert, or no dashboard, of a name; or an alert names no runbook. */
export const withoutAlert = (name: string): Change => own("alerts", (all) => all.filter((one) => one.name !== name));
export const withoutDashboard = (name: string): Change => own("dashboards", (all) => all.filter((one) => one !== name));
export const withoutRunbook = (alert: string): Change =>
  own("alerts", (all) =>
    all.map(({ runbook, ...rest }) => (rest.name === alert || runbook === undefined ? rest : { ...rest, runbook })),
  );

/** The program declares no flag of a name, or of a type; or a flag serves another variant. */
export const withoutFlag = (name: string): Change => own("flags", (all) => all.filter((one) => one.name !== name));
export const withoutFlagsOf = (type: string): Change => own("flags", (all) => all.filter((one) => one.type !== type));
export const serving = (name: string, variant: string): Change =>
  own("flags", (all) => all.map((one) => (one.name === name ? { ...one, serves: variant } : one)));

/** The update plan changes resources of a type. */
export const changing =
  (type: string): Change =>
  (world) => ({ ...world, touched: Object.fromEntries(world.updatePlans.map((plan) => [plan, [type]])) });

type Own = Exclude<NonNullable<World["declared"]>["own"], { failure: string }>;

function own<K extends keyof Own>(key: K, change: (value: Own[K]) => Own[K]): Change {
  return (world) => {
    const { declared } = world;
    if (declared === undefined || "failure" in declared.own) throw new Error("nothing is declared in this world");
    const before = declared.own[key];
    const after = change(before);
    if (JSON.stringify(before) === JSON.stringify(after)) throw new Error(`the ${key} have no such thing`);
    return { ...world, declared: { ...declared, own: { ...declared.own, [key]: after } } };
  };
}

function evidence<K extends EvidenceKind>(
  kind: K,
  about: Some<K>,
  change: (item: EvidenceOf<K>) => EvidenceOf<K> | undefined,
): Change {
  return (world) => {
    const meant = new Set<Evidence>(matching(world, kind, about));
    const changed = world.evidence.flatMap((item) => {
      if (!meant.has(item)) return [item];
      const made = change(item as EvidenceOf<K>);
      return made === undefined ? [] : [made as Evidence];
    });
    return { ...world, evidence: changed };
  };
}

/** Evidence of a kind that has all of these facts. None at all is a mistake in the case. */
function matching<K extends EvidenceKind>(world: World, kind: K, about: Some<K>): Evidence[] {
  const found = world.evidence.filter(
    (item) =>
      item.kind === kind &&
      Object.entries(about).every(
        ([key, value]) => JSON.stringify((item.facts as Record<string, unknown>)[key]) === JSON.stringify(value),
      ),
  );
  if (found.length === 0) throw new Error(`the good world has no ${kind} with ${JSON.stringify(about)}`);
  return found;
}

function some<T>(before: readonly T[], after: readonly T[], what: string): readonly T[] {
  if (before.length === after.length && before.every((item, index) => item === after[index]))
    throw new Error(`the good world has nothing for "${what}"`);
  return after;
}

function span(text: string): number {
  const value = parseDuration(text);
  if (value === undefined) throw new Error(`"${text}" is no duration`);
  return value;
}
