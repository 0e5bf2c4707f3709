import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/** A process that was started for a sandbox. Numbers are reused; a number with its start time is not. */
export interface Started {
  readonly pid: number;
  /** When it began, as the system tells it. */
  readonly started: string;
}

/** How long a process may take to end before it is ended, milliseconds. */
const GRACE = 5_000;
const DEADLINE = 5_000;

/** When a process began, or undefined if there is none with this number (a zombie has ended). */
export function startTime(pid: number): string | undefined {
  try {
    if (process.platform === "linux") return linuxStartTime(pid);
    const [command, ...args] =
      process.platform === "win32"
        ? ["powershell", "-NoProfile", "-Command", `(Get-Process -Id ${String(pid)}).StartTime.ToFileTimeUtc()`]
        : ["ps", "-o", "lstart=", "-p", String(pid)];
    const told = execFileSync(command ?? "", args, {
      encoding: "utf8",
      timeout: DEADLINE,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return told.trim() === "" ? undefined : told.trim();
  } catch {
    return undefined;
  }
}

function linuxStartTime(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
  // The name, in parentheses, may hold anything; fields count from after it: state is the 3rd, start time the 22nd.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z") return undefined;
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${boot}:${fields[19] ?? ""}`;
}

/** Whether that very process still runs. */
export function runs(process: Started | undefined): boolean {
  return process !== undefined && startTime(process.pid) === process.started;
}

/** Starts a process that outlives this one, its output in a file. */
export function startDetached(command: string, args: readonly string[], log: string, env: NodeJS.ProcessEnv): Started {
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, "a", 0o600);
  try {
    const child = spawn(command, args, { detached: true, stdio: ["ignore", output, output], env, windowsHide: true });
    child.on("error", () => undefined);
    child.unref();
    const started = child.pid === undefined ? undefined : startTime(child.pid);
    if (child.pid === undefined || started === undefined) throw new Error(`cannot start ${command}`);
    return { pid: child.pid, started };
  } finally {
    closeSync(output);
  }
}

/** Ends a process and waits until it is gone. One that took over its number is left alone. */
export async function end(process_: Started | undefined): Promise<void> {
  if (process_ === undefined) return;
  for (const [signal, patience] of [
    ["SIGTERM", GRACE],
    ["SIGKILL", GRACE],
  ] as const) {
    if (!runs(process_)) return;
    try {
      process.kill(process_.pid, signal);
    } catch {
      return;
    }
    const until = Date.now() + patience;
    while (runs(process_) && Date.now() < until) await pause(20);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
