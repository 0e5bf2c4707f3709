import { execFile, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

interface Bundle {
  readonly file: string;
  readonly code: string;
  readonly built: boolean;
}
const { bundle } = createRequire(__filename)("../../toolchain/load.cjs") as {
  bundle: (entry: string, root: string) => Bundle;
};
const realRoot = path.resolve(__dirname, "../..");

let root: string;
const write = (name: string, text: string): void => fs.writeFileSync(path.join(root, name), text);
const make = (): Bundle => bundle("index.ts", root);

/** The project has a loader of its own. */
function withToolchain(): void {
  fs.cpSync(path.join(realRoot, "toolchain"), path.join(root, "toolchain"), { recursive: true });
  fs.symlinkSync(path.join(realRoot, "node_modules"), path.join(root, "node_modules"), "junction");
}

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "holdpoint-load-"));
  write("package-lock.json", "{}");
  write("index.ts", `import { answer } from "./answer";\nexport const shown: number = answer + 1;\n`);
  write("answer.ts", `export const answer: number = 41;\n`);
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

describe("a bundle", () => {
  it("is built the first time, and used as it is the second time", () => {
    expect(make().built).toBe(true);
    expect(make().built).toBe(false);
  });

  it("is built again when a file that it imports has changed, even with its old time", () => {
    make();
    const before = fs.statSync(path.join(root, "answer.ts"));
    write("answer.ts", `export const answer: number = 51;\n`);
    fs.utimesSync(path.join(root, "answer.ts"), before.atime, before.mtime);
    const again = make();
    expect(again.built).toBe(true);
    expect(again.code).toContain("51");
    expect(again.code).not.toContain("41");
  });

  it("is built again when the packages' lock file has changed", () => {
    make();
    write("package-lock.json", `{"lockfileVersion":3}`);
    expect(make().built).toBe(true);
  });

  it("is built again when an imported file is gone, and says what is missing", () => {
    make();
    fs.rmSync(path.join(root, "answer.ts"));
    expect(make).toThrow('index.ts:1:24: Could not resolve "./answer"');
  });

  it("is built again when the bundle was altered", () => {
    const { file, code } = make();
    fs.writeFileSync(file, code.replace("41", "13"));
    const again = make();
    expect(again.built).toBe(true);
    expect(again.code).toBe(code);
    expect(fs.readFileSync(file, "utf8")).toBe(code);
  });

  it.each([
    ["missing", undefined],
    ["empty", ""],
    ["cut off", '{"toolchain": "node'],
    ["without inputs", '{"toolchain": "x", "bundle": "x", "inputs": {}}'],
  ])("is built again when its manifest is %s", (_, text) => {
    const { file } = make();
    const manifest = file.replace(/\.cjs$/, ".json");
    if (text === undefined) fs.rmSync(manifest);
    else fs.writeFileSync(manifest, text);
    expect(make().built).toBe(true);
    expect(make().built).toBe(false);
  });

  it("that several processes make at once is whole for each of them", async () => {
    const loader = path.join(realRoot, "toolchain", "load.cjs");
    const script = `process.stdout.write(require(process.argv[1]).bundle("index.ts", process.argv[2]).code)`;
    const starts = Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, ["-e", script, loader, root]));
    const codes = (await Promise.all(starts)).map(({ stdout }) => stdout);
    expect(codes[0]).toContain("41");
    expect(new Set(codes).size).toBe(1);
    expect(make().built).toBe(false);
    expect(fs.readdirSync(path.join(root, "build")).sort()).toEqual(["index.cjs", "index.cjs.map", "index.json"]);
  });
});

describe("a mistake in a source", () => {
  it("is one line with file, line and column, exit code 1, and no stack", () => {
    write("answer.ts", `export const answer: number = ;\n`);
    withToolchain();
    const run = spawnSync(process.execPath, [path.join(root, "toolchain", "program.cjs")], { encoding: "utf8" });
    expect(run.stderr).toBe('answer.ts:1:31: Unexpected ";"\n');
    expect(run.status).toBe(1);
  });

  it("leaves no new bundle behind, so that the next start says it again", () => {
    make();
    write("answer.ts", `export const = 1;\n`);
    expect(make).toThrow("answer.ts:1:14");
    expect(make).toThrow("answer.ts:1:14");
  });
});

describe("a loaded program", () => {
  it("gets the project's folder, and its exports come back", () => {
    write("index.ts", `export const root: unknown = (globalThis as Record<string, unknown>)["__holdpointRoot"];\n`);
    withToolchain();
    const script = `console.log(require("./toolchain/load.cjs").load("index.ts").root)`;
    const run = spawnSync(process.execPath, ["-e", script], { cwd: root, encoding: "utf8" });
    expect(run.stdout.trim()).toBe(fs.realpathSync(root));
  });

  it.each([
    ["the bundle's", "", /build[\\/]index\.cjs:\d+:\d+/],
    ["the sources'", "1", /answer\.ts:2:9/],
  ])("has %s lines in its stack traces with HOLDPOINT_DEBUG=%j", (_, debugging, where) => {
    write("answer.ts", `export const answer = (() => {\n  throw new Error("no answer");\n})();\n`);
    withToolchain();
    // As Pulumi's runner does.
    const script = `require("source-map-support/register"); require("./toolchain/program.cjs")`;
    const env = { ...process.env, HOLDPOINT_DEBUG: debugging };
    const { stderr } = spawnSync(process.execPath, ["-e", script], { cwd: root, encoding: "utf8", env });
    expect(stderr).toMatch(where);
    expect(stderr.includes("answer.ts")).toBe(debugging !== "");
  });

  it("tells how to install the packages when they are missing", () => {
    fs.cpSync(path.join(realRoot, "toolchain"), path.join(root, "toolchain"), { recursive: true });
    const run = spawnSync(process.execPath, [path.join(root, "toolchain", "program.cjs")], { encoding: "utf8" });
    expect(run.stderr).toBe("the project's packages are not installed: run `npm ci`, or `npm start`, which does it\n");
    expect(run.status).toBe(1);
  });
});
