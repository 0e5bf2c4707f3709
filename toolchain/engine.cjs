// @ts-check
"use strict";
/**
 * The Pulumi engine: on PATH, else the official download, else built from its Go modules together with our own Node.js language
 * host, for machines that reach only package registries. In this order, because what others run is tested most.
 */

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { cacheFolder, executable } = require("./places.cjs");
const { run, findOnPath, isExecutable, npmScript, lastWords } = require("./run.cjs");
const { findVersion, atLeast } = require("./versions.cjs");
const { firstThatWorks } = require("./attempts.cjs");
const { withLock } = require("./lock.cjs");
const { ensureGo, goBuild } = require("./go.cjs");

/** The oldest engine that the gate was measured with; an older one may decide differently. */
const minimum = "3.259.0";
/** The version of the npm package `pulumi`, which downloads the official release of the same version. */
const official = "3.265.0";
/** The newest version that is served as a Go module; go.mod pins it. */
const built = "3.259.0";

const moduleFolder = path.join(__dirname, "engine");
const languageHost = executable("pulumi-language-nodejs");
const versionVariable = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/**
 * @typedef {object} Engine
 * @property {string} pulumi The binary's absolute path.
 * @property {string} dir The folder to put on PATH.
 * @property {"path" | "download" | "built"} origin
 * @property {string} version
 */

/**
 * The engine, set up if it is not there yet. Once it is, this only looks for files.
 * @param {import("./progress.cjs").Progress} progress
 * @returns {Promise<Engine>}
 */
async function ensureEngine(progress) {
  const onPath = await fromPath();
  const ready = onPath.engine ?? installed("download") ?? installed("built");
  if (ready) return ready;
  const step = progress.step("Pulumi engine");
  try {
    const engine = await withLock(path.join(engines(), "lock"), () => install(onPath.reason, step), {
      onWait: (owner) => step.update(`waiting for ${owner}`),
    });
    step.done(`${engine.version} (${engine.origin})`);
    return engine;
  } catch (error) {
    step.failed();
    throw error;
  }
}

/**
 * @param {string} reason Why the one on PATH, if any, does not do.
 * @param {import("./progress.cjs").Step} step
 * @returns {Promise<Engine>}
 */
function install(reason, step) {
  const ready = installed("download") ?? installed("built"); // by whoever held the lock before us
  if (ready) return Promise.resolve(ready);
  removeLeftovers();
  return firstThatWorks(
    "the Pulumi engine",
    [
      { name: "pulumi on PATH", get: () => Promise.reject(new Error(reason)) },
      { name: `the official release ${official}`, get: () => download(step) },
      { name: `building ${built} from its Go modules`, get: () => build(step) },
    ],
    `Install the Pulumi CLI ${minimum} or newer, or Go, or Python with pip, and run the command again.`,
  ).finally(removeLeftovers);
}

/** Where engines live in the cache, one folder each. */
function engines() {
  return path.join(cacheFolder(), "engine");
}

/** @param {"download" | "built"} origin */
function folderOf(origin) {
  return path.join(engines(), origin === "download" ? `${official}-official` : `${built}-${sourceDigest()}`);
}

