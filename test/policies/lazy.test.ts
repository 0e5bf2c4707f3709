import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.resolve(__dirname, "../..");
const lazy = path.join(root, "policies", "lazy.cjs");

/** What a process prints that loads the SDK after policies/lazy.cjs; while debugging, nothing is written to build/. */
function run(code: string, debugging = "1"): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, ["--require", lazy, "-e", code], {
    cwd: root,
    env: { ...process.env, HOLDPOINT_DEBUG: debugging },
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

/** The files whose modules have run. */
const LOADED = `Object.keys(require.cache).filter((file) => !require("node:util").types.isProxy(require.cache[file].exports))`;

describe("what the SDK is made to load later", () => {
  it("is not loaded by the SDK's start", () => {
    const loaded = run(`require("@pulumi/pulumi"); console.log(JSON.stringify(${LOADED}))`) as string[];
    expect(loaded.some((file) => /@pulumi[\\/]pulumi[\\/]index\.js$/.test(file))).toBe(true);
    const late = /[\\/](?:typescript|arborist|normalize-package-data|automation)[\\/].*js$|v8Hooks/;
    expect(loaded.filter((file) => late.test(file))).toEqual([]);
  });

  it("is all there when it is asked for", () => {
    const code = `
      const pulumi = require("@pulumi/pulumi");
      const { LocalWorkspace } = pulumi.automation;
      const ts = require("typescript");
      pulumi.runtime.serializeFunction(() => "said").then(({ text }) =>
        console.log(JSON.stringify([typeof LocalWorkspace.create, ts.transpile("let a: number = 1"), text.includes("said")])));`;
    expect(run(code)).toEqual(["function", "var a = 1;\n", true]);
  });

  it("leaves stack traces as they are, unless one debugs", () => {
    const code = `require("source-map-support/register"); console.log(JSON.stringify(${LOADED}))`;
    const translates = (debugging: string): boolean =>
      (run(code, debugging) as string[]).some((file) => /source-map-support\.js$/.test(file));
    expect([translates(""), translates("1")]).toEqual([false, true]);
  });

  it("tells TypeScript's true version without loading it", () => {
    expect(run(`console.log(JSON.stringify(require("typescript").version))`)).toBe(
      run(`console.log(JSON.stringify(require("typescript/package.json").version))`),
    );
  });
});
