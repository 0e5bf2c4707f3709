// What Pulumi's SDK loads only for work that neither the pack nor the program asks of it (functions as text, the CLI as a
// library, TypeScript at run time) is half of the time in which they start, and a quarter of their memory. Required
// before the SDK, this has it loaded when something is first asked of it. The program requires it by Pulumi.yaml, the pack
// by PulumiPolicy.yaml: the SDK loads TypeScript before a pack's first line, whatever the pack is written in.
"use strict";
const { existsSync } = require("node:fs");
const Module = require("node:module");
const { dirname, join } = require("node:path");
const { keepCompiled } = require("./compiled.cjs");

const isPack = /[\\/]run-policy-pack(?:[\\/]|$)/.test(process.argv[1] ?? "");
const root = join(__dirname, "..");
// A published pack has no folder of ours to keep anything in, and what is kept has no lines of sources to debug by.
if (!process.env["HOLDPOINT_DEBUG"] && existsSync(join(root, "toolchain", "load.cjs"))) {
  keepCompiled(join(root, "build", `compiled-${isPack ? "pack" : "program"}`));
}

const sdk = Module.createRequire(join(dirname(require.resolve("@pulumi/pulumi/package.json")), "index.js"));
// As the SDK asks for them, with what it reads of them at every start.
loadLater("typescript", () => ({ version: sdk("typescript/package.json").version }));
loadLater("@npmcli/arborist");
loadLater("normalize-package-data");
loadLater("./automation", () => ({ __esModule: true }));
// Translates the stack trace that the SDK takes of each resource: a third of the program's work.
if (!process.env["HOLDPOINT_DEBUG"]) loadLater("source-map-support/register");
// Follows every script that is loaded, by a debugger's session and a changed flag of V8, for functions as text.
loadLater("./runtime/closure/v8Hooks", () => ({ __esModule: true, isInitializedAsync: async () => undefined }));
// A pack's runner has ts-node translate TypeScript from here on; everything in this pack is JavaScript.
if (isPack) {
  for (const name of ["ts-node", "./vendor/ts-node@7.0.1"]) loadLater(name, () => ({ register() {}, VERSION: "none" }));
}

/**
 * @param {string} name
 * @param {() => Record<string, unknown>} [read] What is known of it without loading it.
 */
function loadLater(name, read = () => ({})) {
  let file, known;
  try {
    file = sdk.resolve(name);
    known = read();
  } catch {
    return; // The SDK then does without it, or says so itself.
  }
  if (require.cache[file] !== undefined) return;
  /** @type {any} */
  let real;
  const load = () => {
    if (real !== undefined) return real;
    Reflect.deleteProperty(require.cache, file);
    return (real = sdk(name));
  };
  const exports = new Proxy(function () {}, {
    get(_, property) {
      if (real === undefined && Object.hasOwn(known, property)) return known[property];
      // Asked of every import by compiled TypeScript, also of those that are never used.
      return property === "__esModule" && real === undefined ? undefined : load()[property];
    },
    has: (_, property) => property in load(),
    apply: (_, self, args) => Reflect.apply(load(), self, args),
    construct: (_, args) => Reflect.construct(load(), args),
  });
  const stub = new Module(file);
  Object.assign(stub, { exports, loaded: true, filename: file });
  require.cache[file] = stub;
}
