import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Measured } from "./measured";
import { median, type Bench } from "./stand";

const RUNS = 7;
const START = join("bench", "start-child.cjs");

/**
 * From the program's entry to its first resource, against a program that only imports the same SDKs and declares one.
 * The engine's side is a mock in both, and both have what Pulumi.yaml makes Node.js load first, so that only the programs
 * are compared.
 */
export async function measureStart(bench: Bench): Promise<readonly Measured[]> {
  const env = await configurationOf(bench);
  const gated: number[] = [];
  const imports: number[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    imports.push(await startOf(bench, "imports", env));
    gated.push(await startOf(bench, "program", env));
  }
  // The first of each filled the caches.
  const [of, against] = [median(gated.slice(1)), median(imports.slice(1))];
  process.stdout.write(`first resource: ${of.toFixed(0)} ms, with the SDKs alone ${against.toFixed(0)} ms\n`);
  return [
    { name: "the program's start, more than importing the same SDKs", value: of - against, limit: 150, unit: "ms" },
  ];
}

async function startOf(bench: Bench, what: "imports" | "program", env: NodeJS.ProcessEnv): Promise<number> {
  const folder = bench.folder("gated");
  const text = await bench.run(process.execPath, [...nodeArguments(folder), START, what], folder, env);
  const milliseconds = /first resource after ([\d.]+) ms/.exec(text)?.[1];
  if (milliseconds === undefined) throw new Error(`no first resource:\n${text}`);
  return Number(milliseconds);
}

function nodeArguments(folder: string): readonly string[] {
  const project = parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")) as Project;
  return project.runtime.options.nodeargs.split(" ");
}

interface Project {
  readonly runtime: { readonly options: { readonly nodeargs: string } };
}

/** The configuration as the language host hands it to a program. */
async function configurationOf(bench: Bench): Promise<NodeJS.ProcessEnv> {
  const text = await bench.pulumi("gated", ["config", "--json", "--show-secrets", "-s", "production"]);
  const values = Object.entries(JSON.parse(text) as Record<string, { value?: string; secret?: boolean }>);
  return {
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(values.map(([key, { value }]) => [key, value ?? ""]))),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(values.flatMap(([key, { secret }]) => (secret === true ? [key] : []))),
  };
}
