import type { Project } from "../components/project";
import type { Asked } from "../rollout/decision";

/** Which gate a stack's run asks. */
export function askedOf(settings: Project["settings"]): Asked {
  return settings.kind === "canary"
    ? { gate: "step", stage: settings.stage, to: settings.canary.weight }
    : { gate: "enter", stage: settings.stage };
}
