// Loaded into every Node process of one preview: writes the peak resident memory of those that the benchmark asks for.
"use strict";
const { renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const folder = process.env["HOLDPOINT_BENCH_MEMORY"];
const runner = process.argv[1] ?? "";
const what = /run-policy-pack/.test(runner) ? "pack" : /cmd[\\/]run(?:$|[\\/])/.test(runner) ? "program" : undefined;
if (folder !== undefined && what !== undefined) {
  const file = join(folder, `${what}-${process.pid}`);
  const write = () => {
    writeFileSync(`${file}.tmp`, String(process.resourceUsage().maxRSS / 1024));
    renameSync(`${file}.tmp`, file);
  };
  // The engine ends the pack by a signal: what was written last counts.
  setInterval(write, 50).unref();
  process.on("exit", write);
}
