import { createRequire } from "node:module";
import * as path from "node:path";
import { describe, expect, it } from "vitest";

const require_ = createRequire(__filename);
const { atLeast, findVersion } = require_("../../toolchain/versions.cjs") as {
  atLeast: (version: string, minimum: string) => boolean;
  findVersion: (text: string) => string | undefined;
};
const { firstThatWorks } = require_("../../toolchain/attempts.cjs") as {
  firstThatWorks: <T>(
    what: string,
    ways: readonly { name: string; get: () => Promise<T> }[],
    remedy: string,
  ) => Promise<T>;
};
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
const { countReport, failuresOf, sum, countLine, exitCodeOf } = require_("../../toolchain/counts.cjs") as {
  countReport: (report: unknown, exitCode: number) => Counts;
  failuresOf: (report: unknown, project: string) => string[];
  sum: (all: readonly Counts[]) => Counts;
  countLine: (counts: Counts) => string;
  exitCodeOf: (counts: Counts) => number;
};
const { cacheFolder } = require_("../../toolchain/places.cjs") as {
  cacheFolder: (env: NodeJS.ProcessEnv, platform: NodeJS.Platform) => string;
};
const { goEnvironment, wantedVersion } = require_("../../toolchain/go.cjs") as {
  goEnvironment: (env: NodeJS.ProcessEnv, caches?: string) => NodeJS.ProcessEnv;
  wantedVersion: (goMod: string) => string;
};
const { explained } = require_("../../toolchain/setup.cjs") as {
  explained: (error: Error, cache: string) => string;
};
const { run, lastWords } = require_("../../toolchain/run.cjs") as {
  run: (
    command: string,
    args: readonly string[],
    options?: { deadlineMs?: number },
  ) => Promise<{ code: number; output: string; late: boolean }>;
  lastWords: (ended: { code: number; output: string; late: boolean }) => string;
};

describe("versions", () => {
  it.each([
    ["3.259.0", "3.259.0", true],
    ["v3.265.0", "3.259.0", true],
    ["4.0.0", "3.259.0", true],
    ["3.258.9", "3.259.0", false],
    ["3.99.0", "3.259.0", false],
    ["1.26", "1.25.11", true],
    ["1.25", "1.25.11", false],
    ["3.259.0-alpha.1", "3.259.0", false],
    ["3.260.0-alpha.1", "3.259.0", true],
  ])("%s is at least %s: %s", (version, minimum, expected) => {
    expect(atLeast(version, minimum)).toBe(expected);
  });

  it("are found in what programs print", () => {
    expect(findVersion("go version go1.26.8 linux/amd64")).toBe("1.26.8");
    expect(findVersion("v3.259.0\n")).toBe("3.259.0");
    expect(findVersion("no version here")).toBeUndefined();
  });
});

describe("several ways to the same thing", () => {
  it("end with the first that works", async () => {
    const ways = [
      { name: "a", get: () => Promise.reject(new Error("no a")) },
      { name: "b", get: () => Promise.resolve("b it is") },
      { name: "c", get: () => Promise.reject(new Error("never asked")) },
    ];
    await expect(firstThatWorks("it", ways, "")).resolves.toBe("b it is");
  });

  it("tell of all of them, one line each, and what to install when none works", async () => {
    const ways = [
      { name: "pulumi on PATH", get: () => Promise.reject(new Error("there is none")) },
      { name: "the download", get: () => Promise.reject(new Error("refused\nand a page of noise")) },
    ];
    await expect(firstThatWorks("the engine", ways, "Install it.")).rejects.toThrow(
      "the engine could not be set up. Tried:\n  1. pulumi on PATH: there is none\n  2. the download: refused\nInstall it.",
    );
  });
});

describe("the last line of npm test", () => {
  const report = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

  it("adds up and mentions skipped ones only when there are some", () => {
    const skipping = countReport({ ...report, numPendingTests: 1, numTodoTests: 1 }, 0);
    expect(countLine(countReport(report, 0))).toBe("5 passed, 0 failed");
    expect(countLine(sum([countReport(report, 0), skipping]))).toBe("10 passed, 0 failed, 2 skipped");
  });

  it("counts a file that could not be loaded as one failure", () => {
    const broken = { ...report, testResults: [{ status: "failed", assertionResults: [] }] };
    expect(countLine(countReport(broken, 1))).toBe("5 passed, 1 failed");
  });

  it("does not count a file twice for its failed tests", () => {
    const failing = {
      ...report,
      numFailedTests: 1,
      testResults: [{ status: "failed", assertionResults: [{ status: "failed" }] }],
    };
    expect(countLine(countReport(failing, 1))).toBe("5 passed, 1 failed");
  });

  it("counts a run that failed without a failed test, and one without a report, as one failure", () => {
    expect(countLine(countReport(report, 1))).toBe("5 passed, 1 failed");
    expect(countLine(countReport(undefined, 0))).toBe("0 passed, 1 failed");
  });

  it("says each failure again, without its stack", () => {
    const test = {
      status: "failed",
      fullName: "a gate opens",
      failureMessages: ["Error: 1 is not 2\n    at a.ts:1:1"],
    };
    const testResults = [
      { name: "a.test.ts", status: "failed", assertionResults: [test, { status: "passed", fullName: "other" }] },
      { name: "b.test.ts", status: "failed", message: "no such module", assertionResults: [] },
      { name: "c.test.ts", status: "passed", assertionResults: [] },
    ];
    expect(failuresOf({ ...report, testResults }, "unit")).toEqual([
      "failed: a.test.ts > a gate opens\n  Error: 1 is not 2",
      "failed: b.test.ts > could not be loaded\n  no such module",
    ]);
    expect(failuresOf(report, "unit")).toEqual([]);
    expect(failuresOf(undefined, "engine")).toEqual(["failed: engine: no report was written"]);
  });

  it("is no success when nothing was run", () => {
    expect(exitCodeOf({ passed: 0, failed: 0, skipped: 3 })).toBe(1);
    expect(exitCodeOf({ passed: 1, failed: 0, skipped: 0 })).toBe(0);
    expect(exitCodeOf({ passed: 9, failed: 1, skipped: 0 })).toBe(1);
  });
});

