// @ts-check
"use strict";
/** `npm run bench`: the set-up, then the benchmark. `npm run bench:evidence` and `npm run bench -- decide` need no engine. */

const { load } = require("./load.cjs");
const { root } = require("./places.cjs");

const [which, ...rest] = process.argv.slice(2);
if (which === "evidence") {
  void load("bench/evidence.ts")
    .main(rest)
    .then((/** @type {number} */ exitCode) => process.exit(exitCode));
} else if (which === "decide") {
  process.exitCode = load("bench/decide.ts").main(root);
} else {
  const { afterSetup } = require("./setup.cjs");
  void afterSetup((tools) => load("bench/index.ts").main(process.argv.slice(2), tools));
}
