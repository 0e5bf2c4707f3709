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
import { canariesIn, canaryOf, sameName, stageState } from "./world";
import type { ReleaseName, StageRecord, World } from "./world";

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

/** What a canary's steps left promised, or why that is not known. */
export type Promised = readonly Obligation[] | { readonly failure: string };

/** What a stage owes. */
export interface Owed {
  readonly debts: readonly Debt[];
  readonly obligations: readonly Obligation[];
}

/** A stage that owes nothing. */
export const NOTHING_OWED: Owed = { debts: [], obligations: [] };

/** What the stage's earlier releases owe, its canaries' steps among them, or why that is not known. */
export function owedBy(context: Context): Owed | { readonly failure: string } {
  const owed = recorded(context);
  if ("failure" in owed) return owed;
  const steps = canariesIn(stageState(context.world, context.stage.name)).map(({ obligations = [] }) => obligations);
  const unknown = steps.find((promised) => "failure" in promised);
  if (unknown !== undefined) return unknown;
  const obligations = steps
    .flatMap((promised) => ("failure" in promised ? [] : promised))
    .reduce(withOne, owed.obligations);
  return { ...owed, obligations };
}

/** What the stage's own record says. */
function recorded({ plan, stage, world }: Context): Owed | { readonly failure: string } {
  const state = stageState(world, stage.name);
  // Where nothing is known of the stage, its own criteria say so; only a plan that can owe needs to know more.
  const canOwe = plan.releaseTypes !== undefined || plan.waivers !== undefined;
  if (!state.ok) return canOwe ? { failure: `${stage.name}'s state could not be read: ${state.why}` } : NOTHING_OWED;
  if (state.record === undefined) return NOTHING_OWED;
  const { owed } = state.record;
  if (owed !== undefined) return owed;
  // Written before there were types and waivers, by which alone something can be left undone.
  if (isOlder(state.record)) return NOTHING_OWED;
  return canOwe ? { failure: `a record of ${stage.name} that does not say it` } : NOTHING_OWED;
}

/** Whether a record is of a time before debts were written down: what came with them is not in it either. */
function isOlder({ current, previous, trust }: StageRecord): boolean {
  const entries = [current, previous].filter((entry) => entry !== undefined);
  if (trust !== undefined || entries.length === 0) return false;
  return entries.every(({ type, content }) => type === undefined && content === undefined);
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
function promise(
  kept: readonly Obligation[],
  judged: readonly JudgedCriterion[],
  release: ReleaseName,
): readonly Obligation[] {
  return judged
    .flatMap(({ criterion, findings }) =>
      findings
        .flatMap(({ waived }) => waived?.by ?? [])
        .map(({ obligation, waiver }) => ({ criterion: criterion.id, obligation, waivers: [waiver], release })),
    )
    .reduce(withOne, kept);
}

function withOne(all: readonly Obligation[], one: Obligation): readonly Obligation[] {
  const index = all.findIndex(
    ({ criterion, obligation, release }) =>
      criterion === one.criterion && obligation === one.obligation && sameName(release, one.release),
  );
  const before = all[index];
  if (before === undefined) return [...all, one];
  return all.with(index, { ...one, waivers: [...new Set([...before.waivers, ...one.waivers])].toSorted() });
}

/**
 * What stands in a canary's record once this step was taken: what earlier steps of this release promised, and this one.
 * What another release promised was asked for when this one entered the stage, and stands in the stage's record.
 */
export function promisedAfter({ world, stage }: Context, judged: readonly JudgedCriterion[]): Promised {
  const before = canaryOf(stageState(world, stage.name), world.operation)?.obligations ?? [];
  if ("failure" in before) return before;
  const release: ReleaseName = { image: world.release.image, commit: world.release.commit };
  const own = before.filter((one) => sameName(one.release, release));
  return promise(own, judged, release);
}

/** A canary whose promises can't be read keeps its steps shut, as a stage's record does. */
export function judgePromised({ plan, stage, world }: Context): Finding[] {
  const before = canaryOf(stageState(world, stage.name), world.operation)?.obligations ?? [];
  if (!("failure" in before)) return [];
  const line = plan.source.at(["stages", plan.stages.indexOf(stage)]);
  const finding = broken("owed", line, before.failure, "what was promised at earlier steps");
  return [{ ...finding, title: "What was promised for waivers is known" }];
}
