// @ts-check
"use strict";
/**
 * `npm run mutate [-- <document>]`: what the plans' cases notice when a part of the plan is gone, written to
 * plans/coverage/<document>.json. A unit test keeps these files true.
 */

const path = require("node:path");
const { root } = require("./places.cjs");
const { run } = require("./run.cjs");

const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");

const [document = ""] = process.argv.slice(2);
void run(process.execPath, [vitest, "run", "--project", "unit", `test/plans/${document}`, "--update"], {
  cwd: root,
  show: true,
}).then(({ code }) => {
  process.exitCode = code;
});
