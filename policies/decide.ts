import * as pulumi from "@pulumi/pulumi";
import { projectRoot } from "../components/configuration";
import { readProject, type Project } from "../components/project";
import { configuredPath } from "../evidence/request";
import { openStore } from "../evidence/store";
import { decideAsked } from "../evidence/replay";
import type { Decision } from "../rollout/decision";
import { HoldpointError } from "../rollout/errors";
import { renderOverview, renderRefusals } from "../rollout/explain";
import { allAsked } from "../rollout/gate";
import { canaryOf, stageOf } from "../rollout/plan";
import { keptByStep, nextRecord } from "../rollout/record";
import type { Deployment } from "../rollout/state";
import { goalInputs, matchesGoal, type UpdatePlanContent } from "../rollout/update-plan";
import type { Decided } from "./gate";
import { askedOf } from "./asked";
import { keepRun } from "./keep";
import { gatherWorld, type Gathered } from "./world";

/** Reads everything that this run's decision rests on, decides, and keeps the decision. */
export async function decideRun(mode: "preview" | "up"): Promise<Decided> {
  const project = readProject(projectRoot());
  const stacks = `${pulumi.getOrganization()}/${pulumi.getProject()}`;
  const gathered = await gatherWorld({ project, stacks, mode });
  const { decision, ...more } = await decideIn(project, gathered);
  const note = await keepRun({ project, stacks, gathered, decision });
  const answer = told(decision, mode, { ...more, request: project.request, digest: project.digest });
  return note === undefined ? answer : { ...answer, overview: `${answer.overview}\n${note}` };
}

type More = Omit<Decided, "outcome" | "refusals" | "overview">;

function told(decision: Decision, mode: "preview" | "up", more: More): Decided {
  const { outcome } = decision;
  const closed = outcome === "NO-GO" || (outcome === "PENDING" && mode === "up");
  return { outcome, refusals: closed ? renderRefusals(decision) : [], overview: renderOverview(decision), ...more };
}

async function decideIn(project: Project, { world, own }: Gathered): Promise<More & { decision: Decision }> {
  const { settings, plan, digest, content } = project;
  const decision = decideAsked(plan, askedOf(settings), world);
  const unapproved = await differenceFrom(project, decision, own);
  const approved = { needsApproval: needsApproval(project, decision), ...(unapproved && { unapproved }) };
  const state = world.stages[settings.stage];
  if (settings.kind === "canary") {
    return { decision, ...approved, ...keptByStep(decision, state, settings.operation) };
  }
  const made = { ...settings, request: digest, content, type: settings.release.type };
  const record = nextRecord(state?.ok === true ? state.record : undefined, made, decision, world.trust?.mark);
  return { decision, record, ...approved };
}

function needsApproval({ plan, settings }: Project, { wayBack }: Decision): boolean {
  const stage = stageOf(plan, settings.stage);
  if (settings.kind === "canary") {
    const canary = stage === undefined ? undefined : canaryOf(stage, settings.operation);
    return canary?.approval !== undefined && wayBack === undefined;
  }
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
