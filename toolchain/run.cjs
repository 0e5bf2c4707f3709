// @ts-check
"use strict";
/** Starting other programs: no shell, a deadline, and none of them left running when this process ends. */

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [deadlineMs] The command is ended when it takes longer.
 * @property {(line: string) => void} [onLine] Gets each line of output as it comes.
 * @property {boolean} [show] Output goes to this process's own, and is not kept.
 *
 * @typedef {object} Ended
 * @property {number} code
 * @property {string} output Standard output and standard error, in the order they came.
 * @property {boolean} late Whether the deadline ended it.
 */

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
/** @type {NodeJS.Signals | undefined} */
let interruptedBy;

/** How much of a command's output is kept: enough for its last words. */
const keptCharacters = 64 * 1024;

/**
 * Runs a command to its end, whatever its exit code.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Ended>}
 */
function run(command, args, options = {}) {
  if (interruptedBy) return Promise.reject(new Error(`interrupted by ${interruptedBy}`));
  const output = options.show ? "inherit" : "pipe";
  const child = spawn(process.execPath, [path.join(__dirname, "guard.cjs"), command, ...args], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["ignore", output, output, "ipc"],
    detached: process.platform !== "win32", // its own group: guard.cjs ends it as a whole
    windowsHide: true,
  });
  track(child);
  const collected = collect(child, options.onLine);
  let late = false;
  const timer =
    options.deadlineMs &&
    setTimeout(() => {
      late = true;
      stop(child, "SIGTERM");
    }, options.deadlineMs);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (timer) clearTimeout(timer);
      resolve({ code: code ?? 1, output: collected(), late });
    });
  });
}

/**
 * Gathers a child's output, line by line.
 * @param {import("node:child_process").ChildProcess} child
 * @param {((line: string) => void) | undefined} onLine
 */
function collect(child, onLine) {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8");
    stream?.on("data", (/** @type {string} */ chunk) => {
      text = (text + chunk).slice(-keptCharacters);
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) onLine?.(line);
    });
  }
  return () => text;
}

/**
 * Keeps a child in the list of those to end with us.
 * @param {import("node:child_process").ChildProcess} child
 */
function track(child) {
  if (running.size === 0) for (const signal of signals) process.on(signal, onSignal);
  running.add(child);
  child.on("close", () => {
    running.delete(child);
    if (running.size > 0) return;
    for (const signal of signals) process.off(signal, onSignal);
    // All have ended: so may we, with the exit code that shells give for this signal.
    if (interruptedBy) process.exit(interruptedBy === "SIGINT" ? 130 : 143);
  });
}

const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

/** @param {NodeJS.Signals} signal */
function onSignal(signal) {
  interruptedBy = signal;
  for (const child of running) stop(child, signal === "SIGINT" ? "SIGINT" : "SIGTERM");
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {"SIGINT" | "SIGTERM"} signal
 */
function stop(child, signal) {
  if (child.connected) child.send(signal);
}

/**
 * The programs of this name on PATH, as absolute paths.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string[]}
 */
function findOnPath(name, env = process.env) {
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const endings = process.platform === "win32" ? [".exe", ".cmd", ".bat"] : [""];
  const files = folders.flatMap((folder) => endings.map((ending) => path.join(folder, name + ending)));
  return [...new Set(files)].filter(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * The npm that belongs to this Node.js, as a script: `npm` itself is a shell script, and on Windows a batch file.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string}
 */
function npmScript(env = process.env) {
  const folder = path.dirname(fs.realpathSync(process.execPath));
  const modules = path.join("node_modules", "npm", "bin", "npm-cli.js");
  const candidates = [
    env["npm_execpath"] ?? "", // set inside `npm start`; yarn and pnpm set it too, to themselves
    path.join(folder, modules),
    path.join(folder, "..", "lib", modules),
    ...findOnPath("npm", env).flatMap((file) => [fs.realpathSync(file), path.join(path.dirname(file), modules)]),
  ];
  const found = candidates.find((file) => path.basename(file) === "npm-cli.js" && fs.existsSync(file));
  if (!found) throw new Error("npm was not found beside Node.js or on PATH; it comes with Node.js from nodejs.org");
  return found;
}

/**
 * The line of a command's output that says what went wrong.
 * @param {Ended} ended
 * @returns {string}
 */
function lastWords(ended) {
  if (ended.late) return "it took too long and was stopped";
  const noise =
    /^(npm (notice|warn)|npm error (A complete log|Log files)|WARNING:|\[notice\]|\s*at )|: exit status \d+$/i;
  const npmHeader = /^npm error (code|syscall|path|errno|dest|command|signal)\b|^npm error( \S+)?$/;
  const lines = ended.output.split(/\r?\n/).map((line) => line.trim());
  const telling = lines.filter((line) => line !== "" && !noise.test(line));
  // Whatever else is said follows from it.
  const full = telling.find((line) =>
    /no space left on device|ENOSPC|disk quota exceeded|read-only file system/i.test(line),
  );
  if (full) return full;
  const errors = telling.filter((line) => /error|fail|refus|denied|no such|not found|cannot|unable/i.test(line));
  // npm says what is wrong first and then how to think about it; others end with what is wrong.
  const npm = telling.find((line) => line.startsWith("npm error") && !npmHeader.test(line));
  return npm ?? errors.at(-1) ?? telling.at(-1) ?? `it ended with exit code ${String(ended.code)} and said nothing`;
}

module.exports = { run, findOnPath, isExecutable, npmScript, lastWords };
