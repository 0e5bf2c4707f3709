/** Every kind of criterion that rests on evidence, and who judges it. */
import { marksOf } from "../levels";
import type { EvidenceCriterion, Plan } from "../plan";
import type { World } from "../world";
import type { Answer } from "./answer";
import { judgeArtifacts, judgeBranch, judgeProvenance, judgeSbom } from "./artifacts";
import { judgeChanges } from "./changes";
import { judgeFreeze, judgePipelines } from "./code";
import { judgeCoverage } from "./coverage";
import { judgeMeasurement } from "./measurement";
import { judgeBackup, judgeCost, judgeDocuments, judgeDrill, judgeOnCall, judgeRunbooks } from "./operations";
import { judgeCheck, judgeReview, judgeSurvey } from "./people";
import { judgeVulnerabilities } from "./security";
import { judgeTests } from "./tests";
import { judgeWorkflow } from "./workflow";

/** Judges one criterion by the evidence of the world. @throws Error for a kind that nothing judges, which is a fail. */
export function judgeEvidence(criterion: EvidenceCriterion, world: World, plan: Pick<Plan, "rollback">): Answer {
  switch (criterion.kind) {
    case "tests":
      return judgeTests(criterion, world);
    case "coverage":
      return judgeCoverage(criterion, world);
    case "vulnerabilities":
      return judgeVulnerabilities(criterion, world);
    case "measurement":
      return judgeMeasurement(criterion, world);
    case "survey":
      return judgeSurvey(criterion, world);
    case "review":
      return judgeReview(criterion, world);
    case "artifacts":
      return judgeArtifacts(criterion, world);
    case "sbom":
      return judgeSbom(criterion, world);
    case "provenance":
      return judgeProvenance(criterion, world);
    case "branch":
      return judgeBranch(criterion, world);
    case "documents":
      return judgeDocuments(criterion, world);
    case "runbooks":
      return judgeRunbooks(criterion, world);
    case "check":
      return judgeCheck(criterion, world);
    case "changes":
      return judgeChanges(criterion, world);
    case "drill":
      return judgeDrill(criterion, world, marksOf(plan, criterion.drill));
    case "cost":
      return judgeCost(criterion, world);
    case "on-call":
      return judgeOnCall(criterion, world);
    case "freeze":
      return judgeFreeze(criterion, world);
    case "backup":
      return judgeBackup(criterion, world);
    case "pipelines":
      return judgePipelines(criterion, world);
    case "workflow":
      return judgeWorkflow(criterion, world);
    default:
      throw new Error(`nothing judges the kind "${(criterion as { kind: string }).kind}"`);
  }
}
