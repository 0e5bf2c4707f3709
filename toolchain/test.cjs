// @ts-check
"use strict";
/** `npm test`: the set-up, unit tests, tests that start processes, proofs, engine tests; the last line says how many passed and failed. `--engine`: only those. */

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { afterSetup } = require("./setup.cjs");
const { root } = require("./places.cjs");
const { run } = require("./run.cjs");
const { countReport, failuresOf, sum, countLine, exitCodeOf } = require("./counts.cjs");

void afterSetup(async (tools) => {
  const flags = process.argv.slice(2);
  const projects = flags.includes("--engine") ? ["engine"] : ["unit", "processes", "proofs", "engine"];
  const filters = flags.filter((flag) => flag !== "--engine");
  const results = [];
  for (const project of projects) results.push(await runProject(project, filters, tools));
  for (const { failures } of results) for (const failure of failures) console.log(failure);
  const total = sum(results.map(({ counts }) => counts));
  console.log(countLine(total));
  return exitCodeOf(total);
});

/**
 * @param {string} project
 * @param {readonly string[]} filters What else was given: file names and options, passed on to vitest.
 * @param {import("./setup.cjs").Tools} tools
 */
async function runProject(project, filters, tools) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "holdpoint-test-"));
  const report = path.join(folder, "report.json");
  try {
    const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    // A filter may fit the tests of one project only.
    const given = filters.length > 0 ? ["--passWithNoTests", ...filters] : [];
    const { code } = await run(process.execPath, [vitest, "run", "--project", project, ...reporters, ...given], {
      cwd: root,
      env: testEnvironment(tools),
      show: true,
    });
    const read = readReport(report);
    return { counts: countReport(read, code), failures: failuresOf(read, project) };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {import("./setup.cjs").Tools} tools */
function testEnvironment(tools) {
  return {
    ...process.env,
    HOLDPOINT_PULUMI_DIR: tools.pulumiDir,
    HOLDPOINT_PULUMI: tools.pulumi,
    HOLDPOINT_PROMETHEUS: tools.prometheus,
    HOLDPOINT_PROMTOOL: tools.promtool,
  };
}

/** @param {string} file */
function readReport(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
