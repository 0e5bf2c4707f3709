import type { Measured } from "./measured";
import { median, type Bench, type Kind } from "./stand";

/** Rounds of runs, after one that fills the caches. */
const ROUNDS = 7;

const KINDS: readonly Kind[] = ["ordinary", "plain", "gated"];

/**
 * Previews of production with the gate and without, in turns. The limits are held against an ordinary Pulumi program of the
 * same resources; what the gate alone costs, over a program that starts as ours does, is told beside it.
 */
export async function measurePreview(bench: Bench): Promise<readonly Measured[]> {
  for (const kind of KINDS) await bench.preview(kind);
  const taken: Record<Kind, number[]> = { ordinary: [], plain: [], gated: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const kind of KINDS) taken[kind].push(await bench.preview(kind));
  }
  const [ordinary, plain, gated] = [median(taken.ordinary), median(taken.plain), median(taken.gated)];
  process.stdout.write(
    `preview of production: ${gated.toFixed(2)} s with the gate, ${ordinary.toFixed(2)} s by an ordinary program, ` +
      `${plain.toFixed(2)} s by one that starts as ours does: the gate alone is ${(gated / plain).toFixed(2)}x, ` +
      `${(gated - plain).toFixed(2)} s\n`,
  );
  return [
    {
      name: "preview of production with the gate, over the same resources without one",
      value: gated / ordinary,
      limit: 1.4,
      unit: "x",
    },
    { name: "preview of production with the gate, more than without", value: gated - ordinary, limit: 0.9, unit: "s" },
  ];
}
