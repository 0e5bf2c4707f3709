import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { STAND_INS } from "./guard";
import type { CloudName } from "./provider";
import { readFile, writeFile } from "./store";

/** The version of a provider that its SDK asks the engine for. */
export function wantedVersion(root: string, name: CloudName): string {
  const manifest = readFileSync(join(root, "node_modules", "@pulumi", name, "package.json"), "utf8");
  const parsed = JSON.parse(manifest) as { version: string; pulumi?: { version?: string } };
  return parsed.pulumi?.version ?? parsed.version;
}

/** Where the engine looks for a provider's plugin. */
export function pluginFolder(home: string, name: CloudName, version: string): string {
  return join(home, "plugins", `resource-${name}-v${version}`);
}

/** Digest of everything that the bundle is made of: a stand-in of older source is made anew. */
function sourceDigest(root: string): string {
  const hash = createHash("sha256");
  const folder = join(root, "sandbox", "providers");
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)));
  hash.update(readFileSync(join(root, "package.json")));
  return hash.digest("hex");
}

async function bundle(root: string): Promise<string> {
  const { build } = await import("esbuild");
  const result = await build({
    entryPoints: [join(root, "sandbox", "providers", "serve.ts")],
    absWorkingDir: root,
    bundle: true,
    minify: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "cjs",
    logLevel: "silent",
  });
  const text = result.outputFiles[0]?.text;
  if (text === undefined) throw new Error("esbuild made no bundle of the stand-ins");
  return text;
}

/** Writes one stand-in as a plugin: an executable where the engine can start one, else a Node.js plugin. */
function writePlugin(folder: string, name: CloudName, version: string, bundled: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFile(join(folder, "stand-in.cjs"), bundled);
  const start = `require("./stand-in.cjs").serve(${JSON.stringify(name)}, ${JSON.stringify(version)}, __dirname, process.argv.slice(2));\n`;
  writeFile(join(folder, "index.cjs"), start);
  const description = `Holdpoint's stand-in for ${name}: nothing real is changed`;
  const manifest = { name: `stand-in-${name}`, version, private: true, description, main: "index.cjs" };
  writeFile(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFile(join(folder, "PulumiPlugin.yaml"), `# ${description}\nruntime: nodejs\n`);
  if (process.platform === "win32") return;
  // Started directly it answers in half the time that it takes through the language host.
  const direct = join(folder, `pulumi-resource-${name}`);
  writeFile(direct, `#!/usr/bin/env node\n${start}`);
  chmodSync(direct, 0o700);
}

/** Puts the three stand-ins into a sandbox's PULUMI_HOME, in the versions that the SDKs of `root` ask for. */
export async function installStandIns(root: string, home: string): Promise<void> {
  const digest = sourceDigest(root);
  const folders = STAND_INS.map((name) => {
    const version = wantedVersion(root, name);
    return { name, version, folder: pluginFolder(home, name, version) };
  });
  const stamp = (folder: string): string => join(folder, ".digest");
  if (folders.every(({ folder }) => readFile(stamp(folder)) === digest)) return;
  const bundled = await bundle(root);
  for (const { name, version, folder } of folders) {
    writePlugin(folder, name, version, bundled);
    writeFile(stamp(folder), digest);
  }
  removeOthers(join(home, "plugins"), new Set(folders.map(({ folder }) => folder)));
}

/** Plugins of other versions would be found by other SDKs; a sandbox has only its own. */
function removeOthers(plugins: string, kept: ReadonlySet<string>): void {
  for (const entry of readdirSync(plugins)) {
    const folder = join(plugins, entry);
    if (entry.startsWith("resource-") && !kept.has(folder)) rmSync(folder, { recursive: true, force: true });
  }
}
