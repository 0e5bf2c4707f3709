/**
 * What a release left undone, and what the next one is therefore asked for: criteria that its type was not asked for
 * (debts), and what people promised when they waived one (obligations). It stands in the stage's record, and goes only
 * when it was met. What can't be read is not nothing: it shuts the gate.
 */
import { broken } from "./broken";
import { listed, short } from "./criteria/answer";
import type { Answer, Context } from "./criteria/answer";
import { judgeDone } from "./criteria/done";
import type { Finding, NotAsked } from "./decision";
import type { Digest } from "./evidence";
import type { Criterion } from "./plan";
import { isAskedOf, owesFor, releaseTypeOf } from "./release-types";
import { sameName, stageState } from "./world";
import type { ReleaseName, World } from "./world";

/** A criterion that a release was not asked for because of its type. */
export interface Debt {
  readonly criterion: string;
  /** The release that left it undone, and its type. */
  readonly release: ReleaseName;
  readonly type: string;
}

/** What people promised when they waived a criterion. */
export interface Obligation {
  readonly criterion: string;
  readonly obligation: string;
  /** Ids of the waivers that promise it. */
  readonly waivers: readonly Digest[];
  /** The release that used them. */
  readonly release: ReleaseName;
}

/** What a stage owes. */
export interface Owed {
  readonly debts: readonly Debt[];
  readonly obligations: readonly Obligation[];
}

/** A stage that owes nothing. */
export const NOTHING_OWED: Owed = { debts: [], obligations: [] };

/** What the stage's earlier releases owe, or why that is not known. */
export function owedBy({ plan, stage, world }: Context): Owed | { readonly failure: string } {
  const state = stageState(world, stage.name);
  // Where nothing is known of the stage, its own criteria say so; only a plan that can owe needs to know more.
  const canOwe = plan.releaseTypes !== undefined || plan.waivers !== undefined;
  if (!state.ok) return canOwe ? { failure: `${stage.name}'s state could not be read: ${state.why}` } : NOTHING_OWED;
  if (state.record === undefined) return NOTHING_OWED;
  const { owed } = state.record;
  if (owed !== undefined) return owed;
  return canOwe ? { failure: `a record of ${stage.name} that does not say it` } : NOTHING_OWED;
}

/** Debts of other releases: a release is never asked for its own. */
function debtsFor(owed: Owed, world: World): readonly Debt[] {
  return owed.debts.filter((debt) => !sameName(debt.release, world.release));
}

/** Whether this release is asked for a criterion: by its type, or because an earlier one left it undone. */
export function isAsked(criterion: Criterion, owed: Owed, world: World): boolean {
  return (
    isAskedOf(criterion, releaseTypeOf(world)) || debtsFor(owed, world).some((debt) => debt.criterion === criterion.id)
  );
}

/** Criteria of a gate that this release is not asked for, with the reason. */
export function notAsked(criteria: readonly Criterion[], { plan, world }: Context, owed: Owed): readonly NotAsked[] {
  const type = releaseTypeOf(world) ?? "release without a type";
  return criteria
    .filter((criterion) => !isAsked(criterion, owed, world))
    .map((criterion) => ({
      criterion: criterion.id,
      title: criterion.title,
      why:
        `asked of ${listed(criterion.types ?? [])}, and this is a ${type}` +
        (owesFor(plan, type, criterion) ? "; the next release is asked for it" : ""),
    }));
}

/** "; left undone by the hotfix 1a2b3c4", or nothing: why a release is asked for what its type is not. */
export function owedNote(criterion: Criterion, owed: Owed, world: World): string {
  const debt = debtsFor(owed, world).find((one) => one.criterion === criterion.id);
  return debt === undefined ? "" : `; left undone by the ${debt.type} ${short(debt.release.commit)}`;
}

/** What is wrong with what is owed itself: it is unknown, or of a criterion that the gate no longer has. */
export function judgeOwed(
  owed: Owed | { readonly failure: string },
  criteria: readonly Criterion[],
  { plan, stage, world }: Context,
): Finding[] {
  const line = plan.source.at(["stages", plan.stages.indexOf(stage)]);
  const title = "What earlier releases left undone is known, and asked for";
  if ("failure" in owed) {
    const finding = broken("owed", line, owed.failure, "what earlier releases left undone");
    return [{ ...finding, title, remedy: `look at the record: pulumi stack export --stack ${stage.name}` }];
  }
  const ids = new Set(criteria.map(({ id }) => id));
  return debtsFor(owed, world)
    .filter(({ criterion }) => !ids.has(criterion))
    .map(({ criterion, release, type }) => {
      const found = `the ${type} ${short(release.commit)} left "${criterion}" undone, which the gate no longer has`;
      const finding = broken(
        `owed.${criterion}`,
        line,
        found,
        `the criterion "${criterion}", until a release has met it`,
      );
      return { ...finding, title, remedy: `put it back into the gate of ${stage.name}` };
    });
}

