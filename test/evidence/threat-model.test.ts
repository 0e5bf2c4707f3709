import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const text = readFileSync("docs/threat-model.md", "utf8");
const attacks = text.slice(text.indexOf("## Attacks"), text.indexOf("## What is not stopped"));

it("each attack of the threat model names a test that is there", () => {
  const rows = attacks.split("\n").filter((line) => /^\| (?!what they try|-)/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const cell = row.split("|").at(-2) ?? "";
    const named = [...cell.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file = ""]) => file);
    expect(named, row).not.toEqual([]);
    for (const file of named) expect(existsSync(file.includes("/") ? file : `test/evidence/${file}`), file).toBe(true);
  }
});
