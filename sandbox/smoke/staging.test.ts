import { describe, expect, it } from "vitest";

/** The service behind the sandbox's gateway, asked as a user would ask. */
const gateway = process.env["SMOKE_GATEWAY"] ?? "";
const host = process.env["SMOKE_HOST"] ?? "";

async function status(path: string): Promise<number> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const asked = request(`${gateway}${path}`, { headers: { host }, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("error", reject);
    asked.end();
  });
}

describe("the service in staging", () => {
  it.each(["/", "/health", "/health/deep", "/health/omn"])("answers %s", async (path) => {
    expect(await status(path)).toBe(200);
  });
});
