/** What a stage's gates ask for, from the plan alone, in a reader's words. */
import { showWindow } from "../rollout/calendar";
import { freezesOf } from "../rollout/freezes";
import { askedAgain } from "../rollout/gate";
import { wayBackSentences } from "../rollout/levels";
import { criterionLine, type Canary, type Criterion, type Plan, type Stage } from "../rollout/plan";
import { isArmed } from "../rollout/triggers";
import { showDuration, showPercent, showQuantity } from "../rollout/units";
import { showLimits } from "../rollout/limits";
import { asksOf } from "./explain-asks";

/** One criterion as a reader wants it. */
export interface ExplainedCriterion {
  readonly criterion: string;
  readonly title: string;
  readonly kind: Criterion["kind"];
  /** Handle of who mends it, and how to reach them. */
  readonly owner: string;
  readonly contact: string;
  /** What passes it, by its keys: "the newest 3 runs of browser". Empty where the kind alone says it. */
  readonly asks: string;
  /** Who must say so: roles that attest or approve. Empty where nobody has to. */
  readonly who: string;
  /** How old it may be; empty where age does not matter. */
  readonly fresh: string;
  /** "below 500 ms"; empty where there is no number. */
  readonly limits: string;
  /** Types of releases that are asked; empty for all. */
  readonly types: readonly string[];
  /** "plans/omnihub.yaml:41" */
  readonly line: string;
}

/** One step of a canary. */
export interface ExplainedStep {
  readonly weight: number;
  /** "15 minutes" */
  readonly hold: string;
  /** What people are told as it begins and once it was held, in sentences. */
  readonly announces: readonly string[];
  /** What is asked before it, besides what is asked of every step. */
  readonly criteria: readonly ExplainedCriterion[];
  readonly line: string;
}

/** A canary of the stage. */
export interface ExplainedCanary {
  /** "search"; empty for the whole service's. */
  readonly operation: string;
  readonly steps: readonly ExplainedStep[];
  /** Types of releases with other steps, and their weights. */
  readonly stepsFor: Readonly<Record<string, readonly number[]>>;
  /** What a step must show before the next one, in sentences. */
  readonly judged: readonly string[];
  /** Asked before each step but the first. */
  readonly criteria: readonly ExplainedCriterion[];
}

/** One gate: what has to hold, all of it. */
export interface ExplainedGate {
  readonly gate: "enter" | "exit" | "finish";
  /** "To enter production, all of" */
  readonly title: string;
  readonly criteria: readonly ExplainedCriterion[];
  /** Of the finish: criteria of the entry that must hold still. */
  readonly again?: readonly string[];
}

/** A stage's gates, its canaries, and what sends it back. */
export interface ExplainedStage {
  readonly stage: string;
  readonly title: string;
  readonly plan: string;
  /** For whom, when, from where: sentences. */
  readonly about: readonly string[];
  readonly gates: readonly ExplainedGate[];
  readonly canaries: readonly ExplainedCanary[];
  /** What rolls back or calls somebody here, in sentences. */
  readonly triggers: readonly string[];
  /** How the way back is meant to go, in sentences. */
  readonly wayBack: readonly string[];
}

/** Lists everything that is asked in a stage. */
export function explainStage(plan: Plan, stage: Stage): ExplainedStage {
  const before = plan.stages[plan.stages.indexOf(stage) - 1];
  const explain = (all: readonly Criterion[], of: Stage = stage) => all.map((one) => explainCriterion(plan, of, one));
  const gates: readonly (ExplainedGate | undefined)[] = [
    before?.exit && {
      gate: "exit",
      title: `To leave ${before.name}, all of`,
      criteria: explain(before.exit.criteria, before),
    },
    { gate: "enter", title: `To enter ${stage.name}, all of`, criteria: explain(stage.enter.criteria) },
    stage.finish && {
      gate: "finish",
      title: `To make it the baseline of ${stage.name}, ${showDuration(stage.finish.after)} after its last step, all of`,
      again: askedAgain(plan, stage).map(({ id }) => id),
      criteria: explain(stage.finish.criteria),
    },
  ];
  return {
    stage: stage.name,
    title: stage.title ?? stage.name,
    plan: plan.source.file,
    about: aboutSentences(plan, stage),
    gates: gates.filter((gate) => gate !== undefined),
    canaries: canariesOf(stage).map(([operation, canary]) => explainCanary(plan, stage, operation, canary)),
    triggers: plan.triggers.filter((trigger) => isArmed(trigger, stage.name)).map(triggerSentence),
    wayBack: wayBackSentences(plan),
  };
}

