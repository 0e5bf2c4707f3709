/** What OmniHub's program must declare before production is entered. */
import { refused } from "./cases";
import type { Case } from "./cases";
import { lacks, undeclared, withoutAlert, withoutDashboard, withoutRunbook } from "./changes";

const enter = { stage: "production" };

/** A part of the infrastructure, and the demands that speak of it. */
const PARTS: readonly (readonly [part: string, rows: readonly string[]])[] = [
  ["environment", ["OH-53", "OH-64"]],
  ["service", ["OH-64"]],
  ["redis", ["OH-64"]],
  ["secrets", ["OH-64"]],
  ["monitoring", ["OH-64"]],
  ["waf/dns", ["OH-24", "OH-57"]],
  ["waf/managed-rules", ["OH-23", "OH-32", "OH-57", "OH-79"]],
  ["waf/custom-rules", ["OH-23"]],
  ["waf/ddos", ["OH-80"]],
  ["vault/store", ["OH-22", "OH-82"]],
  ["telemetry/datadog", ["OH-38", "OH-39", "OH-83"]],
  ["telemetry/logs", ["OH-35", "OH-38"]],
  ["telemetry/metrics", ["OH-35"]],
  ["telemetry/traces", ["OH-35", "OH-39"]],
  ["error-tracking/dsn", ["OH-41"]],
  ["on-call/critical-alerts", ["OH-45"]],
];

export const DECLARED: readonly Case[] = [
  ...PARTS.map(([part, rows]) =>
    refused(rows, `the program does not declare ${part}`, enter, "infrastructure", undeclared(part)),
  ),
  refused(["OH-36", "OH-42", "OH-48"], "there is no SLO dashboard", enter, "dashboards", withoutDashboard("slo")),
  refused(["OH-43", "OH-48"], "there is no operator dashboard", enter, "dashboards", withoutDashboard("operator")),
  refused(
    ["OH-44", "OH-48"],
    "there is no infrastructure dashboard",
    enter,
    "dashboards",
    withoutDashboard("infrastructure"),
  ),
  refused(
    ["OH-36", "OH-37", "OH-49"],
    "a high error rate alerts nobody",
    enter,
    "alerts",
    withoutAlert("high-error-rate"),
  ),
  refused(["OH-37", "OH-50"], "a service that is down alerts nobody", enter, "alerts", withoutAlert("service-down")),
  refused(
    ["OH-37"],
    "whoever is called because the service is down finds no runbook",
    enter,
    "alerts",
    withoutRunbook("service-down"),
  ),
  refused(["OH-209"], "staging has no firewall", enter, "staging-parity", lacks("staging", "waf")),
];
