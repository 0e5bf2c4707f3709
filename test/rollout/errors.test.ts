import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_CODES, HoldpointError } from "../../rollout/errors";

describe("refusals", () => {
  const sections = [...readFileSync("docs/errors.md", "utf8").matchAll(/^## (\S+)$/gm)].map(([, code]) => code);

  it("have a section in docs/errors.md for each code, and no section without a code", () => {
    expect([...sections].sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });

  it("are told with their code, how to mend them and where to read on", () => {
    const error = new HoldpointError("lock-held", "held by dana", {
      remedy: "holdpoint rollback production --take-over",
    });
    expect(error.render()).toBe(
      "lock-held: held by dana\n  fix: holdpoint rollback production --take-over\n  docs: docs/errors.md#lock-held",
    );
    expect(error.exitCode).toBe(1);
  });
});
