/**
 * Time as the rollout plan counts it. Files, signatures and checkpoints carry the machine's time; everything that
 * decides works in plan time. The two are the same except in the sandbox, which compresses time by a stated factor.
 * All times are milliseconds since the epoch.
 */
export interface Clock {
  /** The present, in plan time. */
  now(): number;
  /** Plan time of an instant of the machine's clock. */
  at(machine: number): number;
  /** How long a span of plan time lasts on the machine's clock. */
  machineSpan(span: number): number;
  /** What a reader must know of this clock ("sandbox: 60x"); absent for the machine's own. */
  readonly note?: string;
}

/** The machine's own clock: plan time is machine time. */
export const machineClock: Clock = {
  now: () => Date.now(),
  at: (machine) => machine,
  machineSpan: (span) => span,
};
