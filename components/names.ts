/**
 * Names and labels of everything, in one place. Explicit everywhere: a name that Pulumi makes up differs between the
 * approved update plan and the update.
 */

/** The two versions of the service that run side by side. */
export type Track = "baseline" | "canary";
export const TRACKS: readonly Track[] = ["baseline", "canary"];

/** Port that the service listens on, for requests, `/health` and `/metrics`. */
export const APP_PORT = 8080;

/** ConfigMap with kill switch and safe mode: on the canary stack, mounted by the service. */
export const EMERGENCY_CONTROLS = "emergency-controls";

/** Volume and folder of the switches that tell the service what the baseline answers. */
export const FALLBACK = "fallback";

/** ConfigMap that tells the service that the baseline answers what the canary can't: of everything, or one operation. */
export function fallbackName(operation?: string): string {
  return operation === undefined ? FALLBACK : `${operation}-${FALLBACK}`;
}

/** Key of that ConfigMap, and so the name of the file that the service reads. */
export function fallbackKey(operation?: string): string {
  return operation ?? "everything";
}

/** Label by which the two tracks are told apart, by Services, rules and dashboards. */
export const TRACK_LABEL = "holdpoint.dev/track";

/** Port of Redis, in the cluster and at AWS. */
export const REDIS_PORT = 6379;

/** Secret in the namespace with the key `password`, whatever kind of Redis there is. */
export const REDIS_SECRET = "redis-auth";

/** Namespace and AWS name prefix of one stage of a service: `omnihub-production`. */
export function scopeName(service: string, stage: string): string {
  return `${service}-${stage}`;
}

/** Name of a track's Deployment, Service, autoscaler and disruption budget. */
export function trackName(service: string, track: Track): string {
  return `${service}-${track}`;
}

/** Name of the HTTPRoute: the whole service's, or one operation's. */
export function routeName(service: string, operation?: string): string {
  return operation === undefined ? service : `${service}-${operation}`;
}

/** Labels of every Kubernetes object. */
export function commonLabels(service: string): Record<string, string> {
  return {
    "app.kubernetes.io/name": service,
    "app.kubernetes.io/part-of": service,
    "app.kubernetes.io/managed-by": "holdpoint",
  };
}

/** Name, namespace and labels of an object in a stage's namespace. */
export function objectMetadata({ service, stage }: { readonly service: string; readonly stage: string }, name: string) {
  return { name, namespace: scopeName(service, stage), labels: commonLabels(service) };
}

/** Name of one of a stage's secrets at AWS Secrets Manager. */
export function remoteSecretName(service: string, stage: string, secret: string): string {
  return `${service}/${stage}/${secret}`;
}

/** Labels by which one track's pods are selected. */
export function trackSelector(service: string, track: Track): Record<string, string> {
  return { "app.kubernetes.io/name": service, [TRACK_LABEL]: track };
}

/** Tags of every AWS resource. */
export function commonTags(service: string, stage: string): Record<string, string> {
  return { service, stage, "managed-by": "holdpoint" };
}
