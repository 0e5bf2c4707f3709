/**
 * Queries that panels carry as they stand: what Prometheus would answer without complaint, and wrongly. A quantile without
 * rates or le is a mistake of the plan already (rollout/promql.ts).
 */
import type { Plan } from "../plan";
import type { Path } from "../yaml";
import type { Found, Rule } from "./rule";

interface Query {
  readonly path: Path;
  /** As written. */
  readonly text: string;
  /** Without matchers and texts in quotes. */
  readonly bare: string;
  /** Whether a line of its panel is a percentage. */
  readonly percent: boolean;
}

function queriesOf(plan: Plan): Query[] {
  return Object.entries(plan.dashboards).flatMap(([name, { panels }]) =>
    panels.flatMap(({ query, below, atMost, above, atLeast }, at) => {
      if (query === undefined) return [];
      const bare = query.replace(/"[^"]*"|'[^']*'/g, '""').replace(/\{[^{}]*\}/g, "");
      const percent = [below, atMost, above, atLeast].some((limit) => limit?.unit === "ratio");
      return [{ path: ["dashboards", name, "panels", at, "query"], text: query, bare, percent }];
    }),
  );
}

const find = (plan: Plan, isWrong: (query: Query) => boolean, rest: Omit<Found, "path" | "found">): Found[] =>
  queriesOf(plan)
    .filter(isWrong)
    .map(({ path, text }) => ({ path, found: text, ...rest }));

/** A rate is per second, whatever it is called; a share is one rate over another. */
export const rateAsShare: Rule = {
  id: "rate-as-share",
  level: "error",
  says: "A percentage is a rate over a rate",
  check: (plan) =>
    find(
      plan,
      ({ bare, percent }) => /\bi?rate\s*\(/.test(bare) && !bare.includes("/") && (percent || comparesWithShare(bare)),
      {
        wrong: "a rate is per second: with 1000 requests a second, 0.10 is one failure in ten thousand, not 10%",
        instead: 'a metric "{ ratio: <failures>, to: <all> }" of the plan, and its name as the panel\'s "metric"',
      },
    ),
};

function comparesWithShare(bare: string): boolean {
  const number = /[<>]=?\s*(\d+(?:\.\d+)?)/.exec(bare)?.[1];
  return number !== undefined && Number(number) > 0 && Number(number) < 1;
}

/** A panel that draws a comparison draws gaps. */
export const comparisonInQuery: Rule = {
  id: "comparison-in-query",
  level: "warning",
  says: "A panel draws a number; its limits are lines",
  check: (plan) =>
    find(plan, ({ bare }) => /[<>]|[=!]=/.test(bare), {
      wrong: "a comparison drops every value that does not meet it: the panel is empty while all is well",
      instead:
        'the query without it, and the limit as "above" or "below" of the panel; what calls somebody is a trigger',
    }),
};
