/** The commands that mend a criterion, in one place so that they stay those of `holdpoint`. */
import type { CriterionOf, EvidenceCriterion } from "../plan";

/**
 * `npx holdpoint attest …`: attests what the criterion's tool wrote, or runs and attests its drill.
 * @param gate the stage whose gate asks; evidence that the plan ties to no stage is attested for it
 */
export function attestCommand(criterion: EvidenceCriterion, gate: string): string {
  const attest = `npx holdpoint attest --stage ${criterion.stage ?? gate}`;
  switch (criterion.kind) {
    case "tests":
      return `${attest} --suite ${criterion.suite}${environment(criterion)} <junit.xml>`;
    case "coverage":
      return `${attest} --suite ${criterion.suite} <coverage report>`;
    case "measurement":
      return `${attest} --suite ${criterion.suite}${environment(criterion)} <summary.json>`;
    case "survey":
      return `${attest} --survey ${criterion.survey} --satisfied <column and least value> <answers.csv>`;
    case "review":
      return `${attest} --review ${criterion.review} <reviews.json>`;
    case "artifacts":
      return `${attest} <SHA256SUMS>${criterion.signed === true ? " <signatures> --public-key <key>" : ""}`;
    case "sbom":
      return `${attest} <sbom.json>`;
    case "provenance":
      return `${attest} <provenance.intoto.jsonl>`;
    case "branch":
      return `${attest} --branch ${criterion.branch} <runs.json>`;
    case "documents":
      return `${attest} --kind documents <folder of documents>`;
    case "check":
      return `${attest} --check ${criterion.check}`;
    case "changes":
      return `${attest} --changes-from <commit of the baseline>`;
    case "vulnerabilities":
      return `${attest} <scan.json>`;
    case "drill":
      return drillCommand(criterion, criterion.stage ?? gate);
    case "cost":
      return `${attest} <estimate.json>`;
    case "on-call":
      return `${attest} <schedule.json>`;
    case "runbooks":
      return `${attest} <folder of runbooks>`;
    case "freeze":
      return `${attest} --kind freeze --branch ${criterion.branch} --since <time> <merges.json>`;
    case "pipelines":
      return `${attest} --branch ${criterion.branch} <runs.json>`;
    case "workflow":
      return `${attest} --finished-at <time> <.github/workflows/….yml>`;
    case "backup":
      return `${attest} --scope ${criterion.scope} --trigger ${criterion.trigger === "any" ? "<how>" : criterion.trigger} <backup.json>`;
  }
}

function environment({ environments }: { readonly environments?: readonly string[] | undefined }): string {
  return environments === undefined ? "" : " --environment <name>";
}

function drillCommand({ drill, integrity }: CriterionOf<"drill">, stage: string): string {
  const verify = integrity === undefined ? "" : " --verify <check>";
  const command = drill === "rollback" ? `npx holdpoint rollback ${stage}` : "<command>";
  return `npx holdpoint attest run --stage ${stage} --drill ${drill}${verify} -- ${command}`;
}

/** Signs one exact update plan. */
export function approveCommand(stage: string): string {
  return `npx holdpoint approve ${stage} --update-plan <file>`;
}
