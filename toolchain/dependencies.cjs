// @ts-check
"use strict";
/** The project's npm packages, exactly as package-lock.json says. */

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { root } = require("./places.cjs");
const { run, npmScript, lastWords } = require("./run.cjs");
const { withLock } = require("./lock.cjs");

/**
 * Installs the packages if what is there does not correspond to the lock file.
 * @param {import("./progress.cjs").Progress} progress
 * @param {string} [project]
 */
async function ensureDependencies(progress, project = root) {
  if (upToDate(project)) return;
  const step = progress.step("npm packages");
  try {
    await withLock(path.join(project, "build", "npm.lock"), () => install(project, step), {
      onWait: (owner) => step.update(`waiting for ${owner}`),
    });
    step.done();
  } catch (error) {
    step.failed();
    throw error;
  }
}

/**
 * @param {string} project
 * @param {import("./progress.cjs").Step} step
 */
async function install(project, step) {
  if (upToDate(project)) return; // done by whoever held the lock before us
  if (!installedByHand(project)) {
    step.update("npm ci");
    refuseLink(path.join(project, "node_modules"));
    fs.rmSync(stampOf(project), { force: true });
    const args = [npmScript(), "ci", "--no-audit", "--no-fund", "--include=dev"];
    const ended = await run(process.execPath, args, { cwd: project, deadlineMs: 15 * 60_000 });
    if (ended.code !== 0) throw new Error(`npm ci failed: ${lastWords(ended)}`);
  }
  fs.writeFileSync(stampOf(project), lockDigest(project)); // last: its presence says that all before it was done
}

/**
 * `npm ci` empties node_modules first, through a link too: what it links to belongs to somebody else.
 * @param {string} folder
 */
function refuseLink(folder) {
  if (!fs.lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const target = fs.readlinkSync(folder);
  throw new Error(
    `node_modules is a link to ${target}, whose packages are not those of package-lock.json; remove the link, or install them there`,
  );
}

/** @param {string} project */
function stampOf(project) {
  return path.join(project, "node_modules", ".holdpoint-lock-sha256");
}

/** @param {string} project */
function lockDigest(project) {
  return crypto
    .createHash("sha256")
    .update(fs.readFileSync(path.join(project, "package-lock.json")))
    .digest("hex");
}

/** @param {string} project */
function upToDate(project) {
  try {
    return fs.readFileSync(stampOf(project), "utf8") === lockDigest(project);
  } catch {
    return false;
  }
}

/**
 * Whether node_modules is what a person's own `npm ci` or `npm install` of this lock file left: npm writes its record of what it
 * installed last. Packages for other systems are in the lock file and not in that record.
 * @param {string} project
 */
function installedByHand(project) {
  const wanted = packagesIn(path.join(project, "package-lock.json"));
  const present = packagesIn(path.join(project, "node_modules", ".package-lock.json"));
  if (!wanted || !present) return false;
  const known = Object.entries(present).every(
    ([name, { version, integrity }]) => wanted[name]?.version === version && wanted[name]?.integrity === integrity,
  );
  const complete = Object.entries(wanted).every(
    ([name, entry]) => name === "" || entry.optional || entry.devOptional || entry.peer || present[name],
  );
  return known && complete;
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }> | undefined}
 */
function packagesIn(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

module.exports = { ensureDependencies };
