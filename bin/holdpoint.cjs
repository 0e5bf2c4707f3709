#!/usr/bin/env node
"use strict";
// The `holdpoint` command. Its own work is in cli/; here is only what must work before the packages are installed.
const { requireNode } = require("../toolchain/node-version.cjs");
requireNode();
require("../toolchain/load.cjs").load("cli/index.ts");
