import { lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { join, sep } from "node:path";
import { HoldpointError } from "../rollout/errors";
import { dataOf, edited, isYaml, merge, type Data } from "./merge";
import { readFile, writeFile } from "./providers/store";

/** What never belongs into the copy: at the project's top, and anywhere. */
const NOT_AT_TOP: ReadonlySet<string> = new Set([".sandbox", ".holdpoint", "build", "test"]);
const NOWHERE: ReadonlySet<string> = new Set([".git", "node_modules"]);

const STACK_FILE = /^Pulumi\.([A-Za-z0-9._-]+)\.yaml$/;

/** What a sandbox's stack files say differently from the project's. Ciphertexts, no secrets. */
export interface Overrides {
  readonly prometheus: string;
  readonly trust: string;
  readonly evidence: string;
  readonly encryptionsalt: string;
  readonly digestKey: string;
  readonly redisAuthToken: string;
}

/** Where the sandbox's overrides are kept. */
export const OVERRIDES_FILE = "overrides.json";

/** The working copy of the project inside a sandbox. */
export const projectFolder = (dir: string): string => join(dir, "project");

/** The stacks that the project has a file for. */
export function stacksOf(root: string): readonly string[] {
  return readdirSync(root).flatMap((name) => STACK_FILE.exec(name)?.[1] ?? []);
}

/** The files of the project that are copied, by their path from the root. */
function sources(root: string, dir: string): string[] {
  const found: string[] = [];
  const sandbox = realpathSync(dir);
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (NOWHERE.has(entry.name) || (folder === "" && NOT_AT_TOP.has(entry.name))) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (realpathSync(join(root, path)) !== sandbox) walk(path);
      } else if (entry.isFile() && !(folder === "" && STACK_FILE.test(entry.name))) found.push(path);
    }
  };
  walk("");
  return found;
}

function copyIfChanged(from: string, to: string): void {
  const content = readFileSync(from);
  try {
    if (readFileSync(to).equals(content)) return;
  } catch {
    // Not there yet.
  }
  writeFile(to, content);
}

/** Removes what an earlier sync brought and the project no longer has. What was made in the copy itself stays. */
function removeVanished(dir: string, now: readonly string[]): void {
  const manifest = join(dir, "synced", "files.json");
  const kept = new Set(now);
  const before = JSON.parse(readFile(manifest) ?? "[]") as string[];
  for (const path of before) {
    if (!kept.has(path)) rmSync(join(projectFolder(dir), path), { force: true });
  }
  const text = `${JSON.stringify(now)}\n`;
  if (readFile(manifest) !== text) writeFile(manifest, text);
}

function linkModules(root: string, project: string): void {
  const link = join(project, "node_modules");
  const target = join(root, "node_modules");
  try {
    if (realpathSync(link) === realpathSync(target)) return;
    rmSync(link, { recursive: lstatSync(link).isDirectory(), force: true });
  } catch {
    rmSync(link, { force: true });
  }
  symlinkSync(target, link, "junction");
}

type Tree = { [key: string]: Data };
const isTree = (value: Data | undefined): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The project's own stack file without what is encrypted for somewhere else, and with what only the sandbox has. */
function wanted(dir: string, own: Tree, overrides: Overrides): Tree {
  const { encryptionsalt: _salt, encryptedkey: _key, secretsprovider: _provider, ...rest } = own;
  const config = isTree(rest["config"]) ? rest["config"] : {};
  const readable = Object.entries(config).filter(([, value]) => !(isTree(value) && "secure" in value));
  const redis = config["holdpoint:redis"];
  const needsToken = isTree(redis) && redis["kind"] === "elasticache";
  return {
    ...rest,
    config: {
      ...Object.fromEntries(readable),
      "holdpoint:sandbox": dir,
      "holdpoint:prometheus": overrides.prometheus,
      "holdpoint:trust": overrides.trust,
      "holdpoint:evidence": overrides.evidence,
      "holdpoint:digestKey": { secure: overrides.digestKey },
      ...(needsToken ? { "holdpoint:redisAuthToken": { secure: overrides.redisAuthToken } } : {}),
    },
    encryptionsalt: overrides.encryptionsalt,
  };
}

function syncStackFile(root: string, dir: string, stack: string, overrides: Overrides): void {
  const name = `Pulumi.${stack}.yaml`;
  const own = readFileSync(join(root, name), "utf8");
  const path = join(projectFolder(dir), name);
  const basePath = join(dir, "synced", `${name}.json`);
  const before = readFile(path);
  if (!isYaml(own)) {
    // Here, too, the engine and the commands shall say what is wrong with it, or go back in spite of it.
    if (own !== before) writeFile(path, own);
    return;
  }
  const readable = before !== undefined && isYaml(before);
  const base = readable ? readFile(basePath) : undefined;
  const theirs = wanted(dir, dataOf(own), overrides);
  const mine = readable ? dataOf(before) : undefined;
  const merged = merge(base === undefined ? undefined : (JSON.parse(base) as Data), mine, theirs);
  const text = edited(own, isTree(merged) ? merged : {});
  if (text !== before) writeFile(path, text);
  const newBase = `${JSON.stringify(theirs)}\n`;
  if (newBase !== base) writeFile(basePath, newBase);
}

/** A project that names its own plugins would bring real providers into the sandbox. */
function refusePlugins(root: string): void {
  const project = dataOf(readFileSync(join(root, "Pulumi.yaml"), "utf8"));
  if (project["plugins"] === undefined) return;
  throw new HoldpointError("sandbox-only", "Pulumi.yaml names plugins of its own, which could change something real", {
    remedy: 'take "plugins" out of Pulumi.yaml to use the sandbox',
  });
}

/**
 * Brings the working copy in the sandbox up to date with the project, file by file and only where the content
 * differs. The copy exists so that a sandbox's secrets and salts never get into stack files that a team commits;
 * values that someone set in the copy stay until the project's own change.
 * @throws HoldpointError `sandbox-down` if the sandbox has never been up; `sandbox-only` if the project brings plugins.
 */
export function writeProject(root: string, dir: string): void {
  const overrides = readFile(join(dir, OVERRIDES_FILE));
  if (overrides === undefined) {
    throw new HoldpointError("sandbox-down", `there is no sandbox in ${dir}`, { remedy: "holdpoint sandbox up" });
  }
  refusePlugins(root);
  const project = projectFolder(dir);
  mkdirSync(project, { recursive: true, mode: 0o700 });
  const files = sources(root, dir);
  for (const path of files) copyIfChanged(join(root, path), join(project, path));
  removeVanished(
    dir,
    files.map((path) => path.split(sep).join("/")),
  );
  linkModules(root, project);
  for (const stack of stacksOf(root)) syncStackFile(root, dir, stack, JSON.parse(overrides) as Overrides);
}
