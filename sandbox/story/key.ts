const [CTRL_C, CTRL_D] = ["\u0003", "\u0004"];

/**
 * Waits for any key on the terminal.
 * @returns "end" for Ctrl-C, for Ctrl-D, and where the terminal is gone
 */
export async function waitForKey(question: string): Promise<"key" | "end"> {
  const { stdin, stdout } = process;
  stdin.setRawMode(true);
  stdin.resume();
  stdout.write(question);
  try {
    const key = await new Promise<string>((resolve) => {
      stdin.once("data", (data) => resolve(data.toString()));
      stdin.once("end", () => resolve(CTRL_D));
    });
    return key.startsWith(CTRL_C) || key.startsWith(CTRL_D) ? "end" : "key";
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stdin.removeAllListeners("data").removeAllListeners("end");
    stdout.write("\n");
  }
}
