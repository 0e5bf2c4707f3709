import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Faults } from "./faults";
import { TrackMetrics } from "./metrics";
import type { Controls, Workload } from "./world";

/**
 * Share of requests that fail in any version without a fault. None: a step of the story holds a hundred requests of the
 * canary, in which one chance failure would be twice the rate of any baseline.
 */
export const USUAL_ERROR_RATE = 0;

/** Median of the usual latency in milliseconds, and the spread of its logarithm: p95 is about 28 ms. */
const MEDIAN = 12;
const SPREAD = 0.5;

/** The part of a request's time that its queries take. */
const QUERIES = 0.4;

/** Set by the gateway: what the served log counts is users' requests, not probes. */
export const GATEWAY_HEADER = "x-holdpoint-gateway";

/** A latency in milliseconds: log-normal, as services' are; `random` yields numbers in [0, 1). */
export function usualLatency(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return MEDIAN * Math.exp(SPREAD * normal);
}

export interface VersionOptions {
  readonly workload: Workload;
  readonly faults: Faults;
  /** The switches in force now. */
  readonly controls: () => Controls;
  /** Told of every answer to a user's request. */
  readonly served: (at: number) => void;
  readonly random: () => number;
}

/** One running version of the service: a real HTTP server on a loopback port. */
export class Version {
  readonly workload: Workload;
  readonly metrics: TrackMetrics;
  readonly #options: VersionOptions;
  readonly #server: Server;
  #port = 0;

  constructor(options: VersionOptions) {
    this.workload = options.workload;
    this.metrics = new TrackMetrics(options.workload.namespace, options.workload.track);
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#answer(request, response);
    });
    this.#server.keepAliveTimeout = 30_000;
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Lets requests under way finish, as a pod does that is taken out of rotation. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeIdleConnections();
      setTimeout(() => {
        this.#server.closeAllConnections();
      }, 2_000).unref();
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const path = request.url ?? "/";
    if (path === "/health" || path.startsWith("/health/")) {
      this.#health(response);
      return;
    }
    const began = performance.now();
    const { code, body, delay } = this.#decide(request.method ?? "GET");
    setTimeout(() => {
      const { safeMode } = this.#options.controls();
      const headers = { "content-type": "application/json", ...(safeMode ? { "x-safe-mode": "true" } : {}) };
      response.writeHead(code, headers).end(JSON.stringify(body));
      this.metrics.observe(code, (performance.now() - began) / 1000, (delay * QUERIES) / 1000);
      if (request.headers[GATEWAY_HEADER] !== undefined) this.#options.served(Date.now());
    }, delay);
  }

  #decide(method: string): { code: number; body: unknown; delay: number } {
    const { version, image, track } = this.workload;
    const { random, faults } = this.#options;
    const { killSwitch, safeMode } = this.#options.controls();
    if (killSwitch) return { code: 503, body: { version, message: "switched off by the kill switch" }, delay: 0 };
    if (safeMode && method !== "GET" && method !== "HEAD") {
      return { code: 503, body: { version, message: "safe mode: nothing is changed" }, delay: 0 };
    }
    const fault = faults.of(version, image);
    const delay = usualLatency(random) + (fault?.latency ?? 0);
    const failed = random() < USUAL_ERROR_RATE || (fault !== undefined && random() < fault.errorRate);
    if (failed) return { code: 500, body: { version, message: "something went wrong" }, delay };
    return { code: 200, body: { version, track }, delay };
  }

  /** A version that fails more often than it answers is not healthy; one that is switched off is. */
  #health(response: ServerResponse): void {
    const fault = this.#options.faults.of(this.workload.version, this.workload.image);
    const ok = fault === undefined || fault.errorRate < 0.5;
    response
      .writeHead(ok ? 200 : 503, { "content-type": "application/json" })
      .end(JSON.stringify({ status: ok ? "ok" : "failing", version: this.workload.version }));
  }
}
