/** What a stage's settings and the plan make of the program: known before the program has declared anything. */
import { FEATURES, isOnCanaryStack, type DeclaredAlert, type Inventory } from "../rollout/inventory";
import type { Plan } from "../rollout/plan";
import { stageOf } from "../rollout/plan";
import { dashboards } from "./monitoring/dashboards";
import { prometheusRules } from "./monitoring/rules";
import { scopeName } from "./names";
import type { StageSettings } from "./settings";

/** The stage's inventory. A test keeps it equal to what the program really registers, the policy pack checks every run. */
export function plannedInventory(settings: StageSettings, plan: Plan): Inventory {
  const { stage, redis } = settings;
  const namespace = scopeName(plan.service, stage);
  const other = redis.kind === "elasticache" ? "redis/in-cluster" : "redis/elasticache";
  return {
    // Every component is declared on every stage; only the kind of Redis is data.
    features: Object.keys(FEATURES).filter((feature) => feature !== other && !isOnCanaryStack(feature)),
    alerts: plannedAlerts(settings, plan, namespace),
    dashboards: Object.keys(dashboards({ namespace, stage, plan })),
  };
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
