/** What the metrics source says to the criteria and triggers of a run's gate. */
import { queryPrometheus } from "../analysis/prometheus";
import { askAll } from "../analysis/readings";
import type { Project } from "../components/project";
import type { Clock } from "../rollout/clock";
import { gateQuestions, stepQuestions } from "../rollout/questions";
import type { Question, Readings } from "../rollout/readings";
import { canaryOf, weightNow, type StageState } from "../rollout/world";

/**
 * Asks the metrics source whatever the run's gate can ask of it. The way back down asks nothing.
 * @param state of the run's own stage
 */
export async function readLive(
  { settings, plan }: Project,
  clock: Clock,
  state: StageState | undefined,
): Promise<Readings> {
  const span = (time: number): number => clock.machineSpan(time);
  const asked: Question[] =
    settings.kind === "stage"
      ? gateQuestions(plan, settings.stage, span)
      : leads(settings.canary.weight, settings.operation, state)
        ? stepQuestions(plan, settings.stage, { to: settings.canary.weight, operation: settings.operation, span })
        : [];
  const at = Date.now();
  return askAll((promql) => queryPrometheus(settings.prometheus, promql, at), asked);
}

/** Whether a run leads the canary upwards; where nobody knows where it stands, it may. */
export function leads(to: number, operation: string | undefined, state: StageState | undefined): boolean {
  if (to === 0) return false;
  return state?.ok !== true || !(to <= weightNow(canaryOf(state, operation)));
}
