// @ts-check
"use strict";
/**
 * Runs TypeScript without type-checking it at every start, and never an old build: an entry file is bundled once into build/, with
 * a manifest of the SHA-256 of every file that went into it, and each start compares them all before it runs anything.
 *
 * Inside a bundle `__dirname` is build/: code that needs the project's folder uses `globalThis.__holdpointRoot`.
 * HOLDPOINT_DEBUG=1 gives stack traces in the sources' own lines. Else a bundle does not say where its map is: Pulumi's SDK would
 * read it, and translate a whole stack for each resource.
 */

const crypto = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

const projectRoot = path.dirname(__dirname);

/**
 * Packages that stay outside of bundles: Pulumi's, which must be the very ones that the engine's runner has loaded, the large
 * ones that few runs need, and tools. The others are small and in many files: one file loads in half the time.
 */
const EXTERNAL = ["@pulumi/*", "@aws-sdk/*", "@sigstore/*", "esbuild", "vitest"];

/** A mistake in a source file; its message is complete without a stack. */
class SourceError extends Error {}

/**
 * @typedef {object} Manifest
 * @property {string} toolchain What made the bundle, apart from the sources.
 * @property {Record<string, string>} inputs SHA-256 by path, relative to the root.
 * @property {string} bundle The bundle's own SHA-256.
 */

/** @type {Map<string, any>} */
const loaded = new Map();

/**
 * The exports of a TypeScript file, built if it or anything it imports has changed. A mistake in a source ends the process with a
 * message and exit code 1.
 * @param {string} entry Relative to the project's root, with forward slashes: "cli/index.ts".
 * @returns {any}
 */
