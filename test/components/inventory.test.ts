import { describe, expect, test } from "vitest";
import { declareCanary, declareStage } from "../../components/declare";
import { plannedCanary, plannedInventory } from "../../components/inventory";
import { featuresOf, isOnCanaryStack } from "../../rollout/inventory";
import { canarySettings, declared, omnihub, stageSettings, TOKEN } from "./support";

describe.each(["production", "staging"] as const)("%s", (name) => {
  const planned = () => plannedInventory(stageSettings(name), omnihub());
  const registered = () => {
    const config = { "holdpoint:redisAuthToken": TOKEN };
    return declared(() => declareStage(stageSettings(name), omnihub()), {
      stack: name,
      config,
      secrets: Object.keys(config),
    });
  };

  test("declares the features that its inventory promises, and no others", async () => {
    expect(featuresOf((await registered()).all)).toEqual(planned().features);
  });
  test("makes the alerts that its inventory promises, with their runbooks", async () => {
    const [rules] = (await registered()).ofType("PrometheusRule");
    const groups = (rules?.inputs as { spec: { groups: { rules: { alert?: string; annotations?: object }[] }[] } }).spec
      .groups;
    const alerts = groups.flatMap((group) => group.rules).filter(({ alert }) => alert !== undefined);
    expect(alerts.map(({ alert }) => alert)).toEqual(planned().alerts.map((alert) => alert.name));
    expect(planned().alerts).toContainEqual({
      name: "service-down",
      severity: "critical",
      runbook: "https://omnihub.dev/runbooks/service-down",
    });
  });
  test("makes the dashboards that its inventory promises", async () => {
    const maps = (await registered()).ofType("ConfigMap").filter((each) => /-dashboard-/.test(each.name));
    expect(maps.map((each) => each.name.replace(/^monitoring-dashboard-/, "")).sort()).toEqual(
      [...planned().dashboards].sort(),
    );
  });
});

test("the canary stack declares the features that are asked of its state", async () => {
  const resources = await declared(
    () => declareCanary(canarySettings("production"), omnihub().service, { switchesMayBeLifted: true }),
    { stack: "production-canary" },
  );
  expect(featuresOf(resources.all)).toEqual(["canary", "canary/route", "canary/emergency-controls"]);
  expect(featuresOf(resources.all)).toEqual(plannedCanary(canarySettings("production")));
  expect(featuresOf(resources.all).every(isOnCanaryStack)).toBe(true);
  expect(isOnCanaryStack("canary/fallback")).toBe(true);
});

test("an operation's canary declares its route, and its fallback where it is on: the switches are the whole service's", async () => {
  const settings = canarySettings("production");
  const search = {
    ...settings,
    operation: "search",
    route: { ...settings.route, path: "/search" },
    canary: { ...settings.canary, fallback: "baseline" as const },
  };
  const resources = await declared(() => declareCanary(search, omnihub().service, { switchesMayBeLifted: true }), {
    stack: "production.search-canary",
  });
  expect(featuresOf(resources.all)).toEqual(["canary", "canary/route", "canary/fallback"]);
  expect(featuresOf(resources.all)).toEqual(plannedCanary(search));
});
