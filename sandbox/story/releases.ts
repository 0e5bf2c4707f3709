/** Which releases the sandbox's stack files speak of. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Release } from "../../rollout/release";
import { projectFolder } from "../project";

/** The release that production's stack file asks for. */
export const releaseOf = (dir: string): Release => named(dir, "holdpoint:release");

/** What takes production's traffic now, by the same file. */
export const baselineOf = (dir: string): Release => named(dir, "holdpoint:baseline");

function named(dir: string, key: "holdpoint:release" | "holdpoint:baseline"): Release {
  const file = join(projectFolder(dir), "Pulumi.production.yaml");
  return (parse(readFileSync(file, "utf8")) as { config: Record<typeof key, Release> }).config[key];
}
