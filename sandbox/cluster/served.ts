/** How finely served requests are counted, and how long that is kept: milliseconds. */
const BUCKET = 100;
const KEPT = 30 * 60_000;

/** One version of one track, and when it last answered a request that came through the gateway. */
export interface Served {
  readonly namespace: string;
  readonly track: string;
  readonly version: string;
  /** When its last answer went out, milliseconds since the epoch, machine time. */
  readonly last: number;
  /** How many it has answered since the sandbox came up. */
  readonly requests: number;
}

interface Line {
  readonly namespace: string;
  readonly track: string;
  readonly version: string;
  last: number;
  requests: number;
  /** Answers by tenth of a second. */
  readonly buckets: Map<number, number>;
}

/** Remembers served requests in little room: exact last times, and counts by tenth of a second for half an hour. */
export class ServedLog {
  readonly #lines = new Map<string, Line>();

  add(namespace: string, track: string, version: string, at: number): void {
    const key = `${namespace}\n${track}\n${version}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { namespace, track, version, last: at, requests: 0, buckets: new Map() };
      this.#lines.set(key, line);
    }
    line.last = Math.max(line.last, at);
    line.requests += 1;
    const bucket = Math.floor(at / BUCKET);
    const count = line.buckets.get(bucket);
    if (count === undefined) this.#forget(line, at);
    line.buckets.set(bucket, (count ?? 0) + 1);
  }

  #forget(line: Line, now: number): void {
    const oldest = Math.floor((now - KEPT) / BUCKET);
    for (const bucket of line.buckets.keys()) {
      if (bucket >= oldest) return;
      line.buckets.delete(bucket);
    }
  }

  /** Lines that match all that is asked for, the latest first. */
  find(wanted: { namespace?: string; track?: string; version?: string }): readonly Served[] {
    return [...this.#lines.values()]
      .filter(
        (line) =>
          (wanted.namespace === undefined || line.namespace === wanted.namespace) &&
          (wanted.track === undefined || line.track === wanted.track) &&
          (wanted.version === undefined || line.version === wanted.version),
      )
      .sort((a, b) => b.last - a.last)
      .map(({ namespace, track, version, last, requests }) => ({ namespace, track, version, last, requests }));
  }

  /** How many requests each track and version of a namespace answered since a moment (to a tenth of a second). */
  since(namespace: string, from: number): readonly { track: string; version: string; requests: number }[] {
    const first = Math.floor(from / BUCKET);
    return [...this.#lines.values()]
      .filter((line) => line.namespace === namespace)
      .map(({ track, version, buckets }) => {
        let requests = 0;
        for (const [bucket, count] of buckets) if (bucket >= first) requests += count;
        return { track, version, requests };
      })
      .filter(({ requests }) => requests > 0);
  }
}
