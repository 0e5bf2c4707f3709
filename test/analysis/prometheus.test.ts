import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { readCanary } from "../../analysis/canary";
import { queryPrometheus } from "../../analysis/prometheus";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A metrics source that answers every query with the same body. */
async function source(body: string, status = 200): Promise<string> {
  const listening = createServer((_, response) => response.writeHead(status).end(body)).listen(0, "127.0.0.1");
  server = listening;
  await new Promise((resolve) => listening.once("listening", resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

const vector = (...result: unknown[]) => JSON.stringify({ status: "success", data: { resultType: "vector", result } });

describe("a query to Prometheus", () => {
  it("gives each series with its labels", async () => {
    const url = await source(vector({ metric: { track: "canary" }, value: [1, "12.5"] }));
    expect(await queryPrometheus(url, "up", 0)).toEqual([{ labels: { track: "canary" }, value: 12.5 }]);
  });

  it("hands NaN and infinities on as what they are", async () => {
    const url = await source(vector({ metric: {}, value: [1, "NaN"] }, { metric: {}, value: [1, "+Inf"] }));
    expect((await queryPrometheus(url, "up", 0)).map(({ value }) => value)).toEqual([NaN, Infinity]);
  });

  it.each([
    ["an error status", "busy", 503, /HTTP status 503$/],
    ["no JSON", "<html>", 200, /JSON/],
    ["a failed query", JSON.stringify({ status: "error", error: "bad" }), 200, /the answer is not an instant vector$/],
    [
      "a matrix",
      JSON.stringify({ status: "success", data: { resultType: "matrix", result: [] } }),
      200,
      /not an instant vector/,
    ],
  ])("refuses %s", async (_, body, status, message) => {
    await expect(queryPrometheus(await source(body, status), "up", 0)).rejects.toThrow(message);
  });

  it("refuses a source that is not there, naming it", async () => {
    await expect(queryPrometheus("http://127.0.0.1:1", "up", 0)).rejects.toMatchObject({ code: "metrics-unreachable" });
  });
});

describe("a reading of the canary", () => {
  const sample = (track: string, value: number) => ({ labels: { track }, value });

  it("has what each track's series say", async () => {
    const reading = await readCanary(
      async () => [sample("canary", 3), sample("baseline", 90)],
      "omnihub-production",
      60,
    );
    expect(reading.canary).toEqual({ requests: 3, errors: 3, p95: 3, probes: { samples: 3, failures: 0 } });
    expect(reading.baseline.requests).toBe(90);
  });

  it("has nothing for a track without series, or with several", async () => {
    const reading = await readCanary(async () => [sample("canary", 1), sample("canary", 2)], "omnihub-production", 60);
    expect(reading).toEqual({ canary: {}, baseline: {} });
  });

  it("has the histogram of a track by rising bounds, and none whose bounds can't be read", async () => {
    const bucket = (le: string, value: number) => ({ labels: { track: "canary", le }, value });
    const read = (...buckets: ReturnType<typeof bucket>[]) =>
      readCanary(async (promql) => (promql.includes("track, le) (increase") ? buckets : []), "omnihub-production", 60);
    expect((await read(bucket("+Inf", 9), bucket("0.1", 5))).canary.latency).toEqual([
      { le: 0.1, count: 5 },
      { le: Infinity, count: 9 },
    ]);
    expect((await read(bucket("much", 9))).canary).toEqual({});
  });

  it("asks about the namespace and the whole seconds of the step", async () => {
    const asked: string[] = [];
    await readCanary(async (promql) => (asked.push(promql), []), "omnihub-production", 15.9);
    expect(asked.every((promql) => promql.includes('namespace="omnihub-production"') && promql.includes("[15s]"))).toBe(
      true,
    );
  });
});
