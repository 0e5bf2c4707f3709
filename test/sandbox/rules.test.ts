import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { prometheusRules } from "../../components/monitoring/rules";
import { faster, rulesFile } from "../../sandbox/cluster/rules";
import { promtool, skipWithoutPromtool } from "../components/promtool";
import { omnihub } from "../components/support";

const PLAN = omnihub();
const GROUPS = prometheusRules({
  namespace: "omnihub-production",
  stage: "production",
  plan: PLAN,
  judge: PLAN.stages.at(-1)?.canary?.judge,
  databaseUp: 'pg_up{job="omnihub-production-database"}',
});

interface File {
  groups: { name: string; rules: { alert?: string; expr: string; for?: string }[] }[];
}
const file = (factor: number): File => parse(rulesFile(GROUPS, "omnihub-production", factor)) as File;

describe("the rules that the sandbox's Prometheus reads", () => {
  it("are those that the stage declares, word for word where time runs at its pace", () => {
    expect(file(1).groups.map(({ rules }) => rules)).toEqual(GROUPS.map(({ rules }) => rules));
    expect(file(1).groups[0]?.name).toBe("omnihub-production/holdpoint-recorded");
  });

  it("have times that run as the sandbox's do", () => {
    const alert = file(60)
      .groups.flatMap(({ rules }) => rules)
      .find((rule) => rule.alert === "high-error-rate");
    expect(alert?.for).toBe("5000ms");
    expect(alert?.expr).toContain("[5000ms]");
    expect(alert?.expr).not.toMatch(/\[\d+m\]/);
  });

  it.each([
    ['rate(a{b="c"}[5m])', 'rate(a{b="c"}[5000ms])'],
    ["rate(a[1h30m])", "rate(a[90000ms])"],
    // A rate needs samples.
    ["rate(a[1m])", "rate(a[5000ms])"],
    ["max_over_time(a[1h:10m] offset 7d)", "max_over_time(a[60000ms:10000ms] offset 10080000ms)"],
    ['a{path="[5x]"} > 5', 'a{path="[5x]"} > 5'],
  ])("%s becomes %s", (expr, wanted) => expect(faster(expr, 60)).toBe(wanted));

  it.skipIf(skipWithoutPromtool)("are rules to promtool", () => {
    const files = { "rules.yml": file(60) };
    expect(promtool(["check", "rules", "rules.yml"], files)).toMatch(/SUCCESS: \d+ rules found/);
  });
});