function canariesOf(stage: Stage): (readonly [operation: string, canary: Canary])[] {
  return [
    ...(stage.canary === undefined ? [] : [["", stage.canary] as const]),
    ...Object.entries(stage.canaries ?? {}).map(([name, canary]) => [name, canary] as const),
  ];
}

/** The explanation as text: two lines a criterion, which fit any terminal. */
export function renderExplanation(explained: ExplainedStage): string {
  const { title, plan, about, gates, canaries, triggers, wayBack } = explained;
  // In the order in which they come: the finish is after the canary.
  const [entry, end] = [gates.filter(({ gate }) => gate !== "finish"), gates.filter(({ gate }) => gate === "finish")];
  return [
    `${title} (${plan})`,
    ...about.map((sentence) => `  ${sentence}`),
    ...entry.flatMap(renderGate),
    ...canaries.flatMap(renderCanary),
    ...end.flatMap(renderGate),
    ...(triggers.length === 0 ? [] : ["Always watched:", ...triggers.map((sentence) => `  ${sentence}`)]),
    "The way back, which nothing blocks:",
    ...wayBack.map((sentence) => `  ${sentence}`),
  ].join("\n");
}

function renderGate({ title, criteria, again = [] }: ExplainedGate): string[] {
  const still = again.length === 0 ? [] : [`  and of its entry still: ${again.join(", ")}`];
  return [`${title}:`, ...criteria.map((criterion) => renderCriterion(criterion, "  ")), ...still];
}

function renderCriterion(explained: ExplainedCriterion, indent: string): string {
  const { criterion, title, asks, who, fresh, types, owner, contact, line } = explained;
  const only = types.length === 0 ? "" : `only a ${types.join(" or ")}`;
  const details = [only, asks, who, fresh, `mended by ${owner} (${contact})`, line].filter((part) => part !== "");
  return `${indent}${criterion}: ${title}\n${indent}    ${details.join(" | ")}`;
}

function renderCanary({ operation, steps, stepsFor, judged, criteria }: ExplainedCanary): string[] {
  const whose = operation === "" ? "the canary" : `the canary of ${operation}`;
  return [
    `Then ${whose}: each step once the one before was held and showed`,
    ...judged.map((one) => `      ${one}`),
    ...criteria.map((one) => renderCriterion(one, "      ")),
    ...steps.flatMap((step) => [
      `  ${`${step.weight} %`.padStart(5)}  held ${step.hold}  ${step.line}`,
      ...step.announces.map((sentence) => `         ${sentence}`),
      ...step.criteria.map((one) => renderCriterion(one, "         ")),
    ]),
    ...Object.entries(stepsFor).map(([type, weights]) => `  a ${type} takes ${weights.join(" %, ")} %`),
  ];
}

function explainCanary(plan: Plan, stage: Stage, operation: string, canary: Canary): ExplainedCanary {
  const path = ["stages", plan.stages.indexOf(stage), ...(operation === "" ? ["canary"] : ["canaries", operation])];
  const explain = (all: readonly Criterion[]) => all.map((one) => explainCriterion(plan, stage, one));
  const approval = canary.approval === undefined ? [] : [canary.approval];
  return {
    operation,
    steps: canary.steps.map(({ weight, hold, criteria, announce }, at) => ({
      weight,
      hold: showDuration(hold),
      announces: [
        ...(announce?.begins === undefined ? [] : [`told as it begins: ${announce.begins}`]),
        ...(announce?.held === undefined ? [] : [`told once it was held: ${announce.held}`]),
      ],
      criteria: explain(criteria),
      line: plan.source.at([...path, "steps", at]),
    })),
    stepsFor: Object.fromEntries(
      Object.entries(canary.stepsFor).map(([type, steps]) => [type, steps.map(({ weight }) => weight)]),
    ),
    judged: [
      ...judgeSentences(canary.judge),
      ...(canary.fallback === undefined ? [] : ["the baseline answers what the new version can't, by a switch"]),
    ],
    criteria: explain([...canary.criteria, ...approval]),
  };
}

