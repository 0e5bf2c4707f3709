/**
 * Approvals: signed decisions of people about one exact change. Judged per update plan, because the run itself does
 * not know under which update plan it was reviewed: the approvals say it, and all of a gate must say the same.
 */
import type { Approval, Digest } from "../evidence";
import type { ApprovalCriterion } from "../plan";
import { stageState } from "../world";
import type { World } from "../world";
import { showDuration } from "../units";
import { counted, listed, short } from "./answer";
import type { Answer, Context } from "./answer";
import { approveCommand } from "./commands";
import { select } from "./select";

/** Update plans that somebody spoke about, for exactly this run; undefined where there is none yet. */
export function candidatePlans(world: World): (Digest | undefined)[] {
  const plans = world.approvals
    .filter((approval) => matchesRun(approval, world))
    .map((approval) => approval.binding.updatePlan);
  const known = [...new Set(plans)].filter((plan) => world.updatePlans.includes(plan));
  return known.length === 0 ? [undefined] : known;
}

function matchesRun({ binding }: Approval, world: World): boolean {
  const run = world.binding;
  return (
    run !== undefined && binding.stack === run.stack && binding.request === run.request && binding.state === run.state
  );
}

/** Judges one criterion of approvals under one update plan. More than one answer where a sign-off has conditions. */
export function judgeApprovals(
  criterion: ApprovalCriterion,
  context: Context,
  updatePlan: Digest | undefined,
): Answer[] {
  const { world, stage } = context;
  const roles = criterion.from.join(" or ");
  const rest = {
    wanted: `${counted(criterion.count, "approval")} by ${roles} of this update plan, within ${showDuration(criterion.validFor)}, not by its author`,
    remedy: `ask ${roles} to review the update plan and sign it`,
    command: approveCommand(stage.name),
  };
  if (world.mode === "preview" || world.binding === undefined) {
    return [{ ...rest, verdict: "pending", found: "asked for in up, when there is an update plan to approve" }];
  }
  if (world.evidenceFailure !== undefined) {
    return [{ ...rest, verdict: "fail", found: `the evidence could not be read: ${world.evidenceFailure}` }];
  }
  const rejection = latestOfEach(
    world.approvals.filter((item) => matchesRun(item, world)),
    criterion,
  ).find((item) => item.decision === "rejected");
  if (rejection !== undefined) {
    const found = `rejected by ${rejection.signer.id}: ${rejection.reason ?? "no reason given"}`;
    return [
      {
        ...rest,
        verdict: "fail",
        found,
        remedy: `do what ${rejection.signer.id} asks for, then have it approved`,
        used: [rejection.id],
      },
    ];
  }
  const sorted = sort(criterion, context, updatePlan);
  if (sorted.counting.length < criterion.count) {
    const have = `${sorted.counting.length} of ${criterion.count}`;
    const why = sorted.others.length === 0 ? "" : `: ${listed(sorted.others)}`;
    return [{ ...rest, verdict: "pending", found: `${have}${why}`, used: sorted.counting.map((item) => item.id) }];
  }
  const used = sorted.counting.map((item) => item.id);
  const who = sorted.counting.map(
    (item) => `${item.signer.id}${item.decision === "conditional" ? " (conditional)" : ""}`,
  );
  const answer: Answer = { ...rest, verdict: "pass", found: `approved by ${listed(who)}`, used };
  return [answer, ...conditions(criterion, context, sorted.counting)];
}

/** The last word of each person who may speak, by time; a rejection wins a tie. */
function latestOfEach(approvals: readonly Approval[], criterion: ApprovalCriterion): Approval[] {
  const latest = new Map<string, Approval>();
  for (const item of approvals) {
    if (!item.signer.roles.some((role) => criterion.from.includes(role))) continue;
    const before = latest.get(item.signer.id);
    if (before === undefined || isLater(item, before)) latest.set(item.signer.id, item);
  }
  return [...latest.values()];
}

const GRAVITY = { approved: 0, conditional: 1, rejected: 2 } as const;

