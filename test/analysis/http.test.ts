import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { askHttp } from "../../analysis/http";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serving(listener: RequestListener): Promise<string> {
  const listening = createServer(listener).listen(0, "127.0.0.1");
  server = listening;
  await new Promise((resolve) => listening.once("listening", resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/q`;
}

const LIMITS = { deadline: 5_000, largest: 100 };

describe("an answer over HTTP", () => {
  it("has the text and the server's date", async () => {
    const url = await serving((request, response) => response.setHeader("date", "then").end(`${request.method} ok`));
    expect(await askHttp(url, LIMITS)).toEqual({ text: "GET ok", date: "then" });
  });

  it("is of the form that was sent", async () => {
    const url = await serving((request, response) => {
      response.writeHead(200, { "x-type": request.headers["content-type"] });
      request.pipe(response);
    });
    expect((await askHttp(url, { ...LIMITS, form: { query: "a{b='c d'}" } })).text).toBe("query=a%7Bb%3D%27c+d%27%7D");
  });

  it.each<[string, RequestListener, RegExp]>([
    ["is an error", (_, response) => response.writeHead(500).end(), /^HTTP status 500$/],
    ["leads elsewhere", (_, response) => response.writeHead(302, { location: "/x" }).end(), /^HTTP status 302$/],
    ["is too long", (_, response) => response.end("x".repeat(101)), /^an answer of more than 0\.0001 MB$/],
    [
      "breaks off",
      (_, response) => response.writeHead(200, { "content-length": 9 }).write("x", () => response.destroy()),
      /aborted/,
    ],
    ["is none", (request) => request.socket.destroy(), /socket hang up/],
  ])("that %s is refused", async (_, listener, message) => {
    await expect(askHttp(await serving(listener), LIMITS)).rejects.toThrow(message);
  });

  it.each<[string, RequestListener]>([
    ["never comes", () => undefined],
    ["never ends", (_, response) => response.writeHead(200).write("x")],
  ])("that %s is waited for until the deadline", async (_, listener) => {
    const url = await serving(listener);
    await expect(askHttp(url, { ...LIMITS, deadline: 100 })).rejects.toThrow(/^no answer within 0\.1 s$/);
  });

  it("of a server that is not there is an error in words, also where its name has several addresses", async () => {
    await expect(askHttp("http://127.0.0.1:1/", LIMITS)).rejects.toThrow(/ECONNREFUSED/);
    await expect(askHttp("http://localhost:1/", LIMITS)).rejects.toThrow(/ECONNREFUSED/);
    await expect(askHttp("nowhere", LIMITS)).rejects.toThrow(/Invalid URL/);
    await expect(askHttp("ftp://127.0.0.1/", LIMITS)).rejects.toThrow(/Protocol "ftp:" not supported/);
  });
});
