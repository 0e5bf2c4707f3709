import { randomUUID } from "node:crypto";
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Decision } from "../rollout/decision";
import type { Digest } from "../rollout/evidence";

/** A decision as it is kept: who could look it up later, and on what it rests. */
export interface DecisionRecord {
  readonly stack: string;
  readonly mode: "preview" | "up";
  /** Digest of the request that was decided on; absent where the project could not be read. */
  readonly request?: Digest;
  readonly decision: Decision;
}

const FOLDER = "decisions";

/**
 * Keeps a decision, GO and NO-GO alike, in the evidence store's folder. The name sorts by time. A decision that can't
 * be kept is still a decision: the way back must not wait for a disk.
 * @returns whether it was kept
 */
export async function keepDecision(store: string, record: DecisionRecord): Promise<boolean> {
  const folder = join(store, FOLDER);
  const time = new Date(record.decision.decidedAt).toISOString().replace(/[:.]/g, "-");
  const name = `${time}-${record.stack}-${record.mode}-${randomUUID().slice(0, 8)}.json`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `.${name}`), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
    await rename(join(folder, `.${name}`), join(folder, name));
    return true;
  } catch {
    return false;
  }
}

/** The decisions that were kept, oldest first; none where there is no such folder. Files that are none are left out. */
export async function readDecisions(store: string): Promise<readonly DecisionRecord[]> {
  const folder = join(store, FOLDER);
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => !name.startsWith(".") && name.endsWith(".json")).sort();
  const read = await Promise.all(files.map((name) => readRecord(join(folder, name))));
  return read.flat();
}

async function readRecord(file: string): Promise<readonly DecisionRecord[]> {
  try {
    const record = JSON.parse(await readFile(file, "utf8")) as DecisionRecord;
    return typeof record.decision?.outcome === "string" ? [record] : [];
  } catch {
    return [];
  }
}
