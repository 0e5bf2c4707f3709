/** What differs between two texts, line by line: what a signer reads. */

/** Lines that are compared exactly; a trust file has some hundred. */
const MOST = 3000;

/** The lines that were taken away ("- …") and added ("+ …"), in order. */
export function changedLines(before: string, after: string): readonly string[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  if (old.length > MOST || now.length > MOST)
    return [`${old.length} lines before, ${now.length} now: too many to compare`];
  const lengths = commonLengths(old, now);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      i += 1;
      j += 1;
    } else if (j >= now.length || (i < old.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      lines.push(`- ${old[i] ?? ""}`);
      i += 1;
    } else {
      lines.push(`+ ${now[j] ?? ""}`);
      j += 1;
    }
  }
  return lines;
}

/** By position: length of the longest common subsequence of what follows. */
function commonLengths(old: readonly string[], now: readonly string[]): readonly Uint16Array[] {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const row = lengths[i] as Uint16Array;
      row[j] =
        old[i] === now[j] ? at(lengths, i + 1, j + 1) + 1 : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1));
    }
  }
  return lengths;
}

function at(lengths: readonly Uint16Array[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0;
}
