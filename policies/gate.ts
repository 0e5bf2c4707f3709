import * as pulumi from "@pulumi/pulumi";
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
import type { StageRecord, World } from "../rollout/world";
import { withDeadline } from "./deadline";
import { gatherWorld } from "./world";

/** The longest that a gate takes, in milliseconds; each thing that it reads has a shorter deadline of its own. */
const DEADLINE = 60_000;

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
  /** The approved update plan's resources, by URN; absent where none was asked for. */
  readonly approvedPlan?: ReadonlyMap<string, unknown>;
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
  const world = await gatherWorld({ project, stacks, mode });
  return decideIn(project, world);
}

/** Decides in a gathered world. */
export async function decideIn(project: Project, world: World): Promise<Decided> {
  const { settings, plan, request, digest } = project;
  if (settings.kind === "canary") {
    const decision = decideStep(plan, settings.stage, settings.canary.weight, world);
    return { decision, request, digest, needsApproval: false };
  }
  const decision = decideEnter(plan, settings.stage, world);
  const state = world.stages[settings.stage];
  const record = nextRecord(state?.ok === true ? state.record : undefined, { ...settings, request: digest }, decision);
  const approved = await approvedPlan(project, decision);
  return { decision, request, digest, needsApproval: needsApproval(project), record, ...approved };
}

function needsApproval({ plan, settings }: Project): boolean {
  const criteria = stageOf(plan, settings.stage)?.enter.criteria ?? [];
  return criteria.some(({ kind }) => kind === "sign-off" || kind === "update-plan-review");
}

async function approvedPlan({ root, settings }: Project, decision: Decision): Promise<Pick<Decided, "approvedPlan">> {
  if (decision.updatePlan === undefined) return {};
  const store = openStore(configuredPath(root, settings.evidence));
  const content = (await store.getUpdatePlan(decision.updatePlan)) as { resourcePlans?: Record<string, unknown> } | undefined;
  // Gone since the decision was made: then nothing was approved.
  return { approvedPlan: new Map(Object.entries(content?.resourcePlans ?? {})) };
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
  const decision = { gate: pulumi.getStack(), outcome: "NO-GO", findings: [finding], decidedAt: Date.now(), approvals: [] } as const;
  return { decision, needsApproval: true };
}
