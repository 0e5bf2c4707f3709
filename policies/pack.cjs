// The policy pack's entry. In a checkout the pack is built from its sources whenever one of them has changed; in a
// published pack there are no sources, only the build that `npm run build:pack` left in dist/.
"use strict";
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const loader = join(__dirname, "..", "toolchain", "load.cjs");
const published = join(__dirname, "dist", "pack.cjs");

try {
  if (existsSync(loader)) require(loader).load("policies/index.ts");
  else require(published);
} catch (error) {
  // The engine shows what a pack prints before it gives up on it; a stack trace would bury the reason.
  console.error(`NO-GO: the policy pack can't be loaded: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