describe("the cache", () => {
  it("is where each system keeps such things", () => {
    const xdg = path.resolve("/somewhere/cache");
    expect(cacheFolder({ XDG_CACHE_HOME: xdg }, "linux")).toBe(path.join(xdg, "holdpoint"));
    expect(cacheFolder({ XDG_CACHE_HOME: "relative" }, "linux")).toMatch(/\.cache.holdpoint$/);
    expect(cacheFolder({}, "darwin")).toMatch(/Library.Caches.holdpoint$/);
    expect(cacheFolder({ LOCALAPPDATA: xdg }, "win32")).toBe(path.join(xdg, "holdpoint"));
  });
});

describe("Go's environment", () => {
  it("keeps the user's flags, adds what lets a person delete its sources, and only once", () => {
    expect(goEnvironment({})["GOFLAGS"]).toBe("-modcacherw");
    expect(goEnvironment({ GOFLAGS: "-buildvcs=false" })["GOFLAGS"]).toBe("-buildvcs=false -modcacherw");
    expect(goEnvironment({ GOFLAGS: "-modcacherw" })["GOFLAGS"]).toBe("-modcacherw");
  });

  it("leaves the user's caches alone unless Go itself is ours", () => {
    expect(goEnvironment({ GOCACHE: "/mine" })["GOCACHE"]).toBe("/mine");
    expect(goEnvironment({ GOCACHE: "/mine" }, "/ours")["GOCACHE"]).toBe(path.join("/ours", "objects"));
  });

  it("wants the version that go.mod names", () => {
    expect(wantedVersion("module m\n\ngo 1.25.11\n")).toBe("1.25.11");
  });
});

describe("another program", () => {
  it("gives its exit code and what it said", async () => {
    const ended = await run(process.execPath, ["-e", "console.log('out'); console.error('bad'); process.exit(3)"]);
    expect(ended.code).toBe(3);
    expect(ended.output).toContain("out\n");
    expect(ended.output).toContain("bad\n");
  });

  it("is ended at its deadline together with what it started", async () => {
    const script = `require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"], { stdio: "inherit" }); setTimeout(() => {}, 60000);`;
    const started = Date.now();
    const ended = await run(process.execPath, ["-e", script], { deadlineMs: 300 });
    expect(ended.late).toBe(true);
    expect(lastWords(ended)).toBe("it took too long and was stopped");
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it("that does not exist says so", async () => {
    const ended = await run("no-such-program-holdpoint", []);
    expect(ended.code).toBe(127);
    expect(lastWords(ended)).toContain("ENOENT");
  });

  it("is quoted with the line that tells why it failed", () => {
    const output =
      "npm notice hello\nnpm error code E404\nnpm error 404 Not Found\nnpm error 404\nnpm error A complete log of this run\n";
    expect(lastWords({ code: 1, output, late: false })).toBe("npm error 404 Not Found");
    expect(lastWords({ code: 1, output: "", late: false })).toBe("it ended with exit code 1 and said nothing");
  });

  it("is quoted with the disk that is full, whatever else failed because of it", () => {
    const output =
      "write /cache/go-build/6d: no space left on device\nnode.go:7:2: package path/filepath is not in std\npackage engine: cannot find package\n";
    expect(lastWords({ code: 1, output, late: false })).toBe("write /cache/go-build/6d: no space left on device");
  });
});

describe("a cache that can't be written", () => {
  const refused = (file: string) =>
    Object.assign(new Error(`EACCES: permission denied, mkdir '${file}'`), { syscall: "mkdir", path: file });

  it("is told with the way to have another one", () => {
    expect(explained(refused("/home/ci/.cache/holdpoint/engine"), "/home/ci/.cache/holdpoint")).toBe(
      "EACCES: permission denied, mkdir '/home/ci/.cache/holdpoint/engine'\n" +
        "The set-up keeps what it makes in /home/ci/.cache/holdpoint: let it be written, or name another folder in XDG_CACHE_HOME.",
    );
  });

  it("is not blamed for what was refused elsewhere", () => {
    expect(explained(refused("/srv/clone/build"), "/home/ci/.cache/holdpoint")).toBe(
      "EACCES: permission denied, mkdir '/srv/clone/build'",
    );
    expect(explained(new Error("npm ci failed: x"), "/c")).toBe("npm ci failed: x");
  });
});
