/**
 * Whether what runs after a way back is well: what would fire now of the plan's triggers, asked of the version that has
 * the traffic. It decides nothing: whoever brought a stage back reads it.
 */
import { judgeTriggers } from "./criteria/triggers";
import { BUILT_IN } from "./metrics";
import { canaryOf, type Plan, type Stage, type Trigger } from "./plan";
import { triggerQuestions, type Asking } from "./questions";
import type { Question } from "./readings";
import { isArmed } from "./triggers";
import type { World } from "./world";

/** One look at a number. */
export interface HealthCheck {
  /** Id of the trigger, or "health". */
  readonly check: string;
  readonly verdict: "pass" | "fail" | "inconclusive";
  readonly found: string;
  readonly wanted: string;
}

/** What all checks come to; one of which nothing is known is not well. */
export interface Health {
  readonly verdict: "healthy" | "unhealthy" | "unknown";
  readonly checks: readonly HealthCheck[];
  /** Why nothing at all is known. */
  readonly why?: string;
}

/** What is asked once a stage's traffic is on the baseline. */
export function healthQuestions(plan: Plan, stage: Stage, span: Asking["span"]): Question[] {
  const asking: Asking = { plan, stage: stage.name, judge: canaryOf(stage, undefined)?.judge, span };
  return healthTriggers(plan, stage).flatMap((trigger) => triggerQuestions(trigger, asking));
}

/** What the answers say. */
export function judgeHealth(plan: Plan, stage: Stage, world: World): Health {
  const triggers = healthTriggers(plan, stage);
  // Nothing is known of a canary: its weight would make conditions on a track quiet.
  const watching = { plan: { ...plan, triggers }, stage, world: { ...world, stages: {} } };
  const checks = judgeTriggers(watching, triggers).map(({ criterion, verdict, found, wanted }): HealthCheck => {
    const known = verdict === "pass" || verdict === "fail" ? verdict : "inconclusive";
    return { check: criterion.replace(/^trigger\./, ""), verdict: known, found, wanted };
  });
  const has = (verdict: HealthCheck["verdict"]): boolean => checks.some((one) => one.verdict === verdict);
  return { verdict: has("fail") ? "unhealthy" : has("inconclusive") ? "unknown" : "healthy", checks };
}

/**
 * The plan's triggers on metrics as they are now, of the baseline where its series are told apart, and the health probes
 * whether a trigger asks for them or not. What is compared with the baseline would be compared with itself.
 */
function healthTriggers(plan: Plan, stage: Stage): readonly Trigger[] {
  const own = plan.triggers.flatMap((trigger): Trigger[] => {
    const { when } = trigger;
    if (!isArmed(trigger, stage.name) || "criterion" in when || when.of === "baseline" || !isKnown(plan, when.metric)) {
      return [];
    }
    // Over a longer time it would tell of the version that has just gone.
    const { for: _, ...now } = when;
    return [{ ...trigger, when: { ...now, on: isTracked(plan, when) ? "baseline" : "service" } }];
  });
  return [probes(stage), ...own];
}

function isKnown(plan: Plan, metric: string): boolean {
  return Object.hasOwn(plan.metrics, metric) || isBuiltIn(metric);
}

function isBuiltIn(metric: string): boolean {
  return Object.hasOwn(BUILT_IN, metric);
}

/** What every service has carries the label; a metric of the plan's own does where a condition asks for one track of it. */
function isTracked(plan: Plan, { metric, on }: { readonly metric: string; readonly on?: string | undefined }): boolean {
  const own = Object.hasOwn(plan.metrics, metric);
  return on === "canary" || on === "baseline" || (!own && on === undefined);
}

function probes(stage: Stage): Trigger {
  const passing = canaryOf(stage, undefined)?.judge.health.passing ?? 1;
  return {
    id: "health",
    title: "The baseline answers its health probes",
    severity: "critical",
    when: { metric: "health", on: "baseline", below: { value: passing, unit: "ratio" } },
    does: "notify",
    owner: "",
    covers: [],
  };
}
