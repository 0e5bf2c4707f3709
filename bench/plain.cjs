"use strict";
module.exports = require("../toolchain/load.cjs").load("bench/plain.ts").default;
