import { join } from "node:path";
import { editStackFile } from "../cli/stack-file";
import { requireUp } from "../sandbox/lifecycle";
import type { Measured } from "./measured";
import type { Bench } from "./stand";

const STACK = "staging-canary";
const NAMESPACE = "omnihub-staging";
/** How long requests run on both versions before the command, in milliseconds. */
const WARM = 4_000;

/** From the rollback's command to the last request that the new version served, with requests running all the while. */
export async function measureRollback(bench: Bench): Promise<readonly Measured[]> {
  await setWeight(bench, 0);
  await setWeight(bench, 50);
  await new Promise((resolve) => setTimeout(resolve, WARM));
  const began = Date.now();
  if ((await lastServed(bench)) < began - 1_000) throw new Error("the new version serves no requests");
  const holdpoint = join(bench.folder("gated"), "bin", "holdpoint.cjs");
  await bench.run(process.execPath, [holdpoint, "rollback", "staging"], bench.folder("gated"));
  const seconds = ((await lastServed(bench)) - began) / 1000;
  return [
    { name: "rollback: from the command to the last request of the new version", value: seconds, limit: 5, unit: "s" },
  ];
}

async function setWeight(bench: Bench, weight: number): Promise<void> {
  editStackFile(bench.folder("gated"), STACK, [[["holdpoint:canary", "weight"], weight]]);
  await bench.pulumi("gated", ["up", "-s", STACK, "--yes", "--skip-preview", "--policy-pack", "policies"]);
}

/** When the canary's track last answered a user, machine time. */
async function lastServed({ dir }: Bench): Promise<number> {
  const response = await fetch(`${requireUp(dir).admin}/last?namespace=${NAMESPACE}&track=canary`);
  const [latest] = (await response.json()) as { last: number }[];
  return latest?.last ?? 0;
}
