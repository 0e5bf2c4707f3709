/** Everything that a stack holds, in the order it comes to be. Called once the clearance is there. */
import * as pulumi from "@pulumi/pulumi";
import { ENTERED, RECORD } from "../rollout/clearance";
import { stageOf, type Plan } from "../rollout/plan";
import { declareAdditions } from "./additions";
import { Canary } from "./canary";
import { Environment } from "./environment";
import { Monitoring } from "./monitoring";
import { Redis } from "./redis";
import { Secrets } from "./secrets";
import { Service } from "./service";
import { PROJECT, type CanaryStackSettings, type StageSettings } from "./settings";
import { Waf } from "./waf";

/** Declares a stage: its environment, secrets, Redis, what it has beside those, service, WAF, monitoring, last its record. */
export function declareStage(settings: StageSettings, plan: Plan): Record<string, unknown> {
  const { stage, protect, region } = settings;
  const { service } = plan;
  const base = { service, stage, protect };

  const environment = new Environment("environment", { ...base, settings: settings.environment });
  const inside = { dependsOn: [...environment.guards] };

  const secrets = new Secrets("secrets", { ...base, region, settings: settings.secrets }, inside);

  const redis = new Redis(
    "redis",
    { ...base, settings: settings.redis, keyArn: secrets.keyArn, authToken: redisAuthToken(settings) },
    inside,
  );

  const additions = declareAdditions(settings, plan, {
    dependsOn: [...environment.guards, secrets],
    secretName: secrets.secretName,
  });

  const app = new Service(
    "service",
    {
      ...base,
      baseline: settings.baseline,
      release: settings.release,
      settings: settings.environment,
      redis: redis.endpoint,
      secretName: secrets.secretName,
      fallbacks: fallbacksOf(plan, stage),
      parts: additions.parts,
    },
    { dependsOn: [...environment.guards, secrets, redis, ...additions.components] },
  );

  // Last to open: names lead to the gateway once there is something behind it.
  const waf = new Waf("waf", { ...base, settings: settings.waf }, { dependsOn: [...app.deployments] });

  const monitoring = new Monitoring("monitoring", { plan, stage, settings: settings.monitoring }, inside);

  recordStage(settings, [environment, secrets, redis, ...additions.components, app, waf, monitoring]);
  return { namespace: environment.namespace, release: settings.release.version, baseline: settings.baseline.version };
}

/** Operations whose canary falls back to the baseline in the plan; `undefined` for the whole service's. */
function fallbacksOf(plan: Plan, name: string): (string | undefined)[] {
  const stage = stageOf(plan, name);
  const operations = Object.entries(stage?.canaries ?? {}).filter(([, { fallback }]) => fallback !== undefined);
  return [...(stage?.canary?.fallback === undefined ? [] : [undefined]), ...operations.map(([operation]) => operation)];
}

/** Declares a canary stack: the weights, the switches, and last the step's record. */
export function declareCanary(
  settings: CanaryStackSettings,
  service: string,
  options: { readonly switchesMayBeLifted: boolean },
): Record<string, unknown> {
  const { stage, operation, protect, release, canary, route } = settings;
  const whose = operation === undefined ? {} : { operation };
  new Canary("canary", { service, stage, ...whose, protect, release, settings: canary, route, ...options });
  return { weight: canary.weight, killSwitch: canary.killSwitch, safeMode: canary.safeMode };
}

/**
 * What was reached, written only once all of it was; the policy pack adds the release before, and the approvals used. What
 * runs has a Stash of its own, which changes with nothing else: its time is the release's.
 * It depends on everything, so while it is protected `pulumi destroy` stops at it, before its first delete (measured).
 */
function recordStage({ release, protect }: StageSettings, dependsOn: pulumi.Resource[]): void {
  const { image, commit } = release;
  const input = { release: { image, commit } };
  const entered = new pulumi.Stash(ENTERED, { input }, { dependsOn, protect });
  new pulumi.Stash(RECORD, { input }, { dependsOn: [...dependsOn, entered], protect });
}

/** Read here and nowhere else, so that it stays a secret to the engine. */
function redisAuthToken({ redis }: StageSettings): pulumi.Output<string> | undefined {
  return redis.kind === "elasticache" ? new pulumi.Config(PROJECT).requireSecret("redisAuthToken") : undefined;
}
