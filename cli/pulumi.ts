import { spawn, type ChildProcess } from "node:child_process";
import { HoldpointError } from "../rollout/errors";
import type { Context } from "./context";
import { descendants, stillAlive, type ProcessFacts } from "./processes";

/** How a run of the pulumi command ended. */
export interface PulumiRun {
  /** Its exit code; 128 + n where signal n ended it. */
  readonly exitCode: number;
  /** Whether it was stopped because its deadline had passed. */
  readonly late: boolean;
  readonly stdout: string;
  /** The last part of what it wrote, both streams in the order in which they came. */
  readonly said: string;
}

export interface PulumiOptions {
  /** Show its output as it comes. */
  readonly show?: boolean;
  /** Milliseconds after which it is interrupted, then killed. */
  readonly deadline?: number;
  /** The same for the time until it begins to work on resources: a policy pack that never answers hangs it before. */
  readonly startWithin?: number;
}

/** Every run names the stack's root before any other resource, and only once its policy packs have been loaded. */
const STARTED = "pulumi:pulumi:Stack";

/** The most that is kept of one run's output, in bytes: a checkpoint is read this way. */
const LARGEST = 256 * 1024 * 1024;
/** What is kept of both streams for messages, in characters. */
const TAIL = 64 * 1024;
/** How long an interrupted engine may take to stop, in milliseconds. */
const GRACE = 3_000;
/** The second interrupt makes the engine exit at once; it must come after the first was taken note of. */
export const BETWEEN_INTERRUPTS = 150;

/**
 * Runs the pulumi command in the project's root and waits for its end. Signals that this process gets are passed on
 * exactly once: the engine runs in a group of its own, so that a terminal's Ctrl-C does not reach it a second time,
 * which would make it drop what it is doing. A lost terminal stops neither.
 * @throws HoldpointError `engine-missing` where there is no such command
 */
export function runPulumi(context: Context, args: readonly string[], options: PulumiOptions = {}): Promise<PulumiRun> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
      cwd: context.root,
      env: { ...context.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    const watch = stopLate(child, options);
    const output = collect(child.stdout, child.stderr, (chunk) => {
      if (chunk.includes(STARTED)) watch.started();
      if (options.show === true) context.terminal.pass(chunk);
    });
    const release = passSignals((signal) => child.kill(signal));
    child.on("error", (cause: NodeJS.ErrnoException) => {
      release();
      watch.clear();
      reject(cause.code === "ENOENT" ? engineMissing(cause) : cause);
    });
    child.on("close", (code, signal) => {
      release();
      watch.clear();
      resolve({ exitCode: code ?? (signal === "SIGKILL" ? 137 : 130), late: watch.passed(), ...output() });
    });
  });
}

/** The engine's last error line, for a message. */
export function lastError(run: PulumiRun): string {
  if (run.late) return "no answer within the deadline";
  const lines = run.said
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const errors = lines.filter((line) => /^error: |: error: |^NO-GO/.test(line));
  return (errors.at(-1) ?? lines.at(-1) ?? `exit code ${run.exitCode}`).replace(/^error: /, "");
}

type Readable = NodeJS.ReadableStream;

function collect(stdout: Readable, stderr: Readable, pass: (chunk: Buffer) => void) {
  const kept: Buffer[] = [];
  let size = 0;
  let said = "";
  const take = (chunk: Buffer): void => {
    said = (said + chunk.toString("utf8")).slice(-TAIL);
    pass(chunk);
  };
  stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= LARGEST) kept.push(chunk);
    take(chunk);
  });
  stderr.on("data", take);
  return () => ({ stdout: Buffer.concat(kept).toString("utf8"), said });
}

const PASSED_ON = ["SIGINT", "SIGTERM"] as const;

function passSignals(kill: (signal: NodeJS.Signals) => void): () => void {
  const pass = (): void => kill("SIGINT");
  const ignore = (): void => undefined;
  for (const signal of PASSED_ON) process.on(signal, pass);
  process.on("SIGHUP", ignore);
  return () => {
    for (const signal of PASSED_ON) process.off(signal, pass);
    process.off("SIGHUP", ignore);
  };
}

/** Stops a run that takes too long, and what it has started: a provider must not finish a write after the next run. */
function stopLate(child: ChildProcess, { deadline, startWithin }: PulumiOptions) {
  const timers: NodeJS.Timeout[] = [];
  let family: ProcessFacts[] = [];
  let passed = false;
  const stop = (): void => {
    if (passed) return;
    passed = true;
    family = descendants(child.pid ?? 0);
    child.kill("SIGINT");
    timers.push(
      setTimeout(() => child.kill("SIGINT"), BETWEEN_INTERRUPTS),
      setTimeout(kill, GRACE),
    );
  };
  const kill = (): void => {
    child.kill("SIGKILL");
    for (const left of family.filter(stillAlive)) process.kill(left.pid, "SIGKILL");
  };
  const start = startWithin === undefined ? undefined : setTimeout(stop, startWithin);
  if (deadline !== undefined) timers.push(setTimeout(stop, deadline));
  return {
    started: () => clearTimeout(start),
    passed: () => passed,
    clear: () => {
      for (const timer of [start, ...timers]) clearTimeout(timer);
      if (passed) kill();
    },
  };
}

function engineMissing(cause: unknown): HoldpointError {
  return new HoldpointError("engine-missing", 'the command "pulumi" is not on PATH', {
    remedy: "holdpoint sandbox exec -- <command> brings its own; elsewhere put the folder of pulumi on PATH",
    cause,
  });
}
