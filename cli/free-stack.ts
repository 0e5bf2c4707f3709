/** Makes a stack's lock free for a rollback, without ever taking it from under a living process. */
import { HoldpointError } from "../rollout/errors";
import { lockFolder } from "./backend";
import type { Context } from "./context";
import { describeHolder, holderOf, readLocks, type Holder } from "./lock";
import { descendants, stillAlive, type ProcessFacts } from "./processes";
import { BETWEEN_INTERRUPTS, lastError, runPulumi } from "./pulumi";

/** How long an interrupted engine may take to end, in milliseconds; it usually takes some 100. */
const PATIENCE = 5_000;
/** How long a killed process may take to disappear, in milliseconds. */
const AFTER_KILL = 2_000;
const POLL = 20;

export interface Freeing {
  readonly takeOver: boolean;
  /** The command to say in a refusal: "holdpoint rollback production". */
  readonly command: string;
}

/**
 * Frees a stack of its locks where that is right: at once where their processes have ended, by interrupting those of
 * this machine where told to take over.
 * @returns what was done, one line each; empty where nothing held the stack
 * @throws HoldpointError `lock-held`, naming who holds it and since when
 */
export async function freeStack(context: Context, stack: string, freeing: Freeing): Promise<string[]> {
  const folder = lockFolder(context, stack);
  const holders = folder === undefined ? [] : readLocks(folder).map((lock) => holderOf(lock));
  const inTheWay = holders.filter(({ is }) => is === "alive" || is === "elsewhere");
  if (inTheWay.length > 0 && !freeing.takeOver) throw lockHeld(stack, inTheWay, freeing);
  const done: string[] = [];
  for (const holder of holders) done.push(await end(holder));
  if (folder !== undefined && holders.length > 0 && readLocks(folder).length > 0) await cancel(context, stack);
  return done;
}

/** Whether a failed run of the engine says that somebody else holds the stack. */
export function saysLocked(said: string): boolean {
  return /the stack is currently locked by|Another update is currently in progress/.test(said);
}

/** Removes what is left of a stack's lock. Harmless only where no process works on the stack any more. */
export async function cancel(context: Context, stack: string): Promise<void> {
  const run = await runPulumi(context, ["cancel", "--yes", "--stack", stack], { deadline: 15_000 });
  if (run.exitCode === 0) return;
  throw new HoldpointError("engine-failed", `the lock on ${stack} could not be removed: ${lastError(run)}`, {
    remedy: `pulumi cancel --yes --stack ${stack}`,
  });
}

function lockHeld(stack: string, holders: readonly Holder[], { command }: Freeing): HoldpointError {
  const elsewhere = holders.some(({ is }) => is === "elsewhere");
  const what = elsewhere
    ? `stop that process on its machine first, then: ${command} --take-over (it only removes the lock: a process that still runs there would go on writing)`
    : `${command} --take-over (it interrupts that process and waits for its end)`;
  return new HoldpointError(
    "lock-held",
    `${stack} is held by ${holders.map((held) => describeHolder(held)).join("; ")}`,
    {
      remedy: what,
    },
  );
}

async function end(holder: Holder): Promise<string> {
  if (holder.is === "alive") return interrupt(holder.facts, holder);
  const told = `took the lock over from ${describeHolder(holder)}`;
  return holder.is === "elsewhere"
    ? `${told}: only its lock was removed; if it still runs there, it can go on writing`
    : told;
}

/**
 * Ends an engine and all that it has started: its providers could otherwise finish a write after ours. Two interrupts
 * make the engine release the lock and exit at once; killing it is the last resort.
 */
async function interrupt(owner: ProcessFacts, holder: Holder): Promise<string> {
  const family = [owner, ...descendants(owner.pid)];
  send(owner.pid, "SIGINT", holder);
  if (!(await ended([owner], BETWEEN_INTERRUPTS))) send(owner.pid, "SIGINT", holder);
  const willing = await ended([owner], PATIENCE);
  for (const left of family.filter(stillAlive)) send(left.pid, "SIGKILL", holder);
  if (!(await ended(family, AFTER_KILL))) {
    throw new HoldpointError("lock-held", `pid ${owner.pid} does not end, not even when killed`, {
      remedy: "look at what that process waits for; nothing was changed",
    });
  }
  return `${willing ? "interrupted" : "killed"} ${describeHolder(holder)}`;
}

async function ended(processes: readonly ProcessFacts[], within: number): Promise<boolean> {
  for (const deadline = Date.now() + within; Date.now() < deadline;) {
    if (!processes.some(stillAlive)) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
  return !processes.some(stillAlive);
}

function send(pid: number, signal: NodeJS.Signals, holder: Holder): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return;
    throw new HoldpointError(
      "lock-held",
      `${describeHolder(holder)}: ${code === "EPERM" ? "it belongs to another user" : String(code)}`,
      {
        remedy: `as that user or as an administrator: kill -INT ${pid}, twice`,
        cause: error,
      },
    );
  }
}
