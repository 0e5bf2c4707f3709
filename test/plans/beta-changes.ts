/** What the cases of the beta change, beside `changes.ts`. */
import { refused } from "./cases";
import type { Case, Change } from "./cases";
import { later, measures, once, reads, unmeasured } from "./changes";
import type { Ask } from "./good-world";
import { proof } from "./marketplace-changes";

/** A criterion on a live number, which may be of another stage than the one that is entered. */
interface Live {
  readonly rows: readonly string[];
  readonly ask: Ask;
  /** The stage whose exit asks for it. */
  readonly of: string;
  readonly by: string;
  /** What is measured: "memory in the beta". */
  readonly what: string;
  /** A little less than the time that the plan looks back. */
  readonly ago: string;
}

/** It is outside of its limits, was so when the time began, or nobody measures it. */
export function live({ rows, ask, of, by, what, ago }: Live, wrong: string, answers: Record<string, number>): Case[] {
  return [
    refused(rows, `${what}: ${wrong}`, ask, by, reads(of, by, answers)),
    refused(rows, `${what}: ${wrong}, ${ago} ago and not since`, ask, by, once(of, by, ago, answers)),
    refused(rows, `${what}: nobody measures it`, ask, by, unmeasured(of, by)),
  ];
}

/** A number that a test, or somebody who counts, attested: each of `wrong` is one too many or too few. */
export function number(
  { rows, ask, by, tooOld, staged = true }: Counted,
  [suite, measure]: readonly [suite: string, measure: string],
  wrong: Readonly<Record<string, number>>,
): Case[] {
  const changes = Object.entries(wrong).map(([title, value]) => [title, measures(suite, measure, value)] as const);
  return proof(
    {
      rows,
      ask,
      by,
      kind: "measurement",
      about: { suite },
      what: `${by}, asked by ${ask.stage}`,
      tooOld,
      ...(staged ? { staged } : {}),
    },
    Object.fromEntries(changes),
  );
}

interface Counted {
  readonly rows: readonly string[];
  readonly ask: Ask;
  readonly by: string;
  readonly tooOld: string;
  readonly staged?: boolean;
}

/** The route serves everybody, whoever the phase is for. */
export const servesEverybody: Change = (world) => {
  if (world.route?.cohort === undefined) throw new Error("no cohort in this world");
  return { ...world, route: {} };
};

/** Outside of the maintenance window: when it has closed, and on the day between its two. */
export const outsideWindow = (ask: Ask, by: string): Case[] => [
  refused(["BP-78"], `${ask.stage} is changed at 6 in the morning`, ask, by, later("4 hours")),
  refused(["BP-78"], `${ask.stage} is changed on a Wednesday`, ask, by, later("1 day")),
];
