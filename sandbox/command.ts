import type { Command } from "commander";
import { HoldpointError } from "../rollout/errors";
import { moveTo, readClock } from "./clock";
import { defaultFolder, down, exec, projectRoot, requireUp, up, type Tools } from "./lifecycle";

/** How a command of the sandbox ended. `exec` passes on whatever exit code its command had. */
export interface SandboxOutcome {
  readonly exitCode: number;
  readonly result: object;
}

/** What the commands need from the command line around them. */
export interface SandboxHost {
  /** Finds or makes the engine and Prometheus. */
  readonly tools: () => Promise<Tools>;
  /** A line for a person. */
  readonly say: (text: string) => void;
  readonly ended: (outcome: SandboxOutcome) => void;
  /** The sandbox's folder; by default `.sandbox` in the project. */
  readonly dir?: string;
}

/** Reads "5%" or "0.05" as a share, 0..1. */
export function parseShare(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim());
  const share = match === null ? Number.NaN : Number(match[1]) / (match[2] === "%" ? 100 : 1);
  if (share >= 0 && share <= 1) return share;
  throw new HoldpointError("usage", `--error-rate is "${text}", a share such as "5%" is wanted`);
}

/** Reads "200ms" or "1.5s" as milliseconds. */
export function parseLatency(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s)$/.exec(text.trim());
  const latency = match === null ? Number.NaN : Number(match[1]) * (match[2] === "s" ? 1000 : 1);
  if (latency >= 0 && latency <= 10_000) return latency;
  throw new HoldpointError("usage", `--latency is "${text}", a time up to 10s such as "200ms" is wanted`);
}

/**
 * Makes a release fail or answer late, in every stage where it runs, until it is set to nothing again.
 * @throws HoldpointError `sandbox-down`; `usage` if the cluster refuses the values
 */
export async function setFault(
  dir: string,
  fault: { readonly release: string; readonly errorRate: number; readonly latency: number },
): Promise<void> {
  const { admin } = requireUp(dir);
  const answer = await fetch(`${admin}/fault`, {
    method: "POST",
    body: JSON.stringify(fault),
    signal: AbortSignal.timeout(5_000),
  });
  const told = (await answer.json()) as { error?: string };
  if (!answer.ok)
    throw new HoldpointError("usage", told.error ?? `the sandbox's cluster answered ${String(answer.status)}`);
}

/** Adds `holdpoint sandbox up | down | exec | fault | clock`. */
export function registerSandbox(program: Command, host: SandboxHost): void {
  const dir = host.dir ?? defaultFolder(projectRoot());
  const sandbox = program
    .command("sandbox")
    .description("a whole rollout on this machine: real engine, stand-in clouds")
    .enablePositionalOptions();
  sandbox
    .command("up")
    .description("start it, or mend it; what runs already is left alone")
    .action(async () => {
      const running = await up(dir, await host.tools(), host.say);
      host.say(`the sandbox is up in ${running.dir}: every cloud in it is a stand-in`);
      host.say(`  Prometheus ${running.prometheus}, gateway ${running.gateway}, faults ${running.admin}`);
      host.say(`  ${readClock(dir).note ?? ""}`);
      host.say("  try: npx holdpoint sandbox exec -- pulumi preview -s staging --policy-pack policies");
      host.ended({ exitCode: 0, result: running });
    });
  sandbox
    .command("down")
    .description("stop it; what it holds stays in .sandbox")
    .action(async () => {
      await down(dir);
      host.say("the sandbox is down");
      host.ended({ exitCode: 0, result: { dir } });
    });
  sandbox
    .command("exec")
    .description("run a command in it, with its engine, backend and stacks")
    .argument("<command...>", "after --, for example: pulumi stack ls")
    .passThroughOptions()
    .action(async (argv: string[]) => {
      const exitCode = await exec(dir, await host.tools(), argv);
      host.ended({ exitCode, result: { exitCode } });
    });
  sandbox
    .command("fault")
    .description("make a release fail or answer late; with neither option it is well again")
    .requiredOption("--version <version>", "version or image of the release")
    .option("--error-rate <share>", "share of its requests that fail", "0%")
    .option("--latency <time>", "what each answer takes longer", "0ms")
    .action(async (options: { version: string; errorRate: string; latency: string }) => {
      const fault = {
        release: options.version,
        errorRate: parseShare(options.errorRate),
        latency: parseLatency(options.latency),
      };
      await setFault(dir, fault);
      host.say(`${fault.release}: ${String(fault.errorRate * 100)} % errors and ${String(fault.latency)} ms more`);
      host.ended({ exitCode: 0, result: fault });
    });
  sandbox
    .command("clock")
    .description("show its time, or move it on")
    .option("--to <time>", "a later time, ISO 8601: 2026-11-29T02:00:00Z")
    .action((options: { to?: string }) => {
      if (options.to !== undefined) moveTo(dir, parseTime(options.to));
      const { note, now } = readClock(dir);
      host.say(note ?? "");
      host.ended({ exitCode: 0, result: { now: new Date(now()).toISOString(), note } });
    });
}

function parseTime(text: string): number {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new HoldpointError("usage", `--to is "${text}", a time in UTC such as "2026-11-29T02:00:00Z" is wanted`);
}
