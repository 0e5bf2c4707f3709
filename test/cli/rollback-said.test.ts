import { afterEach, expect, it } from "vitest";
import { main } from "../../cli/main";
import { fakeTerminal, FakeProject } from "./fakes";

let project = new FakeProject();
afterEach(() => project.remove());

it("holdpoint rollback announces itself first, and ends with how long it took", async () => {
  project = new FakeProject({
    "Pulumi.production-canary.yaml": "config:\n  holdpoint:canary:\n    weight: 20\n",
    "Pulumi.production.yaml": "config: {}\n",
  });
  project.pulumi(`if (args[0] === "stack" && args[1] === "ls") say('[{"name":"production-canary"}]');
  else if (args[0] === "stack") say('{"deployment":{"resources":[]}}');`);
  const terminal = fakeTerminal();
  const env = { ...project.context.env };
  const exitCode = await main(["rollback", "production"], {
    root: project.root,
    env,
    terminal,
    print: () => undefined,
  });
  expect(terminal.lines[0]).toBe("rolling production back");
  expect(terminal.lines.at(-1)).toMatch(
    /^done in \d+\.\d s: all traffic is on the baseline \(after \d+\.\d s\); nothing /,
  );
  expect(exitCode).toBe(0);
});
