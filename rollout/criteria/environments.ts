/** Evidence from several places, each of which must pass by itself. */
import { listed } from "./answer";
import type { Answer } from "./answer";

/** A place that could not be judged is worse than one that failed late; what is worst is what the answer says. */
const WORST: readonly Answer["verdict"][] = ["fail", "stale", "inconclusive", "pending", "waived", "pass"];

/** Judges each place that is named; once and without a place where none is. */
export function inEach(
  environments: readonly string[] | undefined,
  judge: (environment: string | undefined) => Answer,
): Answer {
  if (environments === undefined) return judge(undefined);
  const answers = environments.map((environment) => ({ environment, answer: judge(environment) }));
  const verdict = WORST.find((one) => answers.some(({ answer }) => answer.verdict === one)) ?? "fail";
  const those = answers.filter(({ answer }) => answer.verdict === verdict);
  const [first] = those;
  if (first === undefined) throw new Error("no environment to judge");
  const used = [...new Set(answers.flatMap(({ answer }) => answer.used ?? []))];
  const wanted = `${first.answer.wanted}, on each of ${environments.join(", ")}`;
  const found =
    verdict === "pass"
      ? `on ${listed(environments)}: ${first.answer.found}${those.length > 1 ? " and the like" : ""}`
      : those.map(({ environment, answer }) => `on ${environment} ${answer.found}`).join("; ");
  return { ...first.answer, verdict, found, wanted, used };
}
