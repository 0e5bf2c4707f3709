/**
 * JUnit XML, as vitest, pytest and Maven Surefire write it. The format has no specification: the counts that a suite
 * states are compared with the test cases that are there, which is what finds a file that was cut or edited.
 *
 * A test case with <error> could not run; it counts as failed, so that the run stands in the store as a failed one.
 */
import type { TestResultPredicate } from "../predicates/test-result";
import { RUN_ANNOTATION } from "../predicates/test-result";
import { formatUtc, parseInstant } from "../time";
import type { Format, Intake, ReportFile, Stated } from "./report";
import { finish, isRecord, refuse, required } from "./report";
import { attribute, children, parseXml, rootName, withoutDoctype } from "./xml";
import type { Element } from "./xml";

/** Longer lists of passed tests are left out of the statement: its size is limited, and the count stays. */
const MAX_PASSED_NAMES = 2000;
const MAX_XML_DEPTH = 32;

/** JUnit XML → "test-result". Several files (Maven writes one a class) are one run. */
export const junit: Format = {
  name: "JUnit XML",
  kind: "test-result",
  recognises: ({ text }) => ["testsuite", "testsuites"].includes(rootName(text)),
  read(files, stated) {
    const run = merge(files.map((file) => ({ file, suites: suitesOf(file) })));
    return write(run, files, stated);
  },
};

interface Run {
  readonly passed: string[];
  readonly failed: string[];
  readonly skipped: string[];
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
}

function suitesOf(file: ReportFile): Element[] {
  const root = parseXml(file, withoutDoctype(file));
  const suites = children(root, "testsuites").flatMap((all) => {
    const inside = children(all, "testsuite");
    checkTotal(file, all, inside);
    checkFailures(file, all, casesIn(inside.flatMap((suite) => withNested(suite))));
    return inside;
  });
  const all = [...suites, ...children(root, "testsuite")].flatMap((suite) => withNested(suite));
  const outside = countCases(root) - casesIn(all).length;
  if (outside > 0) {
    throw refuse(
      "intake-inconsistent",
      `${file.name} has ${outside} test cases outside of its suites, which nothing counts`,
    );
  }
  return all;
}

function casesIn(suites: readonly Element[]): Element[] {
  return suites.flatMap((suite) => children(suite, "testcase"));
}

/** How many elements "testcase" there are, wherever they stand. */
function countCases(element: Element): number {
  let found = 0;
  for (const [name, inside] of Object.entries(element)) {
    if (!Array.isArray(inside)) continue;
    if (name === "testcase") found += inside.length;
    for (const child of inside as unknown[]) if (isRecord(child)) found += countCases(child);
  }
  return found;
}

function withNested(suite: Element, level = 0): Element[] {
  if (level > MAX_XML_DEPTH) throw refuse("intake-unknown-format", "test suites nested too deeply");
  return [suite, ...children(suite, "testsuite").flatMap((inner) => withNested(inner, level + 1))];
}

/** `<testsuites tests="…">`, where it is stated, must be what its suites state together. */
function checkTotal(file: ReportFile, all: Element, suites: readonly Element[]): void {
  const total = attribute(all, "tests");
  if (total === undefined) return;
  const sum = suites.reduce((tests, suite) => tests + Number(attribute(suite, "tests") ?? NaN), 0);
  if (Number(total) !== sum) throw cut(file, total, String(sum));
}

/** A count that an element states; 0 where it states none. */
function countOf(file: ReportFile, element: Element, name: string): number {
  const stated = attribute(element, name) ?? "0";
  if (/^\d{1,15}$/.test(stated)) return Number(stated);
  throw refuse("intake-missing-field", `${file.name} states "${stated.slice(0, 40)}" for "${name}", wanted a count`);
}

function cut(file: ReportFile, stated: string, found: string): Error {
  return refuse("intake-truncated", `${file.name} states ${stated} tests and has ${found}: it was cut or edited`);
}

function merge(parts: readonly { file: ReportFile; suites: readonly Element[] }[]): Run {
  const run = { passed: [] as string[], failed: [] as string[], skipped: [] as string[] };
  const starts: (number | undefined)[] = [];
  const ends: (number | undefined)[] = [];
  for (const { file, suites } of parts) {
    for (const suite of suites) {
      const cases = children(suite, "testcase");
      checkCounts(file, suite, cases);
      for (const one of cases) sort(one, run);
      // A suite that only groups others may carry no time of its own.
      if (cases.length === 0) continue;
      const { start, end } = timesOf(file, suite);
      starts.push(start);
      ends.push(end);
    }
  }
  return { ...run, startedAt: all(starts, Math.min), finishedAt: all(ends, Math.max) };
}

/** The least or greatest of times that must all be there. */
function all(times: readonly (number | undefined)[], choose: (...all: number[]) => number): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === times.length && known.length > 0 ? known.reduce((a, b) => choose(a, b)) : undefined;
}

