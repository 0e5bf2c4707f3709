/**
 * The gates. Each criterion that the plan names is judged and answers; GO only if every one of them passes. What is
 * not judged, not known or throws is a fail: there is no path on which silence means GO.
 */
import { broken } from "./broken";
import { decision } from "./conclude";
import type { Decision, Finding } from "./decision";
import { canaryOf, stageOf } from "./plan";
import type { Plan, Stage } from "./plan";
import { releaseTypeOf } from "./release-types";
import { decideStage } from "./stage-gate";
import { decideTransition, stepGate } from "./step-gate";
import { canaryFor } from "./steps";
import { wayBackOf } from "./way-back";
import type { World } from "./world";

/** Whether a stage may be changed as the world says. */
export function decideEnter(plan: Plan, stageName: string, world: World): Decision {
  const gate = `enter ${stageName}`;
  const stage = stageOf(plan, stageName);
  if (stage === undefined) return decision(gate, world, [unknownStage(plan, stageName)]);
  const wayBack = wayBackOf(plan, { gate: "enter", stage: stageName }, world);
  if (wayBack !== undefined) return { ...decision(gate, world, []), outcome: "GO", findings: [], wayBack };
  return decideStage(gate, { plan, stage, world });
}

/** Whether the canary's weight may become `to` (0..100, whole percent). */
export function decideStep(plan: Plan, stageName: string, to: number, world: World): Decision {
  const stage = stageOf(plan, stageName);
  const gate = stepGate(stageName, to, world);
  if (!Number.isInteger(to) || to < 0 || to > 100) return decision(gate, world, [noWeight(plan, to)]);
  const wayBack = wayBackOf(plan, { gate: "step", stage: stageName, to }, world);
  if (wayBack !== undefined) return { ...decision(gate, world, []), outcome: "GO", findings: [], wayBack };
  if (stage === undefined) return decision(gate, world, [unknownStage(plan, stageName)]);
  const planned = canaryOf(stage, world.operation);
  if (planned === undefined) return decision(gate, world, [noCanary(plan, stage, world)]);
  return decideTransition(gate, { plan, stage, canary: canaryFor(planned, releaseTypeOf(world)), to, world });
}

function unknownStage(plan: Plan, stageName: string): Finding {
  const known = plan.stages.map((stage) => stage.name).join(", ");
  return broken(
    "stage",
    plan.source.at(["stages"]),
    `the stage "${stageName}", which the plan does not have`,
    `one of ${known}`,
  );
}

function noWeight(plan: Plan, to: number): Finding {
  return broken("weight", plan.source.at(["stages"]), `a weight of ${to}`, "a whole number from 0 to 100");
}

function noCanary(plan: Plan, stage: Stage, { operation }: World): Finding {
  const line = plan.source.at(["stages", plan.stages.indexOf(stage)]);
  const whose = operation === undefined ? stage.name : `the operation "${operation}" of ${stage.name}`;
  return broken("canary", line, `${whose} has no canary in the plan`, "a canary with steps");
}
