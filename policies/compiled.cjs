// Keeps what V8 compiles: to compile Pulumi's SDK anew is most of the time in which a program or a pack starts. A module is
// taken from here only if its text has the very SHA-256 that it had when it was compiled; V8 itself refuses what another
// version of it has written. Newer versions of Node.js have this built in.
"use strict";
const { hash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { dirname } = require("node:path");
const vm = require("node:vm");

/** How long nothing new must have been compiled before it is written, in milliseconds: a pack is ended by a signal. */
const QUIET = 1_000;

/** What Node.js can't do in a script that was kept (seen in 20.20), also where it is only in a comment or a string. */
const DYNAMIC_IMPORT = /\bimport\s*(?:\(|\/[*/])/;

/** @typedef {{ digest: string, data: Buffer }} Kept */
/** @typedef {import("node:module") & { require(id: string): any, _compile(code: string, file: string): any }} AnyModule */

/**
 * Compiles modules from now on out of a file, and writes it anew when something was not in it.
 * @param {string} file
 */
function keepCompiled(file) {
  const internals = /** @type {any} */ (Module);
  if (internals.enableCompileCache !== undefined) return void internals.enableCompileCache(`${file}.d`);
  const kept = read(file);
  /** @type {Map<string, { digest: string, script: vm.Script }>} */
  const scripts = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  let waiting;

  const write = () => {
    if (waiting === undefined) return;
    clearTimeout(waiting);
    waiting = undefined;
    for (const [name, { digest, script }] of scripts) kept.set(name, { digest, data: script.createCachedData() });
    tryToWrite(file, kept);
  };

  /** @param {string} code @param {string} name */
  const compiled = (code, name) => {
    const digest = sha256(code);
    const before = kept.get(name);
    const cachedData = before?.digest === digest ? before.data : undefined;
    const script = new vm.Script(Module.wrap(code), {
      filename: name,
      columnOffset: -Module.wrap("").indexOf("\n"),
      cachedData,
    });
    scripts.set(name, { digest, script });
    if (cachedData === undefined || script.cachedDataRejected) {
      clearTimeout(waiting);
      waiting = setTimeout(write, QUIET);
      waiting.unref();
    }
    return script.runInThisContext();
  };

  const { _compile } = internals.prototype;
  /** @this {AnyModule} @param {string} code @param {string} name */
  internals.prototype._compile = function (code, name) {
    if (DYNAMIC_IMPORT.test(code)) return _compile.call(this, code, name);
    let wrapper;
    try {
      wrapper = compiled(code.replace(/^#!.*/, ""), name);
    } catch {
      return _compile.call(this, code, name); // which says what is wrong with it
    }
    return Reflect.apply(wrapper, this.exports, [this.exports, requireOf(this), this, name, dirname(name)]);
  };
  process.on("exit", write);
}

/** What a module calls `require`. @param {AnyModule} module_ */
function requireOf(module_) {
  const internals = /** @type {any} */ (Module);
  const resolve = Object.assign(
    (/** @type {string} */ request, /** @type {unknown} */ options) =>
      internals._resolveFilename(request, module_, false, options),
    { paths: (/** @type {string} */ request) => internals._resolveLookupPaths(request, module_) },
  );
  return Object.assign((/** @type {string} */ id) => module_.require(id), {
    resolve,
    main: process.mainModule,
    extensions: internals._extensions,
    cache: internals._cache,
  });
}

/** The file: its SHA-256, one line of JSON that says what is where, and the data. @param {string} file @returns {Map<string, Kept>} */
function read(file) {
  try {
    const whole = readFileSync(file);
    const rest = whole.subarray(64);
    if (sha256(rest) !== whole.toString("latin1", 0, 64)) return new Map();
    const start = rest.indexOf("\n") + 1;
    /** @type {[string, string, number, number][]} */
    const index = JSON.parse(rest.toString("utf8", 0, start));
    return new Map(
      index.map(([name, digest, at, length]) => [
        name,
        { digest, data: rest.subarray(start + at, start + at + length) },
      ]),
    );
  } catch {
    return new Map();
  }
}

/** A folder that can't be written to only means that the next start is no faster. @param {string} file @param {Map<string, Kept>} kept */
function tryToWrite(file, kept) {
  let at = 0;
  const index = [...kept].map(([name, { digest, data }]) => [
    name,
    digest,
    (at += data.length) - data.length,
    data.length,
  ]);
  const rest = Buffer.concat([
    Buffer.from(`${JSON.stringify(index)}\n`),
    ...[...kept.values()].map(({ data }) => data),
  ]);
  try {
    mkdirSync(dirname(file), { recursive: true });
    const beside = `${file}.${process.pid}`;
    writeFileSync(beside, Buffer.concat([Buffer.from(sha256(rest), "latin1"), rest]));
    renameSync(beside, file);
  } catch {
    // See above.
  }
}

/** @param {string | Buffer} data */
function sha256(data) {
  return hash("sha256", data);
}

module.exports = { keepCompiled };
