import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseFault, type Faults } from "./faults";
import { exposition, type TrackMetrics } from "./metrics";
import type { ServedLog } from "./served";

/** A fault is a few words; anything longer is not one. */
const MAX_BODY = 4096;

export interface AdminOptions {
  readonly faults: Faults;
  readonly served: ServedLog;
  readonly tracks: () => readonly TrackMetrics[];
  /** What runs and where the traffic goes, for people. */
  readonly describe: () => unknown;
  /** Called after a fault was set. */
  readonly faultsChanged: () => void;
}

/**
 * The cluster's own endpoints, on loopback: `GET /metrics` for Prometheus; `GET /last?version=` or
 * `?namespace=&track=` for who answered users last and when; `GET /served?namespace=&since=` for counts;
 * `GET|POST /fault`; `GET /`.
 */
export class Admin {
  readonly #options: AdminOptions;
  readonly #server: Server;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      void this.#answer(request, response).catch((error: unknown) => {
        reply(response, 500, { error: error instanceof Error ? error.message : String(error) });
      });
    });
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const query = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
    const { faults, served, tracks, describe } = this.#options;
    switch (`${request.method ?? "GET"} ${url.pathname}`) {
      case "GET /metrics":
        response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(exposition(tracks()));
        return;
      case "GET /last": {
        const [namespace, track, version] = [query("namespace"), query("track"), query("version")];
        const wanted = {
          ...(namespace === undefined ? {} : { namespace }),
          ...(track === undefined ? {} : { track }),
          ...(version === undefined ? {} : { version }),
        };
        reply(response, 200, served.find(wanted));
        return;
      }
      case "GET /served":
        reply(response, 200, served.since(query("namespace") ?? "", Number(query("since") ?? 0)));
        return;
      case "GET /fault":
        reply(response, 200, faults.all());
        return;
      case "POST /fault":
        this.#setFault(await body(request), response);
        return;
      case "GET /":
        reply(response, 200, describe());
        return;
      default:
        reply(response, 404, { error: `no such endpoint: ${request.method ?? ""} ${url.pathname}` });
    }
  }

  #setFault(text: string, response: ServerResponse): void {
    let raw: unknown;
    try {
      raw = JSON.parse(text);
    } catch {
      reply(response, 400, { error: "the body is not JSON" });
      return;
    }
    const fault = parseFault(raw);
    if (typeof fault === "string") {
      reply(response, 400, { error: fault });
      return;
    }
    this.#options.faults.set(fault);
    this.#options.faultsChanged();
    reply(response, 200, this.#options.faults.all());
  }
}

function reply(response: ServerResponse, code: number, value: unknown): void {
  response.writeHead(code, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}

async function body(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY) throw new Error("the body is too long");
  }
  return text;
}
