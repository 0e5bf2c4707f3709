/** Stages: where they are deployed from, who agrees, and what their people can do. */
import { isLive } from "../questions";
import type { Stage } from "../plan";
import { showQuantity } from "../units";
import { criteriaOf } from "./rule";
import type { Rule } from "./rule";

/** At the finish all traffic is on the canary: the baseline serves nobody that a number could be compared with. */
export const finishOfBaseline: Rule = {
  id: "finish-of-baseline",
  level: "error",
  says: "What is asked at the finish is compared with no baseline, which serves nobody by then",
  check: ({ stages }) =>
    stages.flatMap(({ finish }, at) =>
      (finish?.criteria ?? []).flatMap((one, index) =>
        (one.kind === "metric" || one.kind === "measurement") && one.of === "baseline"
          ? [
              {
                path: ["stages", at, "finish", "criteria", index],
                found: `"${one.id}" is compared with the baseline`,
                wrong:
                  "by then all traffic is on the release, which is its own baseline: a live number never comes, any other is compared with itself",
                instead: '"of: before", or a limit of its own; or ask it at the steps of the canary',
              },
            ]
          : [],
      ),
    ),
};

export const branchUnproved: Rule = {
  id: "branch-unproved",
  level: "error",
  says: "A stage that is deployed from a branch asks for a proof of it",
  check: (plan) =>
    plan.stages.flatMap(({ name, branch, enter }, index) => {
      if (branch === undefined) return [];
      const proved = enter.criteria.some((one) => "branch" in one && one.branch === branch && isProof(one.kind));
      if (proved) return [];
      return [
        {
          path: ["stages", index, "branch"],
          found: `${name} is deployed from ${branch}, and its gate does not ask for that`,
          wrong: "a release from any other branch enters as well",
          instead: `a criterion "kind: branch, branch: ${branch}"`,
        },
      ];
    }),
};

const isProof = (kind: string): boolean => kind === "branch" || kind === "provenance";

/** main is reviewed merge by merge; what comes from elsewhere needs a word of somebody, or the review of its code. */
export const branchUnapproved: Rule = {
  id: "branch-unapproved",
  level: "warning",
  says: "What is deployed from another branch than main was approved, or its code reviewed",
  check: (plan) =>
    plan.stages.flatMap(({ name, branch, enter }, index) => {
      if (branch === undefined || branch === "main" || branch === "master") return [];
      if (enter.criteria.some((one) => "from" in one || one.kind === "review")) return [];
      return [
        {
          path: ["stages", index],
          found: `${name} is deployed from ${branch} without any approval`,
          wrong: "what is merged there need not have been seen by anybody",
          instead: 'a criterion of kind "update-plan-review", "sign-off" or "review"',
        },
      ];
    }),
};

/** What a stage's people can't cause can't be measured of them. */
export const loadOfNobody: Rule = {
  id: "load-of-nobody",
  level: "error",
  says: "A load that a stage's people can't make is asked of a load test",
  check: (plan) =>
    criteriaOf(plan).flatMap(({ path, stage, value }) => {
      if (!isLive(value) || value.kind !== "metric" || value.metric !== "requests") return [];
      const times = value.atLeast ?? value.above;
      const before = plan.stages[plan.stages.indexOf(stage) - 1];
      if (times?.unit !== "x" || before === undefined) return [];
      const growth = growthOf(before, stage);
      if (growth === undefined || growth >= times.value) return [];
      return [
        {
          path,
          found: `${showQuantity(times)} the load of ${before.name} in ${stage.name}, which has at most ${showQuantity({ value: growth, unit: "x" })} its people`,
          wrong: "its own users can't make that load: the criterion is never met, or met by chance",
          instead: 'a load test of this release: a criterion of kind "measurement"',
        },
      ];
    }),
};

/** How many times as many people a stage has, like compared with like. */
function growthOf({ cohort: before }: Stage, { cohort: now }: Stage): number | undefined {
  const times = (["min", "max"] as const).flatMap((end) => {
    const [few, many] = [before?.people?.[end], now?.people?.[end]];
    return few === undefined || many === undefined ? [] : [many / few];
  });
  return times.length === 0 ? undefined : Math.max(...times);
}