function load(entry) {
  if (loaded.has(entry)) return loaded.get(entry);
  const debugging = Boolean(process.env["HOLDPOINT_DEBUG"]);
  if (debugging) process.setSourceMapsEnabled(true);
  // Every process checks its plan and configuration once: compiling the checks first, as zod does, costs more than it saves.
  Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });
  Object.defineProperty(globalThis, "__holdpointRoot", { value: projectRoot, configurable: true });
  try {
    const built = bundle(entry, projectRoot);
    const { file, code } = debugging ? withMap(built) : built;
    const exports = evaluate(file, code);
    loaded.set(entry, exports);
    return exports;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/**
 * An entry's bundle: the one that is there if it is exactly what the sources say, else a new one.
 * @param {string} entry
 * @param {string} root
 * @returns {{ file: string, code: string, built: boolean }}
 */
function bundle(entry, root) {
  const name = entry.replace(/\.ts$/, "").replaceAll("/", "-");
  const file = path.join(root, "build", `${name}.cjs`);
  const manifestFile = path.join(root, "build", `${name}.json`);
  const manifest = readManifest(manifestFile);
  const code = manifest && currentCode(manifest, file, root);
  if (code !== undefined) return { file, code, built: false };
  return { file, code: rebuild({ entry, root, file, manifestFile, before: manifest }), built: true };
}

/**
 * The bundle's text if nothing has changed since it was made.
 * @param {Manifest} manifest
 * @param {string} file
 * @param {string} root
 */
function currentCode(manifest, file, root) {
  if (manifest.toolchain !== toolchainDigest(root)) return undefined;
  for (const [input, digest] of Object.entries(manifest.inputs)) {
    if (digestOf(path.join(root, input)) !== digest) return undefined;
  }
  const code = readText(file);
  return code !== undefined && sha256(code) === manifest.bundle ? code : undefined;
}

/** Bundles depend on this file, on the versions of the packages and on the Node.js that runs them. @param {string} root */
function toolchainDigest(root) {
  const major = process.versions.node.split(".")[0];
  return `node ${major} ${digestOf(__filename)} ${digestOf(path.join(root, "package-lock.json"))}`;
}

/**
 * Builds until the sources have not changed during a build: their digests before it equal those after it.
 * @param {{ entry: string, root: string, file: string, manifestFile: string, before: Manifest | undefined }} what
 * @returns {string} The bundle's text.
 */
function rebuild({ entry, root, file, manifestFile, before }) {
  let inputs = before ? digestsOf(Object.keys(before.inputs), root) : {};
  for (let attempt = 0; attempt < 5; attempt++) {
    const toolchain = toolchainDigest(root);
    const output = esbuild(entry, root, file);
    const after = digestsOf(output.inputs, root);
    if (JSON.stringify(after) === JSON.stringify(inputs)) {
      writeBeside(`${file}.map`, output.map);
      writeBeside(file, output.code);
      const manifest = { toolchain, inputs, bundle: sha256(output.code) };
      writeBeside(manifestFile, JSON.stringify(manifest, null, 1)); // last: without it the rest does not count
      return output.code;
    }
    inputs = after;
  }
  throw new SourceError(`${entry}: the sources kept changing while they were built; run the command again`);
}

/**
 * @param {string} entry
 * @param {string} root
 * @param {string} file
 * @returns {{ code: string, map: string, inputs: string[] }}
 */
function esbuild(entry, root, file) {
  const { buildSync } = requireEsbuild();
  try {
    const result = buildSync({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile: file,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      external: EXTERNAL,
      sourcemap: "external",
      // Without comments and indentation it is read, compared and kept in two thirds of the time.
      minifyWhitespace: true,
      lineLimit: 120,
      metafile: true,
      write: false,
      logLevel: "silent",
      tsconfigRaw: "{}", // tsconfig.json is for the type checker; a bundle must not change with it unnoticed
    });
    const [map = "", code = ""] = [".map", ".cjs"].map(
      (ending) => result.outputFiles.find((output) => output.path.endsWith(ending))?.text,
    );
    // What packages bring is bound by the lock file, which is part of what made the bundle.
    const inputs = Object.keys(result.metafile.inputs).filter((input) => !/(?:^|\/)node_modules\//.test(input));
    return { code, map, inputs: inputs.sort() };
  } catch (error) {
    throw describe(error, root);
  }
}

/** @returns {import("esbuild")} */
function requireEsbuild() {
  try {
    return require("esbuild");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "MODULE_NOT_FOUND") throw error;
    throw new SourceError("the project's packages are not installed: run `npm ci`, or `npm start`, which does it");
  }
}

/**
 * esbuild's errors as one line each: file, line, column, what is wrong.
 * @param {unknown} error
 * @param {string} root
 */
function describe(error, root) {
  const { errors } = /** @type {import("esbuild").BuildFailure} */ (error);
  if (!Array.isArray(errors) || errors.length === 0) return error;
  const lines = errors.map(({ location, text }) => {
    if (!location) return text;
    const source = path.isAbsolute(location.file) ? path.relative(root, location.file) : location.file;
    return `${source}:${String(location.line)}:${String(location.column + 1)}: ${text}`;
  });
  return new SourceError(lines.join("\n"));
}

/**
 * Runs a bundle's text as a CommonJS module. The very text that was compared is run, whatever has happened to the file since.
 * @param {string} file
 * @param {string} code
 */
function evaluate(file, code) {
  const module_ = /** @type {any} */ (new Module(file, undefined));
  module_.filename = file;
  module_.paths = /** @type {any} */ (Module)._nodeModulePaths(path.dirname(file));
  module_._compile(code, file);
  module_.loaded = true;
  return module_.exports;
}

/**
 * The same bundle in a file of its own that says where its map is.
 * @param {{ file: string, code: string }} built
 */
function withMap({ file, code }) {
  const text = `${code}\n//# sourceMappingURL=${path.basename(file)}.map\n`;
  const beside = file.replace(/\.cjs$/, ".debug.cjs");
  writeBeside(beside, text);
  return { file: beside, code: text };
}

/** @param {string} file @returns {Manifest | undefined} */
function readManifest(file) {
  try {
    const manifest = JSON.parse(readText(file) ?? "");
    const whole = typeof manifest.toolchain === "string" && typeof manifest.bundle === "string" && manifest.inputs;
    // No inputs would compare equal to anything.
    return whole && Object.keys(manifest.inputs).length > 0 ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string[]} inputs @param {string} root @returns {Record<string, string>} */
function digestsOf(inputs, root) {
  return Object.fromEntries(inputs.map((input) => [input, digestOf(path.join(root, input))]));
}

/** @param {string} file A missing file has a digest of its own. */
function digestOf(file) {
  try {
    return sha256(fs.readFileSync(file));
  } catch {
    return "missing";
  }
}

/** @param {string | Buffer} data */
function sha256(data) {
  return crypto.createHash("sha256").update(data).digest("hex");
}

/** @param {string} file */
function readText(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** @param {string} file @param {string} text */
function writeBeside(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const beside = `${file}.${String(process.pid)}-${crypto.randomUUID()}`;
  fs.writeFileSync(beside, text);
  fs.renameSync(beside, file);
}

module.exports = { load, bundle, SourceError };
