import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  contentDigest,
  makeRequest,
  programDigest,
  requestDigest,
  type RawConfiguration,
} from "../../evidence/request";
import type { HoldpointError } from "../../rollout/errors";

let root: string;
const write = (file: string, text: string) => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "request-"));
  write("plan.yaml", "plan");
  write("trust.yaml", "trust");
  write("index.ts", "export {}");
  write("package-lock.json", "{}");
  write("components/waf.ts", "waf");
});
afterEach(() => rmSync(root, { recursive: true }));

const configuration = (
  values: Record<string, string> = {},
  secretKeys: readonly string[] = Object.keys(values).filter((key) => /token|Key/.test(key)),
): RawConfiguration => ({
  values: { "holdpoint:plan": "plan.yaml", "holdpoint:trust": "trust.yaml", "holdpoint:weight": "5", ...values },
  secretKeys,
});
const secrets = { "holdpoint:token": "hunter2", "holdpoint:digestKey": "k".repeat(64) };
const digestOf = (raw = configuration(), stack = "production") => requestDigest(makeRequest(root, stack, raw));

describe("what runs, whatever the baseline", () => {
  const content = (raw = configuration(), stack = "production") => contentDigest(makeRequest(root, stack, raw), raw);
  const baseline = (text: string) => configuration({ "holdpoint:baseline": text });

  it("is the same for another baseline, another trust file, and other calendars", () => {
    const before = content(baseline("a"));
    expect(content(baseline("b"))).toBe(before);
    write("trust.yaml", "trust ");
    expect(content(baseline("a"))).toBe(before);
    const raw = baseline("a");
    expect(contentDigest(makeRequest(root, "production", raw, "c".repeat(64)), raw)).toBe(before);
  });

  it.each([
    ["another value", () => content(configuration({ "holdpoint:weight": "25" }))],
    ["another stack", () => content(configuration(), "staging")],
    ["a secret's other value", () => content(configuration({ ...secrets, "holdpoint:token": "hunter3" }))],
    ["another program", () => (write("index.ts", "export {};"), content())],
    ["another plan", () => (write("plan.yaml", "plan "), content())],
  ])("is another one with %s", (_, changed) => {
    const before = [content(), content(configuration(secrets))];
    expect(before).not.toContain(changed());
  });
});

describe("a request", () => {
  it("is the same for the same configuration, program, plan and trust file", () => {
    expect(digestOf()).toBe(digestOf());
  });

  it.each([
    ["a byte of the program", () => write("components/waf.ts", "wag")],
    ["a new file of the program", () => write("lib/more.ts", "")],
    ["the dependencies", () => write("package-lock.json", "{ }")],
    ["the rollout plan", () => write("plan.yaml", "plan ")],
    ["the trust file", () => write("trust.yaml", "trust ")],
  ])("is another one with another %s", (_, change) => {
    const before = digestOf();
    change();
    expect(digestOf()).not.toBe(before);
  });

  it("is another one with another calendar, and says nothing of calendars where the plan names none", () => {
    const of = (calendars?: string) => makeRequest(root, "production", configuration(), calendars);
    expect(of()).not.toHaveProperty("calendars");
    expect(new Set([of(), of("a"), of("b")].map(requestDigest)).size).toBe(3);
  });

  it.each([
    ["another value", configuration({ "holdpoint:weight": "25" })],
    ["another key", configuration({ "holdpoint:more": "1" })],
    ["a secret's value in the open", configuration(secrets, ["holdpoint:digestKey"])],
  ])("is another one with %s in the configuration", (_, raw) => {
    expect(digestOf(raw)).not.toBe(digestOf());
  });

  it("is another one for another stack", () => {
    expect(digestOf(configuration(), "staging")).not.toBe(digestOf());
  });

  it("is another one after a secret changed, and holds no trace of the secret", () => {
    const before = makeRequest(root, "production", configuration(secrets));
    const after = makeRequest(root, "production", configuration({ ...secrets, "holdpoint:token": "hunter3" }));
    expect(after.secrets).not.toBe(before.secrets);
    expect(after.configuration).toBe(before.configuration);
    expect(JSON.stringify(before)).not.toContain("hunter");
  });

  it("does not move with builds, dependencies' folders, tests, reports or dot folders", () => {
    const before = programDigest(root);
    for (const file of [
      "build/index.cjs",
      "node_modules/a/index.js",
      "test/a.test.ts",
      ".sandbox/a.ts",
      "report.json",
    ]) {
      write(file, "x");
    }
    expect(programDigest(root)).toBe(before);
  });

  it.each([
    ["without a key to bind them", configuration({ "holdpoint:token": "hunter2" })],
    ["with a key in the open", configuration(secrets, ["holdpoint:token"])],
    ["with a short key", configuration({ ...secrets, "holdpoint:digestKey": "short" })],
  ])("is refused for secrets %s", (_, raw) => {
    expect(() => makeRequest(root, "production", raw)).toThrow(
      'the stack has secrets (holdpoint:token) but no secret "holdpoint:digestKey" of at least 32 characters',
    );
  });

  it("is refused without its plan, and says how to name it", () => {
    try {
      makeRequest(root, "production", configuration({ "holdpoint:plan": "gone.yaml" }));
      expect.unreachable();
    } catch (error) {
      expect((error as HoldpointError).code).toBe("file-missing");
      expect((error as HoldpointError).message).toBe('the plan file "gone.yaml" can\'t be read: there is no such file');
    }
  });
});
