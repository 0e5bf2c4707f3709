import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Measured } from "./measured";
import type { Bench } from "./stand";

/** Peak resident memory of the program's process and of the pack's, in one preview. */
export async function measureMemory(bench: Bench): Promise<readonly Measured[]> {
  const folder = join(bench.dir, "memory");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const preload = join(bench.folder("gated"), "bench", "memory-probe.cjs");
  await bench.preview("gated", {
    NODE_OPTIONS: `--require ${JSON.stringify(preload)}`,
    HOLDPOINT_BENCH_MEMORY: folder,
  });
  return [
    { name: "peak memory of the program's process", value: peak(folder, "program"), limit: 250, unit: "MB" },
    { name: "peak memory of the policy pack's process", value: peak(folder, "pack"), limit: 250, unit: "MB" },
  ];
}

function peak(folder: string, what: string): number {
  if (!existsSync(folder)) throw new Error("no memory was measured");
  const values = readdirSync(folder)
    .filter((name) => name.startsWith(`${what}-`))
    .map((name) => Number(readFileSync(join(folder, name), "utf8")));
  if (values.length === 0) throw new Error(`no memory of the ${what} was measured`);
  return Math.max(...values);
}
