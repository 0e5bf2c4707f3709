// Two packages that Pulumi's SDK loads only to turn functions into text, which neither the pack nor the program does, are
// a third of the time in which they start, and a quarter of their memory. Required before the SDK, this has them loaded
// when something is first asked of them. The program requires it by Pulumi.yaml.
"use strict";
const Module = require("node:module");
const { dirname, join } = require("node:path");

const sdk = Module.createRequire(join(dirname(require.resolve("@pulumi/pulumi/package.json")), "index.js"));
// As the SDK asks for them.
for (const name of ["typescript", "@npmcli/arborist"]) loadLater(name);

/** @param {string} name */
function loadLater(name) {
  let file;
  try {
    file = sdk.resolve(name);
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
    // Asked of every import by compiled TypeScript, also of those that are never used.
    get: (_, property) => (property === "__esModule" && real === undefined ? undefined : load()[property]),
    has: (_, property) => property in load(),
    apply: (_, self, args) => Reflect.apply(load(), self, args),
    construct: (_, args) => Reflect.construct(load(), args),
  });
  const stub = new Module(file);
  Object.assign(stub, { exports, loaded: true, filename: file });
  require.cache[file] = stub;
}
