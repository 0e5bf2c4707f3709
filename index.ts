import * as pulumi from "@pulumi/pulumi";
import { askClearance } from "./components/clearance";
import { declareCanary, declareStage } from "./components/declare";
import { wholeProgram } from "./components/program";
import { readRun } from "./components/project";

/** Load, ask for clearance, declare. Nothing is declared before the policy pack's answer is there. */
export default wholeProgram(async () => {
  const { kind, settings, plan, service, request, digest, wayBack } = readRun();
  const clearance = await askClearance(request, digest, { wayBack });
  await pulumi.log.info(clearance?.text ?? "way back: all traffic to the baseline, declared without a policy pack");
  if (kind === "stage") return declareStage(settings, plan);
  const recordKnown = clearance !== undefined && clearance.unread !== true;
  return declareCanary(settings, service, { switchesMayBeLifted: recordKnown });
});
