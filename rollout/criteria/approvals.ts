/**
 * Approvals: signed decisions of people about one exact change. Judged per update plan, because the run itself does
 * not know under which update plan it was reviewed: the approvals say it, and all of a gate must say the same.
 */
import type { Approval, Digest } from "../evidence";
import { nextOpening, openingAt, showInZone } from "../calendar";
import type { CriterionOf, Stage } from "../plan";
import { stageState } from "../world";
import type { World } from "../world";
import { showDuration, showTime } from "../units";
import { counted, listed, short } from "./answer";
import type { Answer, Context } from "./answer";
import { assign } from "./assign";
import type { Assignment } from "./assign";
import { approveCommand } from "./commands";
import { touches } from "./changes";
import { judgeDone } from "./done";

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

/** One approval that is asked for: a criterion of a gate, or the approval of a canary's steps with an id of its own. */
export type ApprovalRule = Omit<CriterionOf<"update-plan-review">, "kind"> & {
  /** Who may attest that an item of a conditional approval is done; by default those who approve. */
  readonly itemsAttestedBy?: readonly string[] | undefined;
};

/** Where approvals are asked for, if not at a stage's own gate. */
export interface ApprovalPlace {
  /** Approvals that were consumed before, or why that is not known. */
  readonly used?: readonly Digest[] | { readonly failure: string };
  /** Only one given from then on counts, plan time: since a canary's step began, none can be used for another. */
  readonly since?: number;
  /** What signs one: "npx holdpoint approve production-canary --update-plan <file>". */
  readonly command?: string;
}

/**
 * Judges everything that people must agree to at one gate, under one update plan: together, because who serves one
 * approval may be barred from another. By id; more than one answer where a sign-off has conditions.
 * @param updatePlan the one that is decided on; undefined where nobody has spoken about any yet
 */
export function judgeApprovals(
  rules: readonly ApprovalRule[],
  context: Context,
  updatePlan: Digest | undefined,
  place: ApprovalPlace = {},
): ReadonlyMap<string, readonly Answer[]> {
  const asked = rules.map((rule) => ask(rule, context, updatePlan, place));
  const served = assign(
    asked.flatMap(({ rule, sorted }) =>
      sorted === undefined
        ? []
        : [
            {
              id: rule.id,
              count: rule.count,
              able: sorted.able.map(({ signer }) => signer.id),
              differentFrom: rule.differentFrom ?? [],
            },
          ],
    ),
  );
  return new Map(
    asked.map(({ rule, answer, sorted, rest }) => [
      rule.id,
      sorted === undefined ? [answer] : serve(rule, sorted, served, { ...rest, context }),
    ]),
  );
}

interface Rest {
  readonly wanted: string;
  readonly remedy: string;
  readonly command: string;
}

/** An approval that is asked for: answered already, or with the people who would do. */
type Asked = { readonly rule: ApprovalRule; readonly rest: Rest } & (
  { readonly answer: Answer; readonly sorted?: undefined } | { readonly answer?: undefined; readonly sorted: Sorted }
);

function ask(rule: ApprovalRule, context: Context, updatePlan: Digest | undefined, place: ApprovalPlace): Asked {
  const { world, stage } = context;
  const roles = rule.from.join(" or ");
  const others = rule.differentFrom ?? [];
  const rest = {
    wanted:
      `${counted(rule.count, "approval")} by ${roles} of this update plan, within ${showDuration(rule.validFor)}, not by its author` +
      (others.length === 0 ? "" : `, nor by who serves ${listed(others)}`),
    remedy: `ask ${roles} to review the update plan and sign it`,
    command: place.command ?? approveCommand(stage.name),
  };
  const touched = rule.when === undefined ? undefined : touches(rule.when, world, updatePlan);
  if (touched?.touched === false) {
    const { why, used } = touched;
    return { rule, rest, answer: { ...rest, verdict: "pass", found: `not needed: ${why}`, used } };
  }
  const because = touched === undefined ? "" : ` (${touched.why})`;
  if (touched?.remedy !== undefined) rest.remedy = touched.remedy;
  if (world.mode === "preview" || world.binding === undefined) {
    const found = `asked for in up, when there is an update plan to approve${because}`;
    return { rule, rest, answer: { ...rest, verdict: "pending", found } };
  }
  if (world.evidenceFailure !== undefined) {
    const found = `the evidence could not be read: ${world.evidenceFailure}`;
    return { rule, rest, answer: { ...rest, verdict: "fail", found } };
  }
  const rejection = latestOfEach(
    world.approvals.filter((item) => matchesRun(item, world)),
    rule,
  ).find((item) => item.decision === "rejected");
  if (rejection !== undefined) {
    const { id, signer, reason = "no reason given" } = rejection;
    const remedy = `do what ${signer.id} asks for, then have it approved`;
    const found = `rejected by ${signer.id}: ${reason}`;
    return { rule, rest, answer: { ...rest, verdict: "fail", found, remedy, used: [id] } };
  }
  return { rule, rest, sorted: { ...sort(rule, context, updatePlan, place), because } };
}

