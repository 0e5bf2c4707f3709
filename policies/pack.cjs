// The policy pack's entry. In a checkout the pack is built from its sources whenever one of them has changed; in a
// published pack there are no sources, only the build that `npm run build:pack` left in dist/.
"use strict";
const { existsSync } = require("node:fs");
const { join } = require("node:path");
const { Worker } = require("node:worker_threads");

/** How long this process may be stuck, in milliseconds. The engine waits for a pack without end, whatever signal it gets. */
const DEADLINE = 60_000;

const loader = join(__dirname, "..", "toolchain", "load.cjs");
const published = join(__dirname, "dist", "pack.cjs");

endWhenStuck();
process.on("exit", (code) => {
  // The engine itself ends a pack by a signal: this one has left it in the middle of its work.
  console.error(`NO-GO: the policy pack ended by itself (exit code ${code}); nothing is declared without it`);
});

try {
  if (existsSync(loader)) require(loader).load("policies/index.ts");
  else require(published);
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
    const { turns, deadline } = require("node:worker_threads").workerData;
    let seen = -1, still = 0;
    setInterval(() => {
      const now = Atomics.load(turns, 0);
      still = now === seen ? still + 500 : 0;
      seen = now;
      if (still < deadline) return;
      const why = "NO-GO: the policy pack was stuck for " + deadline / 1000 + " s and was ended; nothing is declared without it";
      require("node:fs").writeSync(2, why + "\\n");
      process.kill(process.pid, "SIGKILL");
    }, 500);`;
  new Worker(watch, { eval: true, workerData: { turns, deadline: DEADLINE } }).unref();
}
