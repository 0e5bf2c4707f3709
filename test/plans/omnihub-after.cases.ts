/** The 24 hours after OmniHub's rollout, and what must hold before the release is the new baseline. */
import { refused } from "./cases";
import type { Case } from "./cases";
import { alerted, broughtBack, canaryAt, canaryFell, inStage, older, once, reads, says, without } from "./changes";

const finish = { stage: "production", finish: true } as const;

/** A criterion's number is another one. */
const measured = (rows: readonly string[], title: string, by: string, answers: Record<string, number>): Case =>
  refused(rows, title, finish, by, reads("production", by, answers));

export const AFTER: readonly Case[] = [
  refused(
    ["OH-15", "OH-148", "OH-156"],
    "a minute of the 24 hours is missing",
    finish,
    "finish.watch",
    canaryAt("production", { held: "1439 minutes" }),
  ),
  refused(["OH-188"], "the canary was rolled back", finish, "canary-at-rest", canaryAt("production", { weight: 0 })),
  refused(["OH-200"], "the canary had to go back once on its way up", finish, "no-rollbacks", canaryFell("production")),
  refused(
    ["OH-200"],
    "production was once brought back from this release",
    finish,
    "no-rollbacks",
    broughtBack("production"),
  ),
  refused(
    ["OH-158"],
    "the next release is asked for while this one is watched",
    { stage: "production" },
    "canary-at-rest",
    canaryAt("production", { weight: 100 }),
  ),
  measured(["OH-15", "OH-151", "OH-189", "OH-145"], "75% of the budget is left", "error-budget", { value: 0.75 }),
  measured(["OH-145"], "one request of a thousand failed in the last hour", "no-errors-last-hour", { value: 0.001 }),
  measured(["OH-144", "OH-197"], "0.1% of the day's requests failed", "error-rate", { value: 0.001 }),
  measured(["OH-144", "OH-153", "OH-190", "OH-198"], "p95 of the day is 500 ms", "p95", { value: 500 }),
  measured(["OH-199"], "one health probe of the day failed", "no-downtime", { value: 0.9999 }),
  measured(["OH-155"], "the database has grown slower by a third", "database-steady", { rise: 33, mean: 100 }),
  ...(
    [
      ["OH-145", "no-errors-last-hour", "50 minutes", { value: 0.001 }],
      ["OH-151", "error-budget", "20 hours", { value: 0.75 }],
      ["OH-197", "error-rate", "20 hours", { value: 0.001 }],
      ["OH-198", "p95", "20 hours", { value: 500 }],
      ["OH-199", "no-downtime", "20 hours", { value: 0.9999 }],
      ["OH-152", "no-critical-alert", "20 hours", { firing: 1 }],
      ["OH-155", "database-steady", "20 hours", { rise: 33, mean: 100 }],
    ] as const
  ).map(([row, by, ago, answers]) =>
    refused([row], `${by}: it was not so ${ago} ago`, finish, by, once("production", by, ago, answers)),
  ),
  refused(
    ["OH-152"],
    "a critical alert fired",
    finish,
    "no-critical-alert",
    alerted("production", "no-critical-alert", "service-down"),
  ),
  refused(
    ["OH-143", "OH-193", "OH-210"],
    "a smoke test fails against production",
    finish,
    "production-smoke-tests",
    says("test-result", { passed: 0, failedTests: ["login"] }, { suite: "smoke" }),
  ),
  refused(
    ["OH-143"],
    "the smoke tests ran against staging only",
    finish,
    "production-smoke-tests",
    inStage("test-result", "staging", { suite: "smoke" }),
  ),
  refused(
    ["OH-193"],
    "the smoke tests ran against production before the rollout",
    finish,
    "production-smoke-tests",
    older("test-result", "48 hours", { suite: "smoke" }),
  ),
  ...(
    [
      ["OH-154", "support-tickets", "support-tickets-not-up", "support has more tickets than before", "support"],
      ["OH-192", "no-customer-issue", "no-customer-issue", "a customer reported an issue", "support"],
      ["OH-191", "no-critical-incident", "no-critical-incident", "a critical incident was opened", "sre"],
    ] as const
  ).flatMap(([row, by, check, title, who]): Case[] => [
    refused([row], title, finish, by, says("check", { outcome: "not-done" }, { check })),
    refused([row], `${by}: nobody asked ${who}`, finish, by, without("check", { check })),
    refused([row], `${by}: ${who} said so in the middle of the day`, finish, by, older("check", "12 hours", { check })),
    refused([row], `${by}: ${who} said so of staging`, finish, by, inStage("check", "staging", { check })),
  ]),
];