/** An obligation of another release, and whether it was done. */
export interface JudgedObligation {
  readonly obligation: Obligation;
  readonly finding: Finding;
}

/** Obligations of other releases, each a finding that nothing can waive. */
export function judgeObligations(owed: Owed, criteria: readonly Criterion[], context: Context): JudgedObligation[] {
  const { plan, stage, world } = context;
  return owed.obligations
    .filter(({ release }) => !sameName(release, world.release))
    .map((obligation, index) => {
      const { verdict, found, wanted, remedy, command, used = [] } = judgeObligation(obligation, context);
      const open = verdict !== "pass";
      const finding: Finding = {
        criterion: `obligation.${obligation.criterion}.${index + 1}`,
        title: "What was promised for a waiver was done",
        verdict,
        found,
        wanted,
        owner: criteria.find(({ id }) => id === obligation.criterion)?.owner ?? "whoever waived it",
        remedy: open ? remedy : "",
        ...(open && command !== undefined ? { command } : {}),
        line: plan.source.at(plan.waivers === undefined ? ["stages", plan.stages.indexOf(stage)] : ["waivers"]),
        used,
      };
      return { obligation, finding };
    });
}

function judgeObligation(obligation: Obligation, { plan, stage, world }: Context): Answer {
  const { criterion, obligation: item, waivers, release } = obligation;
  const roles = plan.waivers?.obligationsAttestedBy ?? [];
  const rest = {
    wanted: `"${item}", promised when ${criterion} was waived for ${short(release.commit)}, attested as done by ${roles.length === 0 ? "somebody" : roles.join(" or ")}`,
    remedy: "do it and attest that it is done",
    command: `npx holdpoint attest --stage ${stage.name} --condition ${waivers[0] ?? "<waiver>"} ${JSON.stringify(item)}`,
  };
  if (roles.length === 0) return { ...rest, verdict: "fail", found: "a plan that no longer says who attests it" };
  return judgeDone({ item, to: waivers }, { subject: "any", stage: stage.name, attestedBy: roles }, world, rest);
}

/** What one criterion of a gate was found to be. */
export interface JudgedCriterion {
  readonly criterion: Criterion;
  readonly findings: readonly Finding[];
}

/**
 * What is owed once this gate was passed. A debt goes when its criterion was met, not when it was waived; an obligation
 * when somebody attested it as done.
 */
export function owedAfter(
  owed: Owed,
  criteria: readonly Criterion[],
  { plan, world }: Context,
  judged: readonly JudgedCriterion[],
  promised: readonly JudgedObligation[],
): Owed {
  const release: ReleaseName = { image: world.release.image, commit: world.release.commit };
  const type = releaseTypeOf(world) ?? "release";
  const met = new Set(judged.filter(isMet).map(({ criterion }) => criterion.id));
  const left = owed.debts.filter(({ criterion }) => !met.has(criterion));
  const made = criteria
    .filter((criterion) => !isAsked(criterion, owed, world) && owesFor(plan, type, criterion))
    .filter(({ id }) => !left.some(({ criterion }) => criterion === id))
    .map(({ id }): Debt => ({ criterion: id, release, type }));
  const done = new Set(promised.filter(({ finding }) => finding.verdict === "pass").map((one) => one.obligation));
  const kept = owed.obligations.filter((one) => !done.has(one));
  return { debts: [...left, ...made], obligations: promise(kept, judged, release) };
}

function isMet({ findings }: JudgedCriterion): boolean {
  return findings.length > 0 && findings.every(({ verdict }) => verdict === "pass");
}

/** Adds what the waivers that were used promise; the same promise of two people, or of two runs, is one. */
function promise(kept: readonly Obligation[], judged: readonly JudgedCriterion[], release: ReleaseName): Obligation[] {
  const all = [...kept];
  for (const { criterion, findings } of judged) {
    for (const { obligation, waiver } of findings.flatMap(({ waived }) => waived?.by ?? [])) {
      const index = all.findIndex(
        (one) => one.criterion === criterion.id && one.obligation === obligation && sameName(one.release, release),
      );
      const before = all[index];
      const waivers = [...new Set([...(before?.waivers ?? []), waiver])].toSorted();
      const now = { criterion: criterion.id, obligation, waivers, release };
      if (before === undefined) all.push(now);
      else all[index] = now;
    }
  }
  return all;
}
