import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTextFile } from "../../evidence/text-file";
import { HoldpointError } from "../../rollout/errors";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "holdpoint-text-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const NAMED = { what: 'the rollout plan "plan.yaml"', remedy: "name another" };

/** "code: message" of the refusal. */
function refusal(path: string, limit?: number): string {
  try {
    readTextFile(path, NAMED, limit);
  } catch (error) {
    if (error instanceof HoldpointError) return `${error.code}: ${error.message} (${error.remedy ?? ""})`;
    throw error;
  }
  return "read";
}

describe("a file that people write", () => {
  it("is read as it is, up to the limit", () => {
    writeFileSync(join(dir, "plan.yaml"), "caf\u00e9: 1\n");
    expect(readTextFile(join(dir, "plan.yaml"), NAMED)).toBe("caf\u00e9: 1\n");
    expect(readTextFile(join(dir, "plan.yaml"), NAMED, 9)).toBe("caf\u00e9: 1\n");
    expect(refusal(join(dir, "plan.yaml"), 8)).toBe(
      'file-too-large: the rollout plan "plan.yaml": found 9 bytes or more, expected at most 8 ()',
    );
  });

  it("is missing where there is none, also below what is no folder", () => {
    writeFileSync(join(dir, "file"), "");
    for (const path of [join(dir, "plan.yaml"), join(dir, "file", "plan.yaml")]) {
      expect(refusal(path)).toBe(
        'file-missing: the rollout plan "plan.yaml" can\'t be read: there is no such file (name another)',
      );
    }
  });

  it("is no folder", () => {
    mkdirSync(join(dir, "plan.yaml"));
    expect(refusal(join(dir, "plan.yaml"))).toBe(
      'file-unreadable: the rollout plan "plan.yaml" can\'t be read: found a folder, expected a file (name another)',
    );
  });

  it.skipIf(process.platform === "win32")("is no device without an end, and no pipe that nobody writes to", () => {
    const pipe = join(dir, "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const path of ["/dev/zero", pipe]) {
      expect(refusal(path)).toBe(
        'file-unreadable: the rollout plan "plan.yaml" can\'t be read: found a pipe or device, expected a file (name another)',
      );
    }
  });
});
