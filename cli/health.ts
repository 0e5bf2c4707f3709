/** What the metrics source says of a stage that was just brought back. It never throws: the way back is done by then. */
import { queryPrometheus } from "../analysis/prometheus";
import { askAll } from "../analysis/readings";
import { healthQuestions, judgeHealth, type Health } from "../rollout/health";
import type { Stage } from "../rollout/plan";
import type { World } from "../rollout/world";
import { openClock } from "./clock";
import type { Context } from "./context";
import { planOfStage } from "./plan-file";
import { readStackFile } from "./stack-file";

/** All answers together may take so long, milliseconds: who has just brought a stage back does not wait for more. */
const DEADLINE = 3_000;

/** How the stage is, as its metrics source says within three seconds. */
export async function healthOf(context: Context, stageName: string): Promise<Health> {
  try {
    const { plan, stage } = planOfStage(context, stageName);
    const { settings } = readStackFile(context.root, stageName);
    const { prometheus } = settings;
    if (prometheus === undefined) return unknown("holdpoint:prometheus is not set");
    const clock = openClock(context, settings);
    const questions = healthQuestions(plan, stage, (time) => clock.machineSpan(time));
    const at = Date.now();
    const ask = (promql: string) => queryPrometheus(prometheus, promql, at);
    const readings = await askAll(ask, questions, DEADLINE);
    const failures = Object.values(readings).map((one) => ("failure" in one ? one.failure : undefined));
    const [first] = failures;
    if (first !== undefined && failures.every((one) => one !== undefined)) return unknown(first);
    return judgeHealth(plan, stage, worldOf(stage, readings, clock.now()));
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error));
  }
}

function unknown(why: string): Health {
  return { verdict: "unknown", checks: [], why };
}

/** As much of the world as a number rests on. */
function worldOf(stage: Stage, readings: NonNullable<World["readings"]>, now: number): World {
  const nobody = { version: "", image: "", commit: "", author: "" };
  return {
    now,
    mode: "up",
    stack: stage.name,
    release: nobody,
    baseline: nobody,
    evidence: [],
    rejected: [],
    approvals: [],
    updatePlans: [],
    stages: {},
    readings,
  };
}

/** For a person: one line, and one for each check that is not well. */
export function healthLines(stage: string, { verdict, checks, why }: Health): string[] {
  if (why !== undefined) return [`${stage}'s health is unknown: ${why}`];
  const bad = checks.filter((one) => one.verdict !== "pass");
  if (verdict === "healthy") return [`${stage} is healthy: ${checks.length} of ${checks.length} checks are well`];
  const head =
    verdict === "unhealthy"
      ? `${stage} is UNHEALTHY after the way back: ${bad.length} of ${checks.length} checks are not well`
      : `${stage}'s health is unknown: nothing is known of ${bad.length} of ${checks.length} checks`;
  return [head, ...bad.map(({ check, found, wanted }) => `  ${check}: found ${found}, wanted ${wanted}`)];
}
