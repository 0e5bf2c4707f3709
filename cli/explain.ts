/** What a stage's gate asks for, from the plan alone. */
import { criterionLine, type Criterion, type Plan, type Stage } from "../rollout/plan";
import { showDuration } from "../rollout/units";

/** One criterion as a reader wants it. */
export interface ExplainedCriterion {
  readonly criterion: string;
  readonly title: string;
  readonly kind: Criterion["kind"];
  /** Handle of who mends it, and how to reach them. */
  readonly owner: string;
  readonly contact: string;
  /** Who must say so: roles that attest or approve. Empty where nobody has to. */
  readonly who: string;
  /** How old it may be; empty where age does not matter. */
  readonly fresh: string;
  /** "plans/omnihub.yaml:41" */
  readonly line: string;
}

/** One step of the canary. */
export interface ExplainedStep {
  readonly weight: number;
  /** "15 minutes" */
  readonly hold: string;
  readonly line: string;
}

/** A stage's gate and its canary. */
export interface ExplainedStage {
  readonly stage: string;
  readonly title: string;
  readonly plan: string;
  readonly criteria: readonly ExplainedCriterion[];
  readonly steps: readonly ExplainedStep[];
  /** What a step must show before the next one, in sentences. */
  readonly judged: readonly string[];
}

/** Lists a stage's criteria and steps. */
export function explainStage(plan: Plan, stage: Stage): ExplainedStage {
  const index = plan.stages.indexOf(stage);
  return {
    stage: stage.name,
    title: stage.title ?? stage.name,
    plan: plan.source.file,
    criteria: stage.enter.criteria.map((criterion) => explainCriterion(plan, stage, criterion)),
    steps: (stage.canary?.steps ?? []).map(({ weight, hold }, at) => ({
      weight,
      hold: showDuration(hold),
      line: plan.source.at(["stages", index, "canary", "steps", at]),
    })),
    judged: stage.canary === undefined ? [] : judgeSentences(stage.canary.judge),
  };
}

/** The explanation as text: two lines a criterion, which fit any terminal. */
export function renderExplanation(explained: ExplainedStage): string {
  const { title, plan, stage, criteria, steps, judged } = explained;
  const head = `${title} (${plan})\nTo enter ${stage}, all of:`;
  const asked = criteria.map((criterion) => {
    const { criterion: id, title: what, who, fresh, owner, contact, line } = criterion;
    const details = [who, fresh, `mended by ${owner} (${contact})`, line].filter((part) => part !== "");
    return `  ${id}: ${what}\n      ${details.join(" | ")}`;
  });
  const ladder = steps.map(({ weight, hold, line }) => `  ${`${weight} %`.padStart(5)}  held ${hold}  ${line}`);
  const canary = [
    `Then the canary: each step once the one before was held and showed`,
    ...judged.map((one) => `      ${one}`),
    ...ladder,
  ];
  return [head, ...asked, ...(steps.length === 0 ? [] : canary)].join("\n");
}

function explainCriterion(plan: Plan, stage: Stage, criterion: Criterion): ExplainedCriterion {
  const { id, title, kind, owner } = criterion;
  return {
    criterion: id,
    title,
    kind,
    owner,
    contact: plan.owners[owner]?.contact ?? "",
    who: whoSays(criterion),
    fresh: freshness(criterion),
    line: criterionLine(plan, stage.name, id),
  };
}

function whoSays(criterion: Criterion): string {
  if ("from" in criterion) return `${criterion.count} of ${criterion.from.join(", ")}; never the author`;
  return "attestedBy" in criterion ? criterion.attestedBy.join(" or ") : "";
}

function freshness(criterion: Criterion): string {
  if ("validFor" in criterion) return `signed within ${showDuration(criterion.validFor)}`;
  return "maxAge" in criterion ? `at most ${showDuration(criterion.maxAge)} old` : "";
}

function judgeSentences({ errorRate, p95, health, minRequests }: NonNullable<Stage["canary"]>["judge"]): string[] {
  return [
    `error rate under ${errorRate.below}x of the baseline's`,
    `p95 under ${p95.below}x of the baseline's`,
    `${health.passing * 100} % of health checks pass`,
    `at least ${minRequests} requests on each side`,
  ];
}
