/**
 * `npm run bench`: what the gate costs, as ratios measured side by side in one run. It prints each with its limit and
 * exits with 1 if one is missed. The program without a gate exists only here: the product has no such switch.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { down, up, type Tools } from "../sandbox/lifecycle";
import { Attester } from "../sandbox/story/complete";
import { measureDecide } from "./decide";
import { kept, line } from "./measured";
import { measureMemory } from "./memory";
import { measurePreview } from "./preview";
import { measureRollback } from "./rollback";
import { Bench } from "./stand";
import { measureStart } from "./start";

/** Half an hour into OmniHub's window. */
const IN_WINDOW = Date.parse("2026-11-29T02:30:00Z");

/** @returns 0 if every limit is kept, else 1 */
export async function main(_argv: readonly string[], tools: Tools): Promise<number> {
  // First, while the machine has nothing else to do: a sandbox that is up has users.
  const decided = measureDecide((globalThis as { __holdpointRoot?: string }).__holdpointRoot ?? process.cwd());
  const dir = mkdtempSync(join(tmpdir(), "holdpoint-bench-"));
  try {
    await up(dir, tools, undefined, { start: IN_WINDOW, factor: 1 });
    const bench = new Bench(dir, tools);
    await bench.prepare((release) => new Attester(dir, release).all());
    const measured = [
      ...decided,
      ...(await measurePreview(bench)),
      ...(await measureStart(bench)),
      ...(await measureMemory(bench)),
      ...(await measureRollback(bench)),
    ];
    for (const one of measured) process.stdout.write(`${line(one)}\n`);
    return measured.every(kept) ? 0 : 1;
  } finally {
    await down(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}
