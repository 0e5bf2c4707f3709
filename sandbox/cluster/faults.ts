/** What is wrong with a release, on request. */
export interface Fault {
  /** Image or version of the release: every track that runs it is affected, wherever. */
  readonly release: string;
  /** Share of requests that fail, on top of the usual, 0..1. */
  readonly errorRate: number;
  /** Added to every answer, milliseconds. */
  readonly latency: number;
}

/** The longest that a fault may delay an answer, milliseconds: more would only pile up requests. */
export const MAX_LATENCY = 10_000;

/** Reads a fault as it is asked for; a text says what is wrong with it. */
export function parseFault(raw: unknown): Fault | string {
  const { release, errorRate, latency } = (raw ?? {}) as Record<string, unknown>;
  if (typeof release !== "string" || release === "") return 'release must be a version or an image, "2.4.0"';
  if (typeof errorRate !== "number" || !(errorRate >= 0 && errorRate <= 1)) {
    return `errorRate is ${JSON.stringify(errorRate)}, a number from 0 to 1 is wanted`;
  }
  if (typeof latency !== "number" || !(latency >= 0 && latency <= MAX_LATENCY)) {
    return `latency is ${JSON.stringify(latency)}, milliseconds from 0 to ${MAX_LATENCY} are wanted`;
  }
  return { release, errorRate, latency };
}

/** The faults in force. A later one for the same release takes the place of the earlier; one of nothing ends it. */
export class Faults {
  readonly #byRelease = new Map<string, Fault>();

  constructor(faults: readonly Fault[] = []) {
    for (const fault of faults) this.set(fault);
  }

  set(fault: Fault): void {
    if (fault.errorRate === 0 && fault.latency === 0) this.#byRelease.delete(fault.release);
    else this.#byRelease.set(fault.release, fault);
  }

  /** What is wrong with a release; by its image before its version. */
  of(version: string, image: string): Fault | undefined {
    return this.#byRelease.get(image) ?? this.#byRelease.get(version);
  }

  all(): readonly Fault[] {
    return [...this.#byRelease.values()];
  }
}
