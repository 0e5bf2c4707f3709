/** A stack's gate, decided by the pack's own code, outside of a run of the engine. */
import { runtime } from "@pulumi/pulumi";
import { readProject } from "../components/project";
import { decideAsked } from "../evidence/replay";
import { askedOf } from "../policies/asked";
import { gatherWorld } from "../policies/world";
import type { Decision } from "../rollout/decision";
import { HoldpointError } from "../rollout/errors";
import { canaryOf, stageState, type CanaryRecord } from "../rollout/world";
import { projectName } from "./backend";
import type { Context } from "./context";
import { lastError, runPulumi } from "./pulumi";
import { readStackFile } from "./stack-file";

/** A gate's present decision, and where the stage's canary stands. */
export interface GateNow {
  readonly decision: Decision;
  readonly canary?: CanaryRecord;
}

/**
 * What the gate of a stack, a stage's or a canary's, would say of an `up` now.
 * @throws HoldpointError `stack-unknown`, `engine-failed`, and as the program does for configuration, plan and trust file
 */
export async function decideNow(context: Context, stack: string): Promise<GateNow> {
  readStackFile(context.root, stack);
  await loadConfiguration(context, stack);
  const project = readProject(context.root, stack);
  const { world } = await gatherWorld({ project, stacks: `organization/${projectName(context.root)}`, mode: "up" });
  const canary = canaryOf(stageState(world, project.settings.stage), world.operation);
  const decision = decideAsked(project.plan, askedOf(project.settings), world);
  return { decision, ...(canary === undefined ? {} : { canary }) };
}

/** Gives the SDK the configuration that the engine would give it: the request's digest covers the secrets too. */
async function loadConfiguration(context: Context, stack: string): Promise<void> {
  const run = await runPulumi(context, ["config", "--json", "--show-secrets", "--stack", stack], { deadline: 20_000 });
  if (run.exitCode !== 0) {
    throw new HoldpointError("engine-failed", `the configuration of ${stack} can't be read: ${lastError(run)}`, {
      remedy: `pulumi config --stack ${stack}`,
    });
  }
  const values = JSON.parse(run.stdout) as Record<string, { value?: string; secret?: boolean }>;
  const open = Object.entries(values).flatMap(([key, { value }]): [string, string][] =>
    value === undefined ? [] : [[key, value]],
  );
  const secrets = Object.entries(values).flatMap(([key, { secret }]) => (secret === true ? [key] : []));
  runtime.setAllConfig(Object.fromEntries(open), secrets);
}
