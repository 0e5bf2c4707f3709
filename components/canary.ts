/** The small stack of what must change in seconds: the weights, the kill switch, safe mode. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { STEP } from "../rollout/clearance";
import type { Release } from "../rollout/release";
import { checkArgs } from "./check";
import {
  APP_PORT,
  EMERGENCY_CONTROLS,
  fallbackKey,
  fallbackName,
  objectMetadata,
  routeName,
  trackName,
  type Track,
} from "./names";
import {
  canarySchema,
  effectiveWeight,
  operationRouteSchema,
  routeSchema,
  type CanarySettings,
  type CohortSettings,
  type RouteSettings,
} from "./settings/canary";

export interface CanaryArgs {
  readonly service: string;
  readonly stage: string;
  /** What is rolled out: the step's record names it. */
  readonly release: Release;
  /** The operation whose requests alone it is about; without it, the whole service. */
  readonly operation?: string;
  /** Section `canary`: weight in percent, kill switch, safe mode. */
  readonly settings: CanarySettings;
  /** Section `route`. */
  readonly route: RouteSettings;
  /** Whether the route and the controls are protected from deletion. */
  readonly protect: boolean;
  /**
   * Whether a policy pack has cleared this run, and could read the step's record. Weight 0 and switching on are allowed
   * without; then nothing else may change: a switch that is asked to be off stays as it is live, and so do the route's
   * host names and gateway.
   */
  readonly switchesMayBeLifted: boolean;
}

/**
 * HTTPRoute with the weights, ConfigMap with the switches, and, once both are written, the step's record. The switches
 * are the whole service's: an operation's canary has only its route, and its own fallback.
 */
export class Canary extends pulumi.ComponentResource {
  private readonly prefix: string;
  private readonly args: CanaryArgs;

  constructor(name: string, args: CanaryArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("canary", canarySchema, args.settings);
    checkArgs("route", args.operation === undefined ? routeSchema : operationRouteSchema, args.route);
    super("holdpoint:canary:Canary", name, { ...args.settings }, opts);
    this.prefix = name;
    this.args = args;

    const fallback = args.settings.fallback === undefined ? [] : [this.createFallback(args.settings.fallback)];
    const route = this.createRoute(fallback);
    const controls = args.operation === undefined ? [this.createControls()] : [];
    this.recordStep([route, ...controls]);
    this.registerOutputs({ weight: effectiveWeight(args.settings) });
  }

  /**
   * Before the route, so that no request comes first. Not protected: taking it out must not stop a way back, which may
   * come with any other change of the stack's file.
   */
  private createFallback(to: string): pulumi.Resource {
    const { operation } = this.args;
    return new k8s.core.v1.ConfigMap(
      `${this.prefix}-fallback`,
      { metadata: this.metadata(fallbackName(operation)), data: { [fallbackKey(operation)]: to } },
      { parent: this },
    );
  }

  private createRoute(dependsOn: pulumi.Resource[]): pulumi.Resource {
    const { service, operation, route } = this.args;
    return new k8s.apiextensions.CustomResource(
      `${this.prefix}-route`,
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: this.metadata(routeName(service, operation)),
        spec: {
          parentRefs: [
            {
              group: "gateway.networking.k8s.io",
              kind: "Gateway",
              namespace: route.gateway.namespace,
              name: route.gateway.name,
              sectionName: route.gateway.listener,
            },
          ],
          hostnames: route.hostnames,
          rules: this.rules(),
        },
      },
      { parent: this, dependsOn, protect: this.args.protect, ignoreChanges: this.liveRoute() },
    );
  }

  /** With a cohort only its requests are weighed; the rule without a match of theirs is less specific and comes after. */
  private rules(): object[] {
    const { settings, route } = this.args;
    const path = { type: "PathPrefix", value: route.path ?? "/" };
    const weighed = this.backends(effectiveWeight(settings));
    if (route.cohort === undefined) return [{ matches: [{ path }], backendRefs: weighed }];
    return [
      { matches: [{ path, headers: [cohortHeader(route.cohort)] }], backendRefs: weighed },
      { matches: [{ path }], backendRefs: this.backends(0) },
    ];
  }

  private backends(weight: number): object[] {
    const backend = (track: Track, share: number) => ({
      group: "",
      kind: "Service",
      name: trackName(this.args.service, track),
      port: APP_PORT,
      weight: share,
    });
    return [backend("baseline", 100 - weight), backend("canary", weight)];
  }

  /** The route's entry stays as it is live in a run that nobody cleared: it may only move the weight. */
  private liveRoute(): string[] {
    return this.args.switchesMayBeLifted ? [] : ["spec.hostnames", "spec.parentRefs", "spec.rules[*].matches"];
  }

  private createControls(): pulumi.Resource {
    const { killSwitch, safeMode } = this.args.settings;
    return new k8s.core.v1.ConfigMap(
      `${this.prefix}-${EMERGENCY_CONTROLS}`,
      {
        metadata: this.metadata(EMERGENCY_CONTROLS),
        data: { killSwitch: String(killSwitch), safeMode: String(safeMode) },
      },
      { parent: this, protect: this.args.protect, ignoreChanges: this.liveSwitches() },
    );
  }

  /** The switches that stay as they are live: those asked to be off, in a run that may not lift them. */
  private liveSwitches(): string[] {
    if (this.args.switchesMayBeLifted) return [];
    const { killSwitch, safeMode } = this.args.settings;
    return [...(killSwitch ? [] : ["data.killSwitch"]), ...(safeMode ? [] : ["data.safeMode"])];
  }

  /**
   * The step begins when its record changes, so that comes last and after the weight is really written. A resource of
   * its own, since a change of anything else must not restart a hold's clock; at the root, so that its URN is plain.
   */
  private recordStep(written: pulumi.Resource[]): void {
    const { image, commit } = this.args.release;
    const input = { weight: effectiveWeight(this.args.settings), release: { image, commit } };
    // What was promised for waivers, and how far releases got, is the pack's to write. Without it, nothing is forgotten.
    const ignoreChanges = this.args.switchesMayBeLifted ? [] : ["input.obligations", "input.reached"];
    new pulumi.Stash(STEP, { input }, { dependsOn: written, protect: this.args.protect, ignoreChanges });
  }

  private metadata(name: string) {
    return objectMetadata(this.args, name);
  }
}

/** Header of the edge that names the group of whoever sent the request. */
const GROUP_HEADER = "x-group";

/** A cookie is one part of a header: Gateway API has no match of its own for it. */
function cohortHeader(cohort: CohortSettings): object {
  if ("cookie" in cohort) {
    const [name, value] = [cohort.cookie, cohort.value].map((text) => text.replaceAll(".", "\\."));
    return { type: "RegularExpression", name: "cookie", value: `(^|.*; ?)${name}=${value}(;.*|$)` };
  }
  if ("group" in cohort) return { type: "Exact", name: GROUP_HEADER, value: cohort.group };
  return { type: "Exact", name: cohort.header.toLowerCase(), value: cohort.value };
}
