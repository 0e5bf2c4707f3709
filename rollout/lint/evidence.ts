/** Evidence: values that are neither yes nor no, what is forbidden and asked for, what is from before. */
import { glob } from "../glob";
import type { Criterion, EvidenceCriterion, Plan } from "../plan";
import { showDuration, showLimitWords } from "./words";
import { criteriaOf, triggersOf } from "./rule";
import type { Placed, Rule } from "./rule";

/** Between a go and a no-go of the same number there is nothing that nobody decides. */
export const greyZone: Rule = {
  id: "grey-zone",
  level: "warning",
  says: "What is neither go nor no-go is a no-go, and the plan says so",
  check: (plan) =>
    triggersOf(plan).flatMap(({ path, value: { id, when } }) => {
      if (!("criterion" in when)) return [];
      const subject = subjectOf(when.criterion);
      if (subject === undefined) return [];
      return criteriaOf(plan)
        .filter(({ value }) => subjectOf(value) === subject && value.remedy === undefined)
        .filter(({ value }) => showLimitWords(value) !== showLimitWords(when.criterion))
        .map(({ value }) => ({
          path: [...path, "when"],
          found: `"${value.id}" goes on ${showLimitWords(value)}, "${id}" fires when it is not ${showLimitWords(when.criterion)}`,
          wrong: "what lies between is neither go nor no-go",
          instead: `one limit for both; or a "remedy" at "${value.id}" that says what is done in between: it is NO-GO until it is green`,
        }));
    }),
};

function subjectOf(criterion: Criterion | EvidenceCriterion): string | undefined {
  if (criterion.kind === "survey") return `survey ${criterion.survey}`;
  return criterion.kind === "measurement" ? `measurement ${criterion.suite} ${criterion.measure}` : undefined;
}

/** What one criterion forbids to change, another must not ask to be made. */
export const forbiddenAndAsked: Rule = {
  id: "forbidden-and-asked",
  level: "error",
  says: "No criterion asks for a file that another forbids to change",
  check: (plan) =>
    criteriaOf(plan).flatMap(({ path, value }) => {
      if (value.kind !== "changes") return [];
      const forbidden = value.none.map((pattern) => glob(pattern));
      const except = value.except.map((pattern) => glob(pattern));
      return askedFiles(plan)
        .filter(
          ({ file }) => forbidden.some((test) => test(sample(file))) && !except.some((test) => test(sample(file))),
        )
        .map(({ file, by }) => ({
          path: [...path, "none"],
          found: `no change of ${value.none.join(", ")}, where "${by}" asks for ${file}`,
          wrong: "a release that has what one criterion asks for is refused by the other",
          instead: `"except: [${JSON.stringify(file)}]": an exception that readers see`,
        }));
    }),
};

function askedFiles(plan: Plan): { readonly file: string; readonly by: string }[] {
  return criteriaOf(plan).flatMap(({ value }) =>
    value.kind === "artifacts" ? value.names.map((file) => ({ file, by: value.id })) : [],
  );
}

/** A name that a pattern means. */
const sample = (pattern: string): string => pattern.replaceAll("**", "x").replaceAll("*", "x");

/** Evidence about a stage that is older than the release's time in it speaks of another release. */
export const fromBefore: Rule = {
  id: "evidence-from-before",
  level: "note",
  says: "What is observed in a stage is observed while the release is there",
  check: (plan) => {
    const lasts = new Map(
      criteriaOf(plan).flatMap(({ value }) =>
        value.kind === "stage-lasted" ? [[value.stage, value.atLeast] as const] : [],
      ),
    );
    return criteriaOf(plan).flatMap((placed) => {
      const { path, value, span, stage } = lookedBack(placed);
      const least = stage === undefined ? undefined : lasts.get(stage);
      if (span === undefined || least === undefined || span <= least) return [];
      return [
        {
          path,
          found: `"${value.id}" looks back ${showDuration(span)} on ${String(stage)}, which lasts ${showDuration(least)} or longer`,
          wrong: "what it finds may be from before this release was there",
          instead: `at most ${showDuration(least)}, or evidence about this release ("subject: release")`,
        },
      ];
    });
  },
};

/** How far back a criterion looks on a stage, where what it finds need not be about this release. */
function lookedBack({ path, value, stage, gate }: Placed): {
  readonly path: Placed["path"];
  readonly value: Criterion;
  readonly span?: number;
  readonly stage?: string;
} {
  if (value.kind === "metric" || value.kind === "no-alerts")
    return { path, value, span: value.over, ...(gate === "enter" ? {} : { stage: stage.name }) };
  if (!("attestedBy" in value) || value.subject !== "any" || value.kind === "drill") return { path, value };
  return { path, value, span: value.maxAge, ...(value.stage === undefined ? {} : { stage: value.stage }) };
}