function checkCounts(file: ReportFile, suite: Element, cases: readonly Element[]): void {
  const stated = attribute(suite, "tests");
  if (stated === undefined) throw refuse("intake-missing-field", `${file.name}: a testsuite without "tests"`);
  countOf(file, suite, "tests");
  const nested = children(suite, "testsuite").flatMap((inner) => withNested(inner));
  const inside = nested.reduce((sum, inner) => sum + children(inner, "testcase").length, cases.length);
  // Tools differ in whether a suite counts the tests of suites inside it.
  if (Number(stated) !== inside && Number(stated) !== cases.length) throw cut(file, stated, String(inside));
  const all = [...cases, ...casesIn(nested)];
  checkFailures(file, suite, all);
  const statedSkipped = countOf(file, suite, "skipped") + countOf(file, suite, "disabled");
  const skipped = all.filter((one) => isSkipped(one) && !isFailed(one)).length;
  // What is skipped and not marked would be taken for passed.
  if (statedSkipped > skipped) {
    throw refuse(
      "intake-inconsistent",
      `${file.name} states ${statedSkipped} skipped tests and marks ${skipped}: which were not run is not told`,
    );
  }
}

/** Failures that are stated, and those of a suite itself: of its set-up, of its own code. */
function checkFailures(file: ReportFile, suite: Element, cases: readonly Element[]): void {
  const stated = countOf(file, suite, "failures") + countOf(file, suite, "errors");
  const own = isFailed(suite);
  // Fewer may be stated than found (a test that failed twice is one case in some tools), never some where there are none.
  if (!own && (stated === 0 || cases.some(isFailed))) return;
  throw refuse(
    "intake-run-failed",
    `${file.name} states ${own ? "a failure" : `${stated} failures or errors`} outside its test cases: the run itself failed`,
  );
}

// Some tools say it in an attribute and not with an element: GoogleTest of a disabled test, "notrun".
const FAILED = /^(?:fail(?:ed|ure)?|error|broken)$/i;
const NOT_RUN = /^(?:notrun|not[-_ ]run|skip(?:ped)?|disabled|ignored|pending)$/i;

function isFailed(one: Element): boolean {
  return "failure" in one || "error" in one || FAILED.test(attribute(one, "status") ?? "");
}

function isSkipped(one: Element): boolean {
  return "skipped" in one || NOT_RUN.test(attribute(one, "status") ?? "");
}

function sort(one: Element, run: Pick<Run, "passed" | "failed" | "skipped">): void {
  const name = [attribute(one, "classname"), attribute(one, "name")].filter(
    (part) => part !== undefined && part !== "",
  );
  const title = name.join(" > ") || "(unnamed)";
  if (isFailed(one)) run.failed.push(title);
  else if (isSkipped(one)) run.skipped.push(title);
  else run.passed.push(title);
}

function timesOf(file: ReportFile, suite: Element): { start: number | undefined; end: number | undefined } {
  const timestamp = attribute(suite, "timestamp");
  const seconds = attribute(suite, "time");
  const start = timestamp === undefined ? undefined : parseInstant(timestamp);
  if (start === undefined) return { start: undefined, end: undefined };
  if (seconds === undefined || !/^[\d,]*\.?\d+(?:[eE]-?\d+)?$/.test(seconds)) {
    throw refuse("intake-missing-field", `${file.name}: a testsuite with a timestamp but without a usable "time"`);
  }
  return { start, end: start + Math.ceil(Number(seconds.replaceAll(",", "")) * 1000) };
}

function write(run: Run, files: readonly ReportFile[], stated: Stated): Intake {
  const [first] = files;
  const tests = run.passed.length + run.failed.length + run.skipped.length;
  if (first === undefined || tests === 0) {
    throw refuse("intake-empty", `${first?.name ?? "no file"}: not one test in it; a run of no tests proves nothing`);
  }
  const suite = required(stated.suite, "which suite of the plan this is", "--suite <name>");
  const predicate: TestResultPredicate = {
    result: run.failed.length > 0 ? "FAILED" : "PASSED",
    configuration: [
      {
        annotations: {
          [RUN_ANNOTATION]: {
            suite,
            ...(stated.environment === undefined ? {} : { environment: stated.environment }),
            stage: stated.stage,
            ...(run.startedAt === undefined ? {} : { startedOn: formatUtc(run.startedAt) }),
            ...finish(first, run.finishedAt, stated),
            tests,
            passed: run.passed.length,
            skippedTests: run.skipped,
          },
        },
      },
    ],
    ...(run.passed.length > MAX_PASSED_NAMES ? {} : { passedTests: run.passed }),
    failedTests: run.failed,
  };
  const counts = `${run.passed.length} passed, ${run.failed.length} failed, ${run.skipped.length} skipped`;
  return { predicate, summary: `${suite} in ${stated.stage}: ${counts}` };
}
