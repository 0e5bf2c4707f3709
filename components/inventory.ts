/** What a stage's settings and the plan make of the program: known before the program has declared anything. */
import { FEATURES, isOnCanaryStack, type DeclaredAlert, type DeclaredFlag, type Inventory } from "../rollout/inventory";
import type { Plan } from "../rollout/plan";
import { stageOf } from "../rollout/plan";
import { servedIn } from "../rollout/plan/flags";
import { dashboards } from "./monitoring/dashboards";
import { prometheusRules } from "./monitoring/rules";
import { scopeName } from "./names";
import { SIGNALS } from "./settings/additions";
import type { CanaryStackSettings, StageSettings } from "./settings";

/** The stage's inventory. A test keeps it equal to what the program really registers, the policy pack checks every run. */
export function plannedInventory(settings: StageSettings, plan: Plan): Inventory {
  const namespace = scopeName(plan.service, settings.stage);
  const without = leftOut(settings, plan);
  return {
    features: Object.keys(FEATURES).filter(
      (feature) =>
        !isOnCanaryStack(feature) && !without.some((one) => feature === one || feature.startsWith(`${one}/`)),
    ),
    alerts: plannedAlerts(settings, plan, namespace),
    dashboards: Object.keys(dashboards({ namespace, stage: settings.stage, plan })),
    flags: plannedFlags(settings, plan),
  };
}

/** Features of a canary stack: the switches are the whole service's, the fallback each canary's own. */
export function plannedCanary({ operation, canary }: CanaryStackSettings): readonly string[] {
  return [
    "canary",
    "canary/route",
    ...(operation === undefined ? ["canary/emergency-controls"] : []),
    ...(canary.fallback === undefined ? [] : ["canary/fallback"]),
  ];
}

/** What a stage's configuration does not ask for, though another's may: components, or features of one. */
function leftOut(settings: StageSettings, plan: Plan): string[] {
  const { redis, waf, telemetry, logging, errorTracking, onCall, rdfStore, signing, vault } = settings;
  const { signals = [], backend } = telemetry ?? {};
  const there: Readonly<Record<string, boolean>> = {
    "redis/in-cluster": redis.kind !== "elasticache",
    "redis/elasticache": redis.kind === "elasticache",
    "waf/request-size": waf.maxBodyBytes !== undefined,
    flags: hasFlags(settings, plan),
    logging: logging !== undefined,
    telemetry: telemetry !== undefined,
    ...Object.fromEntries(SIGNALS.map((signal) => [`telemetry/${signal}`, signals.includes(signal)])),
    "telemetry/otlp": backend?.kind === "otlp",
    "telemetry/datadog": backend?.kind === "datadog",
    "error-tracking": errorTracking !== undefined,
    "on-call": onCall !== undefined,
    "rdf-store": rdfStore !== undefined,
    signing: signing !== undefined,
    vault: vault !== undefined,
  };
  return Object.keys(there).filter((feature) => there[feature] !== true);
}

/** Flags are kept where the plan defines some and the stage says what serves them. */
export function hasFlags({ flags }: StageSettings, plan: Plan): boolean {
  return flags !== undefined && Object.keys(plan.flags).length > 0;
}

function plannedFlags(settings: StageSettings, plan: Plan): DeclaredFlag[] {
  if (!hasFlags(settings, plan)) return [];
  return Object.entries(plan.flags).map(([name, flag]) => ({
    name,
    type: flag.type,
    serves: servedIn(flag, settings.stage),
  }));
}

function plannedAlerts({ stage, monitoring }: StageSettings, plan: Plan, namespace: string): DeclaredAlert[] {
  const judge = stageOf(plan, stage)?.canary?.judge;
  const groups = prometheusRules({ namespace, stage, plan, judge, databaseUp: monitoring.databaseUp });
  return groups
    .flatMap((group) => group.rules)
    .flatMap(({ alert, labels, annotations }) => {
      if (alert === undefined) return [];
      const runbook = annotations?.["runbook_url"];
      const severity = labels?.["severity"] === "critical" ? "critical" : "warning";
      return [{ name: alert, severity, ...(runbook === undefined ? {} : { runbook }) }];
    });
}
