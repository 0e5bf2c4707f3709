/** What of a command's output is shown in the story. The whole of it is in the log. */

/** Each refusal of a preview, as the engine shows it, without the lines that all of them share. */
export function refusals(text: string): readonly string[] {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith("Policies:"));
  const to = lines.findIndex((line, index) => index > from && line.startsWith("Diagnostics:"));
  return lines
    .slice(from + 1, to < 0 ? undefined : to)
    .filter((line) => !/\[mandatory\]|\[remediate\]|holdpoint@v|Every criterion of the rollout plan holds/.test(line))
    .map((line) => line.replace(/^ {10}/, ""))
    .map((line) => (/^(NO-GO|PENDING) /.test(line) ? line : `  ${line}`))
    .filter((line) => line.trim() !== "");
}

/** The refusal of one criterion, out of a preview that may have refused others. */
export function only(criterion: string): (text: string) => readonly string[] {
  return (text) => {
    const lines = refusals(text);
    const from = lines.findIndex((line) => line.startsWith(`NO-GO ${criterion}:`));
    const rest = lines.slice(from + 1);
    const end = rest.findIndex((line) => /^(NO-GO|PENDING) /.test(line));
    return from < 0 ? [] : lines.slice(from, end < 0 ? undefined : from + 1 + end);
  };
}

/** The decision's overview, as the program logs it. */
export function overview(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trim());
  const from = lines.findIndex((line) => /^(GO|NO-GO|PENDING) (enter|\S+ canary)/.test(line));
  if (from < 0) return [];
  const rest = lines.slice(from);
  // What is unmet stands in the table already.
  const end = rest.findIndex(
    (line, at) => at > 0 && /^((NO-GO|PENDING) |stand-in for|Outputs:|Resources:|error:)/.test(line),
  );
  return rest.slice(0, end < 0 ? undefined : end).filter((line) => line !== "");
}

/** The first line of the overview, and what changed. */
export function outcome(text: string): readonly string[] {
  const changed = text.split("\n").filter((line) => /^ {4}[+~-]\S* ?\d+ \w+|^ {4}\d+ unchanged/.test(line));
  return [...overview(text).slice(0, 1), ...changed.map((line) => line.trim())];
}

/** Characters of a line that are shown. */
const LONGEST = 140;

/** That somebody signed, and what is still missing then. */
export function signed(text: string): readonly string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const said = lines.slice(lines.findIndex((line) => line.startsWith("signed by ")));
  // Whose other approvals do not count, and why, is a long list after a while.
  return said.map((line) => (line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line));
}

/** The last lines that are no progress. */
export function last(count: number): (text: string) => readonly string[] {
  return (text) =>
    text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(-count);
}
