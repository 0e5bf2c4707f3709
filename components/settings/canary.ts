/** Sections `canary` and `route` of a canary stack: what must change in seconds, and where the traffic enters. */
import { z } from "zod";
import { bool, hostname, integer, label, some } from "./values";

export const canarySchema = z.strictObject({
  /** Percent of the traffic that the release gets. */
  weight: integer(0, 100, "percent"),
  /** The service refuses every request, and the canary gets none. */
  killSwitch: bool,
  /** The service answers, but changes nothing. */
  safeMode: bool,
});

export const routeSchema = z.strictObject({
  hostnames: some(hostname, "host names"),
  /** The Gateway that the route attaches to. */
  gateway: z.strictObject({ namespace: label, name: label, listener: label }),
});

export type CanarySettings = z.infer<typeof canarySchema>;
export type RouteSettings = z.infer<typeof routeSchema>;

/** What the route really sends to the canary, in percent: nothing while the kill switch is on. */
export function effectiveWeight(settings: CanarySettings): number {
  return settings.killSwitch ? 0 : settings.weight;
}
