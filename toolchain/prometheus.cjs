// @ts-check
"use strict";
/* global AbortSignal */
/** Prometheus and promtool: on PATH, else out of Debian's package, else the official release, else built from the Go module. */

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { cacheFolder, executable } = require("./places.cjs");
const { run, findOnPath, isExecutable, lastWords } = require("./run.cjs");
const { firstThatWorks } = require("./attempts.cjs");
const { withLock } = require("./lock.cjs");
const { ensureGo, goBuild } = require("./go.cjs");

/**
 * The official release and its checksums, as published beside it. Those for Linux were compared in two independent
 * projects that use them; those for macOS and Windows were seen in one each.
 */
const release = "2.55.1";
/** @type {Record<string, string>} */
const checksums = {
  "linux-amd64": "19700bdd42ec31ee162e4079ebda4cd0a44432df4daa637141bdbea4b1cd8927",
  "linux-arm64": "af43368bc6379c3c8bd5ac0b82208060bba22267bf01ad3ab5df56ad5725bf88",
  "darwin-arm64": "551d557d8b4e5e5ed4fdbfea9622034f6e9ee760986d876736ced885b764bae9",
  "darwin-amd64": "ba915f45b680566646fc824f2b9793dbcd2741c157a5a599be2cb4665b38b498",
  "windows-amd64": "37910cbe6465b7ce10f419598b40337e20241c4e0496093c1320ad6216bc1535",
};
/** The Go module's version of 3.14.0; go.mod pins it. */
const goModule = "0.314.0";

const moduleFolder = path.join(__dirname, "prometheus");
const names = /** @type {const} */ (["prometheus", "promtool"]);

/**
 * @typedef {object} Prometheus
 * @property {string} prometheus Absolute paths of the two binaries.
 * @property {string} promtool
 * @property {"path" | "installed"} origin
 */

/**
 * Prometheus and promtool, set up if they are not there yet. Once they are, this only looks for files.
 * @param {import("./progress.cjs").Progress} progress
 * @returns {Promise<Prometheus>}
 */
async function ensurePrometheus(progress) {
  const ready = onPath() ?? installed();
  if (ready) return ready;
  const step = progress.step("Prometheus");
  try {
    const found = await withLock(`${folder()}.lock`, () => install(step), {
      onWait: (owner) => step.update(`waiting for ${owner}`),
    });
    step.done();
    return found;
  } catch (error) {
    step.failed();
    throw error;
  }
}

/** @param {import("./progress.cjs").Step} step @returns {Promise<Prometheus>} */
function install(step) {
  const ready = installed(); // by whoever held the lock before us
  if (ready) return Promise.resolve(ready);
  return firstThatWorks(
    "Prometheus",
    [
      { name: "prometheus and promtool on PATH", get: () => Promise.reject(new Error("not both are there")) },
      { name: "Debian's package", get: () => into(step, fromDebian) },
      { name: `the official release ${release}`, get: () => into(step, fromRelease) },
      { name: `building the Go module ${goModule}`, get: () => into(step, fromGo) },
    ],
    "Install Prometheus (with promtool), or Go, or Python with pip, and run the command again.",
  );
}

function folder() {
  return path.join(cacheFolder(), `prometheus-${release}-${goModule}`);
}

/** @returns {Prometheus | undefined} */
function onPath() {
  const [prometheus, promtool] = names.map((name) => findOnPath(name)[0]);
  return prometheus && promtool ? { prometheus, promtool, origin: "path" } : undefined;
}

/** @returns {Prometheus | undefined} */
function installed() {
  const [prometheus = "", promtool = ""] = names.map((name) => path.join(folder(), executable(name)));
  return isExecutable(prometheus) && isExecutable(promtool) ? { prometheus, promtool, origin: "installed" } : undefined;
}

/**
 * Has a folder filled beside, and renames it when it holds both binaries.
 * @param {import("./progress.cjs").Step} step
 * @param {(beside: string, step: import("./progress.cjs").Step) => Promise<void>} fill
 * @returns {Promise<Prometheus>}
 */
async function into(step, fill) {
  const beside = `${folder()}.new`;
  fs.rmSync(beside, { recursive: true, force: true });
  fs.mkdirSync(beside, { recursive: true });
  try {
    await fill(beside, step);
    for (const name of names) {
      if (!isExecutable(path.join(beside, executable(name)))) throw new Error(`it brought no ${name}`);
    }
    fs.rmSync(folder(), { recursive: true, force: true });
    fs.renameSync(beside, folder());
  } finally {
    fs.rmSync(beside, { recursive: true, force: true });
  }
  const found = installed();
  if (!found) throw new Error("it was removed while it was being set up");
  return found;
}

