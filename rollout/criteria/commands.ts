/** The commands that mend a criterion, in one place so that they stay those of `holdpoint`. */
import type { EvidenceCriterion } from "../plan";

/** `npx holdpoint attest …`: attests a file that the criterion's tool wrote. */
export function attestCommand(criterion: EvidenceCriterion): string {
  const stage = criterion.stage === undefined ? "" : ` --stage ${criterion.stage}`;
  switch (criterion.kind) {
    case "tests":
      return `npx holdpoint attest${stage} --suite ${criterion.suite} <junit.xml>`;
    case "vulnerabilities":
      return `npx holdpoint attest${stage} <scan.json>`;
    case "drill":
      return `npx holdpoint attest${stage} <${criterion.drill}-drill.json>`;
    default:
      return `npx holdpoint attest${stage} <${criterion.kind}.json>`;
  }
}

/** Signs one exact update plan. */
export function approveCommand(stage: string): string {
  return `npx holdpoint approve ${stage} --update-plan <file>`;
}
