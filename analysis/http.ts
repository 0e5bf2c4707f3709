import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";

/** One answer of a server. */
export interface HttpAnswer {
  readonly text: string;
  /** The server's Date header, where it sends one. */
  readonly date: string | undefined;
}

/** What is asked, and how much of an answer is waited for. */
export interface HttpQuestion {
  /** Sent as a form by POST; without it, it is a GET. */
  readonly form?: Readonly<Record<string, string>>;
  /** Of the answer as a whole, milliseconds. */
  readonly deadline: number;
  /** Of the answer's text, bytes. */
  readonly largest: number;
}

/**
 * Asks a server once. Node's own client and not `fetch`, whose first use costs the pack a tenth of a second.
 * @throws Error in words: no answer in time, a status other than 2xx (a redirection is not followed), too long a text
 */
export async function askHttp(url: string, { form, deadline, largest }: HttpQuestion): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(deadline);
  try {
    const response = await send(new URL(url), form === undefined ? undefined : new URLSearchParams(form), signal);
    const status = response.statusCode ?? 0;
    if (status < 200 || status > 299) throw new Error(`HTTP status ${status}`);
    return { text: await textOf(response, largest), date: response.headers.date };
  } catch (error) {
    if (signal.aborted) throw new Error(`no answer within ${deadline / 1000} s`, { cause: error });
    throw error instanceof Error && error.message !== "" ? error : new Error(codeOf(error), { cause: error });
  }
}

function send(url: URL, form: URLSearchParams | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const headers = { accept: "application/json", ...(form && { "content-type": "application/x-www-form-urlencoded" }) };
  return new Promise((resolve, reject) => {
    request(url, { method: form ? "POST" : "GET", headers, signal }, resolve)
      .on("error", reject)
      .end(form?.toString());
  });
}

async function textOf(response: IncomingMessage, largest: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largest) throw new Error(`an answer of more than ${largest / 1_000_000} MB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Where several addresses of a name were tried, only the code is said. */
function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? "the connection failed";
}
