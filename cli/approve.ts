/** A person's decision about one exact change: read it, check that it is still about this state, show it, sign it. */
import { readFileSync, statSync } from "node:fs";
import { signApproval } from "../evidence/approval";
import { requestDigest, type Request } from "../evidence/request";
import { stackKind } from "../components/settings";
import { CLEARANCE } from "../rollout/clearance";
import { isUnmet, type Decision, type Finding } from "../rollout/decision";
import { HoldpointError } from "../rollout/errors";
import type { ApprovalBinding, Sight } from "../rollout/evidence";
import { EMPTY_DEPLOYMENT, parseDeployment, stateDigest, type Deployment } from "../rollout/state";
import {
  goalInputs,
  MAX_UPDATE_PLAN_BYTES,
  renderChanges,
  summarize,
  updatePlanContent,
  updatePlanDigest,
  type UpdatePlanContent,
} from "../rollout/update-plan";
import { confirm } from "./confirm";
import type { Context, Outcome } from "./context";
import { decideNow } from "./gate";
import { exportState } from "./records";
import { openSigning, releaseOf, type SignerOptions, type Signing } from "./signing";
import { checkFresh, savedAt } from "./update-plan-age";

/** What was typed. */
export interface ApproveOptions extends SignerOptions {
  /** File that `pulumi preview --save-plan` wrote. */
  readonly updatePlan: string;
  readonly decision: "approved" | "conditional" | "rejected";
  readonly item: readonly string[];
  readonly reason?: string;
  /** Sign without asking. */
  readonly yes: boolean;
}

/** The change that is decided about. */
interface Change {
  readonly content: UpdatePlanContent;
  readonly binding: ApprovalBinding;
}

/**
 * Signs a decision about the change in an update plan.
 * @throws HoldpointError `usage`, `update-plan-invalid`, `update-plan-outdated`, and as `openSigning` does
 */
export async function approve(context: Context, stage: string, options: ApproveOptions): Promise<Outcome> {
  checkDecision(options);
  const signing = await openSigning(context, stage, options);
  checkRight(signing, stackKind(stage).stage);
  const change = await readChange(context, stage, options.updatePlan);
  const before = await decideNow(context, stage);
  const lookedAt = Date.now();
  show(context, signing, change, options, before.decision.findings);
  await confirm(context, { what: "the stack's name", typed: stage }, options);
  checkStillSeen(lookedAt);
  // The content first: an approval whose update plan nobody can read would count for nothing.
  await signing.store.putUpdatePlan(change.binding.updatePlan, change.content);
  const { reason, item, decision } = options;
  const approver = signing.identity.id;
  const said = {
    approver,
    binding: change.binding,
    decision,
    items: item,
    saw: sightOf(before.decision),
    approvedAt: Date.now(),
    ...(reason === undefined ? {} : { reason }),
  };
  const id = await signing.store.put(signApproval(said, signing.key));
  const { decision: now } = await decideNow(context, stage);
  const missing = now.findings.filter(isUnmet);
  context.terminal.say(`signed by ${approver} and stored as ${id.slice(0, 12)}`);
  context.terminal.say(missing.length === 0 ? `${stage}: GO` : ["still missing:", ...missing.map(oneLine)].join("\n"));
  const { updatePlan } = change.binding;
  return {
    // Signed, and somebody else still has to.
    exitCode: now.outcome === "PENDING" ? 3 : 0,
    result: {
      id,
      decision,
      approver,
      binding: change.binding,
      updatePlan,
      outcome: now.outcome,
      missing: missing.map(({ criterion }) => criterion),
    },
  };
}

function checkDecision({ decision, item, reason }: ApproveOptions): void {
  if ((decision === "conditional") !== item.length > 0) {
    throw new HoldpointError(
      "usage",
      decision === "conditional" ? "a conditional decision without an item" : `items with the decision "${decision}"`,
      {
        remedy: '--decision conditional --item "what must be done first"',
      },
    );
  }
  if (decision === "rejected" && reason === undefined) {
    throw new HoldpointError("usage", "a rejection without a reason", { remedy: '--decision rejected --reason "why"' });
  }
}

