import {
  Agent,
  createServer,
  request as send,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { findRule, pick } from "./route";
import { GATEWAY_HEADER } from "./version";
import type { Space, Workload } from "./world";

/** A request that no version answers in this time fails at the gateway, milliseconds. */
const DEADLINE = 15_000;

export interface GatewayOptions {
  readonly spaces: () => ReadonlyMap<string, Space>;
  /** The port of a pod behind a Service of a namespace, or undefined where none runs. */
  readonly endpoint: (space: Space, service: string) => { workload: Workload; port: number } | undefined;
  readonly random: () => number;
}

/** The gateway: reads the rendered HTTPRoutes for each request anew and forwards it over HTTP. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 64 });

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#forward(request, response);
    });
    this.#server.keepAliveTimeout = 30_000;
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#agent.destroy();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #target(host: string, path: string): { port: number } | { code: number; message: string } {
    for (const space of this.#options.spaces().values()) {
      const found = findRule(space.routes, host, path);
      if (found === undefined) continue;
      const backend = pick(found.rule.backends, this.#options.random());
      if (backend === undefined) return { code: 500, message: "the route sends nothing anywhere" };
      const endpoint = this.#options.endpoint(space, backend.service);
      if (endpoint === undefined) return { code: 503, message: `no pod behind service ${backend.service}` };
      return endpoint;
    }
    return { code: 404, message: `no route for ${host}` };
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const host = (request.headers.host ?? "").replace(/:\d+$/, "");
    const target = this.#target(host, request.url ?? "/");
    if ("code" in target) {
      request.resume();
      fail(response, target.code, target.message);
      return;
    }
    const onward = send(
      {
        host: "127.0.0.1",
        port: target.port,
        path: request.url,
        method: request.method,
        agent: this.#agent,
        headers: { ...request.headers, [GATEWAY_HEADER]: "1" },
        timeout: DEADLINE,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on("timeout", () => onward.destroy(new Error("deadline")));
    onward.on("error", () => {
      fail(response, 502, "the version did not answer");
    });
    request.pipe(onward);
  }
}

function fail(response: ServerResponse, code: number, message: string): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify({ message }));
}
