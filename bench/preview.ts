import type { Measured } from "./measured";
import { median, type Bench } from "./stand";

/** Pairs of runs, after one of each that fills the caches. */
const PAIRS = 7;

/** Previews of production with the gate and without, in turns. */
export async function measurePreview(bench: Bench): Promise<readonly Measured[]> {
  await bench.preview("plain");
  await bench.preview("gated");
  const pairs: { plain: number; gated: number }[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const plain = await bench.preview("plain");
    pairs.push({ plain, gated: await bench.preview("gated") });
  }
  const plain = median(pairs.map((pair) => pair.plain));
  const gated = median(pairs.map((pair) => pair.gated));
  process.stdout.write(`preview of production: ${gated.toFixed(2)} s with the gate, ${plain.toFixed(2)} s without\n`);
  return [
    {
      name: "preview of production with the gate, over the same resources without one",
      value: gated / plain,
      limit: 1.4,
      unit: "x",
    },
    { name: "preview of production with the gate, more than without", value: gated - plain, limit: 0.9, unit: "s" },
  ];
}
