import * as pulumi from "@pulumi/pulumi";
import { keepDecision } from "../evidence/decisions";
import { configuredPath, type Request } from "../evidence/request";
import { openStore } from "../evidence/store";
import { projectRoot } from "../components/configuration";
import { readProject, type Project } from "../components/project";
import { decideEnter, decideStep } from "../rollout/decide";
import type { Decision } from "../rollout/decision";
import { HoldpointError } from "../rollout/errors";
import type { Digest } from "../rollout/evidence";
import { stageOf } from "../rollout/plan";
import { nextRecord } from "../rollout/record";
import type { Deployment } from "../rollout/state";
import type { UpdatePlanContent } from "../rollout/update-plan";
import type { StageRecord } from "../rollout/world";
import { withDeadline } from "./deadline";
import { gatherWorld, type Gathered } from "./world";

/** The longest that a gate takes, in milliseconds; each thing that it reads has a shorter deadline of its own. */
const DEADLINE = 60_000;

/** How long keeping the decision may hold up the run, in milliseconds. */
const KEEPING = 500;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds).unref());

/** A gate's decision and what the policies need beside it. */
export interface Decided {
  readonly decision: Decision;
  /** What the pack itself would ask clearance for; absent where the project could not be read. */
  readonly request?: Request;
  readonly digest?: Digest;
  /** Whether people must approve what enters this stage. */
  readonly needsApproval: boolean;
  /** Stage stacks: the record to write once the stage is entered. */
  readonly record?: StageRecord;
  /** What was approved; absent where no approval was asked for. */
  readonly approved?: ApprovedChange;
}

/** An approved update plan, and the state that it starts from. */
export interface ApprovedChange {
  readonly content: UpdatePlanContent;
  /** A resource's inputs in the state; none for one that is new. */
  inputsBefore(urn: string): Readonly<Record<string, unknown>>;
}

/** The one gate of a run. */
export interface Gate {
  readonly mode: "preview" | "up";
  readonly decided: Promise<Decided>;
}

/** Starts to decide at once, while the engine is still starting the program; never rejects. */
export function openGate(): Gate {
  const mode = pulumi.runtime.isDryRun() ? "preview" : "up";
  const late = () => new HoldpointError("deadline", `the gate could not decide within ${DEADLINE / 1000} s`);
  return { mode, decided: withDeadline(DEADLINE, decide(mode), late).catch(refuse) };
}

async function decide(mode: "preview" | "up"): Promise<Decided> {
  const project = readProject(projectRoot());
  const stacks = `${pulumi.getOrganization()}/${pulumi.getProject()}`;
  const decided = await decideIn(project, await gatherWorld({ project, stacks, mode }));
  const { stack, evidence } = project.settings;
  const kept = keepDecision(configuredPath(project.root, evidence), {
    stack,
    mode,
    request: project.digest,
    decision: decided.decision,
  });
  // A store that does not answer must not hold up a decision that is made.
  await Promise.race([kept, pause(KEEPING)]);
  return decided;
}

async function decideIn(project: Project, { world, own }: Gathered): Promise<Decided> {
  const { settings, plan, request, digest } = project;
  if (settings.kind === "canary") {
    const decision = decideStep(plan, settings.stage, settings.canary.weight, world);
    return { decision, request, digest, needsApproval: false };
  }
  const decision = decideEnter(plan, settings.stage, world);
  const state = world.stages[settings.stage];
  const record = nextRecord(state?.ok === true ? state.record : undefined, { ...settings, request: digest }, decision);
  const approved = await approvedChange(project, decision, own);
  return { decision, request, digest, needsApproval: needsApproval(project), record, ...approved };
}

function needsApproval({ plan, settings }: Project): boolean {
  const criteria = stageOf(plan, settings.stage)?.enter.criteria ?? [];
  return criteria.some(({ kind }) => kind === "sign-off" || kind === "update-plan-review");
}

async function approvedChange(
  { root, settings }: Project,
  { updatePlan }: Decision,
  own: Deployment | undefined,
): Promise<Pick<Decided, "approved">> {
  if (updatePlan === undefined) return {};
  const content = await openStore(configuredPath(root, settings.evidence)).getUpdatePlan(updatePlan);
  const before = new Map(own?.resources.map(({ urn, inputs }) => [urn, inputs ?? {}]));
  // Gone since the decision was made: then nothing was approved.
  const nothing: UpdatePlanContent = { config: {}, resourcePlans: {} };
  return {
    approved: { content: (content as UpdatePlanContent) ?? nothing, inputsBefore: (urn) => before.get(urn) ?? {} },
  };
}

/** What can't be decided is a NO-GO like any other, told in the same words. */
function refuse(error: unknown): Decided {
  const known = error instanceof HoldpointError;
  const finding = {
    criterion: known ? error.code : "defect",
    title: "The gate can be decided",
    verdict: "fail",
    found: known ? error.message : `the gate failed: ${error instanceof Error ? error.message : String(error)}`,
    wanted: "configuration, rollout plan, trust file and evidence that can be read",
    owner: "whoever runs this",
    remedy: known ? (error.remedy ?? "mend what is named") : "report this as a defect of Holdpoint",
    line: known ? `docs/errors.md#${error.code}` : "policies/gate.ts",
    used: [],
  } as const;
  const decision = {
    gate: pulumi.getStack(),
    outcome: "NO-GO",
    findings: [finding],
    decidedAt: Date.now(),
    approvals: [],
  } as const;
  return { decision, needsApproval: true };
}
