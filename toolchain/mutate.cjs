// @ts-check
"use strict";
/**
 * `npm run mutate [-- <document>]`: what the plans' cases notice when a part of the plan is gone, written to
 * plans/coverage/<document>.json, and the plans' JSON Schema. Unit tests keep these files true.
 * `npm run mutate -- --source`: breaks each source of plans/enforced-by.yaml in a copy of the project, in minutes.
 */

const path = require("node:path");
const { root } = require("./places.cjs");
const { run } = require("./run.cjs");

const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");

const [document = ""] = process.argv.slice(2);

if (document === "--source") void require("./load.cjs").load("test/plans/source-run.ts").main();
else {
  // "omni" is not "omnihub".
  const tests = [document === "" ? "test/plans/" : `test/plans/${document}.test`, "test/rollout/json-schema"];
  void run(process.execPath, [vitest, "run", "--project", "unit", "--project", "proofs", ...tests, "--update"], {
    cwd: root,
    show: true,
  }).then(({ code }) => {
    process.exitCode = code;
  });
}
