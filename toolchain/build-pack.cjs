// @ts-check
"use strict";
/**
 * `npm run build:pack`: the policy pack as one file, policies/dist/pack.cjs, for `pulumi policy publish policies`. A
 * published pack has no sources beside it; everything but Pulumi's packages and AWS's client, which its package.json names, is
 * in it.
 */

const fs = require("node:fs");
const path = require("node:path");
const { root } = require("./places.cjs");

const out = path.join(root, "policies", "dist", "pack.cjs");

const { outputFiles } = require("esbuild").buildSync({
  entryPoints: [path.join(root, "policies", "index.ts")],
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  external: ["@pulumi/*", "@aws-sdk/*"],
  write: false,
  logLevel: "warning",
});
fs.mkdirSync(path.dirname(out), { recursive: true });
fs.writeFileSync(`${out}.tmp`, outputFiles[0].contents);
fs.renameSync(`${out}.tmp`, out);
console.log(`${path.relative(process.cwd(), out)}: ${Math.round(outputFiles[0].contents.length / 1024)} KB`);
