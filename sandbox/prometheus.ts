import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { HoldpointError } from "../rollout/errors";
import { pause, runs, startDetached, type Started } from "./processes";
import { writeFile } from "./providers/store";

/** How long Prometheus may take until it answers, milliseconds. */
const READY = 30_000;

const CONFIG = `# Written by the sandbox. One target: the sandbox's cluster, which speaks for both tracks of every stage.
global:
  scrape_interval: 1s
  scrape_timeout: 900ms
  evaluation_interval: 2s
# The rules that the stages declare, written by the sandbox's cluster.
rule_files: [rules/*.yml]
scrape_configs:
  - job_name: sandbox
    honor_labels: true # of the stand-in for a database's exporter
    file_sd_configs:
      - files: [targets.json]
        refresh_interval: 1s
`;

const folder = (dir: string): string => join(dir, "prometheus");

/** Where a sandbox's Prometheus answers. */
export const prometheusUrl = (port: number): string => `http://127.0.0.1:${String(port)}`;

/** A port of 127.0.0.1 that is free: the one that was used before if it still is, so that addresses stay. */
export async function freePort(preferred: number | undefined): Promise<number> {
  for (const port of [preferred, 0]) {
    if (port === undefined) continue;
    const found = await tryPort(port);
    if (found !== undefined) return found;
  }
  throw new Error("no free port on 127.0.0.1");
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(undefined);
    });
    server.listen(port, "127.0.0.1", () => {
      const { port: bound } = server.address() as AddressInfo;
      server.close(() => {
        resolve(bound);
      });
    });
  });
}

/** Tells Prometheus where the cluster's metrics are; it looks again by itself. */
export function writeTargets(dir: string, admin: number): void {
  const targets = [{ targets: [`127.0.0.1:${String(admin)}`] }];
  writeFile(join(folder(dir), "targets.json"), `${JSON.stringify(targets)}\n`);
}

/**
 * Gives Prometheus the rules of each namespace, and has it read them.
 * @returns whether it did; it may still be starting
 */
export async function loadRules(dir: string, port: number, files: ReadonlyMap<string, string>): Promise<boolean> {
  for (const [namespace, text] of files) writeFile(join(folder(dir), "rules", `${namespace}.yml`), text);
  try {
    const answer = await fetch(`${prometheusUrl(port)}/-/reload`, {
      method: "POST",
      signal: AbortSignal.timeout(5_000),
    });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/** Starts the real Prometheus on a port of loopback; its numbers stay in the sandbox's folder. */
export function startPrometheus(dir: string, binary: string, port: number): Started {
  const home = folder(dir);
  writeFile(join(home, "prometheus.yml"), CONFIG);
  const args = [
    `--config.file=${join(home, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(home, "data")}`,
    "--storage.tsdb.retention.time=1d",
    `--web.listen-address=127.0.0.1:${String(port)}`,
    "--web.enable-lifecycle",
    "--log.level=warn",
  ];
  return startDetached(binary, args, join(dir, "logs", "prometheus.log"), process.env);
}

/** Waits until Prometheus answers queries. */
export async function awaitPrometheus(dir: string, process_: Started, port: number): Promise<void> {
  const until = Date.now() + READY;
  while (Date.now() < until && runs(process_)) {
    try {
      const answer = await fetch(`${prometheusUrl(port)}/-/ready`, { signal: AbortSignal.timeout(1_000) });
      await answer.body?.cancel();
      if (answer.ok) return;
    } catch {
      // Not yet.
    }
    await pause(50);
  }
  throw new HoldpointError("sandbox-down", `Prometheus does not answer on 127.0.0.1:${String(port)}${lastWords(dir)}`, {
    remedy: "holdpoint sandbox down, then holdpoint sandbox up",
  });
}

function lastWords(dir: string): string {
  try {
    const lines = readFileSync(join(dir, "logs", "prometheus.log"), "utf8")
      .trim()
      .split("\n");
    const last = lines[lines.length - 1] ?? "";
    return last === "" ? "" : `: ${last.slice(0, 300)}`;
  } catch {
    return "";
  }
}
