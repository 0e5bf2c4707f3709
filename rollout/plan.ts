/**
 * The rollout plan: the team's document as data. `parsePlan` turns the text of plans/*.yaml into a Plan or into one
 * error with every mistake in it: types, unknown keys, dangling names, steps that do not rise.
 *
 * Units are parsed here and nowhere else: durations are milliseconds, percentages fractions 0..1, weights whole
 * percent 1..100.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { checkNames } from "./plan-names";
import { APPROVAL_CRITERIA, releaseType, waivers } from "./plan/approvals";
import { freeze, PROGRESS_CRITERIA, window } from "./plan/calendar";
import { canary, cohort, operationCanary } from "./plan/canary";
import { about, criticalPaths, dashboard, DECLARED_CRITERIA } from "./plan/declared";
import { EVIDENCE_CRITERIA } from "./plan/evidence-criteria";
import { flag } from "./plan/flags";
import { limits } from "./plan/limits";
import { METRIC_CRITERIA, metrics, trigger } from "./plan/metrics";
import { covers, name, names, text } from "./plan/words";
import { duration, percent } from "./units";
import { mistakesError, mistakesOf, readYaml } from "./yaml";
import type { Path } from "./yaml";

/** One condition of a gate. */
const criterion = z.discriminatedUnion("kind", [
  ...EVIDENCE_CRITERIA,
  ...METRIC_CRITERIA,
  ...DECLARED_CRITERIA,
  ...PROGRESS_CRITERIA,
  ...APPROVAL_CRITERIA,
]);

/** What guards a transition. A gate without criteria would be open to everyone: at least one. */
const gate = z.strictObject({
  criteria: z.array(criterion, "a list of criteria").min(1, "at least one criterion").readonly(),
});

const stage = z.strictObject({
  name,
  title: text.optional(),
  /** LOW, medium, "managed": for the report. */
  risk: text.optional(),
  /** The branch that it is deployed from; a criterion of kind branch proves it. */
  branch: text.optional(),
  cohort: cohort.optional(),
  enter: gate,
  /** What must hold before the stage after this one is entered, beside that one's own criteria. */
  exit: gate.optional(),
  window: window.optional(),
  /** One canary for the whole service, or one for each operation. */
  canary: canary.optional(),
  canaries: z.record(name, operationCanary).optional(),
  /** Making the release the new baseline: the watch after the last step, and what must have held in it. */
  finish: z.strictObject({ after: duration, criteria: gate.shape.criteria, covers }).optional(),
  covers,
});

/** A way back and what it needs: configuration, code, data. */
const level = z.strictObject({
  title: text,
  /** From the decision to the end. */
  within: duration,
  /** What is done, in order, in words. */
  does: z.array(text).min(1).readonly(),
  /** How long it is watched afterwards. */
  watch: duration.optional(),
  /** Handles that are told. */
  tell: names.optional(),
  /** Drill that proves it, and how old that may be: a criterion of kind drill asks for it. */
  drill: name,
  drillMaxAge: duration,
  covers,
});

const schema = z.strictObject({
  apiVersion: z.literal("holdpoint.dev/v1"),
  kind: z.literal("RolloutPlan"),
  name,
  title: text,
  /** Of the document itself, for reports. */
  about: about.optional(),
  /** Name of the service; its Kubernetes objects and namespaces begin with it. */
  service: name,
  /** Handle → how to reach them. */
  owners: z.record(name, z.strictObject({ contact: text, covers })),
  /** Role → what it may do, for readers. Who holds a role is in the trust file, not here. */
  roles: z.record(name, text),
  /** Types of releases; with them, every release must be of one. */
  releaseTypes: z.record(name, releaseType).optional(),
  waivers: waivers.optional(),
  slo: z
    .strictObject({
      /** Fraction of requests without an error. */
      availability: percent,
      /** 95 % of requests are faster than this. */
      p95: duration,
      /** Over which the budget is counted. */
      window: duration,
      /** Fraction of the error budget that must be left a day after a rollout. */
      errorBudgetLeft: percent,
      covers,
    })
    .optional(),
  metrics: metrics.default({}),
  /** Metric → what it shall come to. Alerts come before rollbacks, and both after the goal was missed. */
  goals: z.record(name, z.strictObject({ ...limits, covers })).default({}),
  criticalPaths: criticalPaths.default({}),
  dashboards: z.record(name, dashboard).default({}),
  /** Name → where it is kept. */
  runbooks: z.record(name, text),
  documents: z.record(name, text).default({}),
  /** Feature flags, all of them: this is the one place where they are kept. */
  flags: z.record(name, flag).default({}),
  /** Windows that criteria name: release trains. */
  windows: z.record(name, window).default({}),
  freezes: z.array(freeze).readonly().default([]),
  stages: z.array(stage, "a list of stages").min(1, "at least one stage").readonly(),
  triggers: z.array(trigger, "a list of triggers").readonly().default([]),
  rollback: z.strictObject({
    /** From the command to the last request served by the new version. */
    within: duration,
    /** Handles that are told. */
    tell: names,
    levels: z.record(name, level).default({}),
    /** Least to most: marks on one clock that begins when a trigger has fired. Every drill of a level must show them. */
    marks: z
      .array(z.strictObject({ id: name, title: text, within: duration, covers }))
      .readonly()
      .default([]),
    covers,
  }),
});

