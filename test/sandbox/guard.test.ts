import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assertSandbox } from "../../sandbox/clock";
import { findSandbox, refusalText, STAND_INS } from "../../sandbox/providers/guard";

let folder: string;
let dir: string;
let self: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdpoint-guard-"));
  dir = join(folder, ".sandbox");
  for (const name of STAND_INS) {
    const plugin = join(dir, "home", "plugins", `resource-${name}-v1.0.0`);
    mkdirSync(plugin, { recursive: true });
    writeFileSync(join(plugin, "stand-in.cjs"), "");
  }
  self = join(dir, "home", "plugins", "resource-aws-v1.0.0");
  mkdirSync(join(dir, "backend"));
  writeFileSync(join(dir, "sandbox.json"), "{}");
  env = {
    PULUMI_HOME: join(dir, "home"),
    PULUMI_BACKEND_URL: pathToFileURL(join(dir, "backend")).href,
    PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
  };
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("a stand-in", () => {
  it("serves inside the sandbox", () => {
    expect(findSandbox(env, self)).toHaveProperty("dir");
  });

  const refused = (change: NodeJS.ProcessEnv, at = self): string => {
    const found = findSandbox({ ...env, ...change }, at);
    return "refusal" in found ? found.refusal : "served";
  };

  it("refuses every other backend", () => {
    const wanted = "PULUMI_BACKEND_URL is not a file:// folder";
    expect(refused({ PULUMI_BACKEND_URL: undefined })).toBe(wanted);
    expect(refused({ PULUMI_BACKEND_URL: "s3://states" })).toBe(wanted);
    expect(refused({ PULUMI_BACKEND_URL: "https://api.example" })).toBe(wanted);
    expect(refused({ PULUMI_BACKEND_URL: "file://~" })).toBe(wanted);
  });

  it("refuses a backend in another folder, also by dots or by a link", () => {
    const wanted = "PULUMI_BACKEND_URL points outside the sandbox's folder";
    const other = join(folder, "other");
    mkdirSync(other);
    expect(refused({ PULUMI_BACKEND_URL: pathToFileURL(other).href })).toBe(wanted);
    expect(refused({ PULUMI_BACKEND_URL: `file://${dir}/backend/../../other` })).toBe(wanted);
    symlinkSync(other, join(dir, "link"), "junction");
    expect(refused({ PULUMI_BACKEND_URL: `file://${dir}/link` })).toBe(wanted);
    expect(refused({ PULUMI_BACKEND_URL: `file://${dir}-beside` })).toBe("the sandbox's folders cannot be read");
  });

  it("refuses another PULUMI_HOME, and none", () => {
    expect(refused({ PULUMI_HOME: undefined })).toBe("PULUMI_HOME is not set");
    expect(refused({ PULUMI_HOME: join(folder, "home") })).toBe("PULUMI_HOME is not in a sandbox's folder");
  });

  it("refuses a folder without the sandbox's mark", () => {
    rmSync(join(dir, "sandbox.json"));
    expect(refused({})).toBe("PULUMI_HOME is not in a sandbox's folder");
  });

  it("refuses to be a plugin that lies elsewhere", () => {
    const copy = join(folder, "plugins", "resource-aws-v1.0.0");
    mkdirSync(copy, { recursive: true });
    expect(refused({}, copy)).toBe("the plugin does not lie in the sandbox's folder");
  });

  it("says so in one plain sentence", () => {
    expect(refusalText("aws", "PULUMI_HOME is not set")).toBe(
      "sandbox-only: this is a stand-in for aws and serves no stack outside the sandbox (PULUMI_HOME is not set)",
    );
  });
});

describe("the sandbox's clock is believed", () => {
  it("inside the sandbox", () => {
    expect(() => {
      assertSandbox(dir, env);
    }).not.toThrow();
  });

  const why = (change: NodeJS.ProcessEnv): string => {
    try {
      assertSandbox(dir, { ...env, ...change });
      return "believed";
    } catch (error) {
      expect(error).toMatchObject({ code: "sandbox-only" });
      return (error as Error).message.replace(/^.*: /, "");
    }
  };

  it("not where the engine takes plugins from elsewhere", () => {
    expect(why({ PULUMI_IGNORE_AMBIENT_PLUGINS: undefined })).toBe("PULUMI_IGNORE_AMBIENT_PLUGINS is not true");
    expect(why({ PULUMI_IGNORE_AMBIENT_PLUGINS: "false" })).toBe("PULUMI_IGNORE_AMBIENT_PLUGINS is not true");
    expect(why({ PULUMI_DEBUG_PROVIDERS: "aws:1234" })).toBe("PULUMI_DEBUG_PROVIDERS attaches other providers");
  });

  it("not with another backend or home", () => {
    expect(why({ PULUMI_BACKEND_URL: "s3://states" })).toBe("PULUMI_BACKEND_URL is not a file:// folder");
    expect(why({ PULUMI_HOME: join(folder, "home") })).toBe("PULUMI_HOME is not in a sandbox's folder");
  });

  it("not where it is another sandbox's", () => {
    expect(() => {
      assertSandbox(join(folder, "other"), env);
    }).toThrow("PULUMI_HOME and PULUMI_BACKEND_URL are of another one");
  });

  it("not without all three stand-ins", () => {
    rmSync(join(dir, "home", "plugins", "resource-kubernetes-v1.0.0"), { recursive: true });
    expect(why({})).toBe("the stand-in providers are not installed in it");
  });

  it("not beside a provider that is no stand-in", () => {
    mkdirSync(join(dir, "home", "plugins", "resource-aws-v7.0.0"));
    expect(why({})).toBe("resource-aws-v7.0.0 there is no stand-in");
  });
});
