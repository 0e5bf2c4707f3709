// @ts-check
"use strict";
/** `npm start`: the set-up, then a whole rollout on this machine. */

const { afterSetup } = require("./setup.cjs");
const { load } = require("./load.cjs");

void afterSetup((tools) => load("sandbox/play.ts").main(process.argv.slice(2), tools));
