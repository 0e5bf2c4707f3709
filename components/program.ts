import * as pulumi from "@pulumi/pulumi";
import { HoldpointError } from "../rollout/errors";

/** The language host reads this exit code as "already told the user". */
const TOLD = 32;

/**
 * Runs a Pulumi program so that it either ends as a whole or fails. A program that stops half-way with exit code 0
 * would have the engine delete whatever it had not yet declared.
 */
export function wholeProgram<T>(main: () => Promise<T>): () => Promise<T> {
  return async () => {
    let ended = false;
    // First of all: the SDK's own handler tells the engine that the program is complete, which then begins to delete.
    process.prependListener("beforeExit", () => {
      if (!ended) process.exit(1);
    });
    process.on("exit", (code) => {
      if (ended || (code !== 0 && code !== 1)) return;
      // Printing through the engine is asynchronous, and nothing more will run: stderr reaches the user all the same.
      process.stderr.write(`${endedEarly().render()}\n`);
      process.exitCode = 1; // also after a process.exit(0), which skips the handler above
    });
    try {
      const outputs = await main();
      ended = true;
      return outputs;
    } catch (error) {
      ended = true; // by an error, which the engine is told of
      // Thrown on, an error would end the run only after minutes: the engine waits for what was begun.
      await pulumi.log.error(told(error));
      process.exit(TOLD);
    }
  };
}

/** A mistake in words; of a defect its stack. */
function told(error: unknown): string {
  if (error instanceof HoldpointError) return error.render();
  if (!(error instanceof Error)) return String(error);
  const where = process.env["HOLDPOINT_DEBUG"] ? "" : "\nHOLDPOINT_DEBUG=1 names the lines of the sources";
  return `${error.stack ?? error.message}${where}`;
}

function endedEarly(): HoldpointError {
  return new HoldpointError("program-ended-early", "the program ended while it was still waiting for something", {
    remedy: "look for an await in index.ts that never settles; nothing was deleted",
  });
}
