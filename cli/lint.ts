/** Plans as the linter sees them: mistakes, then what is contradictory or dangerous. */
import { readCalendars } from "../evidence/calendar-files";
import { HoldpointError } from "../rollout/errors";
import { lintPlan, placed, RULES } from "../rollout/lint";
import type { LintFinding } from "../rollout/lint";
import { sarif } from "../rollout/lint/sarif";
import type { SarifFinding } from "../rollout/lint/sarif";
import type { Plan } from "../rollout/plan";
import { readPlan } from "./plan-file";
import { replaceFile } from "./write-file";

/** One plan that has no mistake, and what was found in it. */
export interface Linted {
  readonly plan: string;
  readonly digest: string;
  readonly stages: readonly { readonly name: string; readonly criteria: number; readonly steps: number }[];
  readonly findings: readonly LintFinding[];
}

/**
 * Reads and lints plans.
 * @param report a file that gets everything as SARIF, the mistakes of an invalid plan too
 * @throws HoldpointError as readPlan does
 */
export function lintFiles(root: string, files: readonly string[], report?: string): readonly Linted[] {
  const write = (findings: readonly SarifFinding[]): void => {
    if (report === undefined) return;
    replaceFile(report, `${JSON.stringify(sarif(findings, RULES), null, 2)}\n`);
  };
  try {
    const linted = files.map((file) => lintFile(root, file));
    write(linted.flatMap(({ findings }) => findings.map((one) => ({ ...one, text: sentences(one) }))));
    return linted;
  } catch (error) {
    if (error instanceof HoldpointError) write(mistakesIn(error));
    throw error;
  }
}

function lintFile(root: string, file: string): Linted {
  const plan = readPlan(root, file);
  return {
    plan: plan.source.file,
    digest: plan.source.digest,
    stages: plan.stages.map(({ name, enter, canary }) => ({
      name,
      criteria: enter.criteria.length,
      steps: canary?.steps.length ?? 0,
    })),
    findings: [...lintPlan(plan), ...unreadableCalendars(root, plan)],
  };
}

/** Calendars of the plan's freezes that no gate could read: no rule of the plan alone can see that. */
function unreadableCalendars(root: string, plan: Plan): LintFinding[] {
  const calendars = readCalendars(root, plan);
  return plan.freezes.flatMap(({ id }, index) => {
    const calendar = calendars[id];
    if (calendar === undefined || !("failure" in calendar)) return [];
    const found = {
      path: ["freezes", index],
      found: calendar.failure,
      wrong: `the freeze "${id}" can't be known, and a freeze that can't be known shuts the gate`,
      instead: "the calendar's file beside the plan, or its path from the plan's folder",
    };
    return [placed(plan, "calendar-unreadable", "error", found)];
  });
}

/** A finding for a person: place, rule, and three lines. */
export function renderFinding({ level, rule, file, line, found, wrong, instead }: LintFinding): string {
  return `${file}:${line}: ${level} ${rule}\n  found: ${found}\n  wrong: ${wrong}\n  write: ${instead}`;
}

function sentences({ found, wrong, instead }: LintFinding): string {
  return `found ${found}. Wrong: ${wrong}. Write instead: ${instead}`;
}

/** "plans/x.yaml:41:7: found …" for each mistake of an invalid plan. */
const MISTAKE = /^\s*(\S+):(\d+):\d+: (.*)$/;

function mistakesIn({ code, message }: HoldpointError): SarifFinding[] {
  return message.split("\n").flatMap((text) => {
    const [, file, line, what] = MISTAKE.exec(text) ?? [];
    return file === undefined || what === undefined
      ? []
      : [{ rule: code, level: "error" as const, file, line: Number(line), text: what }];
  });
}