function checkRight({ identity, trust }: Signing, stage: string): void {
  if (trust.signer(identity, "approval", stage) !== undefined) return;
  throw new HoldpointError("key-unusable", `${identity.id} has no role that may approve changes of ${stage}`, {
    remedy: "have somebody sign who has one: the trust file's roles say who",
  });
}

async function readChange(context: Context, stage: string, file: string): Promise<Change> {
  const text = readUpdatePlan(file);
  const content = updatePlanContent(text);
  const exported = await exportState(context, stage);
  const state = exported === undefined ? EMPTY_DEPLOYMENT : parseDeployment(exported);
  const request = requestIn(content, state, file);
  if (request.stack !== stage) {
    throw new HoldpointError("update-plan-invalid", `${file} is about the stack ${request.stack}, not about ${stage}`, {
      remedy: `pulumi preview -s ${stage} --policy-pack policies --save-plan ${file}`,
    });
  }
  checkFresh(content, savedAt(text), state, stage);
  const binding = {
    stack: stage,
    updatePlan: updatePlanDigest(content),
    request: requestDigest(request),
    state: stateDigest(state),
  };
  return { content, binding };
}

function readUpdatePlan(file: string): string {
  try {
    if (statSync(file).size > MAX_UPDATE_PLAN_BYTES)
      throw new HoldpointError("file-too-large", `${file} has more than 64 MiB`);
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof HoldpointError) throw cause;
    throw new HoldpointError("file-missing", `the update plan "${file}" can't be read`, {
      remedy: `pulumi preview --policy-pack policies --save-plan ${file}; a refused preview writes none`,
      cause,
    });
  }
}

/** The request with which the program asked for clearance in the preview that made the plan. */
function requestIn(content: UpdatePlanContent, state: Deployment, file: string): Request {
  const urn = Object.keys(content.resourcePlans).find((one) => one.endsWith(`::${CLEARANCE.type}::${CLEARANCE.name}`));
  const before = state.resources.find((resource) => resource.urn === urn)?.inputs ?? {};
  const input =
    urn === undefined ? undefined : (goalInputs(content, urn, before)?.["input"] as { request?: Request } | undefined);
  if (input?.request !== undefined) return input.request;
  throw new HoldpointError("update-plan-invalid", `${file} holds no clearance: it was not made by this program`, {
    remedy: "make it anew: pulumi preview --policy-pack policies --save-plan <file>",
  });
}

function show(
  context: Context,
  signing: Signing,
  { content, binding }: Change,
  options: ApproveOptions,
  findings: readonly Finding[],
): void {
  const release = releaseOf(signing.file);
  const short = (digest: string): string => digest.slice(0, 12);
  const lines = [
    `${binding.stack}: release ${release.version}, commit ${short(release.commit)}, by ${release.author}`,
    renderChanges(summarize(content)),
    `update plan ${short(binding.updatePlan)}, request ${short(binding.request)}, state ${short(binding.state)}`,
    "criteria now:",
    ...findings.map(oneLine),
    `to be signed by ${signing.identity.id}: ${options.decision}`,
    ...options.item.map((item) => `  first: ${item}`),
    ...(options.reason === undefined ? [] : [`  because: ${options.reason}`]),
  ];
  context.terminal.say(lines.join("\n"));
}

/** What is written into the approval: what the gate said when its signer looked at it. */
function sightOf({ outcome, findings }: Decision): Sight {
  return { outcome, unmet: findings.filter(isUnmet).map(({ criterion }) => criterion) };
}

/** Milliseconds between what a signer is shown and the signature. */
const READING = 10 * 60_000;

/** Who signs long after reading signs something else than was read. */
function checkStillSeen(lookedAt: number): void {
  if (Date.now() - lookedAt <= READING) return;
  const minutes = READING / 60_000;
  throw new HoldpointError("deadline", `the gate was looked at more than ${minutes} minutes ago; nothing was signed`, {
    remedy: "run it again, and sign what it says then",
  });
}

function oneLine({ criterion, verdict, found }: Finding): string {
  return `  ${verdict.padEnd(12)} ${criterion}: ${found}`;
}
