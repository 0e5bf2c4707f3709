import { describe, expect, it } from "vitest";
import { host, status } from "./ask";

describe(`the health of ${host}`, () => {
  it.each(["/health", "/health/deep", "/health/omn"])("%s answers well", async (path) => {
    expect(await status(path)).toBe(200);
  });
});
