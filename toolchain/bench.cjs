// @ts-check
"use strict";
/** `npm run bench`: the set-up, then the benchmark. */

const { afterSetup } = require("./setup.cjs");
const { load } = require("./load.cjs");

void afterSetup((tools) => load("bench/index.ts").main(process.argv.slice(2), tools));
