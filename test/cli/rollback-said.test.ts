import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { main } from "../../cli/main";
import { fakeTerminal, FakeProject } from "./fakes";

let project = new FakeProject();
let server: Server | undefined;
afterEach(() => {
  project.remove();
  server?.close();
  server?.closeAllConnections();
  server = undefined;
});

/** What `holdpoint rollback production` says and answers; the stage's configuration has these lines more. */
async function rollback(config = "") {
  project = new FakeProject({
    "plan.yaml": readFileSync("test/fixtures/rollout/plan.yaml", "utf8"),
    "Pulumi.production-canary.yaml": "config:\n  holdpoint:canary:\n    weight: 20\n",
    "Pulumi.production.yaml": config === "" ? "config: {}\n" : `config:\n${config}`,
  });
  project.pulumi(`if (args[0] === "stack" && args[1] === "ls") say('[{"name":"production-canary"}]');
  else if (args[0] === "stack") say('{"deployment":{"resources":[]}}');`);
  const terminal = fakeTerminal({ json: true });
  const env = { ...project.context.env };
  let printed = "";
  const print = (text: string) => void (printed += text);
  const exitCode = await main(["rollback", "production"], { root: project.root, env, terminal, print });
  const { result } = JSON.parse(printed) as { result: { health: { verdict: string; why?: string } } };
  return { lines: terminal.lines, exitCode, health: result.health };
}

/** A metrics source that says the same number to every question, or nothing, ever. */
async function source(value?: number): Promise<string> {
  server = createServer((request, response) => {
    if (value === undefined) return;
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const at = Number(new URLSearchParams(body).get("time"));
      const data = { resultType: "vector", result: [{ metric: {}, value: [at, String(value)] }] };
      response.setHeader("content-type", "application/json").end(JSON.stringify({ status: "success", data }));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const asked = (url: string): string => `  holdpoint:plan: plan.yaml\n  holdpoint:prometheus: ${url}\n`;

it("holdpoint rollback announces itself first, and ends with how long it took", async () => {
  const { lines, exitCode } = await rollback();
  expect(lines[0]).toBe("rolling production back");
  expect(lines.find((line) => line.startsWith("done"))).toMatch(
    /^done in \d+\.\d s: all traffic is on the baseline \(after \d+\.\d s\); nothing /,
  );
  expect(exitCode).toBe(0);
});

describe("the health of what runs after a rollback", () => {
  it("is told after the way back is", async () => {
    const { lines, exitCode, health } = await rollback(asked(await source(0)));
    const done = lines.findIndex((line) => line.startsWith("done"));
    expect(lines[done + 1]).toMatch(/^production is UNHEALTHY after the way back: \d+ of \d+ checks are not well$/);
    expect(lines).toContain("  health: found 0%, wanted health of the baseline never below 100%");
    expect(health.verdict).toBe("unhealthy");
    expect(exitCode).toBe(0);
  });

  it("is unknown where the source does not answer, and that takes no longer than some seconds", async () => {
    const silent = await source();
    const began = performance.now();
    const { lines, exitCode, health } = await rollback(asked(silent));
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(lines.at(-1)).toBe("production's health is unknown: no answer to all questions within 3 s");
    expect(health).toMatchObject({ verdict: "unknown", why: "no answer to all questions within 3 s" });
    expect(exitCode).toBe(0);
  });

  it.each([
    ["the stage names no source", "  holdpoint:plan: plan.yaml\n", /holdpoint:prometheus is not set$/],
    ["nothing listens there", asked("http://127.0.0.1:9"), /is unknown: http:\/\/127\.0\.0\.1:9\/api\/v1\/query: /],
    ["the plan can't be read", "  holdpoint:plan: gone.yaml\n", /is unknown: the plan "gone.yaml" can't be read/],
    ["the stage has no plan", "", /holdpoint:plan is not set$/],
  ])("is unknown where %s", async (_what, config, words) => {
    const { lines, exitCode, health } = await rollback(config);
    expect(lines.at(-1)).toMatch(words);
    expect(health.verdict).toBe("unknown");
    expect(exitCode).toBe(0);
  });
});
