/**
 * Cases: one change to a plan's good world, and the criterion that must refuse it. What a plan's criterion enforces is
 * shown by the cases that stop being refused without it; a demand of a document counts only by such a case.
 */
import { isUnmet } from "../../rollout/decision";
import type { Plan } from "../../rollout/plan";
import type { World } from "../../rollout/world";
import { decide, goodWorld } from "./good-world";
import type { Ask } from "./good-world";

/** A change of the world. What a source would answer depends on what it is asked: on the plan that is judged. */
export type Change = (world: World, plan: Plan) => World;

export interface Case {
  /** Ids of the demands that this shows. Each must stand in the `covers` of the plan's item that refuses it. */
  readonly rows: readonly string[];
  /** What is wrong, as a sentence: "a smoke run of the last five failed". Unique in its plan. */
  readonly title: string;
  readonly ask: Ask;
  readonly change: Change;
  /** What is wrong in the plan itself, where the criterion is about the plan. */
  readonly edit?: (plan: Plan) => Plan;
  /** Id of the criterion that must refuse it, or of a part of it. */
  readonly refusedBy: string;
}

/** A document's plan with its cases. */
export interface Document {
  /** As in plans/requirements.tsv; its plan is plans/<name>.yaml. */
  readonly name: string;
  readonly cases: readonly Case[];
}

/** Builds one case. */
export function refused(
  rows: readonly string[],
  title: string,
  ask: Ask,
  refusedBy: string,
  ...changes: readonly Change[]
): Case {
  return {
    rows,
    title,
    ask,
    refusedBy,
    change: (world, plan) => changes.reduce((now, change) => change(now, plan), world),
  };
}

/** The same, with a mistake in the plan instead of in the world: a contact that is none. */
export function refusedPlan(
  rows: readonly string[],
  title: string,
  ask: Ask,
  refusedBy: string,
  edit: (plan: Plan) => Plan,
): Case {
  return { ...refused(rows, title, ask, refusedBy), edit };
}

/**
 * Why a case does not hold under a plan, or undefined: the gate must be shut, by the criterion that is named.
 * @param made the plan that the good world is made from: a mutant is judged in the world of the whole plan
 */
export function whyNot({ ask, change, refusedBy, edit }: Case, plan: Plan, made: Plan = plan): string | undefined {
  const judged = edit?.(plan) ?? plan;
  const { outcome, findings, wayBack } = decide(judged, ask, change(worldOf(made, ask), judged));
  const named = findings.filter(({ criterion }) => criterion === refusedBy || criterion.startsWith(`${refusedBy}.`));
  if (wayBack !== undefined) return `it is a way back: ${wayBack}`;
  if (named.length === 0) return `nothing in the gate is called ${refusedBy}`;
  if (outcome === "GO" || !named.some(isUnmet))
    return `${refusedBy} passes: ${named.map(({ found }) => found).join("; ")}`;
  return undefined;
}

const WORLDS = new WeakMap<Plan, Map<string, World>>();

/** The good world of a gate, made once: a run of mutants asks for the same one hundreds of times. */
function worldOf(plan: Plan, ask: Ask): World {
  const worlds = WORLDS.get(plan) ?? new Map<string, World>();
  WORLDS.set(plan, worlds);
  const key = JSON.stringify(ask);
  const world = worlds.get(key) ?? goodWorld(plan, ask);
  worlds.set(key, world);
  return world;
}
