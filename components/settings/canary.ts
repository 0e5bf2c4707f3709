/**
 * Sections `canary` and `route` of a canary stack: what must change in seconds, and where the traffic enters. A stage has
 * one canary stack for the whole service, and beside it one for each operation that has a canary of its own.
 */
import { z } from "zod";
import { bool, hostname, integer, label, some } from "./values";

export const canarySchema = z.strictObject({
  /** Percent of the traffic that the release gets. */
  weight: integer(0, 100, "percent"),
  /** The service refuses every request, and the canary gets none. */
  killSwitch: bool,
  /** The service answers, but changes nothing. */
  safeMode: bool,
  /** What answers a request that the release could not: the application is told. Without it, nothing does. */
  fallback: z.literal("baseline", { error: "baseline, or no such key" }).optional(),
});

/** An operation's own: its kill switch is the service's, on the stack of the whole service. */
export const operationCanarySchema = z
  .strictObject({ weight: canarySchema.shape.weight, fallback: canarySchema.shape.fallback })
  .transform((own) => ({ ...own, killSwitch: false, safeMode: false }));

const exact = z
  .string({ error: "some text without spaces" })
  .regex(/^[A-Za-z0-9._-]{1,100}$/, { error: "letters, digits, dots, hyphens and underscores, at most 100" });

/** Whose requests the weight is about; everybody else's stay on the baseline. */
const cohort = z.union(
  [
    z.strictObject({ header: exact, value: exact }),
    z.strictObject({ cookie: exact, value: exact }),
    z.strictObject({ group: label }),
  ],
  { error: "a header and its value, a cookie and its value, or a group" },
);

export const routeSchema = z.strictObject({
  hostnames: some(hostname, "host names"),
  /** The Gateway that the route attaches to. */
  gateway: z.strictObject({ namespace: label, name: label, listener: label }),
  cohort: cohort.optional(),
});

/** An operation's route: only the requests below its path. */
export const operationRouteSchema = routeSchema.extend({
  path: z
    .string({ error: 'a path such as "/search"' })
    .regex(/^\/[A-Za-z0-9/_-]{1,99}$/, { error: 'a path such as "/search"' }),
});

export type CanarySettings = z.infer<typeof canarySchema>;
export type RouteSettings = z.infer<typeof routeSchema> & { readonly path?: string };
export type CohortSettings = z.infer<typeof cohort>;

/** What the route really sends to the canary, in percent: nothing while the kill switch is on. */
export function effectiveWeight(settings: CanarySettings): number {
  return settings.killSwitch ? 0 : settings.weight;
}
