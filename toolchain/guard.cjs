// @ts-check
"use strict";
/**
 * Runs one command and never outlives its parent: `node guard.cjs COMMAND ARGUMENT...`, started with an IPC channel. When the
 * channel closes, even because the parent was killed with SIGKILL, the command and all that it started are ended. Without this
 * an orphaned `npm ci` would go on writing while the next run has begun to heal what the first one left.
 */

const { spawn, spawnSync } = require("node:child_process");

/** npm ends only at the second signal of a kind while it installs. */
const againMs = 1500;
/** How long the command has to end by itself. */
const graceMs = 8000;

const [command, ...args] = process.argv.slice(2);
if (!command) throw new Error("guard.cjs: no command given");

const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], windowsHide: true });
let stopping = false;

child.on("error", (error) => {
  console.error(error.message);
  process.exit(127);
});
child.on("exit", (code, signal) => {
  if (stopping) endGroup("SIGKILL"); // what the command itself left behind
  process.exit(code ?? (signal === "SIGINT" ? 130 : 143));
});
process.on("disconnect", () => stop("SIGTERM"));
process.on("message", (signal) => stop(signal === "SIGINT" ? "SIGINT" : "SIGTERM"));
// The signals that this process sends to its own group come back to it.
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => {});

/** @param {NodeJS.Signals} signal */
function stop(signal) {
  if (stopping) return;
  stopping = true;
  endGroup(signal);
  setInterval(() => endGroup("SIGTERM"), againMs);
  setTimeout(() => endGroup("SIGKILL"), graceMs);
}

/**
 * Signals the command and its descendants. This process leads their group: its parent started it `detached`.
 * @param {NodeJS.Signals} signal
 */
function endGroup(signal) {
  if (process.platform === "win32") {
    spawnSync("taskkill", ["/pid", String(child.pid), "/T", "/F"], { windowsHide: true });
    return;
  }
  try {
    process.kill(-process.pid, signal);
  } catch {
    // The group is gone already.
  }
}
