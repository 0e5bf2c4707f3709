import { Agent, request as send } from "node:http";
import type { Space } from "./world";

/** Requests per second for each host name of a stage; staging has few users. */
export const RATE = { production: 160, staging: 30 } as const;

/** How often requests are sent off, milliseconds: often enough to look steady, seldom enough to cost little. */
const TICK = 10;
/** Requests under way at most, in all: a stuck service must not pile them up. */
const MAX_OPEN = 400;

/** Requests per second that a namespace's users make. */
export const rateOf = (namespace: string): number => (/staging/.test(namespace) ? RATE.staging : RATE.production);

/** How many independent requests fall into an interval in which `mean` are expected (Knuth's method for Poisson). */
export function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/** The users: for each host name of each HTTPRoute, requests at random moments, for as long as it runs. */
export class Load {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MAX_OPEN, maxFreeSockets: 64 });
  readonly #timer: NodeJS.Timeout;
  #open = 0;
  #last = performance.now();
  #sent = 0;

  constructor(gateway: number, spaces: () => ReadonlyMap<string, Space>, random: () => number) {
    this.#timer = setInterval(() => {
      const now = performance.now();
      // After a pause (a busy machine) the missed requests are not made up for: users don't come in bursts.
      const seconds = Math.min(now - this.#last, 5 * TICK) / 1000;
      this.#last = now;
      for (const [namespace, { routes }] of spaces()) {
        for (const host of new Set(routes.flatMap((route) => route.hostnames))) {
          for (let n = poisson(rateOf(namespace) * seconds, random); n > 0; n--) this.#send(gateway, host);
        }
      }
    }, TICK);
  }

  get sent(): number {
    return this.#sent;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#agent.destroy();
  }

  #send(port: number, host: string): void {
    if (this.#open >= MAX_OPEN) return;
    this.#open += 1;
    this.#sent += 1;
    const headers = { host: host.startsWith("*.") ? `www${host.slice(1)}` : host };
    const request = send(
      { host: "127.0.0.1", port, path: "/", agent: this.#agent, headers, timeout: 20_000 },
      (answer) => {
        answer.resume();
      },
    );
    request.on("timeout", () => request.destroy());
    // Errors count where they happen, at the gateway and the versions.
    request.on("error", () => undefined);
    request.on("close", () => {
      this.#open -= 1;
    });
    request.end();
  }
}
