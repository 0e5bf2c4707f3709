"use strict";
// The Pulumi program: package.json names this file, and `pulumi` runs it.
module.exports = require("./load.cjs").load("index.ts").default;
