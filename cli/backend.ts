import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import type { Context } from "./context";

/** The project's name in Pulumi.yaml. */
export function projectName(root: string): string {
  return projectFile(root).name ?? "holdpoint";
}

/**
 * The folder of a file backend's locks on one stack; undefined where the backend is no folder on this machine. The same
 * order as the engine's: environment, Pulumi.yaml, the last login.
 */
export function lockFolder({ root, env }: Pick<Context, "root" | "env">, stack: string): string | undefined {
  const url = env["PULUMI_BACKEND_URL"] || projectFile(root).backend || currentLogin(env);
  const folder = url === undefined ? undefined : folderOf(url, root);
  if (folder === undefined) return undefined;
  return join(folder, ".pulumi", "locks", "organization", projectName(root), stack);
}

/** The folder that a backend's address names: `file:///abs`, `file://~`, `file://./relative`. */
function folderOf(url: string, root: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const path = url.slice("file://".length).replace(/\?.*$/, "");
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return path.startsWith("/") ? fileURLToPath(`file://${path}`) : resolve(root, path);
}

function projectFile(root: string): { name?: string; backend?: string } {
  const data = readOr(() => parseDocument(readFileSync(join(root, "Pulumi.yaml"), "utf8")).toJS() as unknown);
  const { name, backend } = (data ?? {}) as { name?: unknown; backend?: { url?: unknown } };
  return {
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof backend?.url === "string" ? { backend: backend.url } : {}),
  };
}

function currentLogin(env: NodeJS.ProcessEnv): string | undefined {
  const file = join(
    env["PULUMI_CREDENTIALS_PATH"] || env["PULUMI_HOME"] || join(homedir(), ".pulumi"),
    "credentials.json",
  );
  const data = readOr(() => JSON.parse(readFileSync(file, "utf8")) as { current?: unknown });
  return typeof data?.current === "string" ? data.current : undefined;
}

function readOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
