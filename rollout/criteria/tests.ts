/** The newest runs of a suite, all of which must have passed. */
import type { EvidenceOf } from "../evidence";
import type { CriterionOf } from "../plan";
import { showDuration } from "../units";
import type { World } from "../world";
import { counted, listed } from "./answer";
import type { Answer } from "./answer";
import { attestCommand } from "./commands";
import { inEach } from "./environments";
import { age, also, isStale, select } from "./select";

type Criterion = CriterionOf<"tests">;
type Run = EvidenceOf<"test-result">;

/**
 * Passes if the newest `runs` runs passed and none is too old. A newer run that failed is never hidden by older ones
 * that passed, and one report attested several times is one run.
 */
export function judgeTests(criterion: Criterion, world: World): Answer {
  return inEach(criterion.environments, (environment) => judgeIn(environment, criterion, world));
}

function judgeIn(environment: string | undefined, criterion: Criterion, world: World): Answer {
  const selection = select(
    {
      kind: "test-result",
      noun: "run",
      about: (facts) =>
        facts.suite === criterion.suite && (environment === undefined || facts.environment === environment),
      key: environment ?? "",
    },
    criterion,
    world,
  );
  const rest = {
    wanted: wantedText(criterion),
    remedy: `run the suite "${criterion.suite}"${criterion.stage === undefined ? "" : ` in ${criterion.stage}`} and attest its report`,
    command: attestCommand(criterion, world.stack),
  };
  if (selection.failure !== undefined) return { ...rest, verdict: "fail", found: selection.failure };
  const runs = distinctRuns(selection.items).slice(0, criterion.runs);
  const used = runs.flat().map((run) => run.id);
  const failed = [...runs, newestElsewhere(selection.items)]
    .flatMap((run) => run.map((report) => whyFailed(report, criterion)))
    .find((why) => why !== undefined);
  const newest = runs[0]?.[0];
  if (newest === undefined)
    return { ...rest, verdict: "fail", found: selection.others === "" ? "no run" : selection.others };
  if (failed !== undefined) return { ...rest, verdict: "fail", found: `${failed}${also(selection)}`, used };
  if (runs.length < criterion.runs) {
    return { ...rest, verdict: "fail", found: `${runs.length} of ${criterion.runs} runs${also(selection)}`, used };
  }
  const stale = runs.flat().find((run) => isStale(run, criterion.maxAge, world.now));
  if (stale !== undefined) {
    const found = `a run that finished ${age(stale, world.now)} among the last ${criterion.runs}${also(selection)}`;
    return { ...rest, verdict: "stale", found, used };
  }
  const tests = Math.min(...runs.flat().map((run) => run.facts.tests));
  return {
    ...rest,
    verdict: "pass",
    found: `${counted(runs.length, "run")} passed, ${counted(tests, "test")} or more each, the newest ${age(newest, world.now)}`,
    used,
  };
}

function wantedText(criterion: Criterion): string {
  const runs = criterion.runs === 1 ? "the newest run" : `the newest ${criterion.runs} runs`;
  const where = criterion.stage === undefined ? "" : ` in ${criterion.stage}`;
  return `${runs} of "${criterion.suite}"${where} passed for this release, each within ${showDuration(criterion.maxAge)}`;
}

/** Runs, newest first; reports of the same run (they ended at the same instant) stay together. */
function distinctRuns(reports: readonly Run[]): Run[][] {
  const runs: Run[][] = [];
  for (const report of reports) {
    const last = runs.at(-1);
    if (last?.[0]?.finishedAt === report.finishedAt) last.push(report);
    else runs.push([report]);
  }
  return runs;
}

/** The newest run of each place: one that failed there is not made good by another place's that passed later. */
function newestElsewhere(runs: readonly Run[]): Run[] {
  const places = new Map<string | undefined, Run>();
  for (const run of runs) if (!places.has(run.facts.environment)) places.set(run.facts.environment, run);
  return [...places.values()];
}

/** Why a run did not pass, or undefined. What adds up to nothing did not pass either. */
function whyFailed({ facts }: Run, criterion: Criterion): string | undefined {
  const { tests, passed, failedTests, skippedTests } = facts;
  if (failedTests.length > 0)
    return `a run in which ${counted(failedTests.length, "test")} failed: ${listed(failedTests)}`;
  if (tests === 0) return "a run without any test";
  const skipped = skippedTests.filter((test) => !criterion.maySkip.includes(test));
  if (skipped.length > 0) return `a run that skipped ${counted(skipped.length, "test")}: ${listed(skipped)}`;
  if (!(passed >= criterion.atLeast))
    return `a run in which ${counted(passed, "test")} passed, of at least ${criterion.atLeast}`;
  if (passed + skippedTests.length !== tests) return `a run of ${tests} tests in which only ${passed} passed`;
  return undefined;
}
