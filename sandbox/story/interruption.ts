import { type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { descendants, processFacts, stillAlive } from "../../cli/processes";
import { pause } from "../processes";

/** How long an interrupted command may take to end before it is killed, milliseconds. */
const PATIENCE = 3_000;

/**
 * The end that comes from outside: a signal, a terminal that was closed, a reader of the output that went away. What the
 * story has started is ended then, and nothing else begins.
 */
export class Interruption {
  /** The commands that run now. */
  readonly children = new Set<ChildProcess>();
  /** Settles when everything has been ended, with the exit code that shells give for it; never without an interruption. */
  readonly ended: Promise<number>;
  private end: (code: number) => void = () => undefined;
  private begun = false;
  private readonly after: () => Promise<void>;

  /** @param after what is left to be ended once no command runs any more */
  constructor(after: () => Promise<void>) {
    this.after = after;
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  /** Whether it has begun: whoever fails from then on fails because of it, and has nothing to tell. */
  get is(): boolean {
    return this.begun;
  }

  /** Listens for the rest of the process's life: a second signal must not leave half of it running. */
  listen(): this {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => void this.begin(128 + constants.signals[signal]));
    }
    // Nobody reads on (npm start | head), or the terminal is gone.
    process.stdout.on("error", () => void this.begin(128 + constants.signals.SIGPIPE));
    process.stderr.on("error", () => undefined);
    return this;
  }

  async begin(code: number): Promise<void> {
    if (this.begun) return;
    this.begun = true;
    process.stderr.write("\nstopping: the command that runs, then the sandbox\n");
    await Promise.all([...this.children].map(endWhole));
    await this.after().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    this.end(code);
  }
}

/** Ends a command and all that it has started: an engine's plugins would outlive it. */
async function endWhole(child: ChildProcess): Promise<void> {
  const own = child.pid === undefined ? undefined : processFacts(child.pid);
  if (own === undefined) return;
  const family = [own, ...descendants(own.pid)];
  child.kill("SIGINT");
  for (const until = Date.now() + PATIENCE; family.some(stillAlive) && Date.now() < until;) await pause(50);
  for (const { pid } of family.filter(stillAlive)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
}
