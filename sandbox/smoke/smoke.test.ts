import { describe, expect, it } from "vitest";
import { host, status } from "./ask";

describe(`the service at ${host}`, () => {
  it.each(["/", "/health", "/health/deep", "/health/omn"])("answers %s", async (path) => {
    expect(await status(path)).toBe(200);
  });
});