/** Where a plan came from. */
export interface PlanSource {
  readonly file: string;
  /** sha256 of the text. */
  readonly digest: string;
  /** "plans/omnihub.yaml:41" for the item at a path of the plan. */
  at(path: Path): string;
}

/** A parsed plan and where it came from. */
export type Plan = z.output<typeof schema> & { readonly source: PlanSource };
export type Stage = Plan["stages"][number];
export type Window = NonNullable<Stage["window"]>;
export type Canary = NonNullable<Stage["canary"]>;
export type Step = Canary["steps"][number];
export type Judge = Canary["judge"];
export type Trigger = Plan["triggers"][number];
export type Criterion = Stage["enter"]["criteria"][number];
export type CriterionKind = Criterion["kind"];
export type CriterionOf<K extends CriterionKind> = Extract<Criterion, { kind: K }>;
/** Criteria that rest on evidence. */
export type EvidenceCriterion = Extract<Criterion, { attestedBy: readonly string[] }>;
/** Criteria that rest on approvals. */
export type ApprovalCriterion = Extract<Criterion, { from: readonly string[] }>;

/** The schema, for a JSON Schema of the input and for tests. */
export const planSchema = schema;

/**
 * The plan in a text.
 * @param file as messages shall name it: "plans/omnihub.yaml"
 * @throws HoldpointError `yaml-syntax`, `file-too-large`, or `plan-invalid` with all mistakes at once
 */
export function parsePlan(content: string, file: string): Plan {
  const from = readYaml(content, file);
  const result = schema.safeParse(from.data);
  const mistakes = [...(result.success ? [] : mistakesOf(result.error, from, schema)), ...checkNames(from.data)];
  if (!result.success || mistakes.length > 0) {
    throw mistakesError("plan-invalid", mistakes, from, {
      remedy: `mend ${file} at the named places; docs/plan.md has every key`,
    });
  }
  const source: PlanSource = { file, digest: planDigest(content), at: (path) => `${file}:${from.lineOf(path)}` };
  return Object.freeze({ ...result.data, source });
}

/** sha256 (hex) of a plan's text: what approvals and records name it by. */
export function planDigest(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The canary of a stage's whole service, or of one of its operations; undefined where the plan has none. */
export function canaryOf(stage: Stage, operation: string | undefined): Canary | undefined {
  if (operation === undefined) return stage.canary;
  return Object.hasOwn(stage.canaries ?? {}, operation) ? stage.canaries?.[operation] : undefined;
}

/** The stage of a name, or undefined. */
export function stageOf(plan: Plan, name: string): Stage | undefined {
  return plan.stages.find((candidate) => candidate.name === name);
}

/** "plans/omnihub.yaml:41": where the plan has a criterion of a stage's gates, the exit that it judges among them. */
export function criterionLine(plan: Plan, stageName: string, id: string): string {
  const here = plan.stages.findIndex((candidate) => candidate.name === stageName);
  const places = [
    [here, "enter"],
    [here, "finish"],
    [here - 1, "exit"],
    [here, "exit"],
  ] as const;
  for (const [stage, part] of places) {
    const index = plan.stages[stage]?.[part]?.criteria.findIndex((candidate) => candidate.id === id) ?? -1;
    if (index >= 0) return plan.source.at(["stages", stage, part, "criteria", index]);
  }
  const path = canaryCriterionPath(plan.stages[here], id);
  return path === undefined ? plan.source.file : plan.source.at(["stages", here, ...path]);
}

/** Where a stage has a criterion of one of its canaries, below the stage. */
function canaryCriterionPath(stage: Stage | undefined, id: string): Path | undefined {
  const canaries: [Path, Canary][] = [
    ...(stage?.canary === undefined ? [] : [[["canary"], stage.canary] as [Path, Canary]]),
    ...Object.entries(stage?.canaries ?? {}).map(([name, its]) => [["canaries", name], its] as [Path, Canary]),
  ];
  for (const [path, { criteria, steps, stepsFor, approval }] of canaries) {
    if (approval?.id === id) return [...path, "approval"];
    const own = criteria.findIndex((one) => one.id === id);
    if (own >= 0) return [...path, "criteria", own];
    for (const [key, all] of [["steps", steps] as const, ...Object.entries(stepsFor)]) {
      const at = all.findIndex((step) => step.criteria.some((one) => one.id === id));
      const index = all[at]?.criteria.findIndex((one) => one.id === id) ?? -1;
      if (index >= 0) return [...path, ...(key === "steps" ? [key] : ["stepsFor", key]), at, "criteria", index];
    }
  }
  return undefined;
}
