import * as pulumi from "@pulumi/pulumi";
import { projectRoot } from "../components/configuration";
import { readProject, type Project } from "../components/project";
import { keepDecision } from "../evidence/decisions";
import { configuredPath } from "../evidence/request";
import { openStore } from "../evidence/store";
import { decideEnter, decideStep } from "../rollout/decide";
import type { Decision } from "../rollout/decision";
import { HoldpointError } from "../rollout/errors";
import { renderOverview, renderRefusals } from "../rollout/explain";
import { allAsked } from "../rollout/gate";
import { stageOf } from "../rollout/plan";
import { nextRecord } from "../rollout/record";
import type { Deployment } from "../rollout/state";
import { goalInputs, matchesGoal, type UpdatePlanContent } from "../rollout/update-plan";
import type { Decided } from "./gate";
import { gatherWorld, type Gathered } from "./world";

/** How long keeping the decision may hold up the run, in milliseconds. */
const KEEPING = 500;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref());

/** Reads everything that this run's decision rests on, decides, and keeps the decision. */
export async function decideRun(mode: "preview" | "up"): Promise<Decided> {
  const project = readProject(projectRoot());
  const stacks = `${pulumi.getOrganization()}/${pulumi.getProject()}`;
  const { decision, ...more } = await decideIn(project, await gatherWorld({ project, stacks, mode }));
  const { stack, evidence } = project.settings;
  const kept = keepDecision(configuredPath(project.root, evidence), {
    stack,
    mode,
    request: project.digest,
    decision,
  });
  // A store that does not answer must not hold up a decision that is made.
  await Promise.race([kept, pause(KEEPING)]);
  return told(decision, mode, { ...more, request: project.request, digest: project.digest });
}

type More = Omit<Decided, "outcome" | "refusals" | "overview">;

function told(decision: Decision, mode: "preview" | "up", more: More): Decided {
  const { outcome } = decision;
  const closed = outcome === "NO-GO" || (outcome === "PENDING" && mode === "up");
  return { outcome, refusals: closed ? renderRefusals(decision) : [], overview: renderOverview(decision), ...more };
}

async function decideIn(project: Project, { world, own }: Gathered): Promise<More & { decision: Decision }> {
  const { settings, plan, digest } = project;
  if (settings.kind === "canary") {
    const decision = decideStep(plan, settings.stage, settings.canary.weight, world);
    return { decision, needsApproval: false };
  }
  const decision = decideEnter(plan, settings.stage, world);
  const state = world.stages[settings.stage];
  const record = nextRecord(state?.ok === true ? state.record : undefined, { ...settings, request: digest }, decision);
  const unapproved = await differenceFrom(project, decision, own);
  return { decision, needsApproval: needsApproval(project), record, ...(unapproved && { unapproved }) };
}

function needsApproval({ plan, settings }: Project): boolean {
  const stage = stageOf(plan, settings.stage);
  const asked = stage === undefined ? [] : allAsked(plan, stage);
  return asked.some(({ criterion: { kind } }) => kind === "sign-off" || kind === "update-plan-review");
}

/** Compares resources with the approved update plan, where there is one. */
async function differenceFrom(
  { root, settings }: Project,
  { updatePlan }: Decision,
  own: Deployment | undefined,
): Promise<Decided["unapproved"]> {
  if (updatePlan === undefined) return undefined;
  const content = await openStore(configuredPath(root, settings.evidence)).getUpdatePlan(updatePlan);
  // Gone since the decision was made: then nothing was approved.
  const approved = (content as UpdatePlanContent | undefined) ?? { config: {}, resourcePlans: {} };
  const before = new Map(own?.resources.map(({ urn, inputs }) => [urn, inputs ?? {}]));
  return (urn, inputs) => difference(goalInputs(approved, urn, before.get(urn) ?? {}), inputs);
}

function difference(
  goal: Record<string, unknown> | undefined,
  inputs: Readonly<Record<string, unknown>>,
): string | undefined {
  if (goal === undefined) return "a resource that no approver has seen";
  // `__internal` is the engine's own mark, not an input.
  const names = Object.keys({ ...goal, ...inputs }).filter((name) => name !== "__internal");
  const changed = names.filter((name) => !matchesGoal(goal[name] ?? null, inputs[name] ?? null));
  return changed.length === 0 ? undefined : `other values than approved for ${changed.sort().join(", ")}`;
}

/** What can't be decided is a NO-GO like any other, told in the same words. */
export function refuse(error: unknown): Decided {
  const known = error instanceof HoldpointError;
  const finding = {
    criterion: known ? error.code : "defect",
    title: "The gate can be decided",
    verdict: "fail",
    found: known ? error.message : `the gate failed: ${error instanceof Error ? error.message : String(error)}`,
    wanted: "configuration, rollout plan, trust file and evidence that can be read",
    owner: "whoever runs this",
    remedy: known ? (error.remedy ?? "mend what is named") : "report this as a defect of Holdpoint",
    line: known ? `docs/errors.md#${error.code}` : "policies/decide.ts",
    used: [],
  } as const;
  const decision = {
    gate: pulumi.getStack(),
    outcome: "NO-GO",
    findings: [finding],
    decidedAt: Date.now(),
    approvals: [],
  } as const;
  return told(decision, "up", { needsApproval: true });
}
