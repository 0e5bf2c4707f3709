import { parsePlan, type Plan } from "../../rollout/plan";

/** What a test changes of a small plan of two stages; each a piece of YAML, indented as in the plan. */
export interface Changes {
  /** Keys of the plan. */
  readonly head?: string;
  /** Criteria of staging's entry, indented by 8. */
  readonly stagingCriteria?: string;
  /** Keys of the stage staging, indented by 4. */
  readonly staging?: string;
  /** Keys of the stage production, indented by 4. */
  readonly production?: string;
  /** Criteria of production's entry, indented by 8. */
  readonly criteria?: string;
}

/** One criterion as the plan has it. */
export const criterion = (kind: string, id: string, more = ""): string =>
  `        - { kind: ${kind}, id: ${id}, title: T, owner: devops${more === "" ? "" : `, ${more}`} }`;

const CANARY = `    canary:
      owner: sre
      steps:
        - { weight: 50%, hold: 30 minutes }
        - { weight: 100%, hold: 1 hour }
      judge:
        minRequests: 1
        errorRate: { below: 2x, of: baseline, floor: 1% }
        p95: { below: 2x, of: baseline }
        health: { passing: 100% }`;

/** A plan of staging and production, which asks for nothing but that staging has the release. */
export function planText({
  head = "",
  stagingCriteria = "",
  staging = "",
  production = "",
  criteria = "",
}: Changes = {}): string {
  return `apiVersion: holdpoint.dev/v1
kind: RolloutPlan
name: small
title: A small plan
service: omnihub
owners:
  devops: { contact: "#devops" }
  sre: { contact: "#sre" }
roles:
  cto: Signs off
runbooks: {}
${head}
stages:
  - name: staging
    enter:
      criteria:
${criterion("canary-at-rest", "staging-at-rest")}
${stagingCriteria}
${staging}
  - name: production
    enter:
      criteria:
${criterion("stage-done", "staging-done", "stage: staging")}
${criteria}
${CANARY}
${production}
rollback: { within: 1 minute, tell: [sre] }
`
    .split("\n")
    .filter((line) => line.trim() !== "")
    .join("\n");
}

/** The small plan, parsed. */
export function smallPlan(changes: Changes = {}): Plan {
  return parsePlan(planText(changes), "plans/small.yaml");
}
