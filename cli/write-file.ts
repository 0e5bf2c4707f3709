import { randomUUID } from "node:crypto";
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";

/** Writes a file beside its place and renames it: a reader sees the old text or the new one, never a part. */
export function replaceFile(file: string, text: string): void {
  const beside = `${file}.${process.pid}-${randomUUID()}`;
  try {
    writeFileSync(beside, text, { mode: modeOf(file), flag: "wx" });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

function modeOf(file: string): number {
  return (statSync(file, { throwIfNoEntry: false })?.mode ?? 0o644) & 0o777;
}
