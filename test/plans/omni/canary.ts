/** The canary on days 1, 3, 5, 7 and 10, and what sends it back. */
import { refused } from "../cases";
import type { Case } from "../cases";
import { canaryAt, inStage, measured, measures, older, once, reads, says, without } from "../changes";

const step = (to: number) => ({ stage: "production", to });

const DAYS: readonly Case[] = [
  refused(["OM-39"], "10% is asked for before 5%", step(10), "canary.order", canaryAt("production", { weight: 0 })),
  refused(["OM-40"], "25% is asked for before 10%", step(25), "canary.order", canaryAt("production", { weight: 5 })),
  refused(["OM-41"], "50% is asked for before 25%", step(50), "canary.order", canaryAt("production", { weight: 10 })),
  refused(["OM-42"], "100% is asked for before 50%", step(100), "canary.order", canaryAt("production", { weight: 25 })),
  refused(
    ["OM-39", "OM-40"],
    "10% is asked for on day 2",
    step(10),
    "canary.hold",
    canaryAt("production", { held: "47 hours" }),
  ),
  refused(
    ["OM-41"],
    "25% is asked for on day 4",
    step(25),
    "canary.hold",
    canaryAt("production", { held: "47 hours" }),
  ),
  refused(
    ["OM-42"],
    "50% is asked for on day 6",
    step(50),
    "canary.hold",
    canaryAt("production", { held: "47 hours" }),
  ),
  refused(
    ["OM-43"],
    "100% is asked for on day 9",
    step(100),
    "canary.hold",
    canaryAt("production", { held: "71 hours" }),
  ),
];

/** Weight → its demand. */
const STEPS = [
  [10, "OM-40"],
  [25, "OM-41"],
  [50, "OM-42"],
  [100, "OM-43"],
] as const;
/** Criterion → its demand and the least value that is wrong. */
const NUMBERS = [
  ["canary-error-rate", "OM-44", 0.01, "an error rate of 1%"],
  ["canary-crash-rate", "OM-45", 0.001, "a crash rate of 0.1%"],
  ["canary-response-time", "OM-46", 3_000, "a p95 of 3000 ms"],
] as const;

const METRICS: readonly Case[] = NUMBERS.flatMap(([criterion, own, value, what]) => [
  ...STEPS.map(([to, row]) =>
    refused(
      [row, own],
      `${to}% is asked for with ${what}`,
      step(to),
      criterion,
      reads("production", criterion, { value }),
    ),
  ),
  refused(
    [own],
    `the canary had ${what} 23 hours ago`,
    step(25),
    criterion,
    once("production", criterion, "23 hours", { value }),
  ),
]);

const SATISFACTION: readonly Case[] = [
  refused(
    ["OM-43", "OM-47"],
    "85% of the canary's users are satisfied",
    step(100),
    "canary-satisfaction",
    says("survey", { answers: 100, satisfied: 85 }, { survey: "canary" }),
  ),
  refused(
    ["OM-47"],
    "49 of the canary's users answered",
    step(50),
    "canary-satisfaction",
    says("survey", { answers: 49, satisfied: 49 }, { survey: "canary" }),
  ),
  refused(
    ["OM-47"],
    "users of another stage were asked about the canary",
    step(50),
    "canary-satisfaction",
    inStage("survey", "beta", { survey: "canary" }),
  ),
  refused(
    ["OM-47"],
    "the canary's users were asked 4 days ago",
    step(50),
    "canary-satisfaction",
    older("survey", "4 days", { survey: "canary" }),
  ),
];

const written = (...names: readonly string[]) =>
  says("documents", { documents: names.map((name) => ({ name, sections: [] })) });

const LAUNCH: readonly Case[] = [
  refused(["OM-141"], "the blog post is not out", step(100), "launch-documents", written("guides")),
  refused(["OM-141"], "the guides are not out", step(100), "launch-documents", written("blog-post")),
  refused(
    ["OM-141"],
    "the launch's documents were looked at 31 days ago",
    step(100),
    "launch-documents",
    older("documents", "31 days"),
  ),
  refused(["OM-141"], "nobody looked at the launch's documents", step(100), "launch-documents", without("documents")),
];

const fires = (trigger: string, value: number) => reads("production", `trigger.${trigger}`, { value });
const found = (counts: Partial<Record<"critical" | "high" | "medium" | "low" | "unknown", number>>) =>
  says("vulnerabilities", { counts: { critical: 0, high: 0, medium: 0, low: 0, unknown: 0, ...counts } });

const TRIGGERS: readonly Case[] = [
  refused(
    ["OM-48", "OM-102"],
    "the canary's error rate is 2.1%",
    step(25),
    "trigger.rollback-error-rate",
    fires("rollback-error-rate", 0.021),
  ),
  refused(
    ["OM-49", "OM-103"],
    "the canary's crash rate is 0.51%",
    step(25),
    "trigger.rollback-crash-rate",
    fires("rollback-crash-rate", 0.0051),
  ),
  refused(
    ["OM-50", "OM-104"],
    "the canary's p95 is 5001 ms",
    step(25),
    "trigger.rollback-response-time",
    fires("rollback-response-time", 5_001),
  ),
  refused(
    ["OM-51"],
    "11 critical bugs were reported of the canary",
    step(25),
    "trigger.rollback-critical-bugs",
    measures("issue-tracker", "critical-reported", 11),
  ),
  ...(["critical", "high", "medium", "low", "unknown"] as const).map((severity) =>
    refused(
      ["OM-52", "OM-105"],
      `a vulnerability of severity ${severity} was discovered in what runs`,
      step(25),
      "trigger.rollback-vulnerability",
      found({ [severity]: 1 }),
    ),
  ),
  refused(["OM-167"], "the canary's p95 is 1.6 times the baseline's", step(25), "canary.p95", measured({ p95: 0.16 })),
];

export const CANARY: readonly Case[] = [...DAYS, ...METRICS, ...SATISFACTION, ...LAUNCH, ...TRIGGERS];
