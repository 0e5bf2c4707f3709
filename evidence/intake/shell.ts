/** Scripts of pipelines: which of their commands are certain to run, and to end the script when they fail. */

/** Shells that GitHub starts so that the first command that fails ends the script. */
const STOPPING = ["bash", "sh"];

/** Whether a script under this shell ends with the first command that fails; undefined is the default of Linux and macOS. */
export function failsAtOnce(shell: string | undefined): boolean {
  return shell === undefined || STOPPING.includes(shell.trim());
}

/** From here on it depends on something whether a line is run: a block, a function, text for a program, an early end. */
const UNCERTAIN =
  /^(?:if|for|while|until|case|select|function|exit|return|exec|trap|else|elif)\b|^[^\s"']+\s*\(\)|<<|^[({]|^set\s+\+/;

const QUOTED = /"(?:[^"\\]|\\.)*"|'[^']*'/g;

/** Longer lines are no commands that anybody asks for, and take patterns too long: a script is read until the first. */
const MAX_LENGTH = 1_000;

/**
 * Commands of a script, in their order, each on its own: those that always run, and whose failure is the script's. Whatever is
 * not certain is left out, so that it can only be missed, never be believed.
 */
export function commandsOf(script: string): string[] {
  const lines = script
    .replace(/\\\r?\n/g, " ")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  // A quote that is left open goes on in the next line: what follows may be text.
  const end = lines.findIndex(
    (line) => line.length > MAX_LENGTH || UNCERTAIN.test(line) || /["'`]/.test(line.replace(QUOTED, "")),
  );
  const read = end === -1 ? lines : lines.slice(0, end);
  return read.flatMap((line, index) => certain(line, index === lines.length - 1));
}

/** The commands of one line; of one with an alternative, a pipe, or a command in the background, none. */
function certain(line: string, isLast: boolean): string[] {
  const bare = line.replace(QUOTED, "").replace(/\s#.*$/, "");
  if (bare.includes("|") || /(?<!&)&(?!&)/.test(bare.replace(/[<>]&|&>/g, ""))) return [];
  // Where `a && b` is not the last line, the script goes on when `a` has failed.
  if (bare.includes("&&") && !isLast) return [];
  const isSplit = /&&|;/.test(bare);
  if (isSplit && QUOTED.test(line)) return [];
  return (isSplit ? line.split(/&&|;/) : [line])
    .map((command) =>
      command
        .replace(/\s+#.*$/, "")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .filter((command) => command !== "");
}
