import { decideEnter } from "../../rollout/decide";
import type { Decision } from "../../rollout/decision";
import { parsePlan, type Plan } from "../../rollout/plan";
import type { World } from "../../rollout/world";
import * as f from "./world-factory";

/** Criteria as flow maps, one a line. */
export const SMOKE =
  "{ kind: tests, id: smoke, title: Smoke, owner: sre, suite: smoke, stage: production, maxAge: 7 days, attestedBy: [ci] }";
export const SCAN =
  "{ kind: vulnerabilities, id: scan, title: Scan, owner: sre, atMost: { critical: 0 }, maxAge: 1 day, attestedBy: [ci] }";
export const review = (more = ""): string =>
  `{ kind: update-plan-review, id: review, title: Review, owner: sre, from: [sre, devops], validFor: 24 hours${more} }`;
export const signOff = (more = "", id = "sign-off"): string =>
  `{ kind: sign-off, id: ${id}, title: Sign-off, owner: sre, from: [tech-lead, cto], validFor: 24 hours, itemsAttestedBy: [sre]${more} }`;

/** A plan of one stage, production, with a window on Sunday at two. */
export function planText(criteria: readonly string[], head = "", stage = ""): string {
  return `apiVersion: holdpoint.dev/v1
kind: RolloutPlan
name: small
title: Small
service: omnihub
owners: { sre: { contact: "#sre" } }
roles: { ci: Pipelines, sre: SRE, devops: DevOps, tech-lead: Lead, cto: CTO, security: Security }
runbooks: {}
${head}
stages:
  - name: production
    window: { timeZone: UTC, days: [sunday], from: "02:00", for: 4 hours }
${stage}
    enter:
      criteria:
        - { kind: window, id: window, title: Window, owner: sre }
${criteria.map((one) => `        - ${one}`).join("\n")}
rollback: { within: 60 seconds, tell: [sre] }
`;
}

export const plan = (...args: Parameters<typeof planText>): Plan => parsePlan(planText(...args), "plans/small.yaml");

/** Why a plan is refused, without the file's name; empty where it is none. */
export function mistakesIn(...args: Parameters<typeof planText>): string {
  try {
    plan(...args);
    return "";
  } catch (error) {
    return (error as Error).message.replaceAll(/plans\/small\.yaml:\d+:\d+: /g, "");
  }
}

export const enter = (of: Plan, more: Partial<World> = {}): Decision => decideEnter(of, "production", f.world(more));

/** The outcome, and what one criterion says. */
export function says(decision: Decision, id: string): string {
  const found = decision.findings.filter(({ criterion }) => criterion === id);
  return `${decision.outcome}; ${found.map((one) => `${one.verdict}: ${one.found}`).join(" / ")}`;
}
