import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { prometheusTime } from "../../analysis/prometheus-clock";

let server: Server | undefined;
afterEach(() => server?.close());

async function answering(body: string, status = 200): Promise<string> {
  server?.close();
  const made = createServer((request, response) => {
    response.writeHead(request.url === "/api/v1/query?query=time()" ? status : 404).end(body);
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}/`;
}

describe("Prometheus' own clock", () => {
  test("is read in milliseconds", async () => {
    const url = await answering(
      `{"status":"success","data":{"resultType":"scalar","result":[1795313100.5,"1795313100.5"]}}`,
    );
    expect(await prometheusTime(url)).toBe(1_795_313_100_500);
  });
  test("is no witness where it does not answer, or answers something else", async () => {
    const vector = `{"status":"success","data":{"resultType":"vector","result":[]}}`;
    const none = `{"status":"success","data":{"resultType":"scalar","result":[1,"NaN"]}}`;
    for (const body of ["", "{}", "[]", vector, none])
      expect(await prometheusTime(await answering(body)), body).toBeUndefined();
    expect(await prometheusTime(await answering(vector, 500))).toBeUndefined();
    const gone = await answering("");
    server?.close();
    expect(await prometheusTime(gone)).toBeUndefined();
  });
});
