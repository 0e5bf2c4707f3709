import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join, relative, isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";

/** The stand-ins, in the order in which they are told of. */
export const STAND_INS = ["aws", "cloudflare", "kubernetes"] as const;

/** Marks a folder as a sandbox; written by `sandbox up` before anything else. */
export const MARKER = "sandbox.json";

function inside(folder: string, path: string): boolean {
  const way = relative(realpathSync(folder), realpathSync(path));
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}

/** The folder of a `file://` backend URL, or undefined if it is anything else. */
export function backendFolder(url: string | undefined): string | undefined {
  if (url === undefined || !url.startsWith("file://")) return undefined;
  try {
    return url.startsWith("file:///") ? fileURLToPath(url) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The sandbox that this process runs in, or why it is in none: a backend and a PULUMI_HOME inside one marked folder,
 * and `self` (where the asking code lies) inside that PULUMI_HOME's plugins. Nothing but these three is believed.
 */
export function findSandbox(
  env: NodeJS.ProcessEnv,
  self: string,
): { readonly dir: string } | { readonly refusal: string } {
  const home = env["PULUMI_HOME"];
  if (home === undefined || home === "") return { refusal: "PULUMI_HOME is not set" };
  const backend = backendFolder(env["PULUMI_BACKEND_URL"]);
  if (backend === undefined) return { refusal: "PULUMI_BACKEND_URL is not a file:// folder" };
  const dir = dirname(home);
  try {
    if (!existsSync(join(dir, MARKER))) return { refusal: "PULUMI_HOME is not in a sandbox's folder" };
    if (!inside(dir, backend)) return { refusal: "PULUMI_BACKEND_URL points outside the sandbox's folder" };
    if (!inside(join(home, "plugins"), self)) return { refusal: "the plugin does not lie in the sandbox's folder" };
  } catch {
    return { refusal: "the sandbox's folders cannot be read" };
  }
  return { dir: realpathSync(dir) };
}

/** The one sentence that every call of a stand-in outside the sandbox fails with. */
export function refusalText(provider: string, refusal: string): string {
  return `sandbox-only: this is a stand-in for ${provider} and serves no stack outside the sandbox (${refusal})`;
}

/** Whether all three stand-ins lie where the engine finds them. */
export function standInsInstalled(home: string): boolean {
  const plugins = join(home, "plugins");
  if (!existsSync(plugins)) return false;
  const found = readdirSync(plugins);
  return STAND_INS.every((name) =>
    found.some((entry) => entry.startsWith(`resource-${name}-v`) && existsSync(join(plugins, entry, "stand-in.cjs"))),
  );
}