/** The answer of an approval whose people are chosen. */
function serve(
  rule: ApprovalRule,
  { able, others, because }: Sorted,
  served: Assignment,
  { context, ...rest }: Rest & { readonly context: Context },
): readonly Answer[] {
  const people = served.get(rule.id) ?? [];
  const counting = able.filter(({ signer }) => people.includes(signer.id));
  const used = counting.map(({ id }) => id);
  if (counting.length < rule.count) {
    const barred = able
      .filter(({ signer }) => !people.includes(signer.id))
      .map(
        ({ signer }) =>
          `${signer.id} serves ${listed(servedBy(signer.id, rule.id, served))}, which takes another person`,
      );
    const why = [...barred, ...others];
    const found = `${counting.length} of ${rule.count}${why.length === 0 ? "" : `: ${listed(why)}`}${because}`;
    return [{ ...rest, verdict: "pending", found, used }];
  }
  const who = counting.map(
    ({ signer, decision }) => `${signer.id}${decision === "conditional" ? " (conditional)" : ""}`,
  );
  const answer: Answer = { ...rest, verdict: "pass", found: `approved by ${listed(who)}${because}`, used };
  return [answer, ...conditions(rule, context, counting)];
}

function servedBy(person: string, but: string, served: Assignment): string[] {
  return [...served].flatMap(([id, people]) => (id !== but && people.includes(person) ? [id] : []));
}

/** The last word of each person who may speak, by time; a rejection wins a tie. */
function latestOfEach(approvals: readonly Approval[], criterion: ApprovalRule): Approval[] {
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
  /** The last word of each person whose approval would do. */
  readonly able: readonly Approval[];
  /** Approvals that are there and do not count, with the reason. */
  readonly others: readonly string[];
  /** Why it is asked for at all, where it is not always: " (touches src/auth/a.ts)". */
  readonly because: string;
}

function sort(
  criterion: ApprovalRule,
  context: Context,
  updatePlan: Digest | undefined,
  place: ApprovalPlace,
): Omit<Sorted, "because"> {
  const others: string[] = [];
  const able = context.world.approvals.filter((item) => {
    const why =
      whyNot(item, criterion, context, updatePlan) ??
      wasUsed(item, context, place) ??
      (place.since !== undefined && !(item.approvedAt >= place.since)
        ? "was given before this step began"
        : undefined) ??
      untimely(item, criterion, context);
    if (why !== undefined) others.push(`${item.signer.id}'s ${why}`);
    return why === undefined;
  });
  const last = latestOfEach(able, criterion).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return { able: last, others: [...new Set(others)].toSorted() };
}

/** Why an approval does not count here, or undefined. */
function whyNot(
  item: Approval,
  criterion: ApprovalRule,
  context: Context,
  updatePlan: Digest | undefined,
): string | undefined {
  const { world } = context;
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
  // An identity that differs only in case reads as the same person.
  if (item.signer.id.toLowerCase() === world.release.author.toLowerCase())
    return "does not count: the author of a change never approves it";
  return undefined;
}

