import { spawn } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Release } from "../rollout/release";
import { environment, type Tools } from "../sandbox/lifecycle";
import { projectFolder } from "../sandbox/project";

/**
 * A program of the same resources: with the gate; without one; and an ordinary one, which has neither the gate nor what
 * Holdpoint does for a quick start (policies/lazy.cjs).
 */
export type Kind = "gated" | "plain" | "ordinary";

/** A sandbox in which production can be previewed with the gate, and without. */
export class Bench {
  readonly dir: string;
  readonly tools: Tools;

  constructor(dir: string, tools: Tools) {
    this.dir = dir;
    this.tools = tools;
  }

  folder(kind: Kind): string {
    return kind === "gated" ? projectFolder(this.dir) : join(this.dir, kind);
  }

  /** The evidence is complete and staging has the release, so that the gate reads and judges all of it. */
  async prepare(attest: (release: Release) => Promise<void>): Promise<void> {
    await attest(this.release());
    await this.pulumi("gated", ["up", "-s", "staging", "--yes", "--skip-preview", "--policy-pack", "policies"]);
    this.copyAs("plain");
    this.copyAs("ordinary");
    const project = join(this.folder("ordinary"), "Pulumi.yaml");
    writeFileSync(project, readFileSync(project, "utf8").replace(/^ +nodeargs: .*\n/m, ""));
  }

  release(): Release {
    const text = readFileSync(join(this.folder("gated"), "Pulumi.production.yaml"), "utf8");
    return (parse(text) as { config: { "holdpoint:release": Release } }).config["holdpoint:release"];
  }

  /** The same project with another entry: bench/plain.cjs. */
  private copyAs(kind: Kind): void {
    const gated = this.folder("gated");
    const copy = this.folder(kind);
    cpSync(gated, copy, { recursive: true, filter: (path) => !/[\\/](node_modules|build)$/.test(path) });
    symlinkSync(join(gated, "node_modules"), join(copy, "node_modules"), "junction");
    const file = join(copy, "package.json");
    const manifest = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...manifest, main: "bench/plain.cjs" }));
  }

  /** Previews production. @returns seconds */
  async preview(kind: Kind, env: NodeJS.ProcessEnv = {}): Promise<number> {
    const pack = kind === "gated" ? ["--policy-pack", "policies"] : [];
    const began = performance.now();
    await this.pulumi(kind, ["preview", "-s", "production", "--non-interactive", ...pack], env);
    return (performance.now() - began) / 1000;
  }

  pulumi(kind: Kind, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    return this.run(this.tools.pulumi, args, this.folder(kind), env);
  }

  /** Runs a command in the sandbox; throws what it printed where it fails. */
  run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
    const child = spawn(command, args, {
      cwd,
      env: { ...environment(this.dir, this.tools), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) =>
        code === 0 ? resolve(text) : reject(new Error(`${command} ${args.join(" ")}:\n${text}${errors}`)),
      );
    });
  }
}

/** The middle one: one slow run must not decide. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
