/** Whether a release came as far as it is without a way back, and whether what was brought back is understood. */
import { stageOf } from "../plan";
import type { CriterionOf, Plan } from "../plan";
import { entered, sameName, stageState, weightNow } from "../world";
import type { CanaryRecord, ReleaseName, StageState, World } from "../world";
import { counted, listed, short } from "./answer";
import type { Answer, Context } from "./answer";
import { allCanaries } from "./progress";
import { select } from "./select";

/**
 * The stage runs this release, each of its canaries has as much traffic on it as was ever let there, and neither the stage
 * nor a canary had to go back. It must be written down: a record that does not tell it is no record of none.
 */
export function judgeNoRollbacks(criterion: CriterionOf<"no-rollbacks">, { plan, world }: Context): Answer {
  const { stage } = criterion;
  const any = criterion.release === "any";
  const rest = {
    wanted: `${any ? "a release" : `release ${short(world.release.commit)}`} in ${stage} that was never brought back`,
    remedy: "mend it, and roll out a release that needs no way back",
  };
  const now = entered(world, stage);
  if ("why" in now) return { ...rest, verdict: "fail", found: now.why };
  const { release } = now.entry;
  if (!any && !sameName(release, world.release)) {
    return { ...rest, verdict: "fail", found: `release ${short(release.commit)} in ${stage}` };
  }
  const state = stageState(world, stage);
  const found = returnOf(stage, state, release) ?? fallOf(plan, stage, state, release);
  if (found !== undefined) return { ...rest, verdict: "fail", found };
  return { ...rest, verdict: "pass", found: `release ${short(release.commit)} in ${stage}, never brought back` };
}

/** How the stage itself went back from the release, or why nobody knows. */
function returnOf(stage: string, state: StageState, release: ReleaseName): string | undefined {
  const broughtBack = state.ok ? state.record?.broughtBack : undefined;
  if (broughtBack === undefined) return `a record of ${stage} that does not say what was brought back`;
  if ("failure" in broughtBack) return broughtBack.failure;
  if (!broughtBack.some((one) => sameName(one, release))) return undefined;
  return `${stage} was brought back from release ${short(release.commit)}`;
}