/** Why an approval can't be known to be a new one, or undefined. */
function wasUsed({ id }: Approval, { world, stage }: Context, place: ApprovalPlace): string | undefined {
  const state = stageState(world, stage.name);
  const recorded = state.ok ? (state.record?.usedApprovals ?? []) : { failure: state.why };
  const used = place.used ?? recorded;
  if ("failure" in used) return `can't be known to be unused: ${used.failure}`;
  return used.includes(id) ? "was used before" : undefined;
}

/** Why an approval is not of the right time, or of somebody who saw too little; undefined where it is. */
function untimely(item: Approval, rule: ApprovalRule, context: Context): string | undefined {
  const { world } = context;
  if (!(item.approvedAt <= world.now)) return "lies in the future";
  if (!(world.now - item.approvedAt < rule.validFor))
    return `expired ${showDuration(world.now - item.approvedAt - rule.validFor)} ago`;
  return outsideItsHour(item, rule, context) ?? sawTooLittle(item, rule, context);
}

/** Why an approval was given too early, or too late, before the window opens. */
function outsideItsHour({ approvedAt }: Approval, rule: ApprovalRule, { stage, world }: Context): string | undefined {
  const { notBefore, notAfter } = rule;
  if (notBefore === undefined && notAfter === undefined) return undefined;
  const { window } = stage;
  const opening = window === undefined ? undefined : (openingAt(window, world.now) ?? nextOpening(window, world.now));
  if (window === undefined || opening === undefined) return "can't be held against a window that never opens";
  if (notBefore !== undefined && !(approvedAt >= opening.from - notBefore)) {
    return `was given too early, at ${showTime(approvedAt)}, before ${showInZone(window, opening.from - notBefore)}`;
  }
  if (notAfter !== undefined && !(approvedAt < opening.from - notAfter)) {
    return `was given too late, at ${showTime(approvedAt)}, not before ${showInZone(window, opening.from - notAfter)}`;
  }
  return undefined;
}

/** Why what the signer saw is not enough: criteria that were unmet then, or nobody knows. */
function sawTooLittle({ saw }: Approval, { seen }: ApprovalRule, { stage }: Context): string | undefined {
  if (seen === undefined) return undefined;
  if (saw === undefined) return "does not tell what the gate said when it was signed";
  const unmet =
    seen === "everything"
      ? saw.unmet.filter((id) => !opensLater(id, stage))
      : saw.unmet.filter((id) => isOneOf(id, seen));
  return unmet.length === 0
    ? undefined
    : `was given while ${listed(unmet)} ${unmet.length === 1 ? "was" : "were"} unmet`;
}

/** Approvals, which come last, and the window, which can't be open yet: no finding of these says that something is wrong. */
function opensLater(finding: string, stage: Stage): boolean {
  const later = stage.enter.criteria.filter(
    ({ kind }) => kind === "sign-off" || kind === "update-plan-review" || kind === "window",
  );
  return isOneOf(
    finding,
    later.map(({ id }) => id),
  );
}

/** Whether a finding is of one of these criteria, or of a part of one. */
function isOneOf(finding: string, ids: readonly string[]): boolean {
  return ids.some((id) => finding === id || finding.startsWith(`${id}.`));
}

/** The items of conditional sign-offs, each a finding of its own until it is attested as done. */
function conditions(criterion: ApprovalRule, context: Context, approvals: readonly Approval[]): Answer[] {
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
  criterion: ApprovalRule,
  { world, stage }: Context,
  approval: Approval,
  item: string,
  part: string,
): Answer {
  const roles = criterion.itemsAttestedBy ?? criterion.from;
  const rest = {
    part,
    wanted: `"${item}", which ${approval.signer.id} made a condition, attested as done by ${roles.join(" or ")}`,
    remedy: "do it and attest that it is done",
    command: `npx holdpoint attest --stage ${stage.name} --condition ${approval.id} "${item}"`,
  };
  if (item === "") return { ...rest, verdict: "fail", found: "a conditional sign-off that names no condition" };
  const from = { stage: stage.name, attestedBy: [...roles] };
  return judgeDone({ item, to: [approval.id] }, { subject: "release", ...from }, world, rest);
}
