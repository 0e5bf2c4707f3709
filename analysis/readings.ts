/** Asks the metrics source all questions of a gate at once. */
import { HoldpointError } from "../rollout/errors";
import type { Question, Reading, Readings } from "../rollout/readings";
import type { Ask } from "./canary";

/** How long all questions together may take, milliseconds; a gate must answer while a person waits. */
const DEADLINE = 15_000;
/** Questions that are under way at one time. */
const TOGETHER = 12;

/**
 * Every question's answer. One that fails is a failure of its own, beside the others; the same query is asked once.
 * @param deadline milliseconds for all of them
 */
export async function askAll(ask: Ask, questions: readonly Question[], deadline = DEADLINE): Promise<Readings> {
  const queries = [...new Set(questions.map(({ promql }) => promql))];
  const answers = new Map<string, Reading>();
  const until = Date.now() + deadline;
  const next = queries.values();
  const worker = async (): Promise<void> => {
    for (const promql of next) answers.set(promql, await answerOf(ask, promql, until, deadline));
  };
  await Promise.all(Array.from({ length: Math.min(TOGETHER, queries.length) }, worker));
  return Object.fromEntries(questions.map(({ key, promql }) => [key, answers.get(promql) ?? { failure: "not asked" }]));
}

async function answerOf(ask: Ask, promql: string, until: number, deadline: number): Promise<Reading> {
  const left = until - Date.now();
  const late: Reading = { failure: `no answer to all questions within ${deadline / 1000} s` };
  if (left <= 0) return late;
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<Reading>((resolve) => (timer = setTimeout(() => resolve(late), left)));
  try {
    return await Promise.race([ask(promql), overdue]);
  } catch (error) {
    return { failure: error instanceof HoldpointError ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
