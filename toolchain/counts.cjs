// @ts-check
"use strict";
/** What test runs amount to: the last line of `npm test`. */

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * What vitest's JSON report says. A file that could not be loaded, and a run that failed although no test did, count as
 * failures: neither may look like success.
 * @param {any} report The parsed report, or undefined if there is none.
 * @param {number} exitCode
 * @returns {Counts}
 */
function countReport(report, exitCode) {
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  const files = report.testResults ?? [];
  const broken = files.filter(
    (/** @type {any} */ file) =>
      file.status === "failed" && !file.assertionResults.some((/** @type {any} */ test) => test.status === "failed"),
  );
  const failed = report.numFailedTests + broken.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
  };
}

/** How much of a failed test's message is repeated: with what was found and what was wanted, not its stack. */
const messageLines = 12;

/**
 * Each failure of a report, to be said again at the end, where a log that was cut still has it.
 * @param {any} report The parsed report, or undefined if there is none.
 * @param {string} project
 * @returns {string[]}
 */
function failuresOf(report, project) {
  if (!report) return [`failed: ${project}: no report was written`];
  return (report.testResults ?? []).flatMap((/** @type {any} */ file) => {
    const tests = file.assertionResults.filter((/** @type {any} */ test) => test.status === "failed");
    if (tests.length === 0 && file.status === "failed")
      return [failure(file.name, "could not be loaded", file.message)];
    return tests.map((/** @type {any} */ test) => failure(file.name, test.fullName, test.failureMessages?.[0]));
  });
}

/** @param {string} file @param {string} test @param {string} [message] */
function failure(file, test, message = "") {
  const lines = message.split("\n").filter((line) => line.trim() !== "" && !/^\s+at /.test(line));
  return [`failed: ${file} > ${test}`, ...lines.slice(0, messageLines).map((line) => `  ${line}`)].join("\n");
}

/** @param {readonly Counts[]} all @returns {Counts} */
function sum(all) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of all) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** @param {Counts} counts */
function countLine({ passed, failed, skipped }) {
  return `${String(passed)} passed, ${String(failed)} failed${skipped > 0 ? `, ${String(skipped)} skipped` : ""}`;
}

/** Nothing run is no success. @param {Counts} counts */
function exitCodeOf({ passed, failed }) {
  return failed > 0 || passed === 0 ? 1 : 0;
}

module.exports = { countReport, failuresOf, sum, countLine, exitCodeOf };
