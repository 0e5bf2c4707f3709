/** Marks that a drill prints while it runs: a line of its own, stamped with the time at which it was seen. */

/** "holdpoint mark: detected" */
const MARK = /^holdpoint mark: ([a-z][a-z0-9-]{0,62})\s*$/;
/** Characters of a line that may still be a mark; a longer one is none, and is forgotten. */
const LONGEST = 200;
const MOST = 100;

/** One mark, and when it was seen, machine time. */
export interface SeenMark {
  readonly name: string;
  readonly at: number;
}

/** Reads marks out of a drill's output as it comes. Each of its streams needs its own. */
export class MarkReader {
  #rest = "";
  readonly #seen: SeenMark[];

  /** @param seen takes what is found; readers of several streams may share it */
  constructor(seen: SeenMark[]) {
    this.#seen = seen;
  }

  /** A piece of the output, at the time at which it came. */
  take(chunk: Buffer, at: number): void {
    const lines = `${this.#rest}${chunk.toString("latin1")}`.split("\n");
    const rest = lines.pop() ?? "";
    this.#rest = rest.length > LONGEST ? rest.slice(0, LONGEST + 1) : rest;
    for (const line of lines) {
      const name = line.length > LONGEST ? undefined : MARK.exec(line)?.[1];
      if (name !== undefined && this.#seen.length < MOST) this.#seen.push({ name, at });
    }
  }
}

/** When each mark was reached at last: one that is printed again was not reached for good before. */
export function reached(seen: readonly SeenMark[]): readonly SeenMark[] {
  return [...new Map(seen.map((mark) => [mark.name, mark])).values()];
}
