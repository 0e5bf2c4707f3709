// The policy pack's entry. In a checkout the pack is built from its sources whenever one of them has changed; in a
// published pack there are no sources, only the build that `npm run build:pack` left in dist/.
"use strict";
const { existsSync, writeSync } = require("node:fs");
const { join } = require("node:path");
const { Worker } = require("node:worker_threads");

/** How long this process may be stuck, in milliseconds. The engine waits for a pack without end, whatever signal it gets. */
const DEADLINE = 60_000;
/** How long the engine gets to read why a pack ends, in milliseconds. */
const LAST_WORDS = 500;

const loader = join(__dirname, "..", "toolchain", "load.cjs");
const published = join(__dirname, "dist", "pack.cjs");

endWhenStuck();
require("./lazy.cjs");
process.on("exit", (code) => {
  // The engine itself ends a pack by a signal: this one has left it in the middle of its work.
  writeSync(2, `NO-GO: the policy pack ended by itself (exit code ${code}); nothing is declared without it\n`);
  // The engine stops reading what a pack says as soon as the pack is gone.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WORDS);
});

try {
  if (existsSync(loader)) require(loader).load("policies/index.ts");
  else {
    // Where the project is a published pack is not told; the program asks from there, and the two must agree.
    globalThis.__holdpointRoot = process.env["HOLDPOINT_ROOT"] ?? process.env["PWD"] ?? process.cwd();
    globalThis.__holdpointPack = published;
    require(published);
  }
} catch (error) {
  // The engine shows what a pack prints before it gives up on it; a stack trace would bury the reason.
  console.error(`NO-GO: the policy pack can't be loaded: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}

/** A second thread ends the process when the first one, which answers the engine, does not turn any more. */
function endWhenStuck() {
  const turns = new Int32Array(new SharedArrayBuffer(4));
  setInterval(() => Atomics.add(turns, 0, 1), 500).unref();
  // Its own ticks are counted, not the clock's time: a laptop that slept was not stuck.
  const watch = `
    const { turns, deadline, lastWords } = require("node:worker_threads").workerData;
    let seen = -1, still = 0;
    const ticks = setInterval(() => {
      const now = Atomics.load(turns, 0);
      still = now === seen ? still + 500 : 0;
      seen = now;
      if (still < deadline) return;
      clearInterval(ticks);
      const why = "NO-GO: the policy pack was stuck for " + deadline / 1000 + " s and was ended; nothing is declared without it";
      require("node:fs").writeSync(2, why + "\\n");
      setTimeout(() => process.kill(process.pid, "SIGKILL"), lastWords);
    }, 500);`;
  const workerData = { turns, deadline: DEADLINE, lastWords: LAST_WORDS };
  // Without this process's own --require: it is all that the thread would load.
  new Worker(watch, { eval: true, workerData, execArgv: [] }).unref();
}