/**
 * Takes the two binaries out of Debian's package without installing it: that would start a service, and need root for more
 * than refreshing the package lists.
 * @param {string} beside
 * @param {import("./progress.cjs").Step} step
 */
async function fromDebian(beside, step) {
  const [apt] = findOnPath("apt-get");
  const [dpkg] = findOnPath("dpkg-deb");
  if (!apt || !dpkg) throw new Error("no apt-get and dpkg-deb here");
  step.update("from Debian's package");
  const work = path.join(beside, "package");
  fs.mkdirSync(work);
  await aptDownload(apt, work, step);
  const archive = fs.readdirSync(work).find((name) => name.endsWith(".deb"));
  if (!archive) throw new Error("apt-get downloaded nothing");
  await must(run(dpkg, ["--extract", path.join(work, archive), work], { deadlineMs: 60_000 }));
  for (const name of names) fs.renameSync(path.join(work, "usr", "bin", name), path.join(beside, name));
  await must(run(path.join(beside, "prometheus"), ["--version"], { deadlineMs: 30_000 })); // its libraries are there
  fs.rmSync(work, { recursive: true, force: true });
}

/** @param {string} apt @param {string} cwd @param {import("./progress.cjs").Step} step */
async function aptDownload(apt, cwd, step) {
  const options = { cwd, deadlineMs: 5 * 60_000 };
  const first = await run(apt, ["download", "prometheus"], options);
  if (first.code === 0) return;
  if (process.getuid?.() !== 0) throw new Error(`${lastWords(first)} (refreshing apt's package lists needs root)`);
  step.update("refreshing apt's package lists");
  await must(run(apt, ["update"], options));
  await must(run(apt, ["download", "prometheus"], options));
}

/** @param {Promise<import("./run.cjs").Ended>} running */
async function must(running) {
  const ended = await running;
  if (ended.code !== 0) throw new Error(lastWords(ended));
}

/**
 * @param {string} beside
 * @param {import("./progress.cjs").Step} step
 */
async function fromRelease(beside, step) {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const platform = `${os}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const expected = checksums[platform];
  if (!expected) throw new Error(`no checksum is known for ${platform}`);
  step.update(`downloading ${release}`);
  const name = `prometheus-${release}.${platform}`;
  const archive = path.join(beside, "release.tar.gz");
  const data = await fetchBytes(
    `https://github.com/prometheus/prometheus/releases/download/v${release}/${name}.tar.gz`,
  );
  const actual = crypto.createHash("sha256").update(data).digest("hex");
  if (actual !== expected) throw new Error(`its SHA-256 is ${actual}, and should be ${expected}`);
  fs.writeFileSync(archive, data);
  // tar is part of Windows 10 and later, too.
  const [tar] = findOnPath("tar");
  if (!tar) throw new Error("no tar on PATH to unpack it");
  const files = names.map((binary) => `${name}/${executable(binary)}`);
  await must(run(tar, ["-xzf", archive, "--strip-components=1", "-C", beside, ...files], { deadlineMs: 120_000 }));
  fs.rmSync(archive);
}

/** @param {string} url @returns {Promise<Buffer>} */
async function fetchBytes(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5 * 60_000) });
    if (!response.ok) throw new Error(`HTTP status ${String(response.status)}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    // fetch says only "fetch failed"; the reason is the cause.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`${url}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause: error });
  }
}

/**
 * @param {string} beside
 * @param {import("./progress.cjs").Step} step
 */
async function fromGo(beside, step) {
  step.update("looking for Go");
  const go = await ensureGo(moduleFolder, step);
  await goBuild({
    go,
    moduleFolder,
    packages: names.map((name) => `github.com/prometheus/prometheus/cmd/${name}`),
    // Service discovery brings the SDK of every cloud; the sandbox scrapes two addresses that it knows.
    flags: ["-tags", "remove_all_sd", "-ldflags", "-s -w -X github.com/prometheus/common/version.Version=3.14.0"],
    into: beside,
    roughTotal: 900,
    step,
  });
}

module.exports = { ensurePrometheus };