function explainCriterion(plan: Plan, stage: Stage, criterion: Criterion): ExplainedCriterion {
  const { id, title, kind, owner, types } = criterion;
  return {
    criterion: id,
    title,
    kind,
    owner,
    contact: plan.owners[owner]?.contact ?? "",
    asks: asksOf(criterion, plan, stage),
    who: whoSays(criterion),
    fresh: freshness(criterion),
    limits: isLimited(criterion) ? showLimits(criterion) : "",
    types: types ?? [],
    line: criterionLine(plan, stage.name, id),
  };
}

type Limited = Extract<Criterion, { kind: "measurement" | "survey" | "metric" }>;

/** The same keys are counts in other kinds. */
function isLimited(criterion: Criterion): criterion is Limited {
  const { kind } = criterion;
  return kind === "measurement" || kind === "survey" || kind === "metric";
}

function whoSays(criterion: Criterion): string {
  if ("from" in criterion) return `${criterion.count} of ${criterion.from.join(", ")}; never the author`;
  if ("explainedBy" in criterion) return criterion.explainedBy.join(" or ");
  return "attestedBy" in criterion ? criterion.attestedBy.join(" or ") : "";
}

function freshness(criterion: Criterion): string {
  if ("validFor" in criterion) return `signed within ${showDuration(criterion.validFor)}`;
  if (criterion.kind === "stage-lasted") return `for ${showDuration(criterion.atLeast)} or longer`;
  if ("over" in criterion) return `over ${showDuration(criterion.over)}`;
  return "maxAge" in criterion ? `at most ${showDuration(criterion.maxAge)} old` : "";
}

function showPeople({ min, max }: NonNullable<NonNullable<Stage["cohort"]>["people"]>): string {
  if (min !== undefined && max !== undefined) return min === max ? `${min} people` : `${min}-${max} people`;
  return max === undefined ? `${min ?? 1} people or more` : `at most ${max} people`;
}

/** For whom a stage is, when it may be changed, and what its releases come from. */
function aboutSentences(plan: Plan, stage: Stage): string[] {
  const { cohort, window, branch, risk } = stage;
  const people = cohort?.people;
  const many = people === undefined ? "" : `, ${showPeople(people)}`;
  const types = Object.entries(plan.releaseTypes ?? {}).map(([name, { title }]) => `${name} (${title})`);
  const freezes = freezesOf(plan, stage);
  return [
    ...(cohort === undefined ? [] : [`for ${cohort.who}${many}`]),
    ...(branch === undefined ? [] : [`deployed from ${branch}`]),
    ...(window === undefined ? [] : [`open on ${showWindow(window)}, for ${showDuration(window.for)}`]),
    ...freezes.map((freeze) =>
      "file" in freeze
        ? `not during ${freeze.title} (${freeze.file})`
        : `not from ${freeze.from} to ${freeze.to}: ${freeze.title}`,
    ),
    ...(types.length === 0 ? [] : [`types of releases: ${types.join(", ")}`]),
    ...(risk === undefined ? [] : [`risk: ${risk}`]),
  ];
}

const DOES = { rollback: "rolls back", page: "calls", notify: "tells" } as const;

function triggerSentence({ id, title, when, does, owner, runbook }: Plan["triggers"][number]): string {
  const condition =
    "criterion" in when
      ? `not: ${when.criterion.title}`
      : `${when.metric} ${showLimits(when)}${when.of === undefined ? "" : ` of ${when.of === "baseline" ? "the baseline's" : "its own before"}`}${when.for === undefined ? "" : ` for ${showDuration(when.for)}`}`;
  const whom = does === "rollback" ? `, ${owner} is told` : ` ${owner}`;
  return `${id}: ${title} (${condition}): ${DOES[does]}${whom}${runbook === undefined ? "" : `, runbook ${runbook}`}`;
}

function judgeSentences({ errorRate, p95, health, minRequests, traffic }: Canary["judge"]): string[] {
  return [
    `error rate under ${errorRate.below}x of the baseline's`,
    `p95 under ${p95.below}x of the baseline's`,
    `${showPercent(health.passing).replace("%", " %")} of health checks pass`,
    `at least ${minRequests} requests on each side${traffic === undefined ? "" : `, of ${showQuantity(traffic)} that are counted on`}`,
  ];
}
