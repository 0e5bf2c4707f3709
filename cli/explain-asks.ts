/** What a criterion asks for, in a reader's words: a title may say anything, its keys are what is judged. */
import { showWindow } from "../rollout/calendar";
import { showLimits } from "../rollout/limits";
import type { ApprovalCriterion, Criterion, CriterionOf, EvidenceCriterion, Plan, Stage } from "../rollout/plan";
import { showDuration, showMoney } from "../rollout/units";

/** "the newest 3 runs of browser; seen on beta". Empty where the kind alone says it all. */
export function asksOf(criterion: Criterion, plan: Plan, stage: Stage): string {
  return parts(...wordsOf(criterion, plan, stage), ...observedOf(criterion)).join("; ");
}

type Words = readonly (string | undefined)[];

/** Those that are there. */
function parts(...words: Words): string[] {
  return words.filter((word) => word !== undefined && word !== "") as string[];
}

function wordsOf(criterion: Criterion, plan: Plan, stage: Stage): Words {
  if ("attestedBy" in criterion) return evidenceWords(criterion);
  if ("from" in criterion) return approvalWords(criterion);
  switch (criterion.kind) {
    case "metric":
      return [metricWords(criterion)];
    case "no-alerts":
      return [criterion.alerts === "critical" ? "no critical alert" : "no alert"];
    case "declared":
      return declaredWords(criterion);
    case "window": {
      const window = criterion.window === undefined ? stage.window : plan.windows[criterion.window];
      return [window && `${showWindow(window)}, for ${showDuration(window.for)}`];
    }
    case "stage-done":
      return [
        criterion.traffic === undefined ? undefined : `${criterion.traffic}% of the traffic in ${criterion.stage}`,
      ];
    case "stage-lasted":
      return [spanOf("no longer than", criterion.atMost)];
    case "no-rollbacks":
      return [
        `${criterion.release === "any" ? "what runs in" : "this release in"} ${criterion.stage}, never brought back`,
      ];
    case "rollbacks-explained":
      return [`"${criterion.check}" of whatever ${criterion.stage} was brought back from`];
    case "no-freeze":
    case "canary-at-rest":
      return [];
  }
}

/** Where evidence comes from, if that is asked. */
function observedOf(criterion: Criterion): Words {
  if (!("attestedBy" in criterion)) return [];
  return [criterion.stage && `seen on ${criterion.stage}`, criterion.subject === "any" ? "of any release" : undefined];
}

function evidenceWords(criterion: EvidenceCriterion): Words {
  switch (criterion.kind) {
    case "tests":
      return testsWords(criterion);
    case "coverage":
      return [
        criterion.suite,
        criterion.lines && `lines ${showLimits(criterion.lines)}`,
        criterion.modules && `${criterion.modules.paths.join(", ")} each ${showLimits(criterion.modules.lines)}`,
      ];
    case "vulnerabilities":
      return vulnerabilityWords(criterion);
    case "measurement":
      return [
        `${criterion.suite}: ${criterion.measure} ${showLimits(criterion)}${criterion.of === undefined ? "" : " of the baseline's"}`,
        placesOf(criterion.environments),
      ];
    case "survey":
      return [`${criterion.survey}: ${showLimits(criterion)} of ${criterion.answers} answers or more`];
    case "review":
      return [
        `${criterion.review}, by ${criterion.reviewers}`,
        criterion.openAtMost && `open ${countsOf(criterion.openAtMost)}`,
      ];
    case "artifacts":
      return [criterion.names.join(", "), criterion.signed && "signed"];
    case "sbom":
      return [`${criterion.atLeast} or more components`];
    case "provenance":
      return [
        `built by ${criterion.builders.join(" or ")}`,
        criterion.branch && `from ${criterion.branch}`,
        criterion.reproduced && "by two builds alike",
      ];
    case "branch":
      return [`from ${criterion.branch}`];
    case "documents":
    case "runbooks":
      return [criterion.names.join(", ")];
    case "check":
      return [];
    case "changes":
      return [`no change of ${criterion.none.join(", ")}`, exceptOf(criterion.except)];
    case "drill":
      return [
        `drill ${criterion.drill}`,
        spanOf("in under", criterion.within),
        spanOf("lasting", criterion.lasting),
        criterion.integrity && "data verified",
      ];
    case "cost":
      return [`${moneyOf(criterion.monthly.min)} to ${moneyOf(criterion.monthly.max)} a month`];
    case "on-call":
      return [`${criterion.levels.join(" and ")} from now on for ${showDuration(criterion.for)}`];
    case "freeze":
      return [`${criterion.branch} frozen for ${showDuration(criterion.before)}`];
    case "backup":
      return [`backup of ${criterion.scope}`, criterion.trigger === "any" ? undefined : criterion.trigger, "verified"];
    case "pipelines":
      return [
        `pipelines of ${criterion.branch}${criterion.names.length === 0 ? "" : `, ${criterion.names.join(", ")} among them`}`,
        spanOf("each in under", criterion.within),
      ];
    case "workflow":
      return workflowWords(criterion);
  }
}

