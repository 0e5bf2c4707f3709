import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { main } from "../../cli/main";
import { FakeProject, fakeTerminal } from "./fakes";

let project: FakeProject | undefined;
afterEach(() => {
  project?.remove();
  project = undefined;
});

async function lint(...args: string[]) {
  const terminal = fakeTerminal({ json: args.includes("--json") });
  let printed = "";
  const exitCode = await main(["lint", ...args], {
    root: process.cwd(),
    terminal,
    print: (text) => void (printed += text),
  });
  return { exitCode, said: terminal.lines.join("\n"), printed };
}
const fixture = (document: string): string => `test/fixtures/lint/${document}.yaml`;
const parsed = (file: string) => JSON.parse(readFileSync(file, "utf8"));

describe("holdpoint lint", () => {
  it("tells what is contradictory, with place, what was found, what is wrong and what to write", async () => {
    const { exitCode, said } = await lint(fixture("beta"));
    expect(exitCode).toBe(1);
    expect(said).toBe(
      `${fixture("beta")}:18: error load-of-nobody
  found: 10x the load of limited-beta in controlled-rollout, which has at most 5x its people
  wrong: its own users can't make that load: the criterion is never met, or met by chance
  write: a load test of this release: a criterion of kind "measurement"
${fixture("beta")}: no mistake, 1 to look at (limited-beta: 1 criterion, 0 canary steps; controlled-rollout: 1 criterion, 0 canary steps; production: 1 criterion, 0 canary steps)`,
    );
  });
  it("ends with 0 where there are only warnings, and with 1 if it is strict", async () => {
    expect((await lint(fixture("omni"))).exitCode).toBe(0);
    expect((await lint(fixture("omni"), "--strict")).exitCode).toBe(1);
  });
  it("answers in JSON", async () => {
    const { printed } = await lint(fixture("beta"), "--json");
    expect(JSON.parse(printed)).toMatchObject({
      command: "lint",
      exitCode: 1,
      result: { plans: [{ findings: [{ rule: "load-of-nobody", level: "error", file: fixture("beta"), line: 18 }] }] },
    });
  });
  it("writes SARIF, of findings and of mistakes", async () => {
    project = new FakeProject();
    const file = join(project.root, "lint.sarif");
    await lint(fixture("sarvanom"), "--sarif", file);
    const [run] = parsed(file).runs;
    expect(run.results.map(({ ruleId, level }: { ruleId: string; level: string }) => `${level} ${ruleId}`)).toEqual([
      "warning branch-unapproved",
      "error branch-unproved",
      "note marks-are-cumulative",
      "warning marks-unproved",
      "note detection-from-trigger",
    ]);
    for (const { ruleId, ruleIndex, kind } of run.results) {
      expect([run.tool.driver.rules[ruleIndex].id, kind]).toEqual([ruleId, "fail"]);
    }
    expect(run.results[1].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: fixture("sarvanom") },
      region: { startLine: 13 },
    });
    const { exitCode } = await lint(fixture("marketplace-mistakes"), "--sarif", file);
    expect(exitCode).toBe(2);
    expect(parsed(file).runs[0].results).toHaveLength(3);
    expect(parsed(file).runs[0].results[2]).toMatchObject({
      ruleId: "plan-invalid",
      level: "error",
      message: { text: expect.stringContaining('found "75%", expected more than 100%') },
    });
  });
});