function isLater(a: Approval, b: Approval): boolean {
  if (!(a.approvedAt === b.approvedAt)) return !(a.approvedAt < b.approvedAt);
  return GRAVITY[a.decision] > GRAVITY[b.decision];
}

interface Sorted {
  readonly counting: readonly Approval[];
  /** Approvals that are there and do not count, with the reason. */
  readonly others: readonly string[];
}

function sort(criterion: ApprovalCriterion, context: Context, updatePlan: Digest | undefined): Sorted {
  const { world } = context;
  const others: string[] = [];
  const able = world.approvals.filter((item) => {
    const why = whyNot(item, criterion, context, updatePlan);
    if (why !== undefined) others.push(`${item.signer.id}'s ${why}`);
    return why === undefined;
  });
  const counting = latestOfEach(able, criterion).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return { counting, others: [...new Set(others)].toSorted() };
}

/** Why an approval does not count here, or undefined. */
function whyNot(
  item: Approval,
  criterion: ApprovalCriterion,
  context: Context,
  updatePlan: Digest | undefined,
): string | undefined {
  const { world, stage } = context;
  const { binding } = item;
  const run = world.binding;
  if (!item.signer.roles.some((role) => criterion.from.includes(role)))
    return `does not count without the role ${criterion.from.join(" or ")}`;
  if (run === undefined || binding.stack !== run.stack) return `is for stack ${binding.stack}`;
  if (binding.request !== run.request) return "is for another configuration, program or secret";
  if (binding.state !== run.state) return "was made before the stack's state moved";
  if (updatePlan === undefined || !world.updatePlans.includes(binding.updatePlan))
    return `is for update plan ${short(binding.updatePlan)}, which is not in the store, or not of the whole program`;
  if (binding.updatePlan !== updatePlan) return `is for another update plan, ${short(binding.updatePlan)}`;
  if (item.signer.id === world.release.author) return "does not count: the author of a change never approves it";
  const state = stageState(world, stage.name);
  if (!state.ok) return `can't be known to be unused: ${state.why}`;
  if (state.record?.usedApprovals.includes(item.id) === true) return "was used before";
  if (!(item.approvedAt <= world.now)) return "lies in the future";
  if (!(world.now - item.approvedAt < criterion.validFor))
    return `expired ${showDuration(world.now - item.approvedAt - criterion.validFor)} ago`;
  return undefined;
}

/** The items of conditional sign-offs, each a finding of its own until it is attested as done. */
function conditions(criterion: ApprovalCriterion, context: Context, approvals: readonly Approval[]): Answer[] {
  const conditional = approvals.filter((item) => item.decision === "conditional");
  return conditional.flatMap((approval) => {
    // Whoever signs conditionally without an item has not said what would open the gate.
    const items = approval.items.length === 0 ? [""] : approval.items;
    return items.map((item, index) =>
      judgeCondition(criterion, context, approval, item, `${approvals.indexOf(approval) + 1}.${index + 1}`),
    );
  });
}

function judgeCondition(
  criterion: ApprovalCriterion,
  { world, stage }: Context,
  approval: Approval,
  item: string,
  part: string,
): Answer {
  const roles = criterion.kind === "sign-off" ? criterion.itemsAttestedBy : criterion.from;
  const rest = {
    part,
    wanted: `"${item}", which ${approval.signer.id} made a condition, attested as done by ${roles.join(" or ")}`,
    remedy: "do it and attest that it is done",
    command: `npx holdpoint attest --stage ${stage.name} --condition ${approval.id} "${item}"`,
  };
  if (item === "") return { ...rest, verdict: "fail", found: "a conditional sign-off that names no condition" };
  const selection = select(
    { kind: "condition", noun: "record", about: (facts) => facts.item === item && facts.approval === approval.id },
    { subject: "release", stage: stage.name, attestedBy: roles },
    world,
  );
  if (selection.failure !== undefined) return { ...rest, verdict: "fail", found: selection.failure };
  const [done] = selection.items;
  if (done === undefined)
    return { ...rest, verdict: "fail", found: selection.others === "" ? "not done yet" : selection.others };
  return { ...rest, verdict: "pass", found: `done: ${item}`, used: [done.id] };
}
