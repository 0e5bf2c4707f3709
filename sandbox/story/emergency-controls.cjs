// Reads the emergency controls of a stage: node emergency-controls.cjs <stage>. The sandbox has no database: for the table's
// row stands the ConfigMap of the same switches, in development, where there is no cluster, a file. It says so.
"use strict";
const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const stage = process.argv[2] ?? "";
const sandbox = join(process.cwd(), "..");
const file =
  stage === "development"
    ? join(sandbox, "development", "emergency-controls.yaml")
    : join(sandbox, "cluster", `omnihub-${stage}`, "configmap-emergency-controls.yaml");
if (stage === "development") {
  mkdirSync(join(sandbox, "development"), { recursive: true });
  writeFileSync(file, 'data:\n  killSwitch: "false"\n  safeMode: "false"\n');
}
console.log(`stand-in for the table emergency_controls: ${file}`);
const rows = readFileSync(file, "utf8").match(/^ {2}(?:killSwitch|safeMode): "(?:true|false)"$/gm) ?? [];
console.log(rows.join("\n"));
process.exit(rows.length === 2 ? 0 : 1);