/** How a canary went back on the release's way up, or why nobody knows. */
function fallOf(plan: Plan, stageName: string, state: StageState, release: ReleaseName): string | undefined {
  const stage = stageOf(plan, stageName);
  if (stage === undefined) return `no stage ${stageName} in the plan`;
  if (stage.canary === undefined && stage.canaries === undefined) return undefined;
  for (const { operation, record } of allCanaries(stage, state)) {
    const whose = operation === undefined ? stageName : `${operation} in ${stageName}`;
    const found = record === undefined ? `no step of ${whose} was ever taken` : fallen(record, whose, release);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fallen(record: CanaryRecord, whose: string, release: ReleaseName): string | undefined {
  const weight = weightNow(record);
  if (!sameName(record.release, release)) {
    return `${weight}% of ${whose} on release ${short(record.release.commit)}`;
  }
  const { reached } = record;
  if (reached !== undefined && "failure" in reached) return reached.failure;
  const own = reached?.find((one) => sameName(one.release, release));
  if (own?.waysBack === undefined) {
    return `a canary of ${whose} that does not say how often release ${short(release.commit)} was brought back`;
  }
  if (!(own.waysBack === 0)) {
    return `the canary of ${whose} was brought back from release ${short(release.commit)}: ${counted(own.waysBack, "time")}`;
  }
  return weight >= own.weight ? undefined : `the canary of ${whose} at ${weight}%, brought back from ${own.weight}%`;
}

/**
 * Of every release that the stage or a canary of it was brought back from, somebody has signed why. Which those are stands
 * in the states; where they do not say it, nobody knows what there is to explain.
 */
export function judgeExplained(criterion: CriterionOf<"rollbacks-explained">, { plan, world }: Context): Answer {
  const { stage, check, explainedBy } = criterion;
  const rest = {
    wanted: `"${check}" signed by ${explainedBy.join(" or ")} of whatever ${stage} was brought back from`,
    remedy: "find out why it had to go back, and sign that this is done",
  };
  const back = broughtBackFrom(plan, stage, stageState(world, stage));
  if ("why" in back) return { ...rest, verdict: "fail", found: back.why };
  const explained = back.releases.map((release) => ({ release, ...explanation(criterion, release, world) }));
  const used = explained.flatMap(({ id }) => id ?? []);
  const open = explained.find(({ why }) => why !== undefined);
  if (open === undefined) {
    const names = listed(back.releases.map(({ commit }) => short(commit)));
    const found = names === "" ? `${stage} was never brought back` : `the way back from ${names} is explained`;
    return { ...rest, verdict: "pass", found, used };
  }
  const { release, why } = open;
  const command = `npx holdpoint attest --stage ${stage} --commit ${release.commit} --check ${check}`;
  const found = `${stage} was brought back from release ${short(release.commit)}: ${why}`;
  return { ...rest, verdict: "fail", found, command, used };
}

/** The newest word on one release decides. */
function explanation(
  { stage, check, explainedBy }: CriterionOf<"rollbacks-explained">,
  release: ReleaseName,
  world: World,
): { readonly id?: string; readonly why?: string } {
  const about = (facts: { readonly check: string }): boolean => facts.check === check;
  const named = { version: "", author: "", ...release };
  const { items, others, failure } = select(
    { kind: "check", noun: `signed "${check}"`, about },
    { subject: "release", stage, attestedBy: explainedBy },
    { ...world, release: named },
  );
  if (failure !== undefined) return { why: failure };
  const [newest] = items;
  if (newest === undefined) return { why: others === "" ? `no signed "${check}"` : others };
  if (newest.facts.outcome === "done") return { id: newest.id };
  const note = newest.facts.note === undefined ? "" : `: ${newest.facts.note}`;
  return { id: newest.id, why: `"${check}" is signed as not done${note}` };
}

type BroughtBack = { readonly releases: readonly ReleaseName[] } | { readonly why: string };

/** What a stage and its canaries were brought back from, each once, or why nobody knows. */
function broughtBackFrom(plan: Plan, stageName: string, state: StageState): BroughtBack {
  if (!state.ok) return { why: `${stageName}'s state could not be read: ${state.why}` };
  const stage = stageOf(plan, stageName);
  if (stage === undefined) return { why: `no stage ${stageName} in the plan` };
  const { record } = state;
  // A stage without a record was never entered.
  const all = [
    record === undefined ? { releases: [] } : knownOr(record.broughtBack, `a record of ${stageName}`),
    ...allCanaries(stage, state).map((canary) => leftBy(canary.record, stageName)),
  ];
  const unknown = all.find((one) => "why" in one);
  if (unknown !== undefined) return unknown;
  // What was made the baseline has arrived: its canary is emptied for the next release.
  const baseline = record?.current?.baseline;
  const open = all
    .flatMap((one) => ("releases" in one ? one.releases : []))
    .filter((one) => baseline === undefined || !sameName(one, baseline));
  return { releases: open.filter((one, at) => open.findIndex((other) => sameName(one, other)) === at) };
}

function knownOr(found: readonly ReleaseName[] | { readonly failure: string } | undefined, whose: string): BroughtBack {
  if (found === undefined) return { why: `${whose} that does not say what was brought back` };
  return "failure" in found ? { why: found.failure } : { releases: found };
}

/** Releases that a canary let fall; of which nobody knows it, too. */
function leftBy(canary: CanaryRecord | undefined, stageName: string): BroughtBack {
  if (canary === undefined) return { releases: [] };
  const { reached, release } = canary;
  if (reached === undefined || "failure" in reached) return knownOr(reached, `a canary of ${stageName}`);
  const isUp = (weight: number): boolean => weightNow(canary) >= weight;
  const fell = reached.filter((one) => one.waysBack !== 0 || !sameName(one.release, release) || !isUp(one.weight));
  return { releases: fell.map((one) => one.release) };
}
