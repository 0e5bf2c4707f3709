"use strict";
// The sandbox's cluster as a process of its own; its one argument is the sandbox's folder.
void require("../toolchain/load.cjs").load("sandbox/cluster.ts").main(process.argv[2]);
