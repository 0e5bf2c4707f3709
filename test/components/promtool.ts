/** promtool, which judges rules as Prometheus does. Missing, it is skipped on a developer's machine and fails in CI. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

function onPath(command: string): string | undefined {
  const names = process.platform === "win32" ? [`${command}.exe`] : [command];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}

/** Whether tests with promtool are skipped: never in CI, where a missing one fails them. */
export const skipWithoutPromtool = onPath("promtool") === undefined && process.env["CI"] === undefined;

/** Runs promtool on files of the given content; throws with its output when it says no. */
export function promtool(args: readonly string[], files: Readonly<Record<string, unknown>>): string {
  const command = onPath("promtool");
  if (command === undefined) throw new Error("promtool is not on PATH; install Prometheus");
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-promtool-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      // JSON is YAML.
      writeFileSync(join(folder, name), JSON.stringify(content), { mode: 0o600 });
    }
    return execFileSync(command, args, { cwd: folder, encoding: "utf8", timeout: 60_000, stdio: "pipe" });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(" ")}:\n${stdout}${stderr}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