/** What the built engine is made of: when any of it changes, another folder is built. */
function sourceDigest() {
  const hash = crypto.createHash("sha256");
  const hostFolder = path.join(moduleFolder, "pulumi-language-nodejs");
  const sources = fs.readdirSync(hostFolder).filter((name) => name.endsWith(".go"));
  const files = ["go.mod", "go.sum", ...sources.sort().map((name) => path.join("pulumi-language-nodejs", name))];
  for (const file of files) {
    hash
      .update(`${path.basename(file)}\0`)
      .update(fs.readFileSync(path.join(moduleFolder, file)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 12);
}

/**
 * The engine that was installed before, in this way. Folders get their name when they are complete.
 * @param {"download" | "built"} origin
 * @returns {Engine | undefined}
 */
function installed(origin) {
  const dir = folderOf(origin);
  const pulumi = path.join(dir, executable("pulumi"));
  if (!isExecutable(pulumi) || !isExecutable(path.join(dir, languageHost))) return undefined;
  return { pulumi, dir, origin, version: origin === "download" ? official : built };
}

/**
 * The `pulumi` on PATH, if it is new enough and can run Node.js programs. Its version is remembered by size and time of the
 * file: asking takes longer than all else that a second run does.
 * @returns {Promise<{ engine?: Engine, reason: string }>}
 */
async function fromPath() {
  const [pulumi] = findOnPath("pulumi");
  if (!pulumi) return { reason: "there is none" };
  const version = await versionOf(pulumi);
  if (!version) return { reason: `${pulumi} does not tell its version` };
  if (!atLeast(version, minimum)) return { reason: `${pulumi} is ${version}, older than ${minimum}` };
  const beside = path.join(path.dirname(fs.realpathSync(pulumi)), languageHost);
  if (!isExecutable(beside) && findOnPath("pulumi-language-nodejs").length === 0) {
    return { reason: `${pulumi} has no ${languageHost} beside it or on PATH` };
  }
  return { engine: { pulumi, dir: path.dirname(pulumi), origin: "path", version }, reason: "" };
}

/**
 * @param {string} pulumi
 * @returns {Promise<string | undefined>}
 */
async function versionOf(pulumi) {
  const { size, mtimeMs } = fs.statSync(pulumi);
  const key = `${pulumi} ${String(size)} ${String(mtimeMs)}`;
  const memory = path.join(engines(), "on-path.json");
  const remembered = readJson(memory);
  if (remembered?.key === key) return remembered.version;
  const ended = await run(pulumi, ["version"], {
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    deadlineMs: 30_000,
  });
  const version = ended.code === 0 ? findVersion(ended.output) : undefined;
  if (version) remember(memory, JSON.stringify({ key, version }));
  return version;
}

/** Where the cache can't be written it is asked again the next time. @param {string} file @param {string} text */
function remember(file, text) {
  try {
    writeBeside(file, text);
  } catch {
    // Nothing but time is lost.
  }
}

/**
 * @param {string} file
 * @returns {{ key?: string, version?: string } | undefined}
 */
function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** @param {string} file @param {string} text */
function writeBeside(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const beside = `${file}.${String(process.pid)}`;
  fs.writeFileSync(beside, text);
  fs.renameSync(beside, file);
}

/**
 * The official release, by the launcher that Pulumi publishes as the npm package `pulumi`. It is no dependency of ours: it would
 * be fetched by everybody who has an engine already.
 * @param {import("./progress.cjs").Step} step
 * @returns {Promise<Engine>}
 */
async function download(step) {
  step.update(`downloading ${official}`);
  const home = path.join(engines(), ".download");
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" };
  delete env["PULUMI_VERSION"]; // it would make the launcher fetch another version
  fs.mkdirSync(home, { recursive: true });
  const ended = await run(
    process.execPath,
    [npmScript(), "exec", "--yes", `--package=pulumi@${official}`, "--", "pulumi", "version"],
    { env, cwd: home, deadlineMs: 6 * 60_000 },
  );
  if (ended.code !== 0) throw new Error(lastWords(ended));
  return finish("download", path.join(home, "versions", official, "bin"));
}

/**
 * @param {import("./progress.cjs").Step} step
 * @returns {Promise<Engine>}
 */
async function build(step) {
  step.update("looking for Go");
  const go = await ensureGo(moduleFolder, step);
  const into = path.join(engines(), ".build");
  fs.mkdirSync(into, { recursive: true });
  await goBuild({
    go,
    moduleFolder,
    packages: ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "./pulumi-language-nodejs"],
    flags: ["-ldflags", `-s -w -X ${versionVariable}=v${built}`],
    into,
    roughTotal: 1700,
    step,
  });
  return finish("built", into);
}

/**
 * Gives a complete folder its name, which is what makes it valid.
 * @param {"download" | "built"} origin
 * @param {string} from
 * @returns {Engine}
 */
function finish(origin, from) {
  const dir = folderOf(origin);
  fs.rmSync(dir, { recursive: true, force: true });
  fs.renameSync(from, dir);
  const engine = installed(origin);
  if (!engine) throw new Error(`pulumi or ${languageHost} is missing in what it brought`);
  return engine;
}

/** What an interrupted installation left. Only the owner of the lock may remove it. */
function removeLeftovers() {
  for (const name of [".download", ".build"]) fs.rmSync(path.join(engines(), name), { recursive: true, force: true });
}

module.exports = { ensureEngine, minimum };
