/** What every evaluator of a criterion gets and gives. */
import type { Finding, Verdict } from "../decision";
import { criterionLine } from "../plan";
import type { Times } from "../openings";
import type { Criterion, Plan, Stage } from "../plan";
import type { World } from "../world";

/** Where a criterion is judged. */
export interface Context {
  readonly plan: Plan;
  readonly stage: Stage;
  readonly world: World;
  /** The stage under which the criterion is written, where that is another one: its `exit`. */
  readonly written?: Stage;
}

/** One answer about a criterion; its head is added from the plan. */
export interface Answer {
  readonly verdict: Verdict;
  readonly found: string;
  readonly wanted: string;
  /** What to do where the plan says nothing. */
  readonly remedy: string;
  readonly command?: string;
  readonly opensAt?: number;
  /** Of what waiting can mend: from when on it holds. A gate opens when all of them do. */
  readonly times?: Times | "unknown";
  readonly used?: readonly string[];
  /** Which part of the criterion this is, where it has several: "items of a conditional sign-off". */
  readonly part?: string;
}

/** The answer as the gate's finding: with the plan's own remedy, command and line. */
export function toFinding(criterion: Criterion, { plan, stage }: Context, answer: Answer): Finding {
  const passed = answer.verdict === "pass";
  const command = criterion.command ?? answer.command;
  return {
    criterion: answer.part === undefined ? criterion.id : `${criterion.id}.${answer.part}`,
    title: criterion.title,
    verdict: answer.verdict,
    found: answer.found,
    wanted: answer.wanted,
    owner: criterion.owner,
    remedy: passed ? "" : (criterion.remedy ?? answer.remedy),
    ...(passed || command === undefined ? {} : { command }),
    line: criterionLine(plan, stage.name, criterion.id),
    ...(answer.opensAt === undefined ? {} : { opensAt: answer.opensAt }),
    used: answer.used ?? [],
  };
}

/** "1 run", "5 runs". */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** A commit or digest as people say it. */
export function short(digest: string): string {
  return digest.slice(0, 7);
}

/** "a", "a and b", "a, b and c"; at most five by name. */
export function listed(words: readonly string[]): string {
  if (words.length > 5) return `${words.slice(0, 5).join(", ")} and ${words.length - 5} more`;
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