function testsWords({ suite, runs, environments, atLeast, maySkip }: CriterionOf<"tests">): Words {
  return [
    `the newest ${runs === 1 ? "run" : `${runs} runs`} of ${suite}`,
    placesOf(environments),
    atLeast > 1 ? `${atLeast} tests or more` : undefined,
    maySkip.length > 0 ? `may skip "${maySkip.join('", "')}"` : undefined,
  ];
}

function workflowWords({ workflow, on, order, jobs = {} }: CriterionOf<"workflow">): Words {
  return [
    `the file of ${workflow}`,
    on && `starts on ${on.join(", ")}`,
    order?.join(" → "),
    ...Object.entries(jobs).flatMap(([id, { runsOn, uses = {}, runs = [], only }]) => {
      const actions = Object.entries(uses).map(
        ([action, { version, with: inputs = {} }]) =>
          `${action}${version === undefined ? "" : `@${version}`}${Object.entries(inputs)
            .map(([key, value]) => ` with ${key} ${value}`)
            .join("")}`,
      );
      const told = parts(runsOn && `on ${runsOn}`, ...actions, ...runs, only && `only if ${only}`);
      return told.length === 0 ? [] : [`${id}: ${told.join(", ")}`];
    }),
  ];
}

function vulnerabilityWords({ atMost, scope, databaseMaxAge }: CriterionOf<"vulnerabilities">): Words {
  return [
    `at most ${countsOf(atMost)}`,
    scope && `in its ${scope}`,
    spanOf("by a database at most", databaseMaxAge, " old"),
  ];
}

function metricWords(criterion: CriterionOf<"metric">): string {
  const { metric, on, of, before } = criterion;
  const whose = on === undefined || on === "service" ? "" : ` of the ${on}`;
  const other = of === "baseline" ? " of the baseline's" : ` of its own ${showDuration(before ?? 0)} before`;
  return `${metric}${whose} ${showLimits(criterion)}${of === undefined ? "" : other}`;
}

function declaredWords(criterion: CriterionOf<"declared">): Words {
  const { components, alerts, dashboards, flags, flagTypes, runbooks, criticalPaths, parityWith, contacts } = criterion;
  return [
    components?.join(", "),
    alerts === undefined ? undefined : `alerts: ${listed(alerts)}`,
    dashboards && `dashboards: ${dashboards.join(", ")}`,
    flags === undefined
      ? undefined
      : flags === "every"
        ? "every flag of the plan"
        : `flags: ${Object.entries(flags)
            .map(([name, variant]) => `${name} = ${variant}`)
            .join(", ")}`,
    flagTypes && `flags of type ${flagTypes.join(", ")}`,
    runbooks && "a runbook for every critical alert",
    criticalPaths && "every critical path watched",
    parityWith && `the same as ${parityWith}`,
    contacts && `contacts of ${contacts.join(", ")}`,
  ];
}

function approvalWords({ differentFrom, when, notBefore, notAfter, seen }: ApprovalCriterion): Words {
  const touched = [...(when?.files ?? []), ...(when?.resources ?? [])];
  return [
    touched.length === 0 ? undefined : `only where ${touched.join(" or ")} is touched`,
    differentFrom && `nobody who serves ${differentFrom.join(" or ")}`,
    spanOf("at most", notBefore, " before the window opens"),
    spanOf("at least", notAfter, " before the window opens"),
    seen && `having seen ${seen === "everything" ? "everything else met" : `${listed(seen)} met`}`,
  ];
}

function spanOf(before: string, span: number | undefined, after = ""): string | undefined {
  return span === undefined ? undefined : `${before} ${showDuration(span)}${after}`;
}

function listed(names: string | readonly string[]): string {
  return typeof names === "string" ? names : names.join(", ");
}

function placesOf(environments: readonly string[] | undefined): string | undefined {
  return environments && `each on ${environments.join(", ")}`;
}

function exceptOf(except: readonly string[]): string | undefined {
  return except.length === 0 ? undefined : `but ${except.join(", ")}`;
}

function countsOf(counts: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(counts)
    .flatMap(([severity, count]) => (count === undefined ? [] : [`${count} ${severity}`]))
    .join(", ");
}

function moneyOf({ amount, currency }: { readonly amount: number; readonly currency: string }): string {
  return showMoney(amount, currency);
}
