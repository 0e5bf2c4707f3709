// @ts-check
"use strict";
/** All that a clone needs before its first command: packages, engine, Prometheus. A second run only looks for files. */

const { requireNode } = require("./node-version.cjs");
requireNode(); // before anything that an old Node.js could not even load

const { cacheFolder } = require("./places.cjs");
const { createProgress } = require("./progress.cjs");
const { ensureDependencies } = require("./dependencies.cjs");
const { ensureEngine } = require("./engine.cjs");
const { ensurePrometheus } = require("./prometheus.cjs");

/**
 * @typedef {object} Toolchain
 * @property {import("./engine.cjs").Engine} engine
 * @property {import("./prometheus.cjs").Prometheus} prometheus
 *
 * @typedef {object} Tools What the sandbox, the benchmark and the tests are given.
 * @property {string} pulumi
 * @property {string} pulumiDir
 * @property {string} prometheus
 * @property {string} promtool
 */

/**
 * Sets up what is missing, all at the same time.
 * @param {{ progress?: import("./progress.cjs").Progress }} [options]
 * @returns {Promise<Toolchain>}
 */
async function ensureSetup({ progress = createProgress() } = {}) {
  try {
    // All are waited for even when one fails: what the others have finished need not be done again.
    const [packages, engine, prometheus] = await Promise.allSettled([
      ensureDependencies(progress),
      ensureEngine(progress),
      ensurePrometheus(progress),
    ]);
    if (packages.status === "fulfilled" && engine.status === "fulfilled" && prometheus.status === "fulfilled") {
      return { engine: engine.value, prometheus: prometheus.value };
    }
    throw new Error(
      [packages, engine, prometheus]
        .flatMap((result) => (result.status === "rejected" ? [explained(result.reason)] : []))
        .join("\n\n"),
    );
  } finally {
    progress.close();
  }
}

/**
 * A failure in words; where the system refused something in the cache, with the way to have another one.
 * @param {NodeJS.ErrnoException} error
 * @param {string} [cache]
 */
function explained(error, cache = cacheFolder()) {
  if (!error.syscall || !error.path || !error.path.startsWith(cache)) return error.message;
  return `${error.message}\nThe set-up keeps what it makes in ${cache}: let it be written, or name another folder in XDG_CACHE_HOME.`;
}

/**
 * @param {Toolchain} toolchain
 * @returns {Tools}
 */
function toolsOf({ engine, prometheus }) {
  const { pulumi, dir } = engine;
  return { pulumi, pulumiDir: dir, prometheus: prometheus.prometheus, promtool: prometheus.promtool };
}

/**
 * The set-up, then a command; a failure of the set-up is told in its own words, without a stack.
 * @param {(tools: Tools) => Promise<number>} command Returns the exit code.
 */
async function afterSetup(command) {
  let tools;
  try {
    tools = toolsOf(await ensureSetup());
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
  try {
    process.exit(await command(tools));
  } catch (error) {
    // What the system refuses (a TMPDIR that is not there, a full disk) is nobody's defect.
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

module.exports = { ensureSetup, toolsOf, afterSetup, explained };

if (require.main === module) void afterSetup(() => Promise.resolve(0));
