/** What a rule of the linter is, and what it finds. */
import type { Criterion, Plan, Stage, Trigger } from "../plan";
import type { Path } from "../yaml";

/** error: it can't be meant so. warning: it is dangerous. note: it is read in a way that a reader should know. */
export type Level = "error" | "warning" | "note";

/** One thing that a rule found, before it knows its line. Lower case, no final full stop. */
export interface Found {
  readonly path: Path;
  /** The plan's own words. */
  readonly found: string;
  /** Why that is contradictory or dangerous. */
  readonly wrong: string;
  /** What to write instead. */
  readonly instead: string;
}

export interface Rule {
  /** "levels-in-order": unique, for suppressions and SARIF. */
  readonly id: string;
  readonly level: Level;
  /** What must hold, in one sentence. */
  readonly says: string;
  check(plan: Plan): readonly Found[];
}

/** A criterion of a stage's gates and where it stands. */
export interface Placed<T = Criterion> {
  readonly path: Path;
  readonly stage: Stage;
  readonly gate: "enter" | "exit" | "finish";
  readonly value: T;
}

/** Every criterion of every gate of the plan. */
export function criteriaOf(plan: Plan): readonly Placed[] {
  return plan.stages.flatMap((stage, index) =>
    (["enter", "exit", "finish"] as const).flatMap((gate) =>
      (stage[gate]?.criteria ?? []).map((value, at) => ({
        path: ["stages", index, gate, "criteria", at],
        stage,
        gate,
        value,
      })),
    ),
  );
}

/** Every canary of the plan, with its stage. */
export function canariesOf(plan: Plan) {
  return plan.stages.flatMap((stage, index) => [
    ...(stage.canary === undefined ? [] : [{ stage, path: ["stages", index, "canary"] as Path, canary: stage.canary }]),
    ...Object.entries(stage.canaries ?? {}).map(([name, canary]) => ({
      stage,
      path: ["stages", index, "canaries", name] as Path,
      canary,
    })),
  ]);
}

/** Triggers with their path. */
export function triggersOf(plan: Plan): readonly { readonly path: Path; readonly value: Trigger }[] {
  return plan.triggers.map((value, index) => ({ path: ["triggers", index], value }));
}
