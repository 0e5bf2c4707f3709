import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { main } from "../../cli/main";
import { FakeProject, fakeTerminal } from "./fakes";

let project: FakeProject | undefined;
afterEach(() => {
  project?.remove();
  project = undefined;
});

async function coverage(root: string, ...args: string[]) {
  const terminal = fakeTerminal({ json: args.includes("--json") });
  let printed = "";
  const exitCode = await main(["coverage", ...args], { root, terminal, print: (text) => void (printed += text) });
  return { exitCode, said: terminal.lines.join("\n"), printed };
}
/** One plan of the project in a folder of its own, with some files changed. */
function plans(files: Readonly<Record<string, string>> = {}): FakeProject {
  project = new FakeProject();
  for (const file of ["plans/omnihub.yaml", "plans/requirements.tsv", "plans/coverage/omnihub.json"])
    cpSync(file, join(project.root, file), { recursive: true });
  for (const [name, text] of Object.entries(files)) project.write(name, text);
  return project;
}

describe("holdpoint coverage", () => {
  it("counts by document and kind, and names what is open", async () => {
    const { exitCode, said } = await coverage(plans().root);
    expect(exitCode).toBe(0);
    expect(said).toMatch(/^omnihub: \d+ of 212$/m);
    expect(said).toMatch(/^ {2}canary-step: \d+ of \d+$/m);
    expect(said).toMatch(/^ {2}open: OM-\d+, /m);
    expect(said).toMatch(/\n\d+ of 793 demands are covered, \d+ open; 8 are narrative$/);
  });
  it("answers in JSON", async () => {
    const { printed } = await coverage(plans().root, "--json");
    const { documents, total } = JSON.parse(printed).result;
    expect(total.covered + total.open + total.narrative).toBe(801);
    expect(documents.omnihub.covered).toContain("OH-71");
    expect(documents.omnihub.kinds["canary-step"].covered).toContain("OH-115");
  });
  it("refuses what is about another text of a plan", async () => {
    const text = `${readFileSync("plans/omnihub.yaml", "utf8")}# changed\n`;
    const { exitCode, said } = await coverage(plans({ "plans/omnihub.yaml": text }).root);
    expect(exitCode).toBe(1);
    expect(said).toMatch(
      /^coverage-stale: plans\/coverage\/omnihub\.json is about another plans\/omnihub\.yaml: found its digest/,
    );
    expect(said).toContain("npm run mutate");
  });
  it("counts no row of a source that has changed since it was broken, and says so", async () => {
    const entry = [{ rows: ["OH-90"], by: "cli/x.ts + test/x.test.ts", digest: "0".repeat(64), noticed: true }];
    const { said, exitCode } = await coverage(plans({ "plans/coverage/sources.json": JSON.stringify(entry) }).root);
    expect(exitCode).toBe(0);
    expect(said).toContain(
      "changed since it was tried (npm run mutate -- --source): cli/x.ts + test/x.test.ts (OH-90)",
    );
    expect(said).toMatch(/open: .*OH-90/);
  });
});
