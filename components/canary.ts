/** The small stack of what must change in seconds: the weights, the kill switch, safe mode. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Release } from "../rollout/release";
import { checkArgs } from "./check";
import { APP_PORT, EMERGENCY_CONTROLS, commonLabels, scopeName, trackName } from "./names";
import { canarySchema, effectiveWeight, routeSchema, type CanarySettings, type RouteSettings } from "./settings/canary";

export interface CanaryArgs {
  readonly service: string;
  readonly stage: string;
  /** What is rolled out: the step's record names it. */
  readonly release: Release;
  /** Section `canary`: weight in percent, kill switch, safe mode. */
  readonly settings: CanarySettings;
  /** Section `route`. */
  readonly route: RouteSettings;
  /** Whether the route and the controls are protected from deletion. */
  readonly protect: boolean;
  /**
   * Whether a policy pack has cleared this run. Weight 0 and switching on are allowed without; then nothing else may
   * change: a switch that is asked to be off stays as it is live, and so do the route's host names and gateway.
   */
  readonly switchesMayBeLifted: boolean;
}

/** HTTPRoute with the weights, ConfigMap with the switches, and, once both are written, the step's record. */
export class Canary extends pulumi.ComponentResource {
  private readonly prefix: string;
  private readonly args: CanaryArgs;

  constructor(name: string, args: CanaryArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("canary", canarySchema, args.settings);
    checkArgs("route", routeSchema, args.route);
    super("holdpoint:canary:Canary", name, { ...args.settings }, opts);
    this.prefix = name;
    this.args = args;

    const route = this.createRoute();
    const controls = this.createControls();
    this.recordStep([route, controls]);
    this.registerOutputs({ weight: effectiveWeight(args.settings) });
  }

  private createRoute(): pulumi.Resource {
    const { service, settings, route } = this.args;
    const weight = effectiveWeight(settings);
    const backend = (track: "baseline" | "canary", share: number) => ({
      group: "",
      kind: "Service",
      name: trackName(service, track),
      port: APP_PORT,
      weight: share,
    });
    return new k8s.apiextensions.CustomResource(
      `${this.prefix}-route`,
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: this.metadata(service),
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
          rules: [
            {
              matches: [{ path: { type: "PathPrefix", value: "/" } }],
              backendRefs: [backend("baseline", 100 - weight), backend("canary", weight)],
            },
          ],
        },
      },
      { parent: this, protect: this.args.protect, ignoreChanges: this.liveRoute() },
    );
  }

  /** The route's entry stays as it is live in a run that nobody cleared: it may only move the weight. */
  private liveRoute(): string[] {
    return this.args.switchesMayBeLifted ? [] : ["spec.hostnames", "spec.parentRefs"];
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
    new pulumi.Stash("step", { input }, { dependsOn: written, protect: this.args.protect });
  }

  private metadata(name: string) {
    const { service, stage } = this.args;
    return { name, namespace: scopeName(service, stage), labels: commonLabels(service) };
  }
}
