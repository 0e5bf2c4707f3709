import * as pulumi from "@pulumi/pulumi";
import { effectiveWeight } from "./components/canary";
import { askClearance } from "./components/clearance";
import { declareCanary, declareStage } from "./components/declare";
import { wholeProgram } from "./components/program";
import { readProject } from "./components/project";

/** Load, ask for clearance, declare. Nothing is declared before the policy pack's answer is there. */
export default wholeProgram(async () => {
  const { settings, plan, request, digest } = readProject();
  const wayBack = settings.kind === "canary" && effectiveWeight(settings.canary) === 0;
  const clearance = await askClearance(request, digest, { wayBack });
  await pulumi.log.info(clearance?.text ?? "way back: all traffic to the baseline, declared without a policy pack");
  if (settings.kind === "stage") return declareStage(settings, plan);
  return declareCanary(settings, plan, { switchesMayBeLifted: clearance !== undefined });
});
