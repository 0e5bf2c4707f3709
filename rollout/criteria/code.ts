/** The branch that the release comes from: its freeze and its pipelines. */
import type { CriterionOf } from "../plan";
import { showDuration, showTime } from "../units";
import type { World } from "../world";
import { counted, listed, short } from "./answer";
import type { Answer } from "./answer";
import { attestCommand } from "./commands";
import { judgeLatest } from "./select";

/** The branch has been frozen long enough, and nothing but emergency fixes was merged since. */
export function judgeFreeze(criterion: CriterionOf<"freeze">, world: World): Answer {
  const { branch, before } = criterion;
  const latest = {
    wish: {
      kind: "freeze",
      noun: `record of ${branch}`,
      about: (facts: { branch: string }) => facts.branch === branch,
    },
    criterion,
    world,
    wanted: `${branch} frozen for ${showDuration(before)} or longer, only emergency fixes merged, seen within ${showDuration(criterion.maxAge)}`,
    remedy: `freeze ${branch}, wait until it has been so for ${showDuration(before)}, and attest its merges`,
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts }) => {
    const merged = facts.merges.filter((merge) => !merge.emergency);
    if (merged.length > 0) {
      const titles = merged.map((merge) => `${short(merge.commit)} "${merge.title}"`);
      return {
        verdict: "fail",
        found: `${counted(merged.length, "merge")} beside emergency fixes: ${listed(titles)}`,
      };
    }
    if (!(world.now - facts.since >= before)) {
      return { verdict: "fail", found: `${branch} frozen only since ${showTime(facts.since)}` };
    }
    const { length } = facts.merges;
    const fixes = length === 0 ? "" : `, ${length} emergency ${length === 1 ? "fix" : "fixes"} merged`;
    return { verdict: "pass", found: `${branch} frozen since ${showTime(facts.since)}${fixes}` };
  });
}

/** Every pipeline of the branch ended well, for this commit. */
export function judgePipelines(criterion: CriterionOf<"pipelines">, world: World): Answer {
  const { branch, within } = criterion;
  const named = criterion.names.length === 0 ? "" : `, among them ${listed(criterion.names)}`;
  const latest = {
    wish: {
      kind: "pipelines",
      noun: `list of ${branch}'s pipelines`,
      about: (facts: { branch: string }) => facts.branch === branch,
    },
    criterion,
    world,
    wanted: `every pipeline of ${branch} green for this release${named}${within === undefined ? "" : `, each in under ${showDuration(within)}`}`,
    remedy: "mend the pipelines, let them run through and attest their list",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts }) => {
    const { pipelines } = facts;
    if (pipelines.length === 0)
      return { verdict: "fail", found: `a list of ${branch}'s pipelines without any pipeline` };
    const red = pipelines.filter((pipeline) => pipeline.conclusion !== "success");
    if (red.length > 0) {
      return {
        verdict: "fail",
        found: `not green: ${listed(red.map((pipeline) => `${pipeline.name} (${pipeline.conclusion})`))}`,
      };
    }
    const other =
      criterion.subject === "any" ? undefined : pipelines.find((pipeline) => pipeline.commit !== world.release.commit);
    if (other !== undefined) {
      return {
        verdict: "fail",
        found: `${other.name} ran for commit ${short(other.commit)}, this release is ${short(world.release.commit)}`,
      };
    }
    const absent = criterion.names.filter((name) => !pipelines.some((pipeline) => pipeline.name === name));
    if (absent.length > 0) return { verdict: "fail", found: `no ${listed(absent)} among the pipelines` };
    const slow = within === undefined ? [] : pipelines.filter(({ took }) => !(took !== undefined && took < within));
    if (slow.length > 0) {
      const times = slow.map(({ name, took }) => `${name} (${took === undefined ? "not said" : showDuration(took)})`);
      return { verdict: "fail", found: `too long: ${listed(times)}` };
    }
    return { verdict: "pass", found: `${counted(pipelines.length, "pipeline")} green` };
  });
}
