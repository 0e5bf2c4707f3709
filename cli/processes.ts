/** What this machine knows of a process: whether it lives, since when, what it runs, what it has started. */
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

/** A living process. */
export interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  /** When it started, milliseconds since the epoch, to within a second or so; undefined where the system does not tell. */
  readonly startedAt: number | undefined;
  /** Its command line, for a person. */
  readonly command: string;
}

/** Facts of a living process; undefined for one that has ended, reaped or not. */
export function processFacts(pid: number): ProcessFacts | undefined {
  if (!answersSignals(pid)) return undefined;
  if (process.platform === "linux") return fromProc(pid);
  return fromPs(["-p", String(pid)])[0] ?? { pid, parent: 0, startedAt: undefined, command: "" };
}

/** All living processes that a process has started, directly or through others. */
export function descendants(pid: number): ProcessFacts[] {
  const all = process.platform === "linux" ? allFromProc() : fromPs(["-ax"]);
  const found: ProcessFacts[] = [];
  for (let parents = [pid]; parents.length > 0;) {
    const children = all.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found;
}

/** Whether the process of these facts still lives: the same number given anew is another process. */
export function stillAlive(facts: ProcessFacts): boolean {
  const now = processFacts(facts.pid);
  return now !== undefined && (now.startedAt === undefined || now.startedAt === facts.startedAt);
}

/** Whether the number belongs to a process, this user's or another's. */
function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function allFromProc(): ProcessFacts[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => fromProc(Number(name)) ?? []);
}

/** Ticks of the kernel's clock in a second: fixed in what Linux shows to programs. */
const TICKS = 100;

function fromProc(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything; fields count from after its last parenthesis.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    const startedAt = bootTime() + (Number(fields[19]) * 1000) / TICKS;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
    return { pid, parent: Number(fields[1]), startedAt, command };
  } catch {
    return undefined;
  }
}

let boot: number | undefined;

function bootTime(): number {
  boot ??= Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]) * 1000;
  return boot;
}

/** macOS and the BSDs. Windows has no `ps`: there a process has no facts beyond its being alive. */
function fromPs(which: readonly string[]): ProcessFacts[] {
  try {
    const options = { encoding: "utf8", timeout: 3_000, env: { ...process.env, LC_ALL: "C" } } as const;
    return execFileSync("ps", ["-o", "pid=,ppid=,stat=,lstart=,command=", ...which], options)
      .split("\n")
      .flatMap(psLine);
  } catch {
    return [];
  }
}

/** "  123     1 S+   Sat Nov 21 11:56:03 2026 pulumi up --yes" */
export function psLine(line: string): ProcessFacts[] {
  const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]{8}\s+\d{4})\s+(.*)$/.exec(line);
  if (match === null || match[3]?.startsWith("Z") === true) return [];
  const startedAt = Date.parse(String(match[4]));
  return [
    {
      pid: Number(match[1]),
      parent: Number(match[2]),
      startedAt: Number.isNaN(startedAt) ? undefined : startedAt,
      command: String(match[5]).trim(),
    },
  ];
}
