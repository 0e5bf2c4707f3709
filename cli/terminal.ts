import { HoldpointError } from "../rollout/errors";
import { inLines } from "../rollout/printable";
import type { Terminal } from "./context";

/** The process's own terminal. */
export function processTerminal(json: boolean): Terminal {
  const out = json ? process.stderr : process.stdout;
  return {
    json,
    interactive: !json && process.stdin.isTTY === true && process.stdout.isTTY === true,
    columns: out.isTTY === true ? out.columns : undefined,
    say: (text) => void out.write(`${inLines(text)}\n`),
    pass: (chunk) => void out.write(chunk),
    ask,
  };
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await lines.question(inLines(question))).trim();
  } catch (cause) {
    // Ctrl-C or Ctrl-D.
    throw new HoldpointError("usage", "the question was not answered, and nothing was done", { cause });
  } finally {
    lines.close();
  }
}
