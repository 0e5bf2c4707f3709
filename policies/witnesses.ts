/** What besides the machine's clock knows a time, gathered without asking anybody that the gate does not ask anyway. */
import { prometheusTime } from "../analysis/prometheus-clock";
import { doubt, jump, type Witness } from "../rollout/clock-trust";
import type { Clock } from "../rollout/clock";
import type { Deployment } from "../rollout/state";
import type { World } from "../rollout/world";

/** Both clocks as they were when something began: the one that can be set, and the one that can't. */
export interface Moment {
  readonly wall: number;
  readonly steady: number;
}

/** Both clocks now. */
export function moment(): Moment {
  return { wall: Date.now(), steady: performance.now() };
}

/**
 * What Prometheus says of the time, and what the machine's clock said when the answer came: asked beside everything else,
 * so that it costs no waiting.
 */
export async function askPrometheus(url: string): Promise<Witness | undefined> {
  const asked = Date.now();
  const at = await prometheusTime(url);
  if (at === undefined) return undefined;
  // What is read later than it was asked for would be earlier than now: the difference to now is kept instead.
  const middle = (asked + Date.now()) / 2;
  return { what: `Prometheus at ${url}`, is: "present", at: at - middle };
}

/** What a run knows of times. */
export interface Known {
  readonly began: Moment;
  readonly clock: Clock;
  /** By stack. */
  readonly states: ReadonlyMap<string, Deployment>;
  readonly evidence: Pick<World, "evidence" | "approvals">;
  /** From `askPrometheus`. */
  readonly prometheus: Witness | undefined;
}

/** Why the machine's clock can't be believed, or undefined. */
export function clockFailure(
  { began, clock, states, evidence, prometheus }: Known,
  ended = moment(),
): string | undefined {
  const witnesses = [
    ...[...states].map(([stack, state]) => newestChange(stack, state)),
    newestEvidence(evidence, clock, ended.wall),
    ...(prometheus === undefined ? [] : [{ ...prometheus, at: prometheus.at + ended.wall }]),
  ];
  return doubt(ended.wall, witnesses) ?? jump(ended.wall - began.wall, ended.steady - began.steady);
}

/** The engine writes when it made and last changed each resource. */
function newestChange(stack: string, { resources }: Deployment): Witness {
  const times = resources
    .flatMap(({ created, modified }) => [created, modified])
    .map((time) => (typeof time === "string" ? Date.parse(time) : Number.NaN));
  return { what: `the newest change in the state of ${stack}`, is: "past", at: newest(times) };
}

/** What was signed was signed before now. Its times are plan times. */
function newestEvidence(known: Known["evidence"], clock: Clock, now: number): Witness {
  const times = [
    ...known.evidence.map(({ finishedAt }) => finishedAt),
    ...known.approvals.map((item) => item.approvedAt),
  ];
  return { what: "the newest signed evidence", is: "past", at: now + clock.machineSpan(newest(times) - clock.at(now)) };
}

function newest(times: readonly number[]): number {
  return times.reduce((latest, time) => (time > latest || Number.isNaN(latest) ? time : latest), Number.NaN);
}
