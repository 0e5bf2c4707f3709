/** Whose requests a canary weighs: what the plan says, and what the stack is configured for. */
import type { Stage } from "./plan";
import type { World } from "./world";

type Route = NonNullable<World["route"]>;

/** "requests to /search of the group beta": the route as the plan has it. */
export function plannedRoute(stage: Stage, operation: string | undefined): string {
  const path = operation === undefined ? undefined : stage.canaries?.[operation]?.path;
  return showRoute({ ...(path === undefined ? {} : { path }), ...(stage.cohort?.by && { cohort: stage.cohort.by }) });
}

/** The route in words; two routes of the same words serve the same requests. */
export function showRoute({ path, cohort }: Route): string {
  const whose =
    cohort === undefined
      ? "everybody"
      : "group" in cohort
        ? `the group ${cohort.group}`
        : "cookie" in cohort
          ? `whoever has the cookie ${cohort.cookie}=${cohort.value}`
          : `whoever sends the header ${cohort.header.toLowerCase()}: ${cohort.value}`;
  return path === undefined ? `all requests of ${whose}` : `requests to ${path} of ${whose}`;
}

/** Whether the configured route serves whom the plan says; one that nobody looked at does not. */
export function isPlannedRoute(stage: Stage, { operation, route }: World): boolean {
  return route !== undefined && showRoute(route) === plannedRoute(stage, operation);
}
