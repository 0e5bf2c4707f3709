/** Whether a release came as far as it is without a way back. */
import { stageOf } from "../plan";
import type { CriterionOf, Plan } from "../plan";
import { entered, sameName, stageState, weightNow } from "../world";
import type { CanaryRecord, ReleaseName, StageState } from "../world";
import { counted, short } from "./answer";
import type { Answer, Context } from "./answer";
import { allCanaries } from "./progress";

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
