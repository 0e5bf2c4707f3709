// @ts-check
"use strict";
/**
 * A lock between processes, as a file. A dead owner's lock is taken over at once when its death can be seen from here,
 * and otherwise (another machine or container on the same disk) when its heartbeat has stopped.
 */

const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const timing = { pollMs: 200, heartbeatMs: 5_000, silentMs: 60_000 };

/**
 * Runs `work` while no other process does under the same lock.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (owner: string) => void }} [options] `onWait` is told once who is waited for.
 * @returns {Promise<T>}
 */
async function withLock(file, work, { onWait } = {}) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const token = crypto.randomUUID();
  let told = false;
  while (!tryTake(file, token)) {
    if (takeOver(file)) continue;
    if (!told) onWait?.(describeOwner(file));
    told = true;
    await new Promise((resolve) => setTimeout(resolve, timing.pollMs));
  }
  const heartbeat = setInterval(() => touch(file), timing.heartbeatMs);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    release(file, token);
  }
}

/**
 * @param {string} file
 * @param {string} token
 */
function tryTake(file, token) {
  // The content must be there when the name appears: written beside, then linked, which fails if the name exists.
  const beside = `${file}.${token}`;
  fs.writeFileSync(
    beside,
    JSON.stringify({ token, pid: process.pid, host: hostId(), since: new Date().toISOString() }),
  );
  try {
    fs.linkSync(beside, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (codeOf(error) !== "EPERM" && codeOf(error) !== "ENOTSUP") throw error;
    return tryTakeWithoutLinks(beside, file); // a file system without hard links
  } finally {
    fs.rmSync(beside, { force: true });
  }
}

/**
 * @param {string} beside
 * @param {string} file
 */
function tryTakeWithoutLinks(beside, file) {
  try {
    fs.copyFileSync(beside, file, fs.constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes a lock whose owner is dead. Only one process at a time may judge and remove: two that both saw the dead owner would
 * otherwise remove each other's new locks.
 * @param {string} file
 * @returns {boolean} Whether it is worth trying to take the lock again.
 */
function takeOver(file) {
  if (!isStale(file)) return !fs.existsSync(file);
  const judging = `${file}.takeover`;
  try {
    fs.writeFileSync(judging, String(process.pid), { flag: "wx" });
  } catch {
    if (ageMs(judging) > timing.silentMs) fs.rmSync(judging, { force: true });
    return false;
  }
  try {
    if (isStale(file)) fs.rmSync(file, { force: true });
    return true;
  } finally {
    fs.rmSync(judging, { force: true });
  }
}

/** @param {string} file */
function isStale(file) {
  const owner = readOwner(file);
  if (owner && owner.host === hostId()) {
    if (owner.pid !== process.pid && !isAlive(owner.pid)) return true;
  }
  return ageMs(file) > timing.silentMs;
}

/**
 * @param {string} file
 * @returns {{ token: string, pid: number, host: string, since: string } | undefined}
 */
function readOwner(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** @param {string} file */
function describeOwner(file) {
  const owner = readOwner(file);
  return owner ? `process ${owner.pid} since ${owner.since}` : "another process";
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Process ids mean something only within one machine, and on Linux within one pid namespace (a container). */
function hostId() {
  let namespace = "";
  try {
    namespace = fs.readlinkSync("/proc/self/ns/pid");
  } catch {
    // Not Linux.
  }
  return `${os.hostname()} ${namespace}`.trim();
}

/** @param {string} file */
function ageMs(file) {
  try {
    return Date.now() - fs.statSync(file).mtimeMs;
  } catch {
    return 0; // gone: nothing to be stale
  }
}

/** @param {string} file */
function touch(file) {
  const now = new Date();
  fs.utimes(file, now, now, () => {});
}

/**
 * @param {string} file
 * @param {string} token
 */
function release(file, token) {
  if (readOwner(file)?.token === token) fs.rmSync(file, { force: true });
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error ? /** @type {NodeJS.ErrnoException} */ (error).code : undefined;
}

module.exports = { withLock };
