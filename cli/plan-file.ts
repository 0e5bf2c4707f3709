import { isAbsolute, join, relative } from "node:path";
import { readTextFile } from "../evidence/text-file";
import { HoldpointError } from "../rollout/errors";
import { parsePlan, stageOf, type Plan, type Stage } from "../rollout/plan";
import { canaryStack } from "../rollout/stacks";
import { choice } from "../rollout/yaml";
import type { Context } from "./context";
import { readStackFile, stagesOf } from "./stack-file";

/**
 * Reads a plan.
 * @param path relative to the project's root, or absolute
 * @throws HoldpointError `file-missing`, `file-unreadable`, `file-too-large`, `yaml-syntax`, `plan-invalid`
 */
export function readPlan(root: string, path: string): Plan {
  const file = isAbsolute(path) ? path : join(root, path);
  const named = { what: `the plan "${path}"`, remedy: "name a plan's file: holdpoint lint plans/omnihub.yaml" };
  return parsePlan(readTextFile(file, named), isAbsolute(path) && path.startsWith(root) ? relative(root, path) : path);
}

/** The plan that a stage's stack file names, and the stage in it. */
export function planOfStage(context: Context, stage: string): { plan: Plan; stage: Stage } {
  const { settings, path } = readStackFile(context.root, stage);
  if (settings.plan === undefined) {
    throw new HoldpointError("config-invalid", `${path}: holdpoint:plan is not set`, {
      remedy: `pulumi config set holdpoint:plan <path> --stack ${stage}`,
    });
  }
  const plan = readPlan(context.root, settings.plan);
  return { plan, stage: requireStage(plan, stage) };
}

/** Paths of the plans that the project's stack files name, each once. */
export function plansInUse(root: string): string[] {
  const plans = stagesOf(root).flatMap((stage) => readStackFile(root, canaryStack(stage)).settings.plan ?? []);
  return [...new Set(plans)];
}

/** The plan's stage of a name. Throws HoldpointError `stack-unknown`. */
export function requireStage(plan: Plan, name: string): Stage {
  const stage = stageOf(plan, name);
  if (stage !== undefined) return stage;
  const known = plan.stages.map((one) => one.name);
  throw new HoldpointError(
    "stack-unknown",
    `${plan.source.file} has no stage "${name}"; expected ${choice(known, name)}`,
  );
}
