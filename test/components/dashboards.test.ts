import { describe, expect, test } from "vitest";
import { dashboards, queriesOf } from "../../components/monitoring/dashboards";
import { prometheusRules } from "../../components/monitoring/rules";
import { promtool, skipWithoutPromtool } from "./promtool";
import { omnihub } from "./support";

const plan = omnihub();
const input = { namespace: "omnihub-production", stage: "production", plan };
const made = dashboards(input);
const each = Object.entries(made);

test("there are three: service level, operator, infrastructure", () => {
  expect(Object.keys(made)).toEqual(["slo", "operator", "infrastructure"]);
  expect(each.map(([, dashboard]) => dashboard.uid)).toEqual([
    "omnihub-production-slo",
    "omnihub-production-operator",
    "omnihub-production-infrastructure",
  ]);
});

function titles(name: "slo" | "operator" | "infrastructure"): unknown[] {
  return made[name].panels.map((panel) => panel["title"]);
}

test("service level shows the budget, availability, burn rate and latency", () => {
  expect(titles("slo")).toEqual(
    expect.arrayContaining(["Error budget left", "Availability, 1 day", "Burn rate", "p95 latency"]),
  );
});

test("operator shows the switches, the real share of the canary, and the queue of approvals", () => {
  expect(titles("operator")).toEqual(
    expect.arrayContaining(["Kill switch", "Safe mode", "Traffic that the canary really gets", "Steps and approvals"]),
  );
  const text = made.operator.panels.find((panel) => panel["type"] === "text");
  expect(JSON.stringify(text)).toContain("npx holdpoint status production");
  expect(JSON.stringify(text)).toContain("5 % for 15 min, 25 % for 15 min, 50 % for 30 min");
});

test("infrastructure shows CPU, memory and disk", () => {
  expect(titles("infrastructure")).toEqual(expect.arrayContaining(["CPU", "Memory, of the limit", "Disk"]));
});

describe.each(each)("%s", (_name, dashboard) => {
  test("has panels of their own ids that do not overlap", () => {
    const ids = dashboard.panels.map((panel) => panel["id"]);
    expect(new Set(ids).size).toBe(ids.length);
    const places = dashboard.panels.map((panel) => JSON.stringify(panel["gridPos"]));
    expect(new Set(places).size).toBe(places.length);
  });

  test("says what each panel is for, and when there is no data", () => {
    for (const panel of dashboard.panels) {
      expect(panel["description"], String(panel["title"])).toMatch(/\.$/);
      if (panel["type"] !== "text") expect(JSON.stringify(panel["fieldConfig"])).toContain('"noValue":"no data"');
    }
  });

  test("asks only for its own namespace", () => {
    for (const query of queriesOf(dashboard)) expect(query).toContain('namespace="omnihub-production"');
  });

  test("reads only records that the rules write", () => {
    const recorded = new Set(
      prometheusRules({ ...input, judge: undefined, databaseUp: 'pg_up{job="x"}' }).flatMap((group) =>
        group.rules.map((rule) => rule.record),
      ),
    );
    const used = queriesOf(dashboard).flatMap((query) => query.match(/\b(?:track|service):[a-z0-9_:]+/g) ?? []);
    for (const record of used) expect(recorded).toContain(record);
  });

  test.skipIf(skipWithoutPromtool)("asks nothing that Prometheus would refuse", () => {
    const rules = queriesOf(dashboard).map((query, index) => ({
      record: `query:${index}`,
      expr: query.replaceAll("$__rate_interval", "1m"),
    }));
    const output = promtool(["check", "rules", "rules.json"], {
      "rules.json": { groups: [{ name: "dashboard", rules }] },
    });
    expect(output).toContain(`SUCCESS: ${rules.length} rules found`);
  });
});
