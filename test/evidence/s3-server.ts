/**
 * A small server that speaks as much S3 as the store does, with faults on request: what a real service does on a bad day.
 * What a good day looks like is tested against a whole imitation of S3 in s3-moto.test.ts.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createHash } from "node:crypto";

/** What to answer instead; undefined goes on as usual. */
export type Fault = (request: { method: string; key: string; count: number }) => Answer | "hang" | undefined;

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The server. */
export interface FakeS3 {
  readonly endpoint: string;
  readonly objects: Map<string, Buffer>;
  /** Headers of each put, by key. */
  readonly puts: { readonly key: string; readonly headers: IncomingMessage["headers"] }[];
  fault: Fault;
  /** Requests so far. */
  count: number;
  close(): Promise<void>;
}

/** Starts one on a free port of the loopback. Lists at most `page` keys at a time. */
export async function fakeS3(page = 1000): Promise<FakeS3> {
  const state = { objects: new Map<string, Buffer>(), puts: [] as FakeS3["puts"], fault: (() => undefined) as Fault };
  const server: Server = createServer(
    (request, response) => void answer(request, response).catch(() => response.destroy()),
  );
  const fake = {
    ...state,
    endpoint: "",
    count: 0,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://s3");
    const [, bucket, ...rest] = decodeURIComponent(url.pathname).split("/");
    const key = rest.join("/");
    fake.count += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const fault = fake.fault({ method: request.method ?? "", key, count: fake.count });
    if (fault === "hang") return;
    if (fault !== undefined) return send(response, fault.status, fault.body ?? "", fault.headers);
    if (bucket !== "bucket") return send(response, 404, error("NoSuchBucket"));
    if (request.method === "PUT") return put(request, response, key, unchunked(request, Buffer.concat(chunks)));
    if (key === "") return send(response, 200, list(url.searchParams));
    const found = fake.objects.get(key);
    if (found === undefined) return send(response, 404, error("NoSuchKey"));
    send(response, 200, found);
  }
  function put(request: IncomingMessage, response: ServerResponse, key: string, body: Buffer): void {
    fake.puts.push({ key, headers: request.headers });
    if (request.headers["if-none-match"] === "*" && fake.objects.has(key)) {
      return send(response, 412, error("PreconditionFailed"));
    }
    fake.objects.set(key, body);
    send(response, 200, "", { etag: `"${createHash("md5").update(body).digest("hex")}"` });
  }
  function list(query: URLSearchParams): string {
    const prefix = query.get("prefix") ?? "";
    const size = Math.min(page, Number(query.get("max-keys") ?? page));
    const keys = [...fake.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    const direct = keys.filter((key) => !key.slice(prefix.length).includes("/"));
    const from = Number(query.get("continuation-token") ?? "0");
    const shown = direct.slice(from, from + size);
    const more = from + size < direct.length;
    const next = more ? `<NextContinuationToken>${from + size}</NextContinuationToken>` : "";
    const contents = shown.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join("");
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents}</ListBucketResult>`;
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  fake.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return fake;
}

/** Bodies come in signed chunks, each after a line with its length, with a checksum behind them. */
function unchunked(request: IncomingMessage, body: Buffer): Buffer {
  if (!(request.headers["content-encoding"] ?? "").includes("aws-chunked")) return body;
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const end = body.indexOf("\r\n", at);
    const size = parseInt(body.subarray(at, end).toString("latin1"), 16);
    if (!(size > 0)) break;
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(parts);
}

export const error = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`;

function send(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/xml", ...headers });
  response.end(body);
}
